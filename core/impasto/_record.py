"""What a journal knows of one call, and where it is written what becomes of it."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from attrs import Factory, define, evolve

from impasto import _entries, _kept, _stored
from impasto._answer import ImageResponse
from impasto._call import Params
from impasto._engine import Conversation, Known
from impasto._http import Request, Response
from impasto._parts import (
    AMBIGUOUS,
    ANSWERED,
    FAILED,
    ORDERING,
    TAKEN,
    UNREADABLE,
    Part,
    answer,
    result,
)
from impasto._recollection import Ordered, Recollection
from impasto._remains import (
    FROM_THE_JOURNAL,
    GONE_ON,
    begin_anew,
    error_of,
    frame_of,
    result_of,
    saved_before,
    unchanged,
    unsure,
)
from impasto._sources import KeptSource
from impasto._store import Store, done_at, released
from impasto.errors import (
    APIResponseValidationError,
    BudgetExceededError,
    ImpastoError,
    PluginError,
    Timeout,
)

if TYPE_CHECKING:
    from impasto._witness import Witness

T = TypeVar("T")
Ask: TypeAlias = Callable[[Conversation], Awaitable[ImageResponse | Request]]

_GONE = frozenset({404, 410})
_LARGE = 64 * 1024  # bytes; an answer to a poll that is larger holds pictures
log = logging.getLogger("impasto")


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
    _recollection: Recollection = Factory(Recollection)

    def remember(self, parts: Sequence[Part]) -> None:
        """Take over what an earlier call left."""
        self._recollection.remember(parts)

    def knows(self, conversation: Conversation) -> bool:
        """Return whether nothing is to be ordered for *conversation*, as far as can be seen now."""
        order = self._recollection.of(conversation)
        if order.is_from_before and order.part.may_be_paid():
            orders_again = self.again and self.may_order
            return not (orders_again and order.part.state in (ORDERING, AMBIGUOUS))
        return not self.may_order or self._recollection.went_on()

    # --- instead of an order ---

    async def drawn(self, conversation: Conversation, ask: Ask) -> Any:
        """Return what comes of *conversation*: known from before, or of what *ask* orders.

        Raises:
            ImpastoError: as *ask* does; or it may have been paid for before.
        """
        order = self._recollection.of(conversation)
        if order.is_from_before and order.part.may_be_paid():
            order.is_from_before = False
            came = await self._recalled(order, conversation, ask)
            if came is not None:
                return came
            begin_anew(conversation)
        self._refuse_where_another_drew(order.part)
        return await self._noted(order, conversation, ask)

    def _refuse_where_another_drew(self, part: Part) -> None:
        """Raise what kept *part* from being drawn, where another model was asked after it.

        Raises:
            ImpastoError: that.
        """
        if not self.may_order or self._recollection.went_on():
            raise error_of(part)

    # --- what is known ---

    async def _recalled(
        self, order: Ordered, conversation: Conversation, ask: Ask
    ) -> ImageResponse | Request | None:
        """Return what comes of an order that was placed before; None: it is to be placed again.

        Raises:
            ImpastoError: it failed, or nobody knows whether it was taken.
        """
        part = order.part
        if part.is_made:
            made = await self._do(lambda db: result(db, self.key, part.number))
            return self._sourced(part, result_of(made, conversation), conversation)
        known = await self._known(part)
        if known is None:
            return await self._saved(part, conversation)
        if conversation.params is None:
            await conversation.prepare()
        conversation.set_out()
        conversation.known = known
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
        conversation.known = None  # it may be large
        if not isinstance(outcome, ImageResponse):
            return outcome
        told = GONE_ON if order.is_asked else FROM_THE_JOURNAL
        return evolve(outcome, notes=(*outcome.notes, told))

    async def _known(self, part: Part) -> Known | None:
        """Return what is known of *part*: its answer, or else the request that asks for the job."""
        found = None
        if part.is_answered:
            found = await self._do(lambda db: answer(db, self.key, part.number))
        if found is None and part.handle is None:
            return None
        created = await self._do(lambda db: _entries.created(db, self.key))
        if found is not None:
            return Known(*found, created)
        assert part.handle is not None
        return Known(evolve(part.handle, buys=False), created=created)

    async def _saved(self, part: Part, conversation: Conversation) -> ImageResponse | None:
        """Return the pictures in the files that they were saved to, where nothing else is left."""
        if part.state in (ORDERING, AMBIGUOUS):
            if self.again and self.may_order:
                return None
            raise unsure(part, self.key)
        files = await self._do(lambda db: _kept.files(db, self.key, part.number))
        data = await asyncio.to_thread(unchanged, files)
        if data:
            created = await self._do(lambda db: _entries.created(db, self.key))
            return saved_before(part, conversation, data, created)
        if self.again and self.may_order:
            return None
        raise ImpastoError(
            f"the pictures of {self.key!r} were saved to {_listed(files)}, and are no longer there; "
            "again='ambiguous' orders others",
            provider=part.provider,
            model=part.model,
            maybe_accepted=True,
        )

    # --- what becomes of it ---

    async def _noted(
        self, order: Ordered, conversation: Conversation, ask: Ask
    ) -> ImageResponse | Request:
        part = order.part
        try:
            outcome = await ask(conversation)
        except (Exception, asyncio.CancelledError) as error:
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
        frame, part.token = frame_of(conversation), secrets.token_hex(8)

        def write(db: _entries.Connection) -> None:
            told = json.dumps(_stored.pictures_told(response))
            _entries.note_result(db, self.key, part, told, frame)

        part.state = ANSWERED
        await self._try(write, durable=True)

    async def _ended(self, part: Part, conversation: Conversation, error: BaseException) -> None:
        """Write in what state *part* is left."""
        if isinstance(error, BudgetExceededError):
            return  # nothing was sent, also where it was to be ordered again: what is known stays
        maybe = conversation.ordered or getattr(error, "maybe_accepted", False)
        if conversation.pending is not None:
            part.state, part.stopped = TAKEN, conversation.stopped
        elif not maybe:
            part.state = FAILED
        elif not part.is_answered:
            part.state = AMBIGUOUS
        elif isinstance(error, (APIResponseValidationError, PluginError)):
            part.state = UNREADABLE
        elif isinstance(error, ImpastoError) and not isinstance(error, Timeout):
            # What was answered says no, but not of all that was ordered: read again, it would seem
            # as if nothing had been taken.
            part.state, part.is_answered = AMBIGUOUS, False
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
        places = [
            _kept.Place(self.key, part.number, part.token, at) for at in range(len(response.data))
        ]
        data = [
            evolve(image, source=KeptSource(wires, self.path, place))
            for image, place in zip(response.data, places, strict=True)
        ]
        return evolve(response, data=data)

    # --- as a witness ---

    async def ordering(self, conversation: Conversation, request: Request) -> None:
        """Write that an order is about to go out; it does only when the disk has that."""
        part = self._recollection.of(conversation).part
        if part.state != ORDERING:
            frame, part.token = frame_of(conversation), secrets.token_hex(8)
            await self._do(lambda db: _entries.note_order(db, self.key, part, frame), durable=True)
            part.state, part.handle = ORDERING, None
            part.is_answered = part.is_made = False
        if self.then is not None:
            await self.then.ordering(conversation, request)

    async def taken(self, conversation: Conversation) -> None:
        """Write what asks for the job."""
        part, pending = self._recollection.of(conversation).part, conversation.pending
        assert pending is not None
        part.state = TAKEN
        try:
            told = _stored.request_told(pending)
        except ImpastoError as error:  # the answer that led to it is kept
            log.info("%s: %s", conversation.line.who(), error)
        else:
            handle = _entries.hidden(json.dumps(told), conversation.line.secrets())
            frame = frame_of(conversation)
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
        order, keys = self._recollection.of(conversation), conversation.line.secrets()
        part, told = order.part, _entries.answered_as_text(request)
        order.is_asked = part.is_answered = True
        part.state = ANSWERED if part.state == ORDERING else part.state
        await self._try(
            lambda db: _entries.note_answer(db, self.key, part.number, told, response, keys),
            durable=request.buys or response.size > _LARGE,
        )
        if self.then is not None:
            await self.then.answered(conversation, request, response)

    # --- the end ---

    async def done(self, response: ImageResponse) -> ImageResponse:
        """Write that the call has pictures; return *response*, with what could not be written."""
        provider, model = response.provider, response.model or ""
        await self._let_go(lambda db: _entries.note_done(db, self.key, provider, model))
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
        await self._let_go(lambda db: _entries.note_failed(db, self.key, text))

    async def released(self) -> None:
        """Let others have the call: whatever is left of it may be asked for by anybody."""
        if self.store is not None:
            await self._let_go(lambda _: None)

    def abandon(self) -> None:
        """Let others have the call, where nothing can be awaited any more."""
        store, self.store = self.store, None
        if store is not None:
            store.do_some_time(lambda db: _entries.release(db, store, self.key))
            released(store)

    async def _let_go(self, work: Callable[[_entries.Connection], None]) -> None:
        """Write how the call ended, and let others have it."""
        store, self.store = self.store, None
        if store is None:  # somebody has it already
            await self._try(work)
            return

        def write(db: _entries.Connection) -> None:
            work(db)
            _entries.release(db, store, self.key)

        try:
            await store.do(write)
        except ImpastoError as error:
            store.running.discard(self.key)  # which nobody else has while that is unwritten
            self._in_trouble(error)
        finally:
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
            self._in_trouble(error)

    def _in_trouble(self, error: ImpastoError) -> None:
        log.warning("%s", error)
        self.troubles.append(error.message)


def _listed(files: Sequence[tuple[Path, str]]) -> str:
    return ", ".join(str(path) for path, _ in files)
