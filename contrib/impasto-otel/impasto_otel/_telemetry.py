"""The span and the metrics of one call."""

from __future__ import annotations

import time
from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Mapping
from typing import Self

from attrs import frozen
from opentelemetry.metrics import Meter, MeterProvider, get_meter
from opentelemetry.trace import (
    Span,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    TracerProvider,
    get_tracer,
)

from impasto import ImageResponse, ImpastoError
from impasto.types import Call
from impasto_otel import _attributes, _messages
from impasto_otel._attributes import Values
from impasto_otel._instruments import Instruments

NAME = "impasto_otel"
VERSION = "0.1.0"


@frozen(kw_only=True)
class Telemetry:
    """Makes a span and metrics of every call.

    Attributes:
        tracer: Makes the spans.
        instruments: The metrics.
        prompts: Whether what people wrote goes into spans.
    """

    tracer: Tracer
    instruments: Instruments
    prompts: bool

    @classmethod
    def by(
        cls, tracers: TracerProvider | None, meters: MeterProvider | None, *, prompts: bool
    ) -> Self:
        """Return telemetry that goes to *tracers* and *meters*; None: to those of the process."""
        tracer = get_tracer(NAME, VERSION, tracers)
        meter: Meter = get_meter(NAME, VERSION, meters)
        return cls(tracer=tracer, instruments=Instruments.of(meter), prompts=prompts)

    async def around(
        self, call: Call, proceed: Callable[[Call], Awaitable[ImageResponse]]
    ) -> ImageResponse:
        """Return what *proceed* returns for *call*, with a span round it."""
        asked = _attributes.of_call(call)
        begun = time.perf_counter()
        with self.tracer.start_as_current_span(
            f"{_attributes.OPERATION} {call.model}",
            kind=SpanKind.CLIENT,
            attributes={**asked, **_attributes.of_parameters(call)},
            record_exception=False,  # its message may quote the prompt
            set_status_on_exception=False,
        ) as span:
            if self.prompts and call.prompt is not None:
                span.set_attribute("gen_ai.input.messages", _messages.asked(call))
            try:
                response = await proceed(call)
            except BaseException as error:
                self._failed(span, asked, error, time.perf_counter() - begun)
                raise
            self._answered(span, asked, response, time.perf_counter() - begun)
            return response

    def _answered(
        self, span: Span, asked: Mapping[str, str | int], response: ImageResponse, seconds: float
    ) -> None:
        self.instruments.answered(asked, response, seconds)
        if not span.is_recording():
            return
        span.set_attributes(_attributes.of_response(response))
        for attempt in response.attempts:
            named = {"impasto.model": attempt.model}
            self._event(span, "impasto.attempt", attempt.error, named)
        for error in response.errors:
            self._event(span, "impasto.missing_picture", error, {})
        if self.prompts and any(image.revised_prompt for image in response.data):
            span.set_attribute("gen_ai.output.messages", _messages.answered(response))

    def _failed(
        self, span: Span, asked: Mapping[str, str | int], error: BaseException, seconds: float
    ) -> None:
        self.instruments.failed(asked, error, seconds)
        if not span.is_recording():
            return
        span.set_attributes(_attributes.of_error(error))
        if isinstance(error, ImpastoError):
            for attempt in error.attempts:
                named = {"impasto.model": attempt.model}
                self._event(span, "impasto.attempt", attempt.error, named)
        span.set_status(Status(StatusCode.ERROR, self._description(error)))
        if self.prompts and not isinstance(error, CancelledError):
            span.record_exception(error)

    def _event(self, span: Span, name: str, error: ImpastoError, more: Values) -> None:
        told = {"impasto.error.message": error.message} if self.prompts else {}
        span.add_event(name, {**more, **_attributes.of_error(error), **told})

    def _description(self, error: BaseException) -> str:
        if isinstance(error, CancelledError):
            return "the caller gave it up"
        if self.prompts:
            return str(error)
        return _attributes.kind_of(error)
