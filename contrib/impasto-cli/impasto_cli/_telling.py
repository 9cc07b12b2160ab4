"""Says what became of a call: lines for a person, or one JSON object for a program."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from impasto import Fate, ImageResponse
from impasto_cli._lines import one_line, say
from impasto_cli._saving import Picture


def tell(response: ImageResponse, pictures: Sequence[Picture]) -> None:
    """Print a line for each picture; on standard error what else is worth knowing."""
    for line in [*filter(None, map(_remark, response.params.values())), *response.notes]:
        say(f"note: {one_line(line)}")
    for picture in pictures:
        click.echo(f"{picture.path} {_size(picture) or 'of unknown size'}")


def tell_as_json(response: ImageResponse, pictures: Sequence[Picture]) -> None:
    """Print one object: the pictures with their true sizes, and all that the response says."""
    document = {
        "paths": [str(picture.path) for picture in pictures],
        "pictures": [_described(picture) for picture in pictures],
        "provider": response.provider,
        "model": response.model,
        "params": {name: fate.model_dump() for name, fate in response.params.items()},
        "notes": list(response.notes),
        "errors": [str(error) for error in response.errors],
        "usage": response.usage.model_dump() if response.usage is not None else None,
        "request_id": response.request_id,
    }
    click.echo(json.dumps(document, default=str, ensure_ascii=False))


def _remark(fate: Fate) -> str | None:
    """Return what to say about a parameter that did not simply go out as it was."""
    if fate.outcome == "dropped":
        return f"{fate.name} was dropped: {fate.note}"
    return f"{fate.name}: {fate.note}" if fate.outcome == "mapped" and fate.note else None


def _size(picture: Picture) -> str | None:
    image = picture.image
    return f"{image.width}x{image.height}" if image.width and image.height else None


def _described(picture: Picture) -> dict[str, Any]:
    image = picture.image
    return {
        "path": str(picture.path),
        "width": image.width,
        "height": image.height,
        "mime": image.mime,
        "seed": image.seed,
        "revised_prompt": image.revised_prompt,
    }
