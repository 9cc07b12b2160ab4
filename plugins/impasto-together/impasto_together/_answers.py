"""Together's answers: OpenAI's form, with codes of its own."""

from __future__ import annotations

from attrs import evolve

from impasto import openai_wire
from impasto.errors import (
    APIError,
    ContentPolicyViolationError,
    ImpastoError,
    NotFoundError,
    PaymentRequiredError,
    RateLimitError,
    ServiceUnavailableError,
)
from impasto.types import Image, ImageResponse, Response

# Codes and types.  Together's schema of 2026-08 lists none; these are recalled, and are what the
# recordings of its SDK were made with.
_CLASSES: dict[str, type[APIError]] = {
    "credit_limit": PaymentRequiredError,
    "model_not_available": NotFoundError,
    "rate_limit": RateLimitError,
    "server_overloaded": ServiceUnavailableError,
}
_VAGUE = (200, 400, 422)  # statuses that say less than a code of Together's
_NSFW = "nsfw"
# Recalled too: the refusal without a code of its own.  A prompt may hold these words, but an
# error that quotes a prompt does not begin with it.
_NSFW_BEGINS = "NSFW content detected"


def pictures(response: Response) -> ImageResponse:
    """Return the pictures in *response*, in the order of their "index".

    Raises:
        ImpastoError: it is an error with the status of a success.
        LookupError, TypeError, ValueError, AttributeError: it makes no sense.
    """
    try:
        answer = openai_wire.answer(response)
    except ImpastoError as said:
        raise _meant(said) from None
    if len(answer.data) < 2:
        return answer
    return evolve(answer, data=sorted(answer.data, key=_index))


def _index(image: Image) -> int:
    index = image.provider_specific_fields.get("index")
    return index if isinstance(index, int) else 0


def error(response: Response) -> ImpastoError | None:
    """Return the error that *response* means, or None where it is in no known form."""
    said = openai_wire.error(response)
    return None if said is None else _meant(said)


def _meant(said: ImpastoError) -> ImpastoError:
    """Return *said*, in the class that Together's own code or words put it in."""
    if said.status_code not in _VAGUE:
        return said
    if _is_refusal(said):
        return ContentPolicyViolationError(
            said.message, code=said.code, param=said.param, categories=(_NSFW,)
        )
    kind = _CLASSES.get(said.code or "")
    return said if kind is None else kind(said.message, code=said.code, param=said.param)


def _is_refusal(said: ImpastoError) -> bool:
    return said.code == _NSFW or said.message.startswith(_NSFW_BEGINS)
