"""What is known of the orders of a batch, in this run and in those before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from attrs import frozen

State: TypeAlias = Literal["unknown", "done", "running", "ambiguous"]


@frozen
class Standing:
    """How it stands with one order.

    Attributes:
        state: "unknown": it can be made, whether it was tried or not; "done"; "running": another
            process is at it; "ambiguous": it may have been taken, and its price, but nothing came.
        paths: The pictures of one that is done.
        told: What is known of one that is ambiguous, in a sentence.
    """

    state: State = "unknown"
    paths: tuple[Path, ...] = ()
    told: str = ""


UNKNOWN = Standing()


class Ledger(Protocol):
    """Remembers orders, so that none is paid for twice; `Manifest` does it in a file.

    Each order has a key.  What a method has written is there for whoever comes next, also when
    this process is killed the moment after.
    """

    async def open(self) -> None:
        """Begin; called once, before all else."""
        ...

    async def state(self, key: str) -> Standing:
        """Return how it stands with the order *key*."""
        ...

    async def begins(self, key: str, record: Mapping[str, Any]) -> bool:
        """Write that the order *key* is about to go out; it does only when this has returned.

        Return False where another process was faster; then it does not go out here.
        """
        ...

    async def saves(self, key: str, record: Mapping[str, Any]) -> None:
        """Write that the pictures of *key* have come and are about to be saved."""
        ...

    async def done(self, key: str, record: Mapping[str, Any]) -> None:
        """Write that the order *key* is done, and its pictures are saved."""
        ...

    async def failed(self, key: str, record: Mapping[str, Any]) -> None:
        """Write that it failed; ``record["maybe_accepted"]`` says whether it is ambiguous."""
        ...

    async def close(self) -> None:
        """End; called once, after all else."""
        ...
