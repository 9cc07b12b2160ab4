"""Writes the file of a picture: whole or not at all, and over nothing that is there."""

from __future__ import annotations

import os
import secrets
import warnings
from collections.abc import Iterable
from pathlib import Path

from impasto._pixels import EXTENSIONS, Measured
from impasto.errors import ImageFormatWarning


def named_beside(path: Path) -> Path:
    """Return the file beside the picture *path* that has its metadata."""
    return path.with_name(f"{path.name}.json")


def refuse_impossible(target: Path, overwrite: bool) -> None:
    """Raise before anything is fetched where *target* cannot be written.

    Raises:
        IsADirectoryError, FileNotFoundError, FileExistsError: what is wrong with it.
    """
    if target.is_dir():
        raise IsADirectoryError(f"{str(target)!r} is a folder; name a file in it")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(target.parent)!r}; create it first")
    if not overwrite and target.exists():
        raise _exists(target)


def warn_of_wrong_extension(path: Path, measured: Measured | None) -> None:
    """Warn the caller of `Image.save()` where *path* promises another format than *measured*."""
    if measured and path.suffix.lower() not in EXTENSIONS[measured.mime]:
        promised = f"ends in {path.suffix!r}" if path.suffix else "has no extension"
        warnings.warn(
            f"{path.name!r} {promised}, but the picture is {measured.mime}; "
            f"{path.stem + EXTENSIONS[measured.mime][0]!r} would fit",
            ImageFormatWarning,
            stacklevel=3,
        )


def write(target: Path, pieces: Iterable[bytes], overwrite: bool) -> None:
    """Write beside *target*, then move into place: nobody ever sees half a picture."""
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            for piece in pieces:
                file.write(piece)
        if overwrite:
            part.replace(target)
        else:
            _move_unless_taken(part, target)
    finally:
        part.unlink(missing_ok=True)


def _move_unless_taken(part: Path, target: Path) -> None:
    """Move *part* to *target*, which nobody may have written meanwhile."""
    try:
        os.link(part, target)  # unlike a rename, it fails where another process was faster
    except FileExistsError:
        raise _exists(target) from None
    except OSError:  # file systems without hard links
        _reserve(target)
        try:
            part.replace(target)
        except BaseException:
            target.unlink()
            raise


def _reserve(target: Path) -> None:
    try:
        target.open("xb").close()
    except FileExistsError:
        raise _exists(target) from None


def _exists(target: Path) -> FileExistsError:
    return FileExistsError(f"{str(target)!r} exists; save(path, overwrite=True) replaces it")
