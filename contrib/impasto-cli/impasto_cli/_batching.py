"""Carries out a batch, tells of it, and says at its end how to go on."""

from __future__ import annotations

import json
import signal
import threading
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import click

import impasto
from impasto import BatchProgress, Done, Image, ImageResponse, ImpastoWarning, Manifest
from impasto_cli._checking import Checked
from impasto_cli._exits import Failure
from impasto_cli._failures import failure, in_options
from impasto_cli._gallery import gallery
from impasto_cli._lines import one_line
from impasto_cli._saving import rescued
from impasto_cli._screen import Screen, screen
from impasto_cli._telling import notes_of, price_of

_SHEET = "contact-sheet.html"
_MANIFEST = "manifest.jsonl"


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What is to be made, and how it is told.

    Attributes:
        prompts: Those of the file.
        common: Arguments of all calls.
        title: Of the contact sheet.
        out: The folder.
        concurrency: Most calls at once.
        journal: File in which each call writes, if there is one.
        again: Whether to ask again for what may have been paid for.
        sheet: Whether to write a contact sheet.
        metadata: Whether the files say what the pictures were made from.
        quiet: Whether to leave out progress and notes.
        as_json: Whether to print one object instead of lines.
    """

    prompts: Checked
    common: Mapping[str, Any]
    title: str
    out: Path
    concurrency: int
    journal: Path | None
    again: Literal["ambiguous"] | None
    sheet: bool
    metadata: bool
    quiet: bool
    as_json: bool


@dataclass
class Told:
    """What was said by now.

    Attributes:
        orders: What is to be made.
        screen: Where it is said.
        first: The failure whose exit code the command has.
        errors: All failures, as JSON has them.
    """

    orders: Orders
    screen: Screen
    first: Failure | None = None
    errors: list[dict[str, Any]] = field(default_factory=list)
    _notes: set[str] = field(default_factory=set)
    _alike: Counter[str] = field(default_factory=Counter)

    def done(self, done: Done) -> None:
        """Tell of *done*: a line for each picture that came, and one for what went wrong."""
        if done.response is not None and done.status == "done":
            self._pictures(done, done.response)
        parts = done.response.errors if done.response is not None else ()
        for error in [*([done.error] if done.error is not None else []), *parts]:
            self._failed(done, error)
        if isinstance(done.error, OSError) and done.response is not None:
            for path in rescued(done.response.data):
                self.screen.said(f"note: a picture of line {self._line(done)} is in {path}")

    def _line(self, done: Done) -> int:
        return self.orders.prompts.number(done.index)

    def _pictures(self, done: Done, response: ImageResponse) -> None:
        if self.orders.as_json:
            return
        for note in notes_of(response) if not self.orders.quiet else ():
            if note not in self._notes:
                self._notes.add(note)
                self.screen.said(f"note: {one_line(in_options(note))}")
        for image, path in zip(response.data, done.paths, strict=True):
            self.screen.told("  ".join(_facts(done, response, image, path)))

    def _failed(self, done: Done, error: BaseException) -> None:
        found = failure(error)
        line = self._line(done)
        self.first = self.first or found
        self._alike[found.message] += 1
        if self.orders.as_json:
            self.errors.append(
                {
                    "line": line,
                    "prompt": done.arguments.get("prompt"),
                    "status": done.status,
                    "type": type(error).__name__,
                    "message": found.message,
                    "exit_code": found.exit_code,
                }
            )
        elif self._alike[found.message] == 1:
            self.screen.said(f"error: line {line}: {found.message}")

    def rest(self) -> None:
        """Tell of the failures that were like others."""
        for message, count in self._alike.items() if not self.orders.as_json else ():
            if count > 1:
                lines = "1 more line" if count == 2 else f"{count - 1:,} more lines"
                self.screen.said(f"error: {lines}: {message}")


def _facts(done: Done, response: ImageResponse, image: Image, path: Path) -> Iterator[str]:
    yield f"{path} {f'{image.width}x{image.height}' if image.width else 'of unknown size'}"
    if image.seed is not None:
        yield f"seed {image.seed}"
    yield one_line("/".join(part for part in (response.provider, response.model) if part))
    yield f"{done.seconds:.1f} s"
    price = price_of(response)
    if price is not None:
        yield price


def carry_out(orders: Orders) -> None:
    """Make the pictures of *orders*, and tell of them as they come.

    Raises:
        Failure: not all came; what came is saved and told of.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("once", ImpastoWarning)  # not for each of ten thousand
        with screen(silent=orders.quiet or orders.as_json) as seen:
            told = Told(orders, seen)
            summary, stopped = _made(orders, told)
            told.rest()
    manifest = orders.out / _MANIFEST
    sheet = _sheet(orders, manifest) if orders.sheet and manifest.exists() else None
    if orders.as_json:
        click.echo(json.dumps(_document(summary, told, manifest, sheet), ensure_ascii=False))
    else:
        if sheet is not None:
            click.echo(str(sheet))
        if not orders.quiet:
            click.echo(f"note: {_summary(summary)}", err=True)
    _fail(summary, told, stopped=stopped)


