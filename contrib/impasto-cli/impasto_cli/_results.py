"""What came of an order, once its pictures are in files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from impasto_cli._exits import Failure
from impasto_cli._failures import failure
from impasto_cli._orders import Outcome
from impasto_cli._saving import Picture, save_all


@dataclass(frozen=True)
class Result:
    """An outcome with its pictures in files, and with all that went wrong.

    Attributes:
        outcome: What came.
        pictures: Those that are saved.
        failures: Those of saving, then the call's or its parts'.
    """

    outcome: Outcome
    pictures: Sequence[Picture]
    failures: Sequence[Failure]


def saved(outcome: Outcome, *, metadata: bool) -> Result:
    """Save the pictures of *outcome*, with what they were made from where *metadata* is set."""
    if outcome.response is None:
        assert outcome.error is not None
        return Result(outcome, (), (failure(outcome.error),))
    pictures, failures = save_all(outcome.response.data, outcome.order.place, metadata=metadata)
    return Result(outcome, pictures, (*failures, *map(failure, outcome.response.errors)))


def name_of(outcome: Outcome) -> str:
    """Return "provider/model", as the response says it, else as the caller wrote it."""
    response = outcome.response
    if response is None:
        return outcome.order.model or "impasto"
    return "/".join(part for part in (response.provider, response.model) if part)
