"""What is written down of a call: plain JSON, without keys and pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from impasto._image import Image
from impasto._items import Item
from impasto._tally import Done
from impasto.errors import ImpastoError

_OF_AN_ERROR = ("status_code", "code", "param", "request_id")


def begun_record(item: Item) -> dict[str, Any]:
    """Return what is known of *item* when its order goes out."""
    return {"index": item.index, "prompt": item.told.get("prompt"), "model": item.told.get("model")}


def ended_record(done: Done) -> dict[str, Any]:
    """Return what is known of *done* once it came, or failed."""
    response, cost = done.response, done.cost
    return {
        "index": done.index,
        "prompt": done.arguments.get("prompt"),
        "pictures": [*_pictures(done)],
        "provider": response.provider if response is not None else _of(done, "provider"),
        "model": response.model if response is not None else _of(done, "model"),
        # Text: a float would round what is to be added up.
        "cost": {"amount": str(cost.amount), "currency": cost.currency} if cost else None,
        "seconds": round(done.seconds, 3),
        "request_id": response.request_id if response is not None else None,
        "error": _error(done.error) if done.error is not None else None,
        "errors": [_error(one) for one in response.errors] if response is not None else [],
        "maybe_accepted": done.status == "ambiguous",
    }


def _of(done: Done, name: str) -> Any:
    found = getattr(done.error, name, None)
    return done.arguments.get(name) if found is None else found


def _pictures(done: Done) -> Iterator[dict[str, Any]]:
    images = done.response.data if done.response is not None else []
    alone = done.arguments.get("seed") if len(images) == 1 else None
    for image, path in zip(images, _in_order(images, done.paths), strict=True):
        yield {
            "path": None if path is None else str(path),
            "width": image.width,
            "height": image.height,
            "mime": image.mime,
            "seed": alone if image.seed is None else image.seed,
            # Where one that could not be saved can still be had, for a while.
            **(
                {"url": image.url} if path is None and image.url and image.url[:4] == "http" else {}
            ),
        }


def _in_order(images: Sequence[Image], paths: Sequence[Path]) -> Iterator[Path | None]:
    """Yield the file of each of *images*; those whose bytes never came have none."""
    left = iter(paths)
    all_saved = len(paths) == len(images)
    for image in images:
        yield next(left, None) if all_saved or image.measured is not None else None


def _error(error: Exception) -> dict[str, Any]:
    fields: dict[str, Any] = {"type": type(error).__name__, "message": str(error)}
    if isinstance(error, ImpastoError):
        fields |= {name: getattr(error, name) for name in _OF_AN_ERROR}
    return {name: value for name, value in fields.items() if value is not None}
