"""The metrics: how long, how many tokens and pictures, how much money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from attrs import frozen
from opentelemetry.metrics import Counter, Histogram, Meter

from impasto import ImageResponse
from impasto_otel import _attributes

# The boundaries that the conventions for metrics of generative AI ask for (read 2026-11-22).
SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKENS = (
    *(1, 4, 16, 64, 256, 1024, 4096, 16384, 65536),
    *(262144, 1048576, 4194304, 16777216, 67108864),
)

Asked = Mapping[str, str | int]


@frozen(kw_only=True)
class Instruments:
    """The instruments of one meter."""

    duration: Histogram
    tokens: Histogram
    images: Counter
    cost: Counter

    @classmethod
    def of(cls, meter: Meter) -> Self:
        """Return the instruments, made by *meter*."""
        return cls(
            duration=meter.create_histogram(
                "gen_ai.client.operation.duration",
                unit="s",
                description="GenAI operation duration.",
                explicit_bucket_boundaries_advisory=SECONDS,
            ),
            tokens=meter.create_histogram(
                "gen_ai.client.token.usage",
                unit="{token}",
                description="Number of input and output tokens used.",
                explicit_bucket_boundaries_advisory=TOKENS,
            ),
            images=meter.create_counter(
                "impasto.client.images", unit="{image}", description="Pictures that came."
            ),
            cost=meter.create_counter(
                "impasto.client.cost",
                unit="{currency}",
                description="What they cost, where that is known, in impasto.cost.currency.",
            ),
        )

    def answered(self, asked: Asked, response: ImageResponse, seconds: float) -> None:
        """Record a call that *response* came of, after so many *seconds*."""
        told = {**asked, **_attributes.of_drawer(response)}
        self.duration.record(seconds, told)
        self.images.add(len(response.data), told)
        if _attributes.is_from_cache(response):  # nothing was used, nothing paid
            return
        for kind, count in _attributes.tokens(response):
            self.tokens.record(count, {**told, "gen_ai.token.type": kind})
        cost = response.cost
        if cost is not None:
            self.cost.add(float(cost), {**told, "impasto.cost.currency": cost.currency})

    def failed(self, asked: Asked, error: BaseException, seconds: float) -> None:
        """Record a call that ended with *error* after so many *seconds*."""
        self.duration.record(seconds, {**asked, "error.type": _attributes.kind_of(error)})
