"""The prompt: one argument, or standard input."""

from __future__ import annotations

import sys

import click

from impasto_cli._exits import Failure


def prompt_of(ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> str:
    """Return the prompt that *words*, what stands on the command line, mean.

    Raises:
        Failure: there are several; they were hardly meant as one, or are not in quotes.
    """
    if ctx.resilient_parsing:  # the shell completes the line; nobody has said anything yet
        return ""
    return prompt(words)


def prompt(words: tuple[str, ...]) -> str:
    """Return the prompt that *words* mean, as `prompt_of` does."""
    if len(words) > 1:
        raise Failure(f'one prompt, please; if it is one, put it in quotes: "{" ".join(words)}"', 2)
    return _standard_input() if words[0] == "-" else words[0]


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise Failure(f"standard input is not UTF-8, from byte {error.start} on", 2) from None
