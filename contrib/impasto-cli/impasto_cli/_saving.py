"""Saves pictures, and loses none: they are paid for."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from impasto import Image, ImpastoError
from impasto_cli._exits import Failure
from impasto_cli._places import Place, first_free, numbered

# What differs from image/NAME -> .NAME.
_EXTENSIONS = {"image/jpeg": ".jpg", "image/svg+xml": ".svg", None: ".bin"}


@dataclass(frozen=True)
class Picture:
    """A picture that is in a file now."""

    image: Image
    path: Path


class Misplaced(Failure):
    """The picture is safe, but not where it was to go."""

    def __init__(self, picture: Picture, reason: str) -> None:
        super().__init__(f"{reason}; the picture is in {picture.path}", 1)
        self.picture = picture


def save_all(
    images: Iterable[Image], place: Place, *, metadata: bool
) -> tuple[list[Picture], list[Failure]]:
    """Save *images* and return those that are in files, with what went wrong on the way.

    Where *metadata* is set, the files say what the pictures were made from.
    """
    pictures: list[Picture] = []
    failures: list[Failure] = []
    for index, image in enumerate(images):
        try:
            pictures.append(_saved(_fetched(image), place, index, metadata))
        except Misplaced as misplaced:
            pictures.append(misplaced.picture)
            failures.append(misplaced)
        except Failure as lost:
            failures.append(lost)
    return pictures, failures


def rescued(images: Iterable[Image]) -> list[Path]:
    """Save *images*, whose own place will not do, in the temporary folder, as far as that goes."""
    paths: list[Path] = []
    for image in images:
        plain = Path(tempfile.gettempdir(), f"impasto{_extension(image)}")
        with suppress(OSError, ImpastoError):
            paths.append(image.save(first_free(numbered(plain, 1))))
    return paths


def _fetched(image: Image) -> Image:
    """Return *image* with its bytes, so that its type and size are the true ones."""
    try:
        return image.with_content(image.read())
    except ImpastoError as error:
        raise Failure(f"a picture was made, but: {error}{_whereabouts(image)}", 6) from error


def _saved(image: Image, place: Place, index: int, metadata: bool) -> Picture:
    path = place.path(index, _extension(image))
    try:
        saved = image.save(path, overwrite=place.overwrite, metadata=metadata)
        return Picture(image, saved)
    except OSError as error:
        reason = f"{path} could not be written ({error.strerror or error})"
        raise Misplaced(_saved_elsewhere(image, path, reason), reason) from error


def _saved_elsewhere(image: Image, path: Path, reason: str) -> Picture:
    for folder in (path.parent, Path(tempfile.gettempdir())):
        try:
            return Picture(image, image.save(first_free(numbered(folder / path.name, 2))))
        except OSError:  # the next folder, then
            continue
    raise Failure(
        f"{reason}, nor could any file next to it or in the temporary folder{_whereabouts(image)}",
        1,
    )


def _whereabouts(image: Image) -> str:
    """Return where a picture can still be had; a "data:" URL is the picture itself."""
    if image.url is None or not image.url.startswith("http"):
        return ""
    return f"; it is at {image.url} , fetch it before it expires"


def _extension(image: Image) -> str:
    known = _EXTENSIONS.get(image.mime)
    return known or f".{str(image.mime).partition('/')[2]}"
