"""Saves the pictures of a batch in a folder: whole or not at all, and never over another file."""

from __future__ import annotations

import asyncio
import itertools
import re
import unicodedata
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

from attrs import evolve, frozen

from impasto._answer import ImageResponse
from impasto._image import Image
from impasto.errors import ImpastoError

_LONGEST_NAME = 50  # characters: in UTF-8 at most 200 bytes of the 255 that file systems take
_DIGITS = 5  # so that files stand in the order of their prompts, up to the hundred thousandth


@frozen
class Kept:
    """What became of the pictures of one response.

    Attributes:
        response: The same, with the bytes of its pictures.
        paths: The files of those that are saved.
        error: What was in the way of the others.
    """

    response: ImageResponse
    paths: tuple[Path, ...] = ()
    error: Exception | None = None


@frozen
class Place:
    """Where the pictures of one response go.

    Attributes:
        folder: It is there.
        stem: What their names begin with.
        metadata: Whether the files say what the pictures were made from.
    """

    folder: Path
    stem: str
    metadata: bool = False


def stem_of(index: int, prompt: str | None) -> str:
    """Return the name for the pictures of *prompt*, the one with number *index* from 0."""
    return "-".join([str(index + 1).zfill(_DIGITS), *_words(prompt or "")])


def _words(text: str) -> Iterator[str]:
    """Yield the words of *text*, letters and digits of any script, as many as a name holds."""
    room = _LONGEST_NAME
    for word in re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).lower()):
        if len(word) >= room:
            if room == _LONGEST_NAME:
                yield word[:_LONGEST_NAME]
            return
        room -= len(word) + 1
        yield word


async def keep(
    response: ImageResponse,
    place: Place,
    announce: Callable[[ImageResponse, Sequence[Path]], Awaitable[None]],
) -> Kept:
    """Save the pictures of *response* at *place*.

    *announce* is awaited when all bytes are there, with the files that they are to be in.
    """
    outcomes = await asyncio.gather(*map(_with_bytes, response.data))
    images = [one for one in outcomes if isinstance(one, Image)]
    errors: list[Exception] = [one for one in outcomes if not isinstance(one, Image)]
    response = evolve(
        response,
        data=[
            image if isinstance(outcome, ImpastoError) else outcome
            for image, outcome in zip(response.data, outcomes, strict=True)
        ],
    )
    plain = [place.folder / name for name in _names(place.stem, images)]
    try:
        await announce(response, await asyncio.to_thread(_free, plain))
    except OSError as error:
        errors.append(error)
    paths: list[Path] = []
    for image, path in zip(images, plain, strict=True):
        try:
            paths.append(await asyncio.to_thread(_saved, image, path, place.metadata))
        except (OSError, ImpastoError) as error:
            errors.append(error)
    return Kept(response, tuple(paths), errors[0] if errors else None)


async def _with_bytes(image: Image) -> Image | ImpastoError:
    try:
        return image if image.measured else image.with_content(await image.aread())
    except ImpastoError as error:
        return error


def _names(stem: str, images: Sequence[Image]) -> list[str]:
    marks = [""] if len(images) == 1 else [f"-{number + 1}" for number in range(len(images))]
    return [
        f"{stem}{mark}{image.extension or '.bin'}"
        for mark, image in zip(marks, images, strict=True)
    ]


def _candidates(path: Path) -> Iterator[Path]:
    """Yield *path*, and after it "fox-2.png", "fox-3.png", ..."""
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def _free(paths: Sequence[Path]) -> list[Path]:
    return [next(one for one in _candidates(path) if not one.exists()) for path in paths]


def _saved(image: Image, path: Path, metadata: bool) -> Path:
    """Save *image* at *path*, or at the next name that nobody has."""
    for candidate in _candidates(path):
        try:
            return image.save(candidate, metadata=metadata)
        except FileExistsError:
            continue
    raise AssertionError("there is always a further name")
