"""OpenAI's dialect, for the many services that speak it.  No host, no model, no price.

Requests and answers as the official SDK (openai-python 3.54.0, read 2026-11-22) puts them on the
wire and reads them, and what services that imitate it are known to do otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from impasto._http import FormValue
from impasto.errors import (
    ContentPolicyViolationError,
    ImpastoError,
    QuotaExceededError,
    class_of_status,
)
from impasto.types import Image, ImageFile, ImageResponse, Json, Partial, Request, Response, Usage

_ACCEPT = {"Accept": "application/json"}
_ENDPOINT = re.compile(r"/images/(generations|edits|variations)$")
_MIMES = {"jpg": "image/jpeg", "svg": "image/svg+xml"}
# Fields that have a place of their own, in a picture and in an answer; an event is both at once.
_OF_A_PICTURE = frozenset({"b64_json", "url", "revised_prompt", "seed"})
_OF_AN_ANSWER = frozenset(
    {"created", "data", "usage", "size", "quality", "background", "output_format", "error"}
)
_OF_AN_EVENT = _OF_AN_ANSWER | {"type", "created_at"}
# OpenAI's, now and before; the other three are Azure's, and come through gateways as well.
_REFUSALS = frozenset(
    {
        "moderation_blocked",
        "content_policy_violation",
        "content_filter",
        "contentFilter",
        "ResponsibleAIPolicyViolation",
    }
)
_NO_CREDIT = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
# What an error's code or type means where the HTTP status is that of a success.
_STATUSES = {
    "invalid_request_error": 400,
    "invalid_value": 400,
    "invalid_api_key": 401,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
    "server_error": 500,
}
_VIOLATIONS = re.compile(r"safety_violations=\[([^\]]*)\]")


# --- Requests ---------------------------------------------------------------------------------


@lru_cache(maxsize=256)  # a program has few bases, and splitting one takes a while
def images_url(api_base: str, path: str) -> str:
    """Return the URL of *path*, such as "generations" or "edits", below *api_base*.

    A base that is nothing but a host gets the "/v1" that people forget; one that is already the
    URL of an images endpoint is cut back; a query stays where queries are.
    """
    parts = urlsplit(api_base)
    base = _ENDPOINT.sub("", parts.path.rstrip("/")) or "/v1"
    return urlunsplit(parts._replace(path=f"{base}/images/{path}"))


def generation(
    url: str, fields: Mapping[str, Json], headers: Mapping[str, str] | None = None
) -> Request:
    """Return the JSON request for new pictures; *fields* go as they are."""
    return Request(url=url, json=dict(fields), headers={**_ACCEPT, **(headers or {})})


def edit(url: str, fields: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Request:
    """Return the multipart request for work on pictures: text first, then the files.

    A list of one picture goes as "image", of several as "image[]" each; other lists in *fields*
    go as "name[]", objects as "name[key]".
    """
    pairs = [pair for name, value in fields.items() for pair in _pairs(name, value)]
    pairs.sort(key=lambda pair: isinstance(pair[1], ImageFile))
    return Request(url=url, form=tuple(pairs), headers={**_ACCEPT, **(headers or {})})


def _pairs(name: str, value: Any) -> Iterator[tuple[str, FormValue]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _pairs(f"{name}[{key}]", inner)
    elif isinstance(value, (list, tuple)):
        alone = len(value) == 1 and isinstance(value[0], ImageFile)
        for one in value:
            yield from _pairs(name if alone else f"{name}[]", one)
    elif value is not None:
        yield name, value


# --- Answers ----------------------------------------------------------------------------------


def answer(response: Response) -> ImageResponse:
    """Return the pictures in *response*; its notes say what became of those that failed.

    Raises:
        ImpastoError: it is an error with the status of a success, or every picture failed.
        LookupError, TypeError, ValueError, AttributeError: it makes no sense.
    """
    body = response.json_with_pictures("b64_json")
    if isinstance(body, dict) and body.get("error") and not body.get("data"):
        raise _failure(body, response.status)
    mime = _mime(body.get("output_format"))
    items = [(item, _image(item, mime)) for item in body["data"] or ()]
    images = [image for _, image in items if image is not None]
    failed = [item for item, image in items if image is None and item.get("error")]
    if failed and not images:
        raise _failure(failed[0], response.status)
    notes = tuple(f"one picture failed: {_message(item)}" for item in failed)
    more = _without(body, _OF_AN_ANSWER)
    return _response(body, images, notes=notes, provider_specific_fields=more)


def _response(body: Json, images: list[Image], **more: Any) -> ImageResponse:
    return ImageResponse(
        **more,
        created=body.get("created", body.get("created_at")),
        data=images,
        usage=usage(body.get("usage")),
        size=body.get("size"),
        quality=body.get("quality"),
        background=body.get("background"),
        output_format=body.get("output_format"),
    )


def _image(item: Json, mime: str | None) -> Image | None:
    """Return the picture in *item*, with whatever else is said of it, or None."""
    encoded, url = item.get("b64_json") or None, item.get("url") or None
    if encoded is None and url is None:
        return None
    if isinstance(encoded, str) and encoded.startswith("data:"):  # some compatible servers do that
        encoded, url, mime = _of_data_url(encoded)
    return Image(
        b64_json=encoded,
        url=url,
        revised_prompt=item.get("revised_prompt"),
        seed=item.get("seed"),
        mime=mime,
        provider_specific_fields=_without(item, _OF_A_PICTURE),
    )


def _of_data_url(text: str) -> tuple[str | None, str | None, str | None]:
    """Return base64, URL and MIME type of a picture that is a "data:" URL."""
    head, _, rest = text.partition(",")
    mime = head.removeprefix("data:").partition(";")[0] or None
    return (rest, None, mime) if head.endswith(";base64") else (None, text, mime)


def _without(said: Mapping[str, Json], known: frozenset[str]) -> dict[str, Json]:
    return {name: value for name, value in said.items() if name not in known}


def _mime(output_format: Json) -> str | None:
    if not isinstance(output_format, str):
        return None
    return _MIMES.get(output_format, f"image/{output_format}")


def usage(body: Json) -> Usage | None:
    """Return the tokens that *body*, an answer's "usage", counts; None where it counts none."""
    if not isinstance(body, Mapping) or not body:
        return None
    return Usage(
        input_tokens=body.get("input_tokens"),
        output_tokens=body.get("output_tokens"),
        total_tokens=body.get("total_tokens"),
        input_tokens_details=body.get("input_tokens_details"),
        output_tokens_details=body.get("output_tokens_details"),
    )


def event(said: Mapping[str, Json]) -> Partial | ImageResponse | None:
    """Return what one server-sent event says, or None for one that says nothing.

    Its "type" decides, the event's name only where there is none; of that the last word, so that
    generations and edits are read alike.

    Raises:
        ImpastoError: the event is an error.
    """
    data = said["data"]
    if not isinstance(data, dict):  # "[DONE]"
        return None
    kind = str(data.get("type") or said.get("event"))
    if data.get("error") or kind == "error":
        raise _failure(data, 200)
    image = _image(_without(data, _OF_AN_EVENT), _mime(data.get("output_format")))
    if image is not None and kind.endswith(".partial_image"):
        return Partial(image=image)
    if image is not None and kind.endswith(".completed"):
        return _response(data, [image])
    return None


# --- Errors -----------------------------------------------------------------------------------


def error(response: Response) -> ImpastoError | None:
    """Return the error that *response* means, or None where it is not in OpenAI's form.

    That is ``{"error": {"message", "type", "param", "code"}}``; ``{"error": "text"}`` and the
    same without "error" around it are read too.
    """
    try:
        body = response.json()
    except ValueError:
        return None
    told = isinstance(body, dict) and (body.get("error") or body.get("message"))
    return _failure(body, response.status) if told else None


def _failure(body: Json, status: int) -> ImpastoError:
    """Return the error in *body*, which came with *status*, perhaps that of a success."""
    said = _said(body)
    inner = _object(said.get("inner_error") or said.get("innererror"))  # Azure's
    words = [_word(said.get("code")), _word(said.get("type")), _word(inner.get("code"))]
    message, code = _message(body), words[0] or words[1]
    if _REFUSALS.intersection(words):
        stage, categories = _moderation(said, inner, message)
        return ContentPolicyViolationError(message, code=code, stage=stage, categories=categories)
    status = status if status >= 400 else _meant(words, status)
    kind = QuotaExceededError if _NO_CREDIT.intersection(words) else class_of_status(status)
    return kind(message, status_code=status, code=code, param=_word(said.get("param")))


def _said(body: Json) -> Mapping[str, Json]:
    """Return the object that holds message and code: "error", else *body* itself."""
    return _object(body["error"] if isinstance(body.get("error"), dict) else body)


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _word(value: Json) -> str | None:
    """Return a code, type or param as text; OpenAI leaves it null, others leave it empty."""
    return str(value) if isinstance(value, (str, int)) and value != "" else None


def _message(body: Json) -> str:
    said = _said(body)
    told = (said.get(name) for name in ("message", "error", "code", "type"))
    return str(next(filter(None, told), said))


def _meant(words: list[str | None], status: int) -> int:
    """Return the HTTP status that the first telling one of *words* means, else *status*."""
    for word in filter(None, words):
        if word in _STATUSES:
            return _STATUSES[word]
        if re.fullmatch("[45][0-9][0-9]", word):  # gateways put the real status there
            return int(word)
    return status


def _moderation(
    said: Mapping[str, Json], inner: Mapping[str, Json], message: str
) -> tuple[str | None, tuple[str, ...]]:
    """Return stage and categories of a refusal.

    `moderation_details` are in OpenAI's types since 2026-10-14; a real answer of 2026-07-15 had
    the categories only at the end of its message; Azure lists all its filters.
    """
    details = _object(said.get("moderation_details"))
    stage, listed = details.get("moderation_stage"), details.get("categories")
    # Azure's image models write it in the plural, its chat models in the singular.
    results = inner.get("content_filter_results") or inner.get("content_filter_result")
    filters = _object(results)
    filtered = [name for name, found in filters.items() if _object(found).get("filtered")]
    told = _VIOLATIONS.search(message)
    quoted = [word.strip() for word in told[1].split(",") if word.strip()] if told else []
    categories = (listed if isinstance(listed, list) else []) or filtered or quoted
    return (stage if stage in ("input", "output") else None), tuple(map(str, categories))
