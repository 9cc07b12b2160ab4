"""Splits a call over several requests where the model makes fewer pictures in one, and joins."""

from __future__ import annotations

from attrs import evolve

from impasto import _costs
from impasto._answer import Fate, ImageResponse
from impasto._call import Call
from impasto.errors import BadRequestError, ContentPolicyViolationError, ImpastoError

MAX_PARTS = 100  # a guess: nobody means to send more orders than that with one call


def split(call: Call) -> list[Call]:
    """Return the calls that *call* is split into: each at most what one request makes."""
    most = _most(call)
    if call.n is None or most is None or call.n <= most:
        return [call]
    if call.n > most * MAX_PARTS:
        raise BadRequestError(
            f"n={call.n}: {call.model} makes {most} in one request, and at most {MAX_PARTS} "
            "requests are sent for one call",
            param="n",
        )
    counts = [most] * (call.n // most) + ([call.n % most] if call.n % most else [])
    # The same seed would give the same pictures in every part; a part may count on from its own.
    seeds = [None if call.seed is None else call.seed + most * part for part in range(len(counts))]
    return [evolve(call, n=count, seed=seed) for count, seed in zip(counts, seeds, strict=True)]


def _most(call: Call) -> int | None:
    """Return how many pictures one request makes; of a stream, each has one of its own."""
    if call.card is None:
        return None
    return 1 if call.stream and call.card.streams else call.card.max_images


def joined(call: Call, outcomes: list[ImageResponse | ImpastoError]) -> ImageResponse:
    """Return one response of all parts.

    Raises:
        ImpastoError: that of the first part, where nothing came at all; a refusal goes before
            others, since waiting does not help against it.
    """
    came = [outcome for outcome in outcomes if isinstance(outcome, ImageResponse)]
    errors = tuple(outcome for outcome in outcomes if isinstance(outcome, ImpastoError))
    if not came:
        refused = (one for one in errors if isinstance(one, ContentPolicyViolationError))
        error = next(refused, errors[0])
        error.maybe_accepted = any(one.maybe_accepted for one in errors)
        raise error
    usages = [part.usage for part in came if part.usage is not None]
    charged, reported = _costs.total(came), any(part.charged is not None for part in came)
    # What is counted, or charged, of some parts alone says too little of the whole.
    is_priced = len(usages) in (0, len(came)) and not reported
    params = dict(came[0]._params)
    params["n"] = Fate("n", "mapped", call.n, {}, f"split into {len(outcomes)} requests")
    if "seed" in params:
        params["seed"] = evolve(
            params["seed"], given=call.seed, note="each request has a seed of its own"
        )
    return evolve(
        came[0],
        data=[image for part in came for image in part.data],
        usage=sum(usages[1:], usages[0]) if usages else None,
        charged=charged,
        asked=came[0]._asked if is_priced else None,
        params=params,
        errors=errors,
        notes=tuple(dict.fromkeys(note for part in came for note in part.notes)),
    )
