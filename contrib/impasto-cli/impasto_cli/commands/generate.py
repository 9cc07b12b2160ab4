"""``impasto generate``: pictures of a prompt."""

from __future__ import annotations

from typing import Any

import click

from impasto_cli._making import make
from impasto_cli._options import prompted
from impasto_cli._places import slug
from impasto_cli._prompts import prompt_of


@click.command
@click.argument("prompt", nargs=-1, required=True, callback=prompt_of, metavar="PROMPT")
@prompted
def generate(prompt: str, **options: Any) -> None:
    """Make pictures of PROMPT.

    "-" as PROMPT reads standard input.  The key comes from the provider's environment variable.
    For each picture a line is printed: its file, its true size, and, after two blanks each, seed,
    model, seconds and cost, as far as they are told.
    """
    make("generate", {"prompt": prompt}, slug(prompt), **options)
