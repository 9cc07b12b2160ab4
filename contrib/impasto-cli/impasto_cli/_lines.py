"""Lines on standard error: whoever reads standard output is never in their way."""

from __future__ import annotations

from typing import IO, Any

import click


def say(line: str, file: IO[Any] | None = None) -> None:
    """Write *line* to standard error, or to *file*."""
    click.echo(line, file=file, err=True)


def one_line(text: str) -> str:
    """Return *text* without line breaks and without what could steer a terminal.

    Much of it is the provider's, who is not to be trusted with escape sequences.
    """
    return "".join(one if one.isprintable() else " " for one in text).strip()
