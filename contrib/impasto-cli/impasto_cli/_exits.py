"""Exit codes, one for each kind of thing that goes wrong, and `Failure`, which has one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import click

from impasto_cli._lines import one_line, say

MEANINGS: Mapping[int, str] = {
    0: "fine",
    1: "anything else",
    2: "wrong usage, or the call cannot work as it is",
    3: "the key is missing, wrong or not allowed to do this",
    4: "refused by the provider's content policy",
    5: "rate limit, quota, no credit, or over the budget",
    6: "the provider or the network failed",
    7: "a plugin is broken",
    130: "Ctrl-C",
}


class Failure(click.ClickException):
    """Ends the command with one line on standard error and an exit code of `MEANINGS`."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(one_line(message))
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it off the instance

    def show(self, file: IO[Any] | None = None) -> None:
        say(f"error: {self.message}", file)


def exit_codes() -> str:
    """Return the table for `impasto --help`."""
    return "\n".join(f"  {code:<4} {meaning}" for code, meaning in MEANINGS.items())
