"""Tables for any width: columns where they fit, else a paragraph for each row."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

_GAP = 2
_WIDEST = 28  # columns of a cell between the first and the last; what is longer is folded
_NARROWEST = 24  # of the last one, below which reading it is no pleasure
_ENDLESS = 10_000  # columns of a file: each row is one line there, for grep


@dataclass(frozen=True)
class Row:
    """One row, and what stands below it; a dimmed one is of less interest."""

    cells: Sequence[str]
    dim: bool = False
    below: str | None = None


def show(headings: Sequence[str], rows: Sequence[Row]) -> None:
    """Print *rows* on standard output, each with what stands below it.

    In a terminal what is too wide is folded; elsewhere each row is one line, unless the variable
    COLUMNS says how wide a line may be.
    """
    console = standard_output()
    widths = _widths(headings, rows, console.width)
    if widths is None:
        _print_paragraphs(console, headings, rows)
        return
    _print_row(console, Row(headings), widths, "bold")
    for row in rows:
        _print_row(console, row, widths, "dim" if row.dim else "")
        if row.below:
            write(console, row.below, lead=" " * _GAP)


def standard_output() -> Console:
    """Return the console that is standard output."""
    return Console(highlight=False, width=_width(), markup=False, emoji=False)


def write(console: Console, text: str, *, lead: str = "", style: str = "") -> None:
    """Print *text*, folded between words, after *lead*; further lines begin below the first."""
    begins = lead
    for line in _folded(console, text, console.width - cell_len(lead)):
        _print(console, begins + line, style)
        begins = " " * cell_len(lead)


def _width() -> int:
    if not sys.stdout.isatty() and not os.environ.get("COLUMNS"):
        return _ENDLESS
    return max(20, shutil.get_terminal_size().columns)


def _widths(headings: Sequence[str], rows: Sequence[Row], width: int) -> list[int] | None:
    """Return the width of each column, or None where they do not fit into *width*."""
    lines = [headings, *(row.cells for row in rows)]
    whole = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    room = width - _GAP * (len(whole) - 1)
    if sum(whole) <= room:
        return whole
    first, *middle, last = whole
    capped = [first, *(min(one, _WIDEST) for one in middle)]
    left = room - sum(capped)
    return [*capped, min(last, left)] if left >= min(last, _NARROWEST) else None


def _print_row(console: Console, row: Row, widths: Sequence[int], style: str) -> None:
    folded = [_folded(console, cell, width) for cell, width in zip(row.cells, widths, strict=True)]
    for at in range(max(map(len, folded))):
        pieces = [lines[at] if at < len(lines) else "" for lines in folded]
        padded = [
            piece + " " * (width - cell_len(piece))
            for piece, width in zip(pieces, widths, strict=True)
        ]
        _print(console, (" " * _GAP).join(padded).rstrip(), style)


def _print_paragraphs(console: Console, headings: Sequence[str], rows: Sequence[Row]) -> None:
    for row in rows:
        write(console, row.cells[0], style="dim" if row.dim else "bold")
        for text in _paragraph(headings, row):
            write(console, text, lead=" " * _GAP, style="dim" if row.dim else "")


def _paragraph(headings: Sequence[str], row: Row) -> Iterator[str]:
    """Yield what is known of *row* but for its name, as "heading value", and what stands below."""
    facts = zip(headings[1:], row.cells[1:], strict=True)
    told = [f"{heading.lower()} {cell}" for heading, cell in facts if cell]
    if told:
        yield "; ".join(told)
    if row.below:
        yield row.below


def _folded(console: Console, text: str, width: int) -> list[str]:
    """Return *text* in lines of at most *width* columns."""
    return [line.plain.rstrip() for line in Text(text).wrap(console, width)] or [""]


def _print(console: Console, line: str, style: str) -> None:
    console.print(Text(line, style), no_wrap=True, crop=False, overflow="ignore")
