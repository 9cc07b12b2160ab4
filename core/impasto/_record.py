"""What a journal knows of one call, and where it is written what becomes of it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from attrs import Factory, define, evolve

from impasto import _costs, _entries, _stored
from impasto._answer import ImageResponse
from impasto._call import Params
from impasto._engine import Conversation, Known
from impasto._entries import AMBIGUOUS, ANSWERED, FAILED, ORDERING, TAKEN, UNREADABLE, Part
from impasto._http import Request, Response
from impasto._image import Image
from impasto._redact import without
from impasto._sources import KeptSource
from impasto._store import Store, done_at, released
from impasto.errors import APIResponseValidationError, ImpastoError, PluginError

if TYPE_CHECKING:
    from impasto._performance import Performance
    from impasto._witness import Witness

FROM_THE_JOURNAL = "from the journal; nothing was asked"
GONE_ON = "ordered before, as the journal says; it was not ordered again"
T = TypeVar("T")
_GONE = frozenset({404, 410})
_LARGE = 64 * 1024  # bytes; an answer to a poll that is larger holds pictures
log = logging.getLogger("impasto")


Ask: TypeAlias = Callable[[Conversation], Awaitable[ImageResponse | Request]]


@define(eq=False)
class _Order:
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
class Record:
    """The record of one call: the `Witness` of its orders, and the memory of those before.

    Attributes:
        path: Of the journal.
        key: The call's.
        store: The journal, open while the call is this process's.
        again: Whether to order again what may have been paid for.
        may_order: Whether anything may be ordered at all.
        then: Who else is told of the moments of an order.
        troubles: What could not be written.
    """

    path: Path
    key: str
    store: Store | None = None
    again: bool = False
    may_order: bool = True
    then: Witness | None = None
    troubles: list[str] = Factory(list)
    _orders: list[_Order] = Factory(list)
    _turns: dict[int, Performance] = Factory(dict)

    def remember(self, parts: Sequence[Part]) -> None:
        """Take over what is known of the call's orders."""
        self._orders = [_Order(part, is_from_before=True) for part in parts]

    # --- instead of an order ---

    async def drawn(self, conversation: Conversation, ask: Ask) -> Any:
        """Return what comes of *conversation*: known from before, or of what *ask* orders.

        Raises:
            ImpastoError: as *ask* does; or it may have been paid for before.
        """
        order = self._of(conversation)
        if order.is_from_before and order.part.may_be_paid():
            order.is_from_before = False
            came = await self._recalled(order, conversation, ask)
            if came is not None:
                return came
            _begin_anew(conversation)
        self._refuse_where_another_drew(order.part)
        return await self._noted(order, conversation, ask)

    def _of(self, conversation: Conversation) -> _Order:
        """Return the part that *conversation* is, or is again."""
        for order in self._orders:
            if order.conversation is conversation:
                return order
        turn = self._turn_of(conversation.performance)
        found = self._left_by(conversation, turn)
        if found is None:
            turn = self._next_turn() if turn is None else turn
            found = _Order(Part(len(self._orders), turn, *_who(conversation), FAILED))
            self._orders.append(found)
        found.conversation = conversation
        self._turns[found.part.turn] = conversation.performance
        return found

    def _left_by(self, conversation: Conversation, turn: int | None) -> _Order | None:
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

    def _refuse_where_another_drew(self, part: Part) -> None:
        """Raise what kept *part* from being drawn, where another model was asked after it.

        Raises:
            ImpastoError: that.
        """
        later = (one.part for one in self._orders if one.part.turn not in self._turns)
        if not self.may_order or any(one.may_be_paid() for one in later):
            raise _error_of(part)

    # --- what is known ---

    async def _recalled(
        self, order: _Order, conversation: Conversation, ask: Ask
    ) -> ImageResponse | Request | None:
        """Return what comes of an order that was placed before; None: it is to be placed again.

        Raises:
            ImpastoError: it failed, or nobody knows whether it was taken.
        """
        part = order.part
        if part.result is not None:
            return self._sourced(part, _result(part, conversation), conversation)
        if part.answer is None and part.handle is None:
            return await self._saved(part, conversation)
        if conversation.params is None:
            await conversation.prepare()
        conversation.set_out()
        conversation.known = Known(*part.answer) if part.answer else Known(_handle(part))
        stopped, unreadable = part.stopped, part.state == UNREADABLE
        try:
            outcome = await self._noted(order, conversation, ask)
        except ImpastoError as error:
            if self.may_order and stopped and part.state == FAILED:
                return None  # it was called off, and nothing came of it
            if not self.may_order or not (unreadable or error.status_code in _GONE):
                raise
            if self.again and error.maybe_accepted:
                return None
            error.message += "; again='ambiguous' orders it again"
            error.args = (error.message,)
            raise
        if not isinstance(outcome, ImageResponse):
            return outcome
        told = GONE_ON if order.is_asked else FROM_THE_JOURNAL
        return evolve(outcome, notes=(*outcome.notes, told))

    async def _saved(self, part: Part, conversation: Conversation) -> ImageResponse | None:
        """Return the pictures in the files that they were saved to, where nothing else is left."""
        if part.state in (ORDERING, AMBIGUOUS):
            if self.again and self.may_order:
                return None
            raise _unsure(part, conversation, self.key)
        paths = await self._do(lambda db: _entries.paths(db, self.key, part.number))
        data = await asyncio.to_thread(_read, paths)
        if data:
            return ImageResponse(
                data=data, provider=part.provider, model=part.model, notes=(FROM_THE_JOURNAL,)
            )
        if self.again and self.may_order:
            return None
        raise ImpastoError(
            f"the pictures of {self.key!r} were saved to {', '.join(map(str, paths))}, and are no "
            "longer there; again='ambiguous' orders others",
            provider=part.provider,
            model=part.model,
            maybe_accepted=True,
        )

    # --- what becomes of it ---

    async def _noted(
        self, order: _Order, conversation: Conversation, ask: Ask
    ) -> ImageResponse | Request:
        part = order.part
        try:
            outcome = await ask(conversation)
        except BaseException as error:
            await self._ended(part, conversation, error)
            raise
        if not isinstance(outcome, ImageResponse):
            return outcome
        if "render" in conversation.line.loaded.own:
            await self._rendered(part, conversation, outcome)
        return self._sourced(part, outcome, conversation)

    async def _rendered(
        self, part: Part, conversation: Conversation, response: ImageResponse
    ) -> None:
        """Write the pictures that were made in this process."""
        conversation.params = Params(fates=tuple(response._params.values()))
        frame = _frame(conversation)

        def write(db: _entries.Connection) -> None:
            result = json.dumps(_stored.pictures_told(response))
            _entries.note_result(db, self.key, part, result, frame)

        part.state = ANSWERED
        await self._try(write, durable=True)

    async def _ended(self, part: Part, conversation: Conversation, error: BaseException) -> None:
        """Write in what state *part* is left."""
        maybe = conversation.ordered or getattr(error, "maybe_accepted", False)
        if conversation.pending is not None:
            part.state, part.stopped = TAKEN, conversation.stopped
        elif not maybe:
            part.state = FAILED
        elif not part.is_answered:
            part.state = AMBIGUOUS
        elif isinstance(error, (APIResponseValidationError, PluginError)):
            part.state = UNREADABLE
        told = None
        if isinstance(error, ImpastoError):
            told = json.dumps(_stored.error_told(error))
            part.error = json.loads(told)
        await self._try(lambda db: _entries.note_end(db, self.key, part, told))

    def _sourced(
        self, part: Part, response: ImageResponse, conversation: Conversation
    ) -> ImageResponse:
        """Return *response* with pictures whose bytes, and whose files, are written down."""
        wires = conversation.line.wires
        data = [
            evolve(image, source=KeptSource(wires, self.path, (self.key, part.number, at)))
            for at, image in enumerate(response.data)
        ]
        return evolve(response, data=data)

    # --- as a witness ---

    async def ordering(self, conversation: Conversation, request: Request) -> None:
        """Write that an order is about to go out; it does only when the disk has that."""
        part = self._of(conversation).part
        if part.state != ORDERING:
            frame = _frame(conversation)
            await self._do(lambda db: _entries.note_order(db, self.key, part, frame), durable=True)
            part.state, part.is_answered = ORDERING, False
            part.answer = part.handle = part.result = None
        if self.then is not None:
            await self.then.ordering(conversation, request)

    async def taken(self, conversation: Conversation) -> None:
        """Write what asks for the job."""
        part, pending = self._of(conversation).part, conversation.pending
        assert pending is not None
        part.state = TAKEN
        try:
            told = _stored.request_told(pending)
        except ImpastoError as error:  # the answer that led to it is kept
            log.info("%s: %s", conversation.line.who(), error)
        else:
            handle = _entries.hidden(json.dumps(told), conversation.line.secrets())
            frame = _frame(conversation)
            await self._try(
                lambda db: _entries.note_taken(db, self.key, part.number, handle, frame),
                durable=True,
            )
        if self.then is not None:
            await self.then.taken(conversation)

    async def answered(
        self, conversation: Conversation, request: Request, response: Response
    ) -> None:
        """Write the answer, before it is read."""
        order, secrets = self._of(conversation), conversation.line.secrets()
        part, told = order.part, _entries.answered_as_text(request)
        order.is_asked = part.is_answered = True
        part.state = ANSWERED if part.state == ORDERING else part.state
        await self._try(
            lambda db: _entries.note_answer(db, self.key, part.number, told, response, secrets),
            durable=request.buys or len(response.body) > _LARGE,
        )
        if self.then is not None:
            await self.then.answered(conversation, request, response)

    # --- the end ---

    async def done(self, response: ImageResponse) -> ImageResponse:
        """Write that the call has pictures; return *response*, with what could not be written."""
        provider, model = response.provider, response.model or ""
        await self._try(lambda db: _entries.note_done(db, self.key, provider, model))
        await self.released()
        if not self.troubles:
            return response
        return evolve(response, notes=(*response.notes, *dict.fromkeys(self.troubles)))

    async def failed(self, error: BaseException) -> None:
        """Write that the call has none."""
        if isinstance(error, ImpastoError):
            told = _stored.error_told(error)
        else:
            told = {"type": type(error).__name__, "message": f"ended by {type(error).__name__}"}
        text = json.dumps(told)
        await self._try(lambda db: _entries.note_failed(db, self.key, text))
        await self.released()

    async def released(self) -> None:
        """Let others have the call: whatever is left of it may be asked for by anybody."""
        store, self.store = self.store, None
        if store is None:
            return
        try:
            await store.do(lambda db: _entries.release(db, store, self.key))
        except ImpastoError as error:
            log.warning("%s", error)
        finally:
            store.running.discard(self.key)
            released(store)

    async def _do(self, work: Callable[[_entries.Connection], T], *, durable: bool = False) -> T:
        if self.store is None:  # a job that is asked for later
            return await done_at(self.path, work, durable=durable)
        return await self.store.do(work, durable=durable)

    async def _try(
        self, work: Callable[[_entries.Connection], None], *, durable: bool = False
    ) -> None:
        """Write what is to be written; where that fails, the pictures go on to who asked."""
        try:
            await self._do(work, durable=durable)
        except ImpastoError as error:
            log.warning("%s", error)
            self.troubles.append(error.message)


