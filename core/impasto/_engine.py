"""The conversation with a provider: send, wait, ask again, until there are pictures; one deadline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeGuard

from attrs import define, evolve, frozen

from impasto import _costs, _failures
from impasto._answer import ImageResponse
from impasto._call import Call, Params
from impasto._events import events
from impasto._http import Request, Response, origin
from impasto._image import Image
from impasto._large import LARGE, READING
from impasto._line import Line, Misled
from impasto._made import Made, linked, without_dropped
from impasto._redact import clean, without
from impasto._repeats import Policy
from impasto._wires import Lost, NotSent
from impasto.errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    ImpastoError,
    Timeout,
)

if TYPE_CHECKING:
    from impasto._answer import Partial
    from impasto._hearing import Hearing
    from impasto._performance import Performance
    from impasto._stakes import Stake
    from impasto._witness import Witness

CANCEL_SECONDS = 5.0  # of its own, for the request that stops a job
_SHORTEST_POLL = 0.1  # seconds; a plugin that polls without a pause must not hammer its provider

log = logging.getLogger("impasto")


class _Read(Exception):
    """An answer that the plugin read as an error."""

    def __init__(self, error: ImpastoError) -> None:
        super().__init__(str(error))
        self.error = error


class _Taken(Exception):
    """The order was taken, and `pending` will ask what became of it."""


@frozen
class Known:
    """What is known of an order that was placed before.

    Attributes:
        request: The last one that was answered; without an answer, what asks for the job.
        response: The answer.
        created: When it was placed, as Unix time, for answers that do not say it.
    """

    request: Request
    response: Response | None = None
    created: int | None = None


@define(kw_only=True)
class Conversation:
    """One part of a call, from the parameters to the pictures.

    Attributes:
        line: The way to the provider.
        call: What the user wants.
        performance: The call that it is a part of.
        deadline: On the clock of the line's wires.
        timeout: The same as the caller gave it, in seconds, for messages.
        policy: What to repeat.
        ordered: True while the provider may have taken an order that it has not refused.
        pending: The request that waits for the provider's job, while there is one.
        repeats: How often a request that buys was sent again.
        called_off: Whether no order may go out any more.
        stopped: Whether the provider says that it stopped the job.
        report: What to tell how far the provider is, where somebody listens.
        witness: Who is told of the moments of an order.
        refused: Told what may be repeated, and whether it buys; True: it is not repeated here.
        params: What the parameters became, once they are translated.
        stake: What the order may cost, where it counts in a budget.
        known: What is known of an order that was placed before: it is not placed again.
    """

    line: Line
    call: Call
    performance: Performance
    deadline: float
    timeout: float
    policy: Policy
    ordered: bool = False
    pending: Request | None = None
    repeats: int = 0
    called_off: bool = False
    stopped: bool = False
    report: Callable[[float | str | Partial], None] | None = None
    witness: Witness | None = None
    refused: Callable[[ImpastoError, bool], bool] | None = None
    params: Params | None = None
    stake: Stake | None = None
    known: Known | None = None
    _order_request: Request | None = None
    _in_doubt: bool = False  # whether an order before the present one may have been taken
    _stops: bool = False  # whether it ends with the next request that waits for a job
    _hearing: Hearing | None = None  # of the latest answer, where it may be a stream

    @property
    def streamed(self) -> bool:
        """Whether the latest answer was a stream of events, read as they arrived."""
        return self._hearing is not None and self._hearing.head is not None

    async def pictures(self) -> ImageResponse:
        """Return the pictures.

        Raises:
            ImpastoError: with every field filled in, and no key in any of them.
        """
        try:
            async with asyncio.timeout(max(0.0, self.remaining())):
                return await self._converse()
        except TimeoutError:
            await self._leave_job()
            raise self._with_job(self.told(self._timed_out())) from None
        except asyncio.CancelledError:
            await self._leave_job()
            raise
        except ImpastoError as error:
            raise self._with_job(self.told(error)) from error.__cause__

    async def order(self) -> ImageResponse | Request:
        """Return what will ask for the job, once the provider has taken the order.

        From a provider that answers the order itself, return the pictures.

        Raises:
            ImpastoError: as `pictures()` does.
        """
        self._stops = True
        try:
            return await self.pictures()
        except _Taken:
            return self._waiting()
        finally:
            self._stops = False

    async def resumed(self, pause: float) -> ImageResponse:
        """Return the pictures that the pending request leads to, sent after *pause* seconds.

        Who leaves does not stop the job.

        Raises:
            TimeoutError: the deadline passed.
            ImpastoError: as `pictures()` does; `pending` stays where asking again may help.
        """
        self.ordered = True
        try:
            return self._completed(*await self._follow(self._waiting(), pause))
        except _Read as read:
            error = read.error
        except ImpastoError as failure:
            error = failure
        raise self.told(error) from error.__cause__

    async def asked_once(self) -> ImageResponse | Request:
        """Return what `resumed()` does where the job has ended, else what will ask again."""
        self._stops = True
        try:
            return await self.resumed(0.0)
        except _Taken:
            return self._waiting()
        finally:
            self._stops = False

    async def prepare(self) -> None:
        """Translate the call: what is wrong with it is raised here, before anything is sent."""
        if self.call.images:  # masks are converted there, and megabytes encoded
            self.params, self._order_request = await asyncio.to_thread(self._form_of_pictures)
        else:
            self.params, self._order_request = self.order_form()

    async def free_answer(self, request: Request) -> Response:
        """Return the answer to *request*, which buys nothing; not repeated.

        Raises:
            ImpastoError: none came, or it is an error.
        """
        self.line.begin(request)
        return await self._exchange(evolve(request, buys=False), at_most=0)

    def remaining(self) -> float:
        """Return the seconds until the deadline."""
        return self.deadline - self.line.wires.monotonic()

    # --- the order in which things happen ---

    async def _converse(self) -> ImageResponse:
        if self.known is not None:
            return await self._going_on(self.known)
        if self.stake is not None:
            self.stake.is_asked = True
        request = self._order_request
        if request is None:
            await self.prepare()
            request = self._order_request
            assert request is not None
        self.line.begin(request)
        while True:
            try:
                return self._completed(*await self._follow(request, request.after))
            except _Read as read:
                error = read.error
            await self._pause_or_raise(error, buys=True, repeats=self.repeats)

    async def _going_on(self, known: Known) -> ImageResponse:
        """Return the pictures of an order that was placed before."""
        self.ordered = True
        if known.response is None:
            self.pending = known.request
            if self._stops:
                raise _Taken
        try:
            return self._completed(*await self._follow(known.request, 0.0, known.response))
        except _Read as read:
            error = read.error
        raise error from error.__cause__

    def set_out(self) -> None:
        """Begin with the order that is prepared, if one is; somebody has the answer to it."""
        if self._order_request is not None:
            self.line.begin(self._order_request)

    def order_form(self) -> tuple[Params, Request]:
        """Return the parameters in the provider's words, and the request that buys."""
        params = self.line.ask("translate_params", Params, call=self.call)
        return params, self.line.ask("build_request", Request, call=self.call, params=params)

    def _form_of_pictures(self) -> tuple[Params, Request]:
        """Return the order form, and take note of the pictures by digests while on a thread."""
        for file in (*self.call.images, *([self.call.mask] if self.call.mask else [])):
            _ = file.digest
        return self.order_form()

    async def _follow(
        self, request: Request, pause: float, response: Response | None = None
    ) -> tuple[ImageResponse, Response]:
        """Send *request* after *pause* seconds, and every one that the plugin asks for after it.

        Where its *response* is known already, it is not sent.
        """
        while True:
            if response is None:
                if pause:
                    await self._sleep(pause)
                response = await self._exchange(request)
                if self.witness is not None:
                    await self.witness.answered(self, request, response)
            if response.size < LARGE:
                outcome = self._parsed(request, response)
            else:
                outcome = await READING.here().run(partial(self._parsed, request, response))
            if isinstance(outcome, ImageResponse):
                return outcome, response
            request, response = outcome, None
            pause = request.after if request.buys else max(request.after, _SHORTEST_POLL)
            if self.ordered and not request.buys:
                await self._wait_with(request)
            if self.report is not None and request.progress is not None:
                self.report(request.progress)
            if self._stops and self.pending is request:
                raise _Taken

    async def _wait_with(self, request: Request) -> None:
        """Make *request* the one that waits for the provider's job."""
        before, self.pending = self.pending, request
        if self.witness is not None and (before is None or before.step != request.step):
            await self.witness.taken(self)

    def _waiting(self) -> Request:
        assert self.pending is not None
        return self.pending

    # --- one request and its answer ---

    async def _exchange(self, request: Request, at_most: int | None = None) -> Response:
        """Return the answer to *request*, repeated where rule 2 allows it."""
        renewed = False
        repeats = 0
        while True:
            self._refuse_if_late()
            if self.stake is not None and request.buys:
                self.stake.ensure()
            if self.witness is not None and request.buys:
                await self.witness.ordering(self, request)
            try:
                response = await self._sent(request)
            except (NotSent, Lost) as lost:
                error: ImpastoError = self._no_answer(request, lost)
            except Misled as misled:
                error = self._elsewhere(request, misled)
            else:
                if response.status < 400:
                    return response
                error = self._refused(request, response)
                if not renewed and await self.line.renew_credentials(error):
                    renewed = True
                    continue
            if repeats == at_most:
                raise error
            await self._pause_or_raise(
                error, buys=request.buys, repeats=self.repeats if request.buys else repeats
            )
            repeats += 1

    def _sent(self, request: Request) -> Awaitable[Response]:
        """Return the answer to *request*, to be awaited."""
        begun = self._order if request.buys else _nothing
        if not self.call.stream or "parse_event" not in self.line.loaded.own:
            return self.line.send(request, begun)
        return self._heard(request, begun)

    async def _heard(self, request: Request, begun: Callable[[], None]) -> Response:
        """Return the answer to *request*; of a stream, what the plugin has read of it waits here."""
        from impasto._hearing import Hearing  # which few calls need

        hearing = self._hearing = Hearing(
            call=self.call,
            request=request,
            parse_event=self.line.loaded.hook.parse_event,
            report=self.report,
            keeps=self.witness is not None,
        )
        return hearing.whole(await self.line.send(request, begun, hearing))

    async def _pause_or_raise(self, error: ImpastoError, *, buys: bool, repeats: int) -> None:
        """Wait until the request may be sent again, or raise *error*."""
        if self.refused is not None and self.refused(error, buys):
            raise error from error.__cause__
        pause = self.policy.pause(error, buys=buys, repeats=repeats, remaining=self.remaining())
        if pause is None:
            raise error from error.__cause__
        if buys and self.stake is not None:
            self.stake.renew(error)
        self.repeats += buys
        self._in_doubt = self._in_doubt or error.maybe_accepted
        log.info("%s: repeating in %.1f s: %s", self.line.who(), pause, type(error).__name__)
        await self._sleep(pause)

    def _order(self) -> None:
        if self.called_off:  # what goes out is written by a task of its own, which comes later
            raise asyncio.CancelledError
        self.ordered = True
        if self.stake is not None:
            self.stake.is_out = True

    def _not_taken(self) -> None:
        """Know that the latest order was not taken; one before it may have been."""
        self.ordered = self._in_doubt
        if self.stake is not None:
            self.stake.is_out = False

    def _parsed(self, request: Request, response: Response) -> ImageResponse | Request:
        """Return what the plugin reads in *response*."""
        try:
            outcome = self._read(request, response)
        except ImpastoError as error:
            if not isinstance(error, APIResponseValidationError):  # the provider has said no
                self.pending = None
                if not error.maybe_accepted:  # as it does who has shown something of the picture
                    self._not_taken()
            raise _Read(self._complete(error, response, buys=False)) from error
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise self._nonsense(request, response, error) from error
        except Exception as error:
            what = f"{self._reader(response)}() raised {type(error).__name__}: {error}"
            raise self.line.fail(what, error) from error
        if isinstance(outcome, Request) or is_sound(outcome):
            return outcome
        raise self.line.fail(f"{self._reader(response)}() returned {outcome!r}", None)

    def _reader(self, response: Response) -> str:
        """Return the hook that reads *response*."""
        listens = "parse_event" in self.line.loaded.own
        is_stream = listens and response.content_type == "text/event-stream"
        return "parse_event" if is_stream else "parse_response"

    def _read(self, request: Request, response: Response) -> Any:
        hook = self.line.loaded.hook
        if self._reader(response) == "parse_response":
            return hook.parse_response(call=self.call, request=request, response=response)
        if self._hearing is not None and self._hearing.head is not None:
            return self._hearing.outcome()
        for event in events(response.body):
            said = hook.parse_event(call=self.call, request=request, event=event)
            if isinstance(said, ImageResponse):
                return said
        raise ValueError("the stream of events ended before a picture came")

    def _nonsense(self, request: Request, response: Response, error: Exception) -> ImpastoError:
        what = response.content_type or "no content type"
        return self._complete(
            APIResponseValidationError(
                f"the answer ({response.status}, {what}, {response.size:,} bytes) made no "
                f"sense: {type(error).__name__}: {error}",
                status_code=response.status,
            ),
            response,
            buys=request.buys,
        )

    # --- errors ---

    def _empty(self, answer: ImageResponse, response: Response) -> ImpastoError:
        why = "; ".join(answer.notes) or "the provider does not say why"
        error = APIResponseValidationError(
            f"the answer holds no picture: {why}", code="empty", retryable=True
        )
        error.maybe_accepted = True  # the answer came, so the order was taken
        return self._complete(error, response, buys=True)

    def _refused(self, request: Request, response: Response) -> ImpastoError:
        response = self._without_keys(response)
        known = self._mapped(request, response) or _failures.from_status(response)
        known = self._complete(known, response, buys=request.buys)
        if request.buys and not known.maybe_accepted:
            self._not_taken()
        return _failures.retired(known, self.call, self.line.wires.now().date().isoformat())

    def _mapped(self, request: Request, response: Response) -> ImpastoError | None:
        """Return what the plugin makes of an error; where it cannot read it, the status decides."""
        hook = self.line.loaded.hook.map_error
        try:
            error = hook(call=self.call, request=request, response=response)
        except (LookupError, TypeError, ValueError, AttributeError) as unreadable:
            # Not what it says: that quotes the answer, and with it the prompt.
            log.debug("%s: map_error(): %s", self.line.who(), type(unreadable).__name__)
            return None
        except ImpastoError as raised:  # meant to be returned; what matters is what it says
            return raised
        except Exception as broken:
            what = f"map_error() raised {type(broken).__name__}: {broken}"
            raise self.line.fail(what, broken) from broken
        if not isinstance(error, ImpastoError | None):
            raise self.line.fail(f"map_error() returned {error!r}", None)
        return error

    def _without_keys(self, response: Response) -> Response:
        """Return *response* as an error may quote it: cutting it comes later, and cuts keys."""
        text = without(response.text, self.line.secrets())
        return response if text == response.text else evolve(response, body=text.encode())

    def _no_answer(self, request: Request, lost: NotSent | Lost) -> ImpastoError:
        where = origin(request.url)
        if isinstance(lost, NotSent):
            if request.buys:
                self._not_taken()
            message = f"no connection to {where}: {lost}"
            return APIConnectionError(message, retryable=not lost.hopeless)
        return APIConnectionError(
            f"the connection to {where} broke before the answer was complete: {lost}",
            maybe_accepted=request.buys and self.ordered,
        )

    def _elsewhere(self, request: Request, misled: Misled) -> ImpastoError:
        response = misled.response
        if request.buys and response.status != 303:  # which says: taken, look for it there
            self._not_taken()
        error = APIError(
            f"the provider answered {response.status} with {misled}, which is not followed; "
            "check api_base",
            status_code=response.status,
        )
        return self._complete(error, response, buys=False)

    def _timed_out(self) -> Timeout:
        may = "; the provider may have taken the order, and its price" if self.ordered else ""
        what = "answer" if self._stops else "picture"
        return Timeout(f"no {what} within the {self.timeout:g} s of timeout{may}")

    def _complete(
        self, error: ImpastoError, response: Response | None, *, buys: bool
    ) -> ImpastoError:
        if response is not None:
            response = self._without_keys(response)
        return _failures.completed(error, self.call, response, buys=buys, now=self.line.wires.now())

    def told(self, error: ImpastoError) -> ImpastoError:
        """Return *error* as the user gets it."""
        error = self._complete(error, None, buys=False)
        error.maybe_accepted = error.maybe_accepted or self.ordered
        return clean(error, self.line.secrets())

    def _with_job(self, error: ImpastoError) -> ImpastoError:
        if error.job is None and self.pending is not None:
            from impasto._jobs import Job

            error.job = Job.of(self)
        return error

    # --- time ---

    def _refuse_if_late(self) -> None:
        if self.remaining() <= 0:
            raise TimeoutError  # as the event loop's clock does a moment later

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not past the deadline."""
        remaining = self.remaining()
        await self.line.wires.sleep(max(0.0, min(seconds, remaining)))
        if seconds >= remaining:
            raise TimeoutError

    async def _leave_job(self) -> None:
        """Stop the job that nobody waits for any more, unless it is to go on without them."""
        if not self.call.detached:
            await asyncio.shield(self.stop(self.pending))

    async def stop(self, pending: Request | None) -> bool:
        """Tell the provider to stop the job of *pending*; return whether it says that it does.

        Whatever comes of it, the caller's own error goes on.
        """
        if pending is None or "build_cancel" not in self.line.loaded.own:
            return False
        try:
            request = self.line.ask_if_any("build_cancel", Request, call=self.call, request=pending)
            if request is None:
                return False
            async with asyncio.timeout(CANCEL_SECONDS):
                response = await self.line.send(evolve(request, buys=False), _nothing)
            self.stopped = response.status < 400
        except Exception as error:  # noqa: BLE001 - the caller's own error goes on
            log.warning(
                "%s: the job could not be stopped: %s", self.line.who(), type(error).__name__
            )
        return self.stopped

    # --- the end ---

    def _completed(self, answer: ImageResponse, response: Response) -> ImageResponse:
        self.pending = None  # that job has ended
        if not answer.data:
            raise _Read(self._empty(answer, response))
        fates = self.params.fates if self.params is not None else ()
        call, data, configured = self.call, answer.data, self.line.settings.configured
        if configured and any(image.url for image in data):
            data = [evolve(image, trusted=configured) for image in data]
        created = answer.created
        if created is None and self.known is not None:
            created = self.known.created
        if created is None:
            created = int(self.line.wires.now().timestamp())
        request_id = answer.request_id or response.request_id
        made = Made(without_dropped(call, fates), created, request_id)
        return answer._with(
            created=created,
            data=linked(data, made),
            model=answer.model or call.model,
            provider=call.provider,
            _params={fate.name: fate for fate in fates},
            attempts=(),
            request_id=request_id,
            headers=answer.headers or response.headers,
            _settings=call.settings,
            _asked=_costs.asked(call),
        )


def is_sound(outcome: Any) -> TypeGuard[ImageResponse]:
    """Return whether *outcome*, of a plugin, holds what it should."""
    return (
        isinstance(outcome, ImageResponse)
        and all(isinstance(image, Image) for image in outcome.data)
        and (outcome.charged is None or isinstance(outcome.charged, _costs.Cost))
    )


def _nothing() -> None:
    """Stand in for the report of a request that buys nothing."""
