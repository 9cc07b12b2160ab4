"""What a person sees who waits at a terminal: a line for each picture, gone at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from impasto import Image
from impasto.types import Partial
from impasto_cli._lines import one_line
from impasto_cli._orders import Listener, Order
from impasto_cli._partials import is_on_its_way

_WORD = 14  # columns for the provider's word, such as "IN_PROGRESS"
_BAR = 12


@contextmanager
def watching(orders: Sequence[Order], glimpse: Callable[[Image], None]) -> Iterator[Listener]:
    """While entered, show on standard error how far *orders* are, as what is entered is told.

    *glimpse* shows a picture that is on its way, above the lines.
    """
    with _progress(Console(stderr=True, highlight=False)) as progress:
        lines = {
            (id(order), index): progress.add_task(_label(order, index), total=None, word="")
            for order in orders
            for index in range(order.count)
        }

        def listener(order: Order, partial: Partial) -> None:
            line = lines.get((id(order), partial.index))
            if line is not None:  # some providers make more pictures than were asked for
                _update(progress, line, partial)
            if partial.image is not None and is_on_its_way(partial):
                progress.stop()  # it writes what rich knows nothing of
                glimpse(partial.image)
                progress.start()

        yield listener


def _progress(console: Console) -> Progress:
    spinner = "dots" if console.encoding.startswith("utf") else "line"
    return Progress(
        SpinnerColumn(spinner, finished_text="*"),
        _text("{task.description}", Column(ratio=1, no_wrap=True, overflow="ellipsis")),
        BarColumn(_BAR),
        _text("{task.fields[word]}", Column(width=_WORD, no_wrap=True, overflow="ellipsis")),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        expand=True,
    )


def _text(form: str, column: Column) -> TextColumn:
    return TextColumn(form, table_column=column, markup=False)  # the words are a stranger's


def _label(order: Order, index: int) -> str:
    name = one_line(order.model or "picture")
    return f"{name} {index + 1}/{order.count}" if order.count > 1 else name


def _update(progress: Progress, line: TaskID, partial: Partial) -> None:
    if partial.image is not None and partial.progress == 1.0:
        progress.update(line, total=1.0, completed=1.0, word="done")
    elif partial.image is not None:
        progress.update(line, word="to be seen")
    elif isinstance(partial.progress, str):
        progress.update(line, word=one_line(partial.progress))
    elif partial.progress is not None:
        # Not quite all of it, or the line would count as finished before its picture is there.
        done = min(max(partial.progress, 0.0), 0.99)
        progress.update(line, total=1.0, completed=done, word=f"{done:.0%}")
