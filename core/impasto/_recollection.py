"""The orders of a call in a journal: which of those that an earlier call left is which of this one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import Factory, define

from impasto._engine import Conversation
from impasto._parts import FAILED, Part

if TYPE_CHECKING:
    from impasto._performance import Performance


@define(eq=False)
class Ordered:
    """A part of the call, as an earlier call left it, or of this one.

    Attributes:
        part: What is known of it.
        conversation: Which part of this call it is; None while that is not known.
        is_from_before: Whether what is known of it is what an earlier call left.
        is_asked: Whether anything was answered to this call.
    """

    part: Part
    conversation: Conversation | None = None
    is_from_before: bool = False
    is_asked: bool = False


@define(eq=False)
class Recollection:
    """The orders of a call, those of an earlier one among them.

    A *turn* is one of the models that are asked, the first or a fallback; parts of a call that is
    split have the same.
    """

    _orders: list[Ordered] = Factory(list)
    _turns: dict[int, Performance] = Factory(dict)

    def remember(self, parts: Sequence[Part]) -> None:
        """Take over what an earlier call left."""
        self._orders = [Ordered(part, is_from_before=True) for part in parts]

    def of(self, conversation: Conversation) -> Ordered:
        """Return the part that *conversation* is, or is again."""
        for order in self._orders:
            if order.conversation is conversation:
                return order
        turn = self._turn_of(conversation.performance)
        found = self._left_by(conversation, turn)
        if found is None:
            turn = self._next_turn() if turn is None else turn
            found = Ordered(Part(len(self._orders), turn, *_who(conversation), FAILED))
            self._orders.append(found)
        found.conversation = conversation
        self._turns[found.part.turn] = conversation.performance
        return found

    def _left_by(self, conversation: Conversation, turn: int | None) -> Ordered | None:
        """Return the part of an earlier call that *conversation* is again."""
        for order in self._orders:
            mine = order.part.turn not in self._turns if turn is None else order.part.turn == turn
            if mine and order.conversation is None and order.part.who() == _who(conversation):
                return order
        return None

    def _turn_of(self, performance: Performance) -> int | None:
        """Return which of the models it is that *performance* asks, if it has asked before."""
        return next((turn for turn, one in self._turns.items() if one is performance), None)

    def _next_turn(self) -> int:
        return 1 + max((order.part.turn for order in self._orders), default=-1)

    def went_on(self) -> bool:
        """Return whether an earlier call went on to a model that this one has not asked yet."""
        later = (one.part for one in self._orders if one.part.turn not in self._turns)
        return any(part.may_be_paid() for part in later)


def _who(conversation: Conversation) -> tuple[str, str, int | None, int | None]:
    call = conversation.call
    return call.provider, call.model, call.n, call.seed
