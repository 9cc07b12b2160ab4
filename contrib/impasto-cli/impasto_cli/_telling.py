"""Says what became of an order, in lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from impasto import Fate, ImageResponse
from impasto_cli._failures import in_options
from impasto_cli._lines import one_line, say
from impasto_cli._results import Result, name_of
from impasto_cli._saving import Picture


def tell_notes(results: Sequence[Result]) -> None:
    """Say on standard error, once, what is worth knowing of *results*."""
    responses = [result.outcome.response for result in results]
    notes = [note for one in responses if one is not None for note in notes_of(one)]
    for note in dict.fromkeys(notes):
        say(f"note: {one_line(in_options(note))}")


def notes_of(response: ImageResponse) -> list[str]:
    """Return what is worth knowing of *response*, besides its pictures."""
    return [*filter(None, map(_remark, response.params.values())), *response.notes]


def tell_pictures(result: Result) -> None:
    """Print a line for each picture: path, size, and the rest after two blanks each."""
    for picture in result.pictures:
        click.echo("  ".join([f"{picture.path} {size_of(picture)}", *_facts(result, picture)]))


def size_of(picture: Picture) -> str:
    """Return the true size of *picture*, in pixels."""
    image = picture.image
    return f"{image.width}x{image.height}" if image.width and image.height else "of unknown size"


def seconds_of(result: Result) -> str:
    """Return how long *result* took."""
    return f"{result.outcome.seconds:.1f} s"


def price_of(response: ImageResponse) -> str | None:
    """Return what *response* cost; a price is for all of its pictures, and says so."""
    if response.cost is None:
        return None
    several = len(response.data) > 1
    return f"{response.cost} for all {len(response.data)}" if several else str(response.cost)


def _facts(result: Result, picture: Picture) -> Iterator[str]:
    response = result.outcome.response
    if picture.image.seed is not None:
        yield f"seed {picture.image.seed}"
    yield one_line(name_of(result.outcome))
    yield seconds_of(result)
    price = price_of(response) if response is not None else None
    if price is not None:
        yield price


def _remark(fate: Fate) -> str | None:
    """Return what to say about a parameter that did not simply go out as it was."""
    if fate.outcome == "dropped":
        return f"{fate.name} was dropped: {fate.note}"
    return f"{fate.name}: {fate.note}" if fate.outcome == "mapped" and fate.note else None
