"""The end of a command that made pictures: what is told, opened and raised."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from impasto_cli._documents import document
from impasto_cli._exits import Failure
from impasto_cli._lines import say
from impasto_cli._output import Output
from impasto_cli._preview import preview
from impasto_cli._results import Result
from impasto_cli._sheet import page
from impasto_cli._telling import tell_notes, tell_pictures


def finish(results: Sequence[Result], sheet: Path | None, output: Output) -> None:
    """Write the contact sheet to *sheet* and tell of *results*, as *output* has it.

    Raises:
        Failure: something went wrong; what came is saved and told of by then.
    """
    sheet = sheet if any(result.pictures for result in results) else None
    unwritten = [] if sheet is None else _write(results, sheet, overwrite=output.overwrite)
    _tell(results, None if unwritten else sheet, output)
    if output.opened:
        _open(results, None if unwritten else sheet)
    _fail_with([*(_told(one.failures) for one in results if one.failures), *unwritten])


def _write(results: Sequence[Result], sheet: Path, *, overwrite: bool) -> list[Failure]:
    """Write the contact sheet, and return what kept it from being written."""
    try:
        with sheet.open("w" if overwrite else "x", encoding="utf-8") as file:
            file.write(page(results, sheet.parent))
    except OSError as error:
        return [Failure(f"{sheet} could not be written ({error.strerror or error})", 1)]
    return []


def _tell(results: Sequence[Result], sheet: Path | None, output: Output) -> None:
    if output.as_json:
        click.echo(json.dumps(document(results, sheet), default=str, ensure_ascii=False))
        return
    if not output.quiet:
        tell_notes(results)
    for result in results:
        if not output.quiet:
            preview(result.pictures, output.preview)
        tell_pictures(result)
    if sheet is not None:
        click.echo(str(sheet))


def _open(results: Sequence[Result], sheet: Path | None) -> None:
    pictures = [picture.path for result in results for picture in result.pictures]
    for path in [sheet] if sheet is not None else pictures:
        if click.launch(str(path)) != 0:
            say(f"note: {path} could not be opened; this system names no viewer")


def _fail_with(failures: Sequence[Failure]) -> None:
    """End with *failures*, one line each, and the exit code of the first."""
    if failures:
        *others, last = failures
        for other in others:
            other.show()
        last.exit_code = failures[0].exit_code  # type: ignore[misc]  # click reads it off there
        raise last


def _told(failures: Sequence[Failure]) -> Failure:
    """Return *failures* of one call as one line."""
    reasons = "; ".join(dict.fromkeys(one.message for one in failures))
    found = Failure(reasons, failures[0].exit_code)
    found.__cause__ = failures[0].__cause__
    return found
