"""What really came, measured from the bytes, beside what was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve

from impasto._answer import Fate
from impasto._image import Image


def with_what_came(fates: Mapping[str, Fate], images: Sequence[Image]) -> Mapping[str, Fate]:
    """Return *fates*; those of size, n and output_format say where *images* are otherwise."""
    came = {"n": len(images) or None, "size": _sizes(images), "output_format": _formats(images)}
    told = {
        name: evolve(fates[name], came=found)
        for name, found in came.items()
        if name in fates and found is not None and not _is_as_asked(fates[name], found)
    }
    return {**fates, **told} if told else fates


def _is_as_asked(fate: Fate, came: object) -> bool:
    alike = {"jpg": "jpeg"}
    return fate.outcome == "dropped" or alike.get(fate.given, fate.given) == came


def _sizes(images: Sequence[Image]) -> str | None:
    """Return the sizes of those that can be measured, each once: "1024x768"."""
    found = [image.measured for image in images]
    known = [f"{one.width}x{one.height}" for one in found if one is not None and one.width]
    return ", ".join(dict.fromkeys(known)) or None


def _formats(images: Sequence[Image]) -> str | None:
    found = [image.measured for image in images]
    known = [one.mime.partition("/")[2].partition("+")[0] for one in found if one is not None]
    return ", ".join(dict.fromkeys(known)) or None