# --- what is written --------------------------------------------------------------------------


def _frame(conversation: Conversation) -> str:
    """Return what another process needs to go on, but for the handle, as JSON."""
    line = conversation.line
    document = _stored.framed(conversation.performance, conversation.call, [line])
    document["part_fates"] = _stored.fates_told(conversation)
    return without(json.dumps(document), line.secrets())


def _handle(part: Part) -> Request:
    assert part.handle is not None
    return evolve(part.handle, buys=False)


def _begin_anew(conversation: Conversation) -> None:
    """Forget what was found out about an order that is to be placed again."""
    conversation.known = conversation.pending = None
    conversation.ordered = False


def _result(part: Part, conversation: Conversation) -> ImageResponse:
    assert part.result is not None
    call = conversation.call
    params = conversation.params
    if params is None:
        params = conversation.line.ask("translate_params", Params, call=call)
    response = _stored.response_of(call, params, part.result)
    notes = (*response.notes, FROM_THE_JOURNAL)
    return evolve(response, notes=notes, asked=_costs.asked(call))


def _error_of(part: Part) -> ImpastoError:
    """Return why *part* has no pictures, as it was told then."""
    if part.error is None:
        return ImpastoError(
            "not ordered: the journal says that another model was asked for these pictures",
            provider=part.provider,
            model=part.model,
        )
    return _stored.error_again(part.provider, part.model, part.error)


def _unsure(part: Part, conversation: Conversation, key: str) -> ImpastoError:
    why = "its process ended before an answer came"
    if part.error is not None:
        why = str(part.error["message"])
    return ImpastoError(
        f"the journal says that {key!r} was ordered before, and that nobody knows whether it was "
        f"taken, and its price: {why}.  again='ambiguous' orders it again; "
        f"impasto jobs forget {key} forgets it",
        provider=part.provider,
        model=part.model,
        request_id=part.request_id,
        maybe_accepted=True,
    )


def _who(conversation: Conversation) -> tuple[str, str, int | None, int | None]:
    call = conversation.call
    return call.provider, call.model, call.n, call.seed


def _read(paths: Sequence[Path]) -> list[Image]:
    """Return the pictures in those files that are there."""
    return [Image(content=path.read_bytes()) for path in paths if path.is_file()]
