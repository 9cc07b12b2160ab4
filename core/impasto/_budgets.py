"""`Budget`: how much may be spent, and how much of it is laid aside or gone."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from impasto import _scopes
from impasto._money import exactly, money, parsed
from impasto.errors import BadRequestError, BudgetExceededError

if TYPE_CHECKING:
    from impasto._estimates import Quote

# One for all budgets: a call that counts in several is laid aside in all of them or in none.
_lock = threading.Lock()
_WAY_OUT = (
    ".  What it leaves to the provider, such as size or quality, counts as the dearest that there "
    "is; say it, and it is less"
)
# What is to be done with amounts that nobody asks for any more; appending needs no lock, which the
# thread that drops them might hold.
_dropped: deque[tuple[Sequence[Budget], Decimal, Decimal]] = deque()


@contextmanager
def _locked() -> Iterator[None]:
    with _lock, exactly():
        while _dropped:
            budgets, reserved, spent = _dropped.popleft()
            _move(budgets, reserved, spent)
        yield


def _move(budgets: Sequence[Budget], reserved: Decimal, spent: Decimal) -> None:
    for budget in budgets:
        budget._reserved += reserved
        budget._spent += spent


class Budget:
    """How much calls may cost; from `impasto.budget()`.

    A with-block makes it count for all calls in it, also in tasks, with `asyncio.to_thread` and in
    threads that are begun within it; as *budget=* of a call it counts for that call, besides those
    of the blocks round it.  Blocks may stand in each other; each of them has to have enough left.
    Usable from any thread; it holds for this process.
    """

    def __init__(
        self,
        amount: str | float | Decimal,
        *,
        unknown: Literal["refuse", "allow"] = "refuse",
        threads: bool = True,
    ) -> None:
        """Make a budget; the arguments are those of `impasto.budget()`."""
        try:
            self._total, self.currency = parsed(amount)
        except ValueError as error:
            raise BadRequestError(f"budget: {error}", param="budget") from None
        if unknown not in ("refuse", "allow"):
            raise BadRequestError(
                f"unknown={unknown!r}; it takes 'refuse' or 'allow'", param="unknown"
            )
        self.allows_unknown = unknown == "allow"
        self.threads = threads
        self._spent = self._reserved = Decimal(0)
        self._unpriced = 0

    @property
    def total(self) -> Decimal:
        """How much there was at the beginning, in *currency*."""
        return self._total

    @property
    def spent(self) -> Decimal:
        """How much the calls that have ended cost; where that is unknown, the most that they may."""
        with _locked():
            return self._spent

    @property
    def reserved(self) -> Decimal:
        """How much is laid aside for calls under way."""
        with _locked():
            return self._reserved

    @property
    def left(self) -> Decimal:
        """How much further calls may cost; less than 0 where a provider took more than it says."""
        with _locked():
            return self._left()

    @property
    def unpriced(self) -> int:
        """How many calls were allowed of which nobody could say what they cost."""
        return self._unpriced

    def _left(self) -> Decimal:
        return self._total - self._spent - self._reserved

    def __repr__(self) -> str:
        with _locked():
            parts = (self._spent, "spent"), (self._reserved, "reserved"), (self._left(), "left")
        told = ", ".join(f"{money(amount, self.currency)} {what}" for amount, what in parts)
        more = f", {self._unpriced} calls of unknown price" if self._unpriced else ""
        return f"<Budget {money(self._total, self.currency)}: {told}{more}>"

    # --- a block of calls ---

    def __enter__(self) -> Self:
        _scopes.enter(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _scopes.leave(self)


def given(value: Any) -> Budget | None:
    """Return *value*, the argument *budget* of a call, as one.

    Raises:
        BadRequestError: it is none.
    """
    return value if value is None or isinstance(value, Budget) else Budget(value)


# --- what is laid aside -----------------------------------------------------------------------


def counting(budgets: Sequence[Budget], quote: Quote) -> list[Budget]:
    """Return those of *budgets* in which a call counts that may cost *quote*.

    The others allow calls that are paid in another currency.

    Raises:
        BudgetExceededError: one of *budgets* allows no call of unknown price.
    """
    from impasto._estimates import Estimate

    known = quote if isinstance(quote, Estimate) else None
    open_to = [one for one in budgets if known is None or known.currency != one.currency]
    for budget in open_to:
        if not budget.allows_unknown:
            raise _unknown(budget, quote)
    with _locked():
        for budget in open_to:
            budget._unpriced += 1
    return [one for one in budgets if known is None or one not in open_to]


def _unknown(budget: Budget, quote: Quote) -> BudgetExceededError:
    why = getattr(quote, "reason", None) or (
        f"its price is in {getattr(quote, 'currency', None)}, and nothing is converted"
    )
    return _error(
        budget,
        f"what this call costs is not known before it: {why}.  A budget, here of "
        f"{money(budget._total, budget.currency)}, refuses that; impasto.prices(...) names a "
        "price, and impasto.budget(..., unknown='allow') allows it.  Nothing was sent",
        code="unknown_price",
    )


def reserve(
    budgets: Sequence[Budget],
    amount: Decimal,
    *,
    spend: Decimal = Decimal(0),
    at_least: Decimal | None = None,
) -> None:
    """Lay *amount* aside in all of *budgets*, and count *spend* of what was laid aside as spent.

    Args:
        budgets: Whose.
        amount: The most that the call may cost.
        spend: Of what was laid aside for an order before.
        at_least: The least that it may cost, for the message.

    Raises:
        BudgetExceededError: one of them has not enough left; nothing is changed.
    """
    with _locked():
        for budget in budgets:
            if budget._left() < amount:
                raise _exceeded(budget, amount, at_least)
        _move(budgets, amount - spend, spend)


def _exceeded(budget: Budget, amount: Decimal, least: Decimal | None) -> BudgetExceededError:
    def told(one: Decimal) -> str:
        return money(one, budget.currency)

    # A guess: where the most is twice the least, more than the words of a prompt is left open.
    is_open = least is not None and 2 * least < amount
    return _error(
        budget,
        f"this call may cost {told(amount)}, and {told(budget._left())} is left of a budget of "
        f"{told(budget._total)}: {told(budget._spent)} is spent, {told(budget._reserved)} reserved "
        f"for calls under way.  Nothing was sent{_WAY_OUT if is_open else ''}",
        cost=amount,
    )


def _error(budget: Budget, message: str, **more: Any) -> BudgetExceededError:
    return BudgetExceededError(
        message,
        total=budget._total,
        spent=budget._spent,
        reserved=budget._reserved,
        currency=budget.currency,
        **more,
    )


def change(budgets: Sequence[Budget], *, reserved: Decimal, spent: Decimal) -> None:
    """Change what is reserved and spent in all of *budgets*."""
    with _locked():
        _move(budgets, reserved, spent)


def drop(budgets: Sequence[Budget], *, reserved: Decimal, spent: Decimal) -> None:
    """Do as `change()`, a moment later; for finalizers."""
    _dropped.append((budgets, reserved, spent))


def _forget() -> None:
    """Let a forked child begin with a lock that nobody holds."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_forget)
