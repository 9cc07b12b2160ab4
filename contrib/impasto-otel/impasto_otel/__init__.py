"""OpenTelemetry for impasto: a span and metrics for every call; `impasto.use("otel")`."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable

from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from impasto import ImageResponse, hookimpl
from impasto.types import Call
from impasto_otel._telemetry import Telemetry

__all__ = ["configure", "wrap_generation"]

Proceed = Callable[[Call], Awaitable[ImageResponse]]

_VARIABLE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
# What OpenTelemetry's own instrumentations take for "into the span", in lower case.
_YES = frozenset({"true", "span_only", "span_and_event"})


def configure(
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
    prompts: bool | None = None,
) -> None:
    """Say where spans and metrics go, from the next call on; without arguments, as at first.

    Args:
        tracer_provider: Who makes the spans; by default the one of the process.
        meter_provider: Who makes the metrics; by default the one of the process.
        prompts: Whether prompts, revised prompts and the messages of errors, which may quote
            them, go into spans.  None: as the variable
            OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT says, and else they do not.
    """
    global _telemetry
    asked = os.environ.get(_VARIABLE, "").strip().lower() in _YES if prompts is None else prompts
    _telemetry = Telemetry.by(tracer_provider, meter_provider, prompts=asked)


@hookimpl
def wrap_generation() -> Callable[[Call, Proceed], Awaitable[ImageResponse]]:
    """Return what puts a span round a call."""

    async def wrapper(call: Call, proceed: Proceed) -> ImageResponse:
        return await _telemetry.around(call, proceed)

    return wrapper


_telemetry: Telemetry
configure()
