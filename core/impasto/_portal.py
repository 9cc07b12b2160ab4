"""The blocking API: one background thread with one event loop, for all callers."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextvars
import os
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from impasto import _scopes

T = TypeVar("T")

# Ctrl-C cancels the call; its job is stopped at the provider with five seconds of its own.
_SECONDS_TO_CANCEL = 6.0


class _Portal:
    """The thread and its loop."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.ending = False
        self.thread = threading.Thread(target=self._live, name="impasto", daemon=True)
        self.thread.start()

    def _live(self) -> None:
        asyncio.set_event_loop(self.loop)
        ended = False
        while not ended:
            # What is raised through the loop is of one call, whose caller gets it as well.
            with suppress(KeyboardInterrupt, SystemExit):
                self.loop.run_forever()
                ended = True

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run *coroutine* in the caller's context and return what it returns."""
        outcome: concurrent.futures.Future[T] = concurrent.futures.Future()
        tasks: list[asyncio.Task[T]] = []
        context = contextvars.copy_context()
        if _scopes.is_any_open():
            context.run(_scopes.adopt)

        def start() -> None:
            task = self.loop.create_task(coroutine, context=context)
            tasks.append(task)
            task.add_done_callback(lambda done: self._hand_over(done, outcome))

        self.loop.call_soon_threadsafe(start)
        try:
            return outcome.result()
        except BaseException:
            if not outcome.done():  # the waiting itself was interrupted: Ctrl-C
                self.loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
                concurrent.futures.wait([outcome], _SECONDS_TO_CANCEL)
            raise

    def _hand_over(self, task: asyncio.Task[T], outcome: concurrent.futures.Future[T]) -> None:
        if task.cancelled():
            # At the end of the program only daemon threads still wait: they end where they are.
            if not self.ending:
                outcome.cancel()
                outcome.set_running_or_notify_cancel()
        elif (error := task.exception()) is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(task.result())

    def close(self) -> None:
        """Close the sessions and end the thread."""
        self.ending = True
        if self.thread is threading.current_thread() or not self.thread.is_alive():
            return
        ending = asyncio.run_coroutine_threadsafe(_wind_up(), self.loop)
        concurrent.futures.wait([ending], _SECONDS_TO_CANCEL)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(_SECONDS_TO_CANCEL)
        if not self.thread.is_alive():
            self.loop.close()


async def _wind_up() -> None:
    """Cancel what is still running, then close what is open, as `asyncio.run` does at its end."""
    from impasto._sessions import close_sessions

    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await close_sessions()
    await asyncio.get_running_loop().shutdown_asyncgens()
    await asyncio.get_running_loop().shutdown_default_executor()


_portal: _Portal | None = None
_lock = threading.Lock()
_parents: list[_Portal] = []


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run *coroutine* on the background loop, from any thread, also inside a running loop.

    Raises:
        RuntimeError: the caller is on the background loop itself and would wait for itself.
    """
    portal = _portal or _start()
    if threading.current_thread() is portal.thread:
        coroutine.close()
        raise RuntimeError(
            "a blocking call inside of impasto's own event loop would wait for itself; "
            "await the form that begins with 'a'"
        )
    return portal.run(coroutine)


def is_here() -> bool:
    """Return whether this is the thread of the background loop."""
    return _portal is not None and threading.current_thread() is _portal.thread


def _start() -> _Portal:
    global _portal
    with _lock:
        if _portal is None:
            _portal = _Portal()
        return _portal


def _close() -> None:
    global _portal
    portal, _portal = _portal, None
    if portal is not None:
        portal.close()


def _forget() -> None:
    """Let a forked child begin anew: it has the variables of its parent, but not its threads."""
    global _portal, _lock
    # Kept alive: collecting the loop would close sockets that the parent still uses.
    _parents.extend([_portal] if _portal is not None else [])
    _portal = None
    _lock = threading.Lock()


atexit.register(_close)
if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_forget)
