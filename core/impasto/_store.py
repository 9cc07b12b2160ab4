"""An open journal: what is done to it is done in turn, on a thread of its own."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import frozen

from impasto._alive import Mark, is_alive, sweep
from impasto._journal_file import connected, unusable, unwritten

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")

_MOST_AT_ONCE = 256  # changes that one commit takes to the disk; a guess
_MOST_IDLE = 4  # files that nobody uses and that stay open; a guess


@frozen
class _Change:
    """What is to be done on the thread, whoever waits for it, and whether the disk must have it."""

    work: Callable[[sqlite3.Connection], Any]
    durable: bool
    outcome: concurrent.futures.Future[Any]


class Store:
    """An open journal.  What is done to it is done in turn, on its thread.

    Attributes:
        path: Of the file.
        running: Keys of the calls of this process that are under way; for the thread alone.
        users: How many need it open.
    """

    def __init__(self, path: Path) -> None:
        """Begin to open the file, on the thread."""
        self.path = path
        self.running: set[str] = set()
        self.users = 0
        self._file: os.stat_result | None = None
        self._mark: Mark | None = None
        self._queue: queue.SimpleQueue[_Change | None] = queue.SimpleQueue()
        self._opened: concurrent.futures.Future[None] = concurrent.futures.Future()
        # A daemon, since what is cancelled at the end of the program still has to be written.
        self._thread = threading.Thread(target=self._live, name="impasto-journal", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until it is open.

        Raises:
            BadRequestError: it is no journal, or cannot be made or written.
        """
        self._opened.result()

    async def do(self, work: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> T:
        """Return what *work* returns, once it is written; *durable*: also if the power fails.

        It is done also if the caller is cancelled meanwhile.

        Raises:
            ImpastoError: the file cannot be written.
        """
        return await asyncio.shield(asyncio.wrap_future(self._put(work, durable=durable)))

    def do_now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what *work* returns, as `do()` does; blocking, for what is no coroutine."""
        return self._put(work, durable=False).result()

    def do_some_time(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Let *work* be done, without waiting for it."""
        self._put(work, durable=False)

    def lives(self, owner: str | None, key: str) -> bool:
        """Return whether the process *owner* is at work at *key*; for the thread alone."""
        if owner is None:
            return False
        return key in self.running if owner == self.token else is_alive(self.path, owner)

    @property
    def token(self) -> str:
        """What this process is known by in the file."""
        assert self._mark is not None
        return self._mark.token

    def _put(
        self, work: Callable[[sqlite3.Connection], T], *, durable: bool
    ) -> concurrent.futures.Future[T]:
        change = _Change(work, durable, concurrent.futures.Future())
        self._queue.put(change)
        return change.outcome

    def close(self) -> None:
        """Write what is to be written, and let go of the file."""
        self._queue.put(None)
        self._thread.join()

    def leave(self) -> None:
        """Let go of it in a forked child, without touching what is the parent's."""
        if self._mark is not None:  # else it was just being opened
            self._mark.leave()

    def is_there(self) -> bool:
        """Return whether the path still leads to the file that is open."""
        try:
            return self._file is None or os.path.samestat(self.path.stat(), self._file)
        except OSError:
            return False

    # --- on the thread ---

    def _live(self) -> None:
        try:
            self._connection = connected(self.path)
            self._file = self.path.stat()
            try:
                self._mark = Mark(self.path)
            except OSError as error:
                self._connection.close()
                raise unusable(self.path, f"its folder cannot be written: {error}") from error
            sweep(self.path)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self._opened.set_exception(error)
            return
        self._opened.set_result(None)
        while self._several():
            pass
        self._connection.close()
        assert self._mark is not None
        self._mark.remove()

    def _several(self) -> bool:
        """Do all that waits, with one commit; return whether there may be more."""
        changes = [self._queue.get()]
        with suppress(queue.Empty):
            while changes[-1] is not None and len(changes) < _MOST_AT_ONCE:
                changes.append(self._queue.get_nowait())
        self._done([change for change in changes if change is not None])
        return changes[-1] is not None

    def _done(self, changes: list[_Change]) -> None:
        results: list[tuple[_Change, Any]] = []
        try:
            how = "FULL" if any(change.durable for change in changes) else "NORMAL"
            self._connection.execute(f"PRAGMA synchronous={how}")
            self._connection.execute("BEGIN IMMEDIATE")
            for change in changes:
                self._do(change, results)
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - for those who wait
            with suppress(Exception):
                self._connection.execute("ROLLBACK")
            for change in changes:
                if not change.outcome.done():
                    change.outcome.set_exception(unwritten(self.path, error))
            return
        for change, result in results:
            change.outcome.set_result(result)

    def _do(self, change: _Change, results: list[tuple[_Change, Any]]) -> None:
        """Do *change*; one that is refused takes nothing from the others."""
        import sqlite3

        self._connection.execute("SAVEPOINT change")
        try:
            results.append((change, change.work(self._connection)))
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 - for who waits for it
            self._connection.execute("ROLLBACK TO change")
            change.outcome.set_exception(unwritten(self.path, error))
        self._connection.execute("RELEASE change")


# --- those that are open ----------------------------------------------------------------------

_stores: dict[Path, Store] = {}
_lock = threading.Lock()
_parents: list[Store] = []


def opened(path: Path) -> Store:
    """Return the journal at *path*, one for all of this process; `released()` when it is used.

    Raises:
        BadRequestError: it is no journal, or cannot be made or written.
    """
    whole = Path(os.path.realpath(path))
    with _lock:
        store = _stores.get(whole)
        if store is not None and not store.is_there():  # it was removed, or replaced
            del _stores[whole]
            if not store.users:  # else the last of them closes it
                store.close()
            store = None
        if store is None:
            store = _stores[whole] = Store(whole)
        store.users += 1
    try:
        store.wait()  # without the lock: another process may have the file in hand
    except BaseException:
        with _lock:
            store.users -= 1
            if _stores.get(whole) is store:
                del _stores[whole]
        raise
    return store


def released(store: Store) -> None:
    """Say that *store* is no longer needed; the last few that were used stay open."""
    with _lock:
        store.users -= 1
        idle = [one for one in _stores.values() if not one.users]
        for one in idle[: max(0, len(idle) - _MOST_IDLE)]:
            _stores.pop(one.path).close()
    if not store.users and _stores.get(store.path) is not store:
        store.close()


async def done_at(
    path: Path, work: Callable[[sqlite3.Connection], T], *, durable: bool = False
) -> T:
    """Return what *work* returns, done to the journal at *path*, as `Store.do()` does.

    Raises:
        ImpastoError: the journal cannot be used.
    """
    store = await asyncio.to_thread(opened, path)
    try:
        return await store.do(work, durable=durable)
    finally:
        released(store)


def done_now(path: Path, work: Callable[[sqlite3.Connection], T]) -> T:
    """Return what *work* returns; the same as `done_at()`, for what is no coroutine."""
    store = opened(path)
    try:
        return store.do_now(work)
    finally:
        released(store)


def close_idle(path: Path) -> None:
    """Close the journal at *path*, unless a call needs it."""
    with _lock:
        store = _stores.get(Path(os.path.realpath(path)))
        if store is not None and not store.users:
            _stores.pop(store.path).close()


def _close() -> None:
    from impasto import _portal

    _portal._close()  # the calls that are cancelled there have something to write
    while _stores:
        _stores.popitem()[1].close()


def _forget() -> None:
    """Let a forked child begin anew: what is open is its parent's, and stays as it is."""
    global _lock
    for store in _stores.values():
        store.leave()
    _parents.extend(_stores.values())
    _stores.clear()
    _lock = threading.Lock()


atexit.register(_close)
if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_forget)
