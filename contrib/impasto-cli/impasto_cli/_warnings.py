"""Warnings of impasto, as lines for the person at the terminal."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from impasto import ImpastoWarning
from impasto_cli._lines import one_line, say


@contextmanager
def shown() -> Iterator[None]:
    """While entered, show impasto's warnings as "warning: ..." and leave others as they are."""
    with warnings.catch_warnings():
        # Always: with -W error a warning would come between a picture and its file.
        warnings.simplefilter("always", ImpastoWarning)
        others = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, ImpastoWarning):
                say(f"warning: {one_line(str(message))}", file)
            else:
                others(message, category, filename, lineno, file, line)

        warnings.showwarning = show
        yield
