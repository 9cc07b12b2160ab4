"""Where a command that takes a while says what it has to say, with a line below of how far it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from impasto import BatchProgress
from impasto_cli._lines import say
from impasto_cli._terminals import is_dumb


@dataclass(frozen=True)
class Screen:
    """Says what happens.

    Attributes:
        told: Takes a line for standard output.
        said: Takes a line for standard error.
        progress: Takes how far it is.
    """

    told: Callable[[str], object] = click.echo
    said: Callable[[str], object] = say
    progress: Callable[[BatchProgress], object] | None = None


@contextmanager
def screen(*, silent: bool) -> Iterator[Screen]:
    """While entered, show how far it is on a terminal; elsewhere, or when *silent*, nothing."""
    if silent or not sys.stderr.isatty() or is_dumb(os.environ):
        yield Screen()
        return
    from rich.console import Console  # which nobody needs who sees nothing of it

    from impasto_cli._speed import speed

    console = Console(stderr=True, highlight=False)

    def above(line: str) -> None:
        console.print(line, markup=False, emoji=False, soft_wrap=True)

    with speed(console) as progress:
        # What is piped away does not go through the terminal.
        yield Screen(above if sys.stdout.isatty() else click.echo, above, progress)
