"""What is asked for, and what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import impasto
from impasto import AsyncImageStream, ImageResponse
from impasto.types import Kind, Partial
from impasto_cli._exits import Failure
from impasto_cli._places import Place

_FUNCTIONS: Mapping[Kind, str] = {
    "generate": "aimage_generation",
    "edit": "aimage_edit",
    "vary": "aimage_variation",
}


@dataclass(frozen=True)
class Order:
    """One call.

    Attributes:
        kind: What is wanted.
        arguments: Those of the call.
        place: Where its pictures go.
    """

    kind: Kind
    arguments: Mapping[str, Any]
    place: Place

    @property
    def model(self) -> str | None:
        """The model as it was written; None where that is left to impasto."""
        return self.arguments.get("model")

    @property
    def count(self) -> int:
        """How many pictures."""
        return count_of(self.arguments)


@dataclass(frozen=True)
class Outcome:
    """What came of an order: a response, or an error.

    Attributes:
        order: What was asked for.
        seconds: How long it took.
        response: None where nothing came.
        error: Why.
    """

    order: Order
    seconds: float
    response: ImageResponse | None = None
    error: BaseException | None = None


Listener = Callable[[Order, Partial], object]


def count_of(arguments: Mapping[str, Any]) -> int:
    """Return how many pictures a call with *arguments* asks for."""
    count = arguments.get("n")
    return count if isinstance(count, int) else 1


def carry_out(orders: Sequence[Order], listener: Listener | None) -> list[Outcome]:
    """Carry out all *orders* at once; none that fails ends another.

    Ctrl-C ends them all, and what had come by then is kept.
    """
    return asyncio.run(_side_by_side(orders, listener))


async def _side_by_side(orders: Sequence[Order], listener: Listener | None) -> list[Outcome]:
    tasks = [asyncio.create_task(_one(order, listener)) for order in orders]
    try:
        await asyncio.wait(tasks)
    except asyncio.CancelledError:  # Ctrl-C
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    return [task.result() for task in tasks]


async def _one(order: Order, listener: Listener | None) -> Outcome:
    told = {"on_progress": partial(listener, order)} if listener is not None else {}
    begun = time.monotonic()
    response: ImageResponse | None = None
    error: BaseException | None = None
    try:
        made = await getattr(impasto, _FUNCTIONS[order.kind])(**order.arguments, **told)
        response = await made if isinstance(made, AsyncImageStream) else made
    except asyncio.CancelledError:
        error = Failure("interrupted; if the order was on its way, it may cost money", 130)
    except Exception as caught:  # noqa: BLE001 - the others' pictures are saved before it is told
        error = caught
    return Outcome(order, time.monotonic() - begun, response, error)
