"""``impasto generate``: pictures of a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

import impasto
from impasto_cli._exits import Failure, failure
from impasto_cli._options import arguments, output, parameters
from impasto_cli._places import AfterPrompt, Named, Place
from impasto_cli._prompts import prompt_of
from impasto_cli._saving import save_all
from impasto_cli._telling import tell, tell_as_json
from impasto_cli._waiting import waiting


@click.command
@click.argument("prompt", nargs=-1, required=True, callback=prompt_of, metavar="PROMPT")
@parameters
@output
def generate(
    prompt: str,
    out: Path | None,
    overwrite: bool,
    as_json: bool,
    words: list[tuple[str, Any]],
    **options: Any,
) -> None:
    """Make pictures of PROMPT.

    "-" as PROMPT reads standard input.  The key comes from the provider's environment variable.
    The last line printed is the file and its size: "out.png 1024x1536".
    """
    call = arguments(prompt, options, words)
    place = _place(out, call, overwrite)
    place.check()
    response = _asked(call)
    pictures, failures = save_all(response.data, place)
    (tell_as_json if as_json else tell)(response, pictures)
    _fail_with([*failures, *map(failure, response.errors)])


def _place(out: Path | None, call: Mapping[str, Any], overwrite: bool) -> Place:
    count = call["n"] if isinstance(call.get("n"), int) else 1
    if out is None:
        return AfterPrompt(call["prompt"], count, overwrite)
    return Named(out, count, overwrite)


def _asked(call: Mapping[str, Any]) -> impasto.ImageResponse:
    try:
        with waiting():
            return impasto.image_generation(**call)
    except KeyboardInterrupt:
        raise Failure("interrupted; if the order was on its way, it may cost money", 130) from None


def _fail_with(failures: list[Failure]) -> None:
    """End with what went wrong beside the pictures that came, and the first one's exit code."""
    if failures:
        reasons = "; ".join(dict.fromkeys(one.message for one in failures))
        raise Failure(reasons, failures[0].exit_code)
