"""How far a batch is, as a line in a terminal: how many, how fast, how long still, for how much."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Column

from impasto import BatchProgress

_BAR = 20  # columns


@contextmanager
def speed(console: Console) -> Iterator[Callable[[BatchProgress], None]]:
    """While entered, show on *console* how far it is, as what is entered is told."""
    spinner = "dots" if console.encoding.startswith("utf") else "line"
    with Progress(
        SpinnerColumn(spinner, finished_text="*"),
        BarColumn(_BAR),
        TextColumn(
            "{task.description}",
            markup=False,
            table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
        ),
        console=console,
        transient=True,
        expand=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as drawn:
        line = drawn.add_task("", total=None)

        def told(progress: BatchProgress) -> None:
            drawn.update(
                line,
                total=progress.total,
                completed=progress.finished,
                description=facts(progress),
            )

        yield told


def facts(progress: BatchProgress) -> str:
    """Return what is known, the most wanted first: where there is no room the rest is cut off."""
    of = f"/{progress.total}" if progress.total is not None else ""
    known = [f"{progress.finished}{of}"]
    if progress.seconds_left is not None:
        known.append(f"{timedelta(seconds=round(progress.seconds_left))} left")
    if progress.per_minute is not None:
        known.append(f"{progress.per_minute:.0f}/min")
    failed = progress.failed + progress.ambiguous
    known += [f"{failed} failed"] if failed else []
    known += [progress.price] if progress.price else []
    return "  ".join(known)
