"""Runs a provider that needs no network, on threads of its own."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from attrs import evolve

from impasto import _costs
from impasto._answer import ImageResponse, Partial
from impasto._call import Params
from impasto._engine import Conversation, is_sound
from impasto._made import Made, linked, without_dropped
from impasto._plugin import Memory
from impasto._reports import Report
from impasto.errors import APIResponseValidationError, ImpastoError, Timeout

# One for each loaded plugin, which may be replaced by another one of the same name.
_pools: weakref.WeakKeyDictionary[Memory, ThreadPoolExecutor] = weakref.WeakKeyDictionary()


class GivenUp(Exception):
    """Raised by `report` into a `render` that nobody waits for any more."""


class _Report:
    """What `render` gets as *report*."""

    def __init__(self, told: Callable[[float | str | Partial], None] | None) -> None:
        self.given_up = threading.Event()
        self._told = told
        self._loop = asyncio.get_running_loop()

    def __call__(self, progress: float | str | Partial) -> None:
        if self.given_up.is_set():
            raise GivenUp
        if self._told is not None:
            self._loop.call_soon_threadsafe(self._told, progress)


async def rendered(conversation: Conversation) -> ImageResponse:
    """Return what the plugin's `render` makes of the call, within its deadline."""
    call, wires = conversation.call, conversation.line.wires
    told = conversation.report
    report = _Report(told.native if isinstance(told, Report) else told)
    context = copy_context()
    if conversation.stake is not None:
        conversation.stake.is_asked = True
    try:
        params = conversation.line.ask("translate_params", Params, call=call)
        async with asyncio.timeout(max(0.0, conversation.remaining())):
            try:
                answer = await asyncio.get_running_loop().run_in_executor(
                    _pool(conversation), context.run, _render, conversation, params, report
                )
            finally:
                report.given_up.set()
    except TimeoutError:
        error = Timeout(f"no picture within the {conversation.timeout:g} s of timeout")
        raise conversation.told(error) from None
    except ImpastoError as error:
        raise conversation.told(error) from error.__cause__
    created = answer.created if answer.created is not None else int(wires.now().timestamp())
    return evolve(
        answer,
        created=created,
        data=linked(answer.data, Made(without_dropped(call, params.fates), created)),
        model=answer.model or call.model,
        provider=call.provider,
        params={fate.name: fate for fate in params.fates},
        asked=_costs.asked(call),
    )


def _render(conversation: Conversation, params: Any, report: _Report) -> ImageResponse:
    if report.given_up.is_set():  # waited for a thread longer than its caller for it
        raise GivenUp
    answer = conversation.line.ask(
        "render", ImageResponse, call=conversation.call, params=params, report=report
    )
    if not is_sound(answer):
        raise conversation.line.fail(f"render() returned {answer!r}", None)
    if not answer.data:
        raise APIResponseValidationError("the answer holds no picture", code="empty")
    return answer


def _pool(conversation: Conversation) -> ThreadPoolExecutor:
    provider, memory = conversation.line.loaded.provider, conversation.line.loaded.memory
    pool = _pools.get(memory)
    if pool is None:
        threads = provider.concurrency or os.cpu_count() or 1
        pool = _pools.setdefault(
            memory, ThreadPoolExecutor(threads, thread_name_prefix=f"impasto-{provider.name}")
        )
    return pool


def forget_after_fork() -> None:
    """Drop pools whose threads stayed in the parent."""
    _pools.clear()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=forget_after_fork)
