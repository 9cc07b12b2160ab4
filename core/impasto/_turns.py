"""Whose turn it is to draw, and what the caller is told of those who did not."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from attrs import define, evolve, frozen

from impasto._answer import Attempt, ImageResponse
from impasto._fallbacks import Fallback
from impasto.errors import APIResponseValidationError, ContentPolicyViolationError, ImpastoError


@define(eq=False)
class Turn:
    """One of the models, when it is its turn.

    Attributes:
        model: As it was written.
        provider: `custom_llm_provider`.
        fallback: What is for it alone; None for the first.
        known: Canonical name of the provider, and the model; None while its plugin is not loaded.
    """

    model: str
    provider: str | None
    fallback: Fallback | None = None
    known: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        """As "provider/model", as far as it is known."""
        written = [self.provider, self.model] if self.provider else [self.model]
        name = "/".join(self.known or written)
        return name if name.isprintable() else repr(name)

    def attempt(self, error: ImpastoError) -> Attempt:
        """Return that it failed with *error*, which then says who that was."""
        if self.known is not None:
            error.provider = error.provider or self.known[0]
            error.model = error.model or self.known[1]
        return Attempt(self.name, error)


@frozen
class Drawn:
    """What one of the models drew."""

    turn: Turn
    response: ImageResponse


def told(drawn: Drawn, failed: Sequence[Attempt]) -> ImageResponse:
    """Return the response, with who drew it and why the others did not."""
    if not failed:
        return drawn.response
    for attempt in failed:
        _forget_frames(attempt.error)
    why = "; ".join(map(_sentence, failed))
    notes = (f"drawn by {drawn.turn.name}: {why}", *drawn.response.notes)
    return evolve(drawn.response, attempts=tuple(failed), notes=notes)


def _sentence(attempt: Attempt) -> str:
    error = attempt.error
    what = "failed"
    if isinstance(error, ContentPolicyViolationError):
        what = "refused"
    elif error.body is not None and not isinstance(error, APIResponseValidationError):
        what = f"answered {error.status_code}"
    return f"{attempt.model} {what}: {error.message.rstrip('. ')}"


def all_failed(
    failed: Sequence[Attempt], rest: Sequence[Turn], objection: str | None
) -> ImpastoError:
    """Return the first one's error, which also says what came of the others.

    Args:
        failed: The models that were asked, and why each failed.
        rest: Those that were not asked,
        objection: and why not.
    """
    error = copy(failed[0].error)  # a plugin's error is the same one for every call
    for attempt in failed[1:]:
        _forget_frames(attempt.error)
    then = [f"then {_sentence(attempt)}" for attempt in failed[1:]]
    if rest:
        then.append(f"{', '.join(turn.name for turn in rest)} not asked: {objection}")
    if then:
        error.message = "; ".join([error.message.rstrip(". "), *then])
        error.args = (error.message,)
    error.attempts = tuple(failed[1:])
    error.maybe_accepted = any(attempt.error.maybe_accepted for attempt in failed)
    error.job = next((one.error.job for one in failed if one.error.job is not None), None)
    return error.with_traceback(failed[0].error.__traceback__)


def _forget_frames(error: BaseException | None) -> None:
    """Let go of what the frames of *error*, and of what led to it, hold: requests, pictures."""
    while error is not None and error.__traceback__ is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
