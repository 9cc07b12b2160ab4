"""Pictures that go to a provider: whatever the caller has, as bytes, type and name."""

from __future__ import annotations

import base64
import binascii
import io
import os
import re
from collections.abc import Awaitable, Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote_to_bytes

from attrs import evolve, field, frozen

from impasto._pixels import EXTENSIONS, measure
from impasto.errors import BadRequestError, ImpastoError

MAX_INPUT_BYTES = 100 * 1024 * 1024  # a guess: twice the largest limit of any provider read
_LONGEST_PATH_SHOWN = 300  # characters; a guess: longer ones are seldom paths
# https://pillow.readthedocs.io/en/stable/handbook/image-file-formats.html#png-saving
_PNG_MODES = frozenset({"1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA"})
_MODES_WITH_ALPHA = frozenset({"La", "PA", "RGBa"})
_SEPARATORS = re.compile(r"[/\\]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")  # RFC 4648, section 5

Fetch = Callable[[str], Awaitable[bytes]]


@frozen(kw_only=True)
class ImageFile:
    """A picture from the caller, already read.

    Attributes:
        data: The file's bytes.
        mime: What the bytes are, such as "image/png", whatever the name says.
        name: A file name that fits the type.
        width: In pixels, or None where the format does not tell.
        height: Likewise.
        url: Where the caller had it fetched from, or None for what was at hand.
    """

    data: bytes = field(repr=False)
    mime: str
    name: str
    width: int | None = None
    height: int | None = None
    url: str | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the bytes, in hexadecimal: what the picture is known by where it is not."""
        import hashlib  # only what looks at it needs it

        return hashlib.sha256(self.data).hexdigest()

    @property
    def base64(self) -> str:
        """The bytes in base64, as JSON bodies take them."""
        return base64.b64encode(self.data).decode("ascii")

    @property
    def data_url(self) -> str:
        """The bytes as a data URL, with their type."""
        return f"data:{self.mime};base64,{self.base64}"


@frozen(kw_only=True)
class Mask(ImageFile):
    """A mask as OpenAI means it: transparent where the picture is to be painted anew.

    Vendors that mean otherwise get it through `as_white()` or `as_black()`, which need Pillow.
    """

    def as_white(self) -> Self:
        """Return the mask as an opaque PNG, white where the picture is to be painted anew.

        Raises:
            BadRequestError: it cannot be decoded.
        """
        return self._painted(inverted=True)

    def as_black(self) -> Self:
        """Return the mask as an opaque PNG, black where the picture is to be painted anew.

        Raises:
            BadRequestError: it cannot be decoded.
        """
        return self._painted(inverted=False)

    def _painted(self, *, inverted: bool) -> Self:
        import PIL.Image  # the plugin's dependency: only some vendors need another mask
        import PIL.ImageOps

        try:
            with PIL.Image.open(io.BytesIO(self.data)) as picture:
                alpha = picture.convert("RGBA").getchannel("A")
        except (OSError, ValueError, SyntaxError) as error:
            raise _no_good("mask", f"cannot be decoded: {error}") from error
        file = io.BytesIO()
        (PIL.ImageOps.invert(alpha) if inverted else alpha).save(file, "PNG")
        return evolve(self, data=file.getvalue(), mime="image/png", name="mask.png")


async def read_image(value: Any, param: str, fetch: Fetch) -> ImageFile:
    """Read *value*, one picture, given as the argument *param*."""
    return await _read(value, param, param, fetch)


async def read_images(value: Any, fetch: Fetch) -> tuple[ImageFile, ...]:
    """Read *value*, one picture or a list of them; *fetch* gets the bytes behind a URL."""
    if value is None:
        return ()
    if not isinstance(value, list):
        return (await _read(value, "image", "image", fetch),)
    several = len(value) > 1
    return tuple(
        [
            await _read(one, f"image[{at}]" if several else "image", f"image{at or ''}", fetch)
            for at, one in enumerate(value)
        ]
    )


async def read_mask(value: Any, images: tuple[ImageFile, ...], fetch: Fetch) -> Mask | None:
    """Read *value* as the mask for the first of *images*.

    Raises:
        BadRequestError: its size is not that of the first image.
    """
    if value is None:
        return None
    file = await _read(value, "mask", "mask", fetch)
    mask = Mask(
        data=file.data, mime=file.mime, name=file.name, width=file.width, height=file.height
    )
    if images and None not in (mask.width, images[0].width):
        _refuse_other_size(mask, images[0])
    return mask


def _refuse_other_size(mask: Mask, image: ImageFile) -> None:
    if (mask.width, mask.height) != (image.width, image.height):
        raise _no_good(
            "mask",
            f"is {mask.width}x{mask.height}, but the image is {image.width}x{image.height}; "
            "a mask has the size of the (first) image",
        )


async def kept(value: Any, what: str) -> Any:
    """Return *value*, given as the argument *what*, so that it can be read again.

    A file becomes its name and its bytes: of a stream, nothing is left for a second time.
    """
    import asyncio  # as below

    named = isinstance(value, tuple) and 2 <= len(value) <= 3
    file = value[1] if named else value
    if not hasattr(file, "read"):
        return value
    data, name = await asyncio.to_thread(_read_slowly, file, what)
    return (value[0] if named else name), data


async def _read(value: Any, what: str, stem: str, fetch: Fetch) -> ImageFile:
    """Read one picture.

    Args:
        value: The picture in any of its forms.
        what: The argument, for messages: "mask", or "image[2]".
        stem: The file's name where it has none of its own.
        fetch: Gets the bytes behind a URL.
    """
    import asyncio  # here, because importing it takes longer than all of impasto

    name: str | None = None
    url: str | None = None
    if isinstance(value, ImageFile):  # read before, for a model that failed
        return value
    if isinstance(value, tuple):
        name, value = _named(value, what)
    if isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
    elif isinstance(value, str) and value[:5].lower() == "data:":
        data = _of_data_url(value, what)
    elif isinstance(value, str) and value[:8].lower().startswith(("http://", "https://")):
        data, url = await _fetched(value, what, fetch), value
    else:
        # Files and PIL images: reading the one and encoding the other may take a while.
        data, found = await asyncio.to_thread(_read_slowly, value, what)
        name = name or found
    return _checked(data, what, stem, name, url)


async def _fetched(url: str, what: str, fetch: Fetch) -> bytes:
    try:
        return await fetch(url)
    except ImpastoError as error:
        raise _no_good(
            what, f"cannot be fetched: {error.message}; pass the bytes themselves if you have them"
        ) from error


def _no_good(what: str, why: str) -> BadRequestError:
    return BadRequestError(f"{what} {why}", param=what.partition("[")[0])


def _named(value: tuple[Any, ...], what: str) -> tuple[str | None, Any]:
    """Return name and picture of the openai SDK's ``(name, picture)`` or ``(name, picture, type)``.

    The type is not asked for: the bytes tell it.
    """
    if not 2 <= len(value) <= 3 or not isinstance(value[0], (str, type(None))):
        raise _no_good(
            what,
            "is a tuple, but not (name, bytes) or (name, bytes, type); "
            "several pictures are given as a list",
        )
    if isinstance(value[1], str):  # two paths, of which one would be lost
        raise _no_good(
            what,
            "is a tuple of texts; several pictures are given as a list, "
            "and a named one as (name, bytes)",
        )
    return value[0], value[1]


def _read_slowly(value: Any, what: str) -> tuple[bytes, str | None]:
    """Read a file or encode a PIL image.

    Raises:
        BadRequestError: it cannot be done, or *value* is something else.
    """
    try:
        if isinstance(value, (str, os.PathLike)):
            return _read_path(Path(value)), Path(value).name
        if hasattr(value, "read"):
            return _read_file(value, what), _name_of(value)
        if hasattr(value, "save") and hasattr(value, "getbands"):  # a PIL.Image.Image
            return _as_png(value), None
    # SyntaxError is what Pillow raises for a file that it cannot make sense of
    except (OSError, ValueError, TypeError, SyntaxError) as error:
        why = getattr(error, "strerror", None) or error
        raise _no_good(what, f"cannot be read from {_shown(value)}: {why}") from error
    raise _no_good(
        what,
        f"is {type(value).__name__}; it may be bytes, a path, a file opened with 'rb', "
        "a PIL image, a data URL or an http(s) URL",
    )


def _shown(value: Any) -> str:
    """Return *value* fit for a message; a text may be anything, a picture in base64 included."""
    if not isinstance(value, (str, os.PathLike)):
        return f"the {type(value).__name__}"
    path = str(value)
    if "://" in path:
        return f"{path[:80]!r}, taken for a path since it is no http, https or data URL"
    if len(path) > _LONGEST_PATH_SHOWN:
        return (
            f"a path of {len(path):,} characters that begins with {path[:40]!r} "
            "(base64 is given decoded, or as a data URL)"
        )
    return repr(path)


def _read_path(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_INPUT_BYTES + 1)  # a device has no size, and may have no end


def _read_file(file: Any, what: str) -> bytes:
    seekable = file.seekable() if hasattr(file, "seekable") else hasattr(file, "seek")
    if seekable:
        file.seek(0)
    data = file.read(MAX_INPUT_BYTES + 1)
    if isinstance(data, str):
        raise _no_good(what, "is a file opened as text; open it with open(path, 'rb')")
    return bytes(data)


def _as_png(picture: Any) -> bytes:
    if picture.mode not in _PNG_MODES:
        picture = picture.convert("RGBA" if picture.mode in _MODES_WITH_ALPHA else "RGB")
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _name_of(file: Any) -> str | None:
    name = getattr(file, "name", None)
    return name if isinstance(name, str) else None


def _of_data_url(url: str, what: str) -> bytes:
    try:
        return from_data_url(url)
    except ValueError as error:
        raise _no_good(what, f"is no good data URL: {error}") from None


def from_data_url(url: str) -> bytes:
    """Return the bytes in *url*, a "data:" URL.

    Raises:
        ValueError: it is not well formed.
    """
    head, comma, rest = url.partition(",")
    if not comma:
        raise ValueError("it has no comma")
    raw = unquote_to_bytes(rest)
    return from_base64(raw) if head.lower().endswith(";base64") else raw


def from_base64(text: str | bytes) -> bytes:
    """Return the bytes in *text*, which may be wrapped, unpadded, or in the URL-safe alphabet.

    Raises:
        ValueError: it is not base64.
    """
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        tidy = b"".join((text.encode() if isinstance(text, str) else text).split())
        tidy = tidy.translate(_TO_STANDARD).rstrip(b"=")
        return binascii.a2b_base64(tidy + b"=" * (-len(tidy) % 4), strict_mode=True)


def _checked(data: bytes, what: str, stem: str, name: str | None, url: str | None) -> ImageFile:
    if len(data) > MAX_INPUT_BYTES:
        raise _no_good(what, f"has more than {MAX_INPUT_BYTES:,} bytes, the most that is sent")
    measured = measure(data)
    if measured is None:
        begins = f"it begins with {data[:24]!r}" if data else "it is empty"
        raise _no_good(
            what,
            f"is not a picture that impasto knows ({', '.join(sorted(EXTENSIONS))}): {begins}",
        )
    return ImageFile(
        data=data,
        mime=measured.mime,
        name=_fitting(name or "", stem, EXTENSIONS[measured.mime]),
        width=measured.width,
        height=measured.height,
        url=url,
    )


def _fitting(name: str, stem: str, suffixes: tuple[str, ...]) -> str:
    """Return *name*, or *stem*, with one of *suffixes*; servers look at it."""
    last = _CONTROLS.sub("", _SEPARATORS.split(name)[-1])
    own = last.encode("utf-8", "ignore").decode().strip(" .")
    if own.lower().endswith(suffixes):
        return own
    return (own.rpartition(".")[0] or own or stem) + suffixes[0]
