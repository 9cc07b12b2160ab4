"""What an order may cost: laid aside before it is sent, settled when it has ended."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from impasto import _budgets
from impasto._answer import ImageResponse
from impasto._budgets import Budget
from impasto._call import Params
from impasto._estimates import Estimate, Quote, estimated, total
from impasto._money import exactly
from impasto.errors import BudgetExceededError, ImpastoError

if TYPE_CHECKING:
    from impasto._engine import Conversation

_NOTHING = Decimal(0)


class Stake:
    """What one order may cost, laid aside in every budget that it counts in.

    Attributes:
        is_asked: Whether anybody was asked for pictures, instead of a journal.
        is_out: Whether the provider may have taken the latest order, and has not refused it.
    """

    def __init__(self, budgets: Sequence[Budget], most: Decimal) -> None:
        """Take over *most*, which is laid aside in *budgets* already."""
        self.is_asked = self.is_out = False
        self._budgets = budgets
        self._most = most
        self._held = most  # of it, what is laid aside
        self._counted = _NOTHING  # what the latest order has cost, as far as is known

    def ensure(self) -> None:
        """Lay it aside once more where that was given back.

        Raises:
            BudgetExceededError: not enough is left.
        """
        if not self._held and not self._counted:
            _budgets.reserve(self._budgets, self._most)
            self._held = self._most

    def renew(self, error: ImpastoError) -> None:
        """Prepare for another order after *error*; raise that where not enough is left.

        An order that may have been taken counts as spent.
        """
        if not self.is_out:
            return
        spent = self._held
        try:
            _budgets.reserve(self._budgets, self._most, spend=spent)
        except BudgetExceededError as exceeded:
            error.message += f"; not repeated: {exceeded.message}"
            error.args = (error.message,)
            raise error from error.__cause__
        self._held, self._counted, self.is_out = self._most, _NOTHING, False

    def settle(self, response: ImageResponse) -> None:
        """Count what *response* cost; where that is unknown, the most that it may.

        Nothing where a journal had it, or knew of a job: that was ordered before.
        """
        if not self.is_asked:
            self._count(_NOTHING)
            return
        cost = response.cost
        known = cost is not None and all(one.currency == cost.currency for one in self._budgets)
        self._count(cost.amount if cost is not None and known else self._most)

    def end(self) -> None:
        """Count nothing where the provider took no order, else the most that it may cost."""
        self._count(self._most if self.is_out else _NOTHING)

    def close(self) -> None:
        """Do as `end()`, unless it has ended."""
        if self._held:
            self.end()

    def _count(self, amount: Decimal) -> None:
        with exactly():
            more = amount - self._counted
            _budgets.change(self._budgets, reserved=-self._held, spent=more)
        self._held, self._counted = _NOTHING, amount

    def __del__(self) -> None:
        if self._held:  # a job that nobody asks for any more
            spent = self._most if self.is_out else _NOTHING
            _budgets.drop(self._budgets, reserved=-self._held, spent=spent)


class Deferred(Stake):
    """What an order may cost that a journal knows: laid aside where it is placed again."""

    def __init__(self, budgets: Sequence[Budget], quote: Quote) -> None:
        """Lay nothing aside; *quote* is what it may cost."""
        super().__init__((), _NOTHING)
        self._open: tuple[Sequence[Budget], Quote] | None = (budgets, quote)

    def ensure(self) -> None:
        """Lay it aside, the first time; after that, as ever."""
        if self._open is None:
            super().ensure()
            return
        budgets, quote = self._open
        self._budgets, self._most = _budgets.counting(budgets, quote), _most(quote)
        _budgets.reserve(self._budgets, self._most)
        self._held, self._open = self._most, None


async def lay_aside(conversations: Sequence[Conversation], budgets: Sequence[Budget]) -> None:
    """Lay aside what the orders of *conversations*, the parts of a call, may cost: all or nothing.

    Nothing for what a journal knows; where that is to be ordered again after all, it is laid aside
    just before.

    Raises:
        BudgetExceededError: one of *budgets* has not enough left, or nobody knows what is enough.
        ImpastoError: the call is wrong.
    """
    unknown: list[tuple[Conversation, Quote]] = []
    for conversation in conversations:
        quote, record = await _quoted(conversation), conversation.performance.asked.record
        if record is not None and record.knows(conversation):
            conversation.stake = Deferred(budgets, quote)
        else:
            unknown.append((conversation, quote))
    if unknown:
        _lay_aside(unknown, budgets)


def _lay_aside(orders: Sequence[tuple[Conversation, Quote]], budgets: Sequence[Budget]) -> None:
    quote = total([one for _, one in orders])
    counting = _budgets.counting(budgets, quote)
    is_known = isinstance(quote, Estimate)
    most = [_most(one) if is_known else _NOTHING for _, one in orders]
    least = quote.low if isinstance(quote, Estimate) else None
    with exactly():
        whole = sum(most, _NOTHING)
    _budgets.reserve(counting, whole, at_least=least)
    for (conversation, _), one in zip(orders, most, strict=True):
        conversation.stake = Stake(counting, one)


def _most(quote: Quote) -> Decimal:
    return quote.high if isinstance(quote, Estimate) else _NOTHING


async def _quoted(conversation: Conversation) -> Quote:
    line = conversation.line
    try:
        if "render" in line.loaded.own:
            params = line.ask("translate_params", Params, call=conversation.call)
        else:
            await conversation.prepare()
            assert conversation.params is not None
            params = conversation.params
    except ImpastoError as error:
        raise conversation.told(error) from error.__cause__
    return estimated(conversation.call, params, line.additions.body)


async def settled(stake: Stake, work: Awaitable[ImageResponse]) -> ImageResponse:
    """Return what *work* returns, once *stake* is settled."""
    try:
        response = await work
    except BaseException:
        stake.end()
        raise
    stake.settle(response)
    return response


def close(conversations: Sequence[Conversation]) -> None:
    """Leave nothing laid aside for *conversations*, whatever became of them."""
    for conversation in conversations:
        if conversation.stake is not None:
            conversation.stake.close()
