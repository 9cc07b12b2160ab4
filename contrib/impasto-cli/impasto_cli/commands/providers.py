"""``impasto providers``: what is installed."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator, Sequence

import click

import impasto
from impasto import ProviderInfo

_HEADINGS = ("NAME", "STATE", "VERSION", "DISTRIBUTION")
_NONE = """\
No provider is installed.  Try one of these:
  pip install impasto-openai    OpenAI; needs OPENAI_API_KEY
  pip install impasto-sketch    offline, without a key"""


@click.command
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def providers(as_json: bool) -> None:
    """List the installed providers."""
    found = impasto.providers()
    click.echo(_document(found) if as_json else table(found, shutil.get_terminal_size().columns))


def _document(found: Sequence[ProviderInfo]) -> str:
    names = ("name", "distribution", "version", "state", "cause")
    return json.dumps([{name: getattr(info, name) for name in names} for info in found])


def table(found: Sequence[ProviderInfo], width: int) -> str:
    """Return *found* as lines of at most *width* characters; what is wrong stands below its row."""
    if not found:
        return _NONE
    rows = [_HEADINGS, *map(_row, found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    causes = [None, *(info.cause for info in found)]
    lines = (_lines(row, widths, cause, width) for row, cause in zip(rows, causes, strict=True))
    return "\n".join(line for group in lines for line in group)


def _row(info: ProviderInfo) -> tuple[str, str, str, str]:
    return info.name, info.state, info.version or "-", info.distribution or "this program"


def _lines(
    row: Sequence[str], widths: Sequence[int], cause: str | None, width: int
) -> Iterator[str]:
    *first, last = (cell.ljust(room) for cell, room in zip(row, widths, strict=True))
    lead = "  ".join(first) + "  "
    yield from _wrapped(last.rstrip(), lead, " " * len(lead), width)
    if cause is not None:
        yield from _wrapped(cause, "  ", "  ", width)


def _wrapped(text: str, lead: str, indent: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        max(width, len(lead) + 1),
        initial_indent=lead,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )
