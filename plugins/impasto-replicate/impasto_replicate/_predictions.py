"""Reads a prediction: pictures, the next poll, or why there are none."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from impasto.types import Call, Image, ImageResponse, Json, Request, Response
from impasto_replicate import _errors
from impasto_replicate._references import schema_request, url

_RUNNING = frozenset({"starting", "processing"})
_LONGEST_PAUSE = 5.0  # seconds; a guess: no picture seems late by that
_GROWTH = 1.5  # a guess
# replicate 1.0.7, Prediction.Progress: how models that count their steps write it into their logs
_PROGRESS = re.compile(r"^\s*(\d{1,3})%\s*\|", re.MULTILINE)
_SEED = re.compile(r"^Using seed: (\d+)\s*$", re.MULTILINE)  # cog-flux and cog-sdxl, predict.py
_TOLD = ("id", "model", "version", "metrics", "logs")
_SHOWN = 80  # characters of an output that is no picture
_UNCHECKED = (
    "nothing says which model's inputs these are, so nothing was checked; "
    "base_model='owner/name' says it"
)
_NO_SCHEMA = "the model publishes no input schema, so nothing was checked against one"
_FEWER = (
    "fewer pictures came than were asked for; models leave out, without a word, "
    "what their filters flag"
)


def read(call: Call, request: Request, prediction: Json) -> ImageResponse | Request:
    """Return what *prediction*, the answer to *request*, comes to.

    Raises:
        ImpastoError: it ended without a picture.
        LookupError, TypeError, ValueError: it is no prediction.
    """
    name, status = prediction["id"], prediction["status"]
    urls = _urls_of(prediction)
    if status in _RUNNING and not _is_there_already(request, urls):
        return _poll(call, request, name, prediction)
    if urls or status == "succeeded":
        return _pictures(call, request, prediction, {})
    raise _errors.of_prediction(prediction)


def downloaded(call: Call, request: Request, response: Response) -> ImageResponse | Request:
    """Return what comes after the download of a picture that only the key opens.

    Raises:
        ValueError: what came is no picture.
    """
    if not response.body or response.content_type in ("text/html", "application/json"):
        raise ValueError("it is no picture")
    data = base64.b64encode(response.body).decode("ascii")
    held = {**request.state["held"], request.url: data}
    return _pictures(call, request, request.state["prediction"], held)


def cancel(call: Call, request: Request) -> Request | None:
    """Return the request that stops the prediction which *request* waits for."""
    if request.step != "poll":  # it has ended, and its pictures are on their way
        return None
    where = f"{_address(call, request.state['id'])}/cancel"
    return request.follow(where, method="POST", step="cancel")


# --- Waiting ----------------------------------------------------------------------------------


def _is_there_already(request: Request, urls: list[str]) -> bool:
    """Return whether a prediction that still runs has brought everything.

    Where Replicate was asked to wait, the status may lag behind the output.  Polls tell the end by
    themselves, and what they show before may be a part of it.
    """
    return request.step == "order" and len(urls) >= (request.state["wanted"] or 1)


def _poll(call: Call, request: Request, name: str, prediction: Json) -> Request:
    pause = request.state["pause"]
    longest = max(pause, _LONGEST_PAUSE)
    return request.follow(
        _address(call, name),
        step="poll",
        state={"id": name},
        after=min(longest, request.after * _GROWTH) if request.step == "poll" else pause,
        progress=_progress(prediction),
    )


def _address(call: Call, name: str) -> str:
    # Made by ourselves: the URLs in an answer may lead past a gateway, or away.
    return url(call, f"/predictions/{quote(name, safe='')}")


def _progress(prediction: Json) -> float | str:
    told = _PROGRESS.findall(prediction.get("logs") or "")
    return min(int(told[-1]), 100) / 100 if told else str(prediction["status"])


# --- Pictures ---------------------------------------------------------------------------------


def _urls_of(prediction: Json) -> list[str]:
    """Return the URLs in the output, each once."""
    return list(dict.fromkeys(_urls(prediction.get("output"))))


def _urls(output: Json) -> Iterator[str]:
    """Yield the URLs in *output*, which is a text, a list or an object, as the model likes."""
    if _is_url(output):
        yield output
    elif isinstance(output, (list, dict)):
        for one in output.values() if isinstance(output, dict) else output:
            yield from _urls(one)


def _is_url(value: Json) -> bool:
    return isinstance(value, str) and value.startswith(("https:", "http:", "data:"))


def _pictures(
    call: Call, request: Request, prediction: Json, held: Mapping[str, str]
) -> ImageResponse | Request:
    """Return the pictures, or the request for one that needs the key: an uploaded file."""
    urls = _urls_of(prediction)
    kept = url(call, "/files/")
    closed = [one for one in urls if one.startswith(kept) and one not in held]
    if closed:
        state = {"prediction": prediction, "held": dict(held)}
        return request.follow(closed[0], step="download", state=state)
    seed = _seed(prediction) if len(urls) == 1 else None  # of several, it is that of the first
    return ImageResponse(
        data=[Image(url=one, b64_json=held.get(one), seed=seed) for one in urls],
        notes=tuple(_notes(call, request, prediction, len(urls))),
        provider_specific_fields=_told(prediction),
    )


def _seed(prediction: Json) -> int | None:
    """Return the seed that the model tells, in its output or, as most do, in its logs."""
    output = prediction.get("output")
    said = output.get("seed") if isinstance(output, dict) else None
    if isinstance(said, int):
        return said
    found = _SEED.search(prediction.get("logs") or "")
    return int(found[1]) if found else None


def _told(prediction: Json) -> dict[str, Any]:
    """Return what else is said: the id to ask for, the seconds that it took, what was logged."""
    told = {name: prediction[name] for name in _TOLD if prediction.get(name)}
    output = prediction.get("output")
    beside = output.items() if isinstance(output, dict) else ()
    words = {name: one for name, one in beside if isinstance(one, (str, int, float))}
    words = {name: one for name, one in words.items() if not _is_url(one)}
    return {**told, "output": words} if words else told


# --- Notes ------------------------------------------------------------------------------------


def _notes(call: Call, request: Request, prediction: Json, came: int) -> Iterator[str]:
    if call.card is None or call.card.parameters is None:
        if call.learned is not None:
            yield _NO_SCHEMA
        elif schema_request(call) is None:  # else core says that the schema could not be read
            yield _UNCHECKED
    if not came:
        yield _why_empty(prediction)
    elif prediction["status"] not in (*_RUNNING, "succeeded"):
        yield f"not all of it came: {_errors.of_prediction(prediction).message}"
    elif came < (request.state["wanted"] or 1):
        yield _FEWER


def _why_empty(prediction: Json) -> str:
    if prediction.get("data_removed"):
        return "Replicate has removed the output already, as it does after an hour"
    output = prediction.get("output")
    return f"the output is {str(output)[:_SHOWN]!r}, without any URL" if output else "no output"
