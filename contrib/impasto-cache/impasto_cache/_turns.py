"""One at a time asks for the same thing, so that the others find it kept: in all processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from weakref import WeakValueDictionary

from filelock import FileLock, Timeout

from impasto_cache._files import touch

# Seconds between looks whether another process is done; guesses: a picture takes seconds.
_FIRST, _LONGEST = 0.02, 0.25

# Locks of tasks that wait in the same event loop, without a look at the disk.
_here: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()


@asynccontextmanager
async def turn(path: Path, seconds: float, is_done: Callable[[], bool]) -> AsyncIterator[None]:
    """Wait until nobody else has the turn at *path*, or until somebody has done it.

    Who waited in vain goes on all the same: at worst, the same is paid for twice.  A process that
    dies gives its turn away.

    Args:
        path: A file that is there for this alone.
        seconds: The longest wait.
        is_done: Whether there is nothing left to do.
    """
    where = (id(asyncio.get_running_loop()), str(path))
    async with AsyncExitStack() as held:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await held.enter_async_context(_here.setdefault(where, asyncio.Lock()))
                lock = FileLock(path, mode=0o600, thread_local=False)
                held.callback(lock.release)
                await _acquire(lock, is_done)
        yield


async def _acquire(lock: FileLock, is_done: Callable[[], bool]) -> None:
    pause = _FIRST
    while not is_done():
        try:
            lock.acquire(blocking=False)
        except Timeout:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST)
        except (OSError, NotImplementedError):  # a file system without locks
            return
        else:
            touch(Path(lock.lock_file))  # it is in use: nobody clears it away
            return
