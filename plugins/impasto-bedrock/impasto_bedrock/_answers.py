"""What the models answer with HTTP 200: pictures, refusals, failures, or some of each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from attrs import frozen

from impasto.errors import (
    APIError,
    ContentPolicyViolationError,
    ImpastoError,
    InternalServerError,
)
from impasto.types import Image, ImageResponse, Json, Response


@frozen
class _Outcome:
    """What became of one picture: the picture, or why there is none."""

    picture: str | None = None
    seed: Any = None
    why: str | None = None


def answer(response: Response) -> ImageResponse:
    """Return the pictures in *response*; its notes say what became of those that are missing.

    Raises:
        ImpastoError: every picture was refused, or failed.
        LookupError, TypeError, ValueError, AttributeError: it makes no sense.
    """
    if response.content_type.startswith("image/"):  # "accept" asked for the bytes themselves
        return ImageResponse(data=[Image(content=response.body, mime=response.content_type)])
    body = response.json_with_pictures("base64", "images")
    outcomes = list(_outcomes(body))
    pictures = [
        Image(b64_json=one.picture, seed=int(one.seed) if one.seed is not None else None)
        for one in outcomes
        if one.picture
    ]
    why = tuple(dict.fromkeys(one.why for one in outcomes if one.why))
    if why and not pictures:
        raise _failure(why[0], body)
    more = {"maskImage": body["maskImage"]} if body.get("maskImage") else {}
    return ImageResponse(data=pictures, notes=why, provider_specific_fields=more)


def _outcomes(body: Json) -> Iterator[_Outcome]:
    """Yield what became of each picture, whichever family of models speaks."""
    for one in body.get("artifacts") or ():  # Stable Diffusion XL
        fine = one["finishReason"] == "SUCCESS"
        yield _Outcome(one["base64"] if fine else None, one.get("seed"), _reason(one, fine))
    columns = (body.get(name) or () for name in ("images", "seeds", "finish_reasons"))
    for picture, seed, reason in zip_longest(*columns):
        yield _Outcome(None if reason else picture, seed, reason)
    if body.get("error"):  # Titan and Nova Canvas: text, with fewer pictures or none
        yield _Outcome(why=str(body["error"]))
    if body.get("status") == "Request Moderated":  # seen by vercel/ai 5.0.101: secondary
        yield _Outcome(why=str(body["status"]))


def _reason(artifact: Json, fine: bool) -> str | None:
    return None if fine else str(artifact["finishReason"])


def _failure(why: str, body: Json) -> ImpastoError:
    """Return the error that *why*, the first of the reasons, means."""
    if why in ("Inference error", "ERROR"):  # AWS does not say what it bills
        return InternalServerError(why, code=why, maybe_accepted=True)
    refused = why == "CONTENT_FILTERED" or why.startswith("Filter reason")
    if refused or body.get("error") or body.get("status"):
        return ContentPolicyViolationError(
            why,
            code=None if body.get("error") else why,
            stage=stage(why),
            categories=_categories(body),
        )
    return APIError(why, code=why, maybe_accepted=True)


def stage(why: str) -> str | None:
    """Return whether *why*, a refusal in AWS's words, is about what came in or what went out."""
    if why == "CONTENT_FILTERED" or "output image" in why or "generated image" in why:
        return "output"
    return "input" if "prompt" in why or "input image" in why else None


def _categories(body: Json) -> tuple[str, ...]:
    details = body.get("details")
    listed = details.get("Moderation Reasons") if isinstance(details, dict) else None
    return tuple(map(str, listed)) if isinstance(listed, list) else ()
