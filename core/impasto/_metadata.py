"""What a picture's file says of itself, and of the call that it came from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from attrs import field, frozen

from impasto._embedding import MOST, texts
from impasto._keys import Keyed
from impasto._marks import marks
from impasto._pixels import measure
from impasto._saving import named_beside
from impasto.errors import BadRequestError

_LARGEST = 128 * 1024 * 1024  # bytes of a file that is read; as much as of a picture behind a URL
_KINDS = ("generate", "edit", "vary")


@frozen(kw_only=True)
class Metadata(Keyed):
    """What a picture's file says; whoever wrote it may have written anything.

    Attributes:
        path: The file.
        bytes: How many it has.
        mime: What it is.
        width: In pixels, or None where it does not tell.
        height: Likewise.
        marks: Marks of generated media: "C2PA" where a manifest is in it, found but not verified,
            and the IPTC's digital source type, such as "trainedAlgorithmicMedia".
        call: What impasto wrote of the call: "model", "prompt", "params", "seed", "created" and
            others; empty where there is nothing.
        found: "inside" the file or "beside" it, where that was found; None where it was not.
        parameters: The text that AUTOMATIC1111's web interface and others write, or None.
        texts: Further texts in a PNG, by their keys.
    """

    _keys: ClassVar[tuple[str, ...]] = (
        *("path", "bytes", "mime", "width", "height", "marks", "call", "found", "parameters"),
        "texts",
    )

    path: Path
    bytes: int
    mime: str
    width: int | None = None
    height: int | None = None
    marks: tuple[str, ...] = ()
    call: Mapping[str, Any] = field(factory=dict)
    found: str | None = None
    parameters: str | None = None
    texts: Mapping[str, str] = field(factory=dict)

    def arguments(self, model: str | None = None) -> dict[str, Any]:
        """Return the keyword arguments that make the call again, as far as the file has them.

        Model, prompt and parameters alone: no setting and no place to send to is taken from a
        file, and no picture or path.  `missing()` says what else the call had.

        Args:
            model: Another model than that of the file.

        Raises:
            BadRequestError: the file names no model or no prompt.
            UnknownProviderError: the plugin is not installed.
        """
        from impasto._repeating import arguments  # the registry, which most readers do without

        return arguments(self.call, self.path, model)

    def missing(self) -> tuple[str, ...]:
        """Return what the call had and the file has not, in words."""
        from impasto._repeating import missing

        return tuple(missing(self.call))


def read_metadata(path: str | os.PathLike[str]) -> Metadata:
    """Return what the picture in the file *path* says of itself.

    Also from a `.json` beside it, which `Image.save(metadata=True)` writes where a signature, or
    the format, keeps it from writing into the file.

    Raises:
        FileNotFoundError: there is none.
        BadRequestError: it is no picture.
    """
    file = Path(path)
    with file.open("rb") as opened:
        data = opened.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise BadRequestError(f"{str(file)!r} has more than {_LARGEST:,} bytes", param="path")
    measured = measure(data)
    if measured is None:
        begins = f"it begins with {data[:24]!r}" if data else "it is empty"
        raise BadRequestError(f"{str(file)!r} is no picture: {begins}", param="path")
    said = texts(data, measured.mime)
    inside, beside = _call(said.ours), _call(_text_beside(file))
    return Metadata(
        path=file,
        bytes=len(data),
        mime=measured.mime,
        width=measured.width,
        height=measured.height,
        marks=marks(data, measured.mime),
        call=inside or beside,
        found="inside" if inside else "beside" if beside else None,
        parameters=said.parameters,
        texts=said.others,
    )


def _text_beside(path: Path) -> str | None:
    with suppress(OSError), named_beside(path).open("rb") as file:
        data = file.read(MOST + 1)
        return data.decode("utf-8", "replace") if len(data) <= MOST else None
    return None


def _call(text: str | None) -> dict[str, Any]:
    """Return *text* as we wrote it; anything else is nothing to us."""
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict) or "impasto" not in found:
        return {}
    return dict(_sound(found))


def _sound(found: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what has the form that we give it; the file may be anybody's."""
    for name, value in found.items():
        expected = _FORMS.get(name, object)
        if isinstance(value, expected) and (name != "kind" or value in _KINDS):
            yield name, value


_FORMS: Mapping[str, type] = {
    **dict.fromkeys(("impasto", "kind", "model", "prompt", "revised_prompt", "size"), str),
    **dict.fromkeys(("mime", "created", "request_id"), str),
    **dict.fromkeys(("format", "seed"), int),
    **dict.fromkeys(("inputs", "left_out"), list),
    "params": dict,
}
