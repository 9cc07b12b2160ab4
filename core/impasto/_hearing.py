"""Hears an answer that is a stream of events: each is read when it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, evolve

from impasto._answer import Partial
from impasto._events import Event, Reader
from impasto._http import Request, Response
from impasto._large import DECODING, LARGE, READING
from impasto._reports import Report
from impasto._wires import Lost
from impasto.errors import APIResponseValidationError, ImpastoError

if TYPE_CHECKING:
    from impasto._call import Call

MAX_BYTES = 512 * 1024 * 1024  # of one event; as of a whole answer
_QUOTED = 64 * 1024  # bytes of the last event that an error may quote; a guess: pictures are larger


@define(eq=False, kw_only=True)
class Hearing:
    """Hears the answer to one request, until there is a picture, or an error.

    Attributes:
        call: What the user wants.
        request: What was sent.
        parse_event: The plugin's hook.
        report: Who is told of what can be seen by now.
        keeps: Whether the event with which it ends is kept, however long.
        head: Status and headers of the answer; None while, and where, it is no stream.
        shown: Whether something of the picture was to be seen.
    """

    call: Call
    request: Request
    parse_event: Callable[..., Any]
    report: Callable[[float | str | Partial], None] | None
    keeps: bool
    head: Response | None = None
    shown: bool = False
    _reader: Reader = Factory(Reader)
    _last: bytes = b""
    _kept: Event | None = None
    _said: Any = None
    _failure: Exception | None = None

    def begins(self, head: Response) -> bool:
        """Return whether the answer is a stream of events."""
        if head.status < 400 and head.content_type == "text/event-stream":
            self.head = head
        return self.head is not None

    async def hears(self, piece: bytes) -> bool:
        """Read the events that end in *piece*; return whether more is needed."""
        await DECODING.here().calm()
        try:
            for event in self._reader.feed(piece):
                if await self._ends_with(event):
                    return False
            self._refuse_endless()
        except Exception as error:  # noqa: BLE001 - raised by outcome(), for the engine to judge
            self._failure = error
        return self._failure is None

    async def _ends_with(self, event: Event) -> bool:
        """Read *event*; return whether it is the last that matters."""
        self._last = bytes(event.data) if len(event.data) <= _QUOTED else b""
        if self.keeps:
            self._kept = event
        if len(event.data) < LARGE:
            said = self._read(event)
        else:
            said = await READING.here().run(partial(self._read, event))
        if said is None:
            return False
        if not isinstance(said, Partial):
            self._said = said
            return True
        self.shown = self.shown or said.image is not None
        if isinstance(self.report, Report):
            await self.report.shown(said)
        elif self.report is not None:
            self.report(said)
        await asyncio.sleep(0)  # whoever waits for it begins to decode it, before more is received
        return False

    def _read(self, event: Event) -> Any:
        return self.parse_event(call=self.call, request=self.request, event=event.read())

    def _refuse_endless(self) -> None:
        if self._reader.size > MAX_BYTES:
            raise APIResponseValidationError(
                f"the stream of events has more than {MAX_BYTES:,} bytes without a picture, which "
                "is what is read at most"
            )

    # --- the end ---

    def whole(self, answer: Response) -> Response:
        """Return *answer*, of which the head alone is known where it was heard, with its last event.

        Partial pictures were worth something only on their way.  Where nothing is kept, it is the
        data of that event, if they are short.

        Raises:
            Lost: it was, and ended without a picture and without saying why.
        """
        if self.head is None:
            return answer
        if self._said is None and self._failure is None:
            raise Lost("the stream of events ended before a picture came")
        kept, self._kept = self._kept, None
        return evolve(self.head, body=self._last if kept is None else kept.written())

    def outcome(self) -> Any:
        """Return what the plugin read in the last event.

        Raises:
            Exception: what it raised instead; whoever has shown something of the picture has
                taken the order, and perhaps its price.
        """
        if self._failure is None:
            return self._said
        if isinstance(self._failure, ImpastoError):
            self._failure.maybe_accepted = self._failure.maybe_accepted or self.shown
        raise self._failure
