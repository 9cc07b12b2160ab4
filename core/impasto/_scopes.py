"""Whose budget counts: those of the with-blocks round a call, and the call's own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING
from weakref import WeakSet

from attrs import frozen

if TYPE_CHECKING:
    from impasto._budgets import Budget


@frozen(eq=False)
class _Block:
    """A with-block.

    Attributes:
        budget: Its budget.
        older: Threads that were there before it began.
    """

    budget: Budget
    older: WeakSet[threading.Thread]


_active: ContextVar[tuple[Budget, ...]] = ContextVar("impasto_budgets", default=())
_blocks: list[_Block] = []


def budgets_for(explicit: Budget | None) -> tuple[Budget, ...]:
    """Return the budgets that a call made here counts in; none for nearly every call."""
    if explicit is None and not _blocks and not _active.get():
        return ()
    return _without_twice([*_here(), *([] if explicit is None else [explicit])])


def enter(budget: Budget) -> None:
    """Make *budget* count from here on, besides those that do already."""
    _active.set((*_here(), budget))
    if budget.threads:
        _blocks.append(_Block(budget, WeakSet(threading.enumerate())))


def leave(budget: Budget) -> None:
    """Take back what `enter()` did last."""
    mine = [block for block in _blocks if block.budget is budget]
    if mine:
        _blocks.remove(mine[-1])
    active = [*_active.get()]
    if budget in active:  # it may stand in itself
        del active[-1 - active[::-1].index(budget)]
    _active.set(tuple(active))


def _here() -> tuple[Budget, ...]:
    active = _active.get()
    if active or not _blocks:
        return active
    from impasto import _portal  # asyncio, which is there where calls are made

    if _portal.is_here():  # it runs calls of all threads, each in the context of its own
        return ()
    thread = threading.current_thread()
    return tuple(block.budget for block in [*_blocks] if thread not in block.older)


def _without_twice(budgets: Sequence[Budget]) -> tuple[Budget, ...]:
    return tuple({id(one): one for one in budgets}.values())


def adopt() -> None:
    """Make those of this thread count in the context that goes elsewhere from here."""
    _active.set(_here())


def is_any_open() -> bool:
    """Return whether there is a with-block whose budget counts in threads."""
    return bool(_blocks)
