"""Where the prompts of a batch come from: anything that can be gone through, a few at a time."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import AsyncGenerator, AsyncIterable, Collection, Iterable
from contextlib import suppress
from typing import Any, TypeAlias

from impasto.errors import BadRequestError

Prompts: TypeAlias = Iterable[Any] | AsyncIterable[Any]


def count_of(prompts: Prompts) -> int | None:
    """Return how many there are, where that can be said."""
    try:
        return len(prompts)  # type: ignore[arg-type]  # of a generator, TypeError
    except TypeError:
        return None


def opened(prompts: Prompts) -> AsyncGenerator[Any, None]:
    """Return an iterator of *prompts*, which asks for one when one is wanted, and can be closed.

    Raises:
        BadRequestError: it is a single prompt, or nothing that can be gone through.
    """
    if isinstance(prompts, AsyncIterable):
        return _closing(prompts)
    if isinstance(prompts, (str, bytes, dict)) or not isinstance(prompts, Iterable):
        raise BadRequestError(
            f"prompts is {type(prompts).__name__}; it takes many: a list or another iterable of "
            "texts and dicts",
            param="prompts",
        )
    if isinstance(prompts, Collection):
        return _at_hand(prompts)
    return _in_a_thread(prompts)


async def _closing(prompts: AsyncIterable[Any]) -> AsyncGenerator[Any, None]:
    iterator = aiter(prompts)
    try:
        async for prompt in iterator:
            yield prompt
    finally:
        if hasattr(iterator, "aclose"):
            await iterator.aclose()


async def _at_hand(prompts: Iterable[Any]) -> AsyncGenerator[Any, None]:
    for prompt in prompts:
        yield prompt


async def _in_a_thread(prompts: Iterable[Any]) -> AsyncGenerator[Any, None]:
    """Yield *prompts*, a generator or a file, which may take its time: no call waits for it.

    All of it runs in one thread, which is a daemon: one that reads from a terminal never ends.
    """
    wanted: queue.SimpleQueue[asyncio.Future[Any] | None] = queue.SimpleQueue()
    loop = asyncio.get_running_loop()
    context = contextvars.copy_context()
    reader = threading.Thread(
        target=context.run, args=(_read, prompts, wanted), name="impasto-prompts", daemon=True
    )
    reader.start()
    try:
        while True:
            asked: asyncio.Future[Any] = loop.create_future()
            wanted.put(asked)
            prompt = await asked
            if prompt is _END:
                return
            yield prompt
    finally:
        wanted.put(None)


_END = object()


def _read(prompts: Iterable[Any], wanted: queue.SimpleQueue[asyncio.Future[Any] | None]) -> None:
    """Answer each question in *wanted* with the next of *prompts*."""
    iterator = iter(prompts)
    while (asked := wanted.get()) is not None:
        try:
            prompt = next(iterator, _END)
        except BaseException as error:  # noqa: BLE001 - it is for the caller, who asked
            _answer(asked, error, failed=True)
        else:
            _answer(asked, prompt)
        del asked
    if hasattr(iterator, "close"):
        with suppress(Exception):  # nobody asks any more
            iterator.close()


def _answer(asked: asyncio.Future[Any], outcome: Any, *, failed: bool = False) -> None:
    def answer() -> None:
        if asked.done():  # cancelled
            return
        if not failed:
            asked.set_result(outcome)
        elif isinstance(outcome, StopIteration):
            asked.set_exception(RuntimeError(f"the prompts raised {outcome!r}"))
        else:
            asked.set_exception(outcome)

    with suppress(RuntimeError):  # the loop is closed
        asked.get_loop().call_soon_threadsafe(answer)