def _made(orders: Orders, told: Told) -> tuple[BatchProgress, bool]:
    """Return how far it came, and whether it was stopped."""
    batch = impasto.batch(
        orders.prompts,
        out=orders.out,
        concurrency=orders.concurrency,
        journal=orders.journal,
        again=orders.again,
        on_progress=told.screen.progress,
        save_metadata=orders.metadata,
        **orders.common,
    )
    with batch, _stopping(batch, told.screen) as stopped:
        try:
            for done in batch:
                told.done(done)
        except KeyboardInterrupt:
            stopped.set()
    return batch.progress, stopped.is_set()


@contextmanager
def _stopping(batch: impasto.Batch, seen: Screen) -> Iterator[threading.Event]:
    """While entered, let Ctrl-C stop *batch*, and a second one end it; tell whether it did."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()
        batch.stop()
        seen.said("note: stopping; what is ordered is waited for, Ctrl-C again gives it up")

    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


def _sheet(orders: Orders, manifest: Path) -> Path:
    path = orders.out / _SHEET
    page = gallery(Manifest(manifest).last_lines(), orders.out, orders.title)
    path.write_text(page, encoding="utf-8")
    return path


# --- the end ---


def _summary(summary: BatchProgress) -> str:
    counts = {
        "came": summary.done,
        "there before": summary.skipped,
        "failed": summary.failed,
        "uncertain": summary.ambiguous,
    }
    told = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    if not summary.done:
        return told or "there is nothing to make"
    unknown = [f"{summary.unpriced:,} of unknown price"] if summary.unpriced else []
    price = " and ".join([*([summary.price] if summary.price else []), *unknown])
    return f"{told}  {summary.seconds:.1f} s  {price}"


def _fail(summary: BatchProgress, told: Told, *, stopped: bool) -> None:
    """Raise what says how to go on, where not all is done."""
    again = "the same command goes on from there"
    if summary.ambiguous:
        again += (
            f", but for {summary.ambiguous:,} that may have been paid for: --again ambiguous "
            "asks for those again"
        )
    if stopped:
        of = f" of {summary.total:,}" if summary.total is not None else ""
        raise Failure(f"stopped at {summary.finished:,}{of}; {again}", 130)
    if told.first is not None:
        failed = summary.failed + summary.ambiguous
        what = f"{failed:,} of {summary.finished:,} did not come" if failed else "not all came"
        raise Failure(f"{what}; {again}", told.first.exit_code) from told.first.__cause__


def _document(
    summary: BatchProgress, told: Told, manifest: Path, sheet: Path | None
) -> dict[str, Any]:
    return {
        "done": summary.done,
        "skipped": summary.skipped,
        "failed": summary.failed,
        "ambiguous": summary.ambiguous,
        "total": summary.total,
        "seconds": round(summary.seconds, 3),
        # Text: a float would round what is to be added up.
        "cost": {currency: str(amount) for currency, amount in summary.cost.items()},
        "unpriced": summary.unpriced,
        "manifest": str(manifest),
        "sheet": None if sheet is None else str(sheet),
        "errors": told.errors,
    }
