"""One finished picture: bytes whatever the provider sent, measured, saved, shown."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import evolve, field, frozen

from impasto._held import Held
from impasto._inputs import from_base64, from_data_url
from impasto._keys import Keyed
from impasto._pixels import EXTENSIONS, Measured, measure
from impasto._saving import named_beside, refuse_impossible, warn_of_wrong_extension, write
from impasto.errors import APIResponseValidationError

if TYPE_CHECKING:
    import PIL.Image

    from impasto._made import Made
    from impasto._wires import Wires

# 48 KiB of a file: every header but that of a JPEG with a very large preview in front
_HEAD_CHARACTERS = 65_536
_URL_SHOWN = 120  # characters, a guess: enough to see whose it is
# https://github.com/microsoft/vscode-notebook-renderers (read 2026-11-22); Jupyter takes these too
_SHOWN_BY_NOTEBOOKS = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


class Source:
    """Who fetches a picture; another process has everybody's."""

    def __init__(self, wires: Wires | None) -> None:
        self._wires = wires

    async def fetch(self, url: str, trusted: frozenset[str], timeout: float) -> bytes:
        """Return the picture at *url*, as `Wires.fetch` does."""
        if self._wires is None:
            from impasto._transport import AIOHTTP

            return await AIOHTTP.fetch(url, trusted, timeout)
        return await self._wires.fetch(url, trusted, timeout)

    def saved(self, image: Image, path: Path) -> None:
        """Take note that *image* was written to *path*; for a source that keeps a journal."""

    def __reduce__(self) -> tuple[Callable[[], Source], tuple[()]]:
        return _everybodys, ()


EVERYBODYS = Source(None)


def _everybodys() -> Source:
    return EVERYBODYS


@frozen(kw_only=True, repr=False)
class Image(Keyed):
    """A picture from a provider.

    Attributes:
        url: Where the provider put it; such URLs often last an hour only.
        revised_prompt: What the provider made of the prompt.
        seed: The seed that it was made with, where the provider says.
        provider_specific_fields: What else the provider said of this picture.
    """

    _keys: ClassVar[tuple[str, ...]] = (
        "b64_json",
        "url",
        "revised_prompt",
        "seed",
        "mime",
        "width",
        "height",
        "provider_specific_fields",
    )

    url: str | None = None
    _b64_json: str | Held | None = field(default=None, alias="b64_json")
    _content: bytes | None = field(default=None, alias="content")
    revised_prompt: str | None = None
    seed: int | None = None
    provider_specific_fields: Mapping[str, Any] = field(factory=dict)
    _mime: str | None = field(default=None, alias="mime")
    _width: int | None = field(default=None, alias="width")
    _height: int | None = field(default=None, alias="height")
    # Origins that the caller configured: pictures may come from there whatever its address.
    _trusted: frozenset[str] = field(default=frozenset(), alias="trusted", eq=False)
    # Who fetches it: the client that it came from, or everybody's.
    _source: Source = field(default=EVERYBODYS, alias="source", eq=False)
    # The call that it came from.
    _made: Made | None = field(default=None, alias="made", eq=False)

    @property
    def b64_json(self) -> str | None:
        """The bytes in base64, or None where they are behind a URL."""
        return self._b64_json if type(self._b64_json) is str else self._in_base64

    @cached_property
    def _in_base64(self) -> str | None:
        if self._b64_json is not None:
            return str(self._b64_json)
        data = self._readable()
        return None if data is None else base64.b64encode(data).decode("ascii")

    @property
    def mime(self) -> str | None:
        """What the bytes are; where there are none yet, what the provider says they are."""
        return self.measured.mime if self.measured else self._mime

    @property
    def extension(self) -> str:
        """What a file name that fits the bytes ends in, as ".png"; empty where they are not known."""
        suffixes = EXTENSIONS.get(self.mime or "")
        return suffixes[0] if suffixes else ""

    @property
    def width(self) -> int | None:
        """In pixels, measured from the bytes; else what the provider says."""
        return self.measured.width if self.measured else self._width

    @property
    def height(self) -> int | None:
        """In pixels, measured from the bytes; else what the provider says."""
        return self.measured.height if self.measured else self._height

    @cached_property
    def measured(self) -> Measured | None:
        """What the bytes say of format and size; None where there are none here, or no picture."""
        head = self._head()
        found = measure(head) if head else None
        if found and found.width is None and self._b64_json:
            return measure(self._readable() or b"") or found
        return found

    def _head(self) -> bytes | None:
        if isinstance(self._b64_json, Held):
            return self._b64_json.head(_HEAD_CHARACTERS // 4 * 3)
        if not self._b64_json:
            return self._readable()
        begins = "".join(self._b64_json[:_HEAD_CHARACTERS].split())
        try:
            return binascii.a2b_base64(begins[: len(begins) // 4 * 4])
        except ValueError:
            return None

    def _readable(self) -> bytes | None:
        """Return the bytes, if they need no fetching and are sound."""
        try:
            return self._here()
        except APIResponseValidationError:
            return None

    def _here(self) -> bytes | None:
        """Return the bytes, if they need no fetching.

        Raises:
            APIResponseValidationError: they are not what the provider says.
        """
        if self._content:
            return self._content
        if isinstance(self._b64_json, Held):
            return self._b64_json.read()
        if self._b64_json:
            return _decoded(from_base64, self._b64_json)
        return _decoded(from_data_url, self.url) if self.url and _is_data(self.url) else None

    def _is_here(self) -> bool:
        return bool(self._content or self._b64_json) or self._readable() is not None

    def read(self, *, timeout: float = 120) -> bytes:
        """Return the picture's bytes, fetched first where the provider sent a URL.

        Args:
            timeout: Seconds for the whole fetch.

        Raises:
            NotFoundError: the URL has expired.
            APIConnectionError: it cannot be reached.
            APIResponseValidationError: what is there is no picture, or leads to a private address.
        """
        data = self._here()
        if data is not None:
            return data
        from impasto import _portal

        return _portal.run(self.aread(timeout=timeout))

    async def aread(self, *, timeout: float = 120) -> bytes:
        """Return the picture's bytes as `read()` does, without blocking the event loop."""
        from impasto._large import DECODING, LARGE  # asyncio, which `import impasto` does without

        large = self._content is None and len(self._b64_json or self.url or "") > LARGE
        data = await DECODING.here().run(self._here) if large else self._here()
        if data is not None:
            return data
        if not self.url:
            raise APIResponseValidationError("this image holds neither bytes nor a URL")
        return await self._source.fetch(self.url, self._trusted, timeout)

    def with_content(self, content: bytes) -> Image:
        """Return this image holding *content*, its bytes."""
        return evolve(self, content=content, b64_json=None)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        metadata: bool = False,
    ) -> Path:
        """Write the picture to *path*, whole or not at all, and return the path.

        Args:
            path: A file in a folder that is there.
            overwrite: Whether a file that is there is replaced.
            metadata: Whether model, prompt, seed and parameters are written as well, into the file
                where it is a PNG, JPEG or WebP, as other programs read them.  What is signed (C2PA)
                is not touched: a ".json" beside it has them then, as with other formats.  Pixels
                and marks stay as they came.

        Warns:
            ImageFormatWarning: the extension promises another format than the bytes hold.

        Raises:
            FileExistsError: something is there already and *overwrite* is False.
            FileNotFoundError: the folder is not there.
            ImpastoError: the picture cannot be had; as `read()` does.
        """
        target = Path(path)
        refuse_impossible(target, overwrite)
        pieces, measured = self._pieces()
        beside = None
        if metadata:
            from impasto._provenance import described  # most pictures are saved as they are

            pieces, beside = described(self, b"".join(pieces))
            if beside is not None:
                refuse_impossible(named_beside(target), overwrite)
        warn_of_wrong_extension(target, measured)
        write(target, pieces, overwrite)
        if beside is not None:
            write(named_beside(target), [beside], overwrite)
        self._source.saved(self, target)
        return target

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks of generated media in the bytes; empty where there are no bytes here yet.

        "C2PA" where a manifest is in them, found but not verified; and the IPTC's digital source
        type, such as "trainedAlgorithmicMedia".  Watermarks in the pixels are not seen.
        """
        from impasto._marks import marks

        data = self._readable()
        return marks(data, self.mime or "") if data else ()

    def _pieces(self) -> tuple[Iterable[bytes], Measured | None]:
        """Return the bytes in pieces, of which not all need be in memory, and what they are."""
        if isinstance(self._b64_json, Held) and self._content is None:
            return self._b64_json.chunks(), self.measured
        data = self.read()
        return [data], measure(data)

    def to_pil(self) -> PIL.Image.Image:
        """Return the picture as a loaded PIL image; needs Pillow (`pip install pillow`)."""
        import io

        try:
            import PIL.Image
        except ImportError as error:
            raise ImportError("to_pil() needs Pillow: pip install pillow") from error

        picture = PIL.Image.open(io.BytesIO(self.read()))
        picture.load()
        return picture

    def __repr__(self) -> str:
        size = f"{self.width}x{self.height}" if self.width else None
        seed = f"seed={self.seed}" if self.seed is not None else None
        facts = [str(fact) for fact in (self.mime, size, seed, self._where()) if fact]
        return f"<Image {', '.join(facts) or 'empty'}>"

    def _where(self) -> str | None:
        """Return the URL as far as it may be shown: a query may hold a signature."""
        if self._content or self._b64_json or not self.url or _is_data(self.url):
            return None
        url, signed, _ = self.url.partition("?")
        return f"url={url[:_URL_SHOWN] + ('?...' if signed else '')!r}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Show the picture in a notebook."""
        encoded = self._encoded()
        if encoded is not None and self.mime in _SHOWN_BY_NOTEBOOKS:
            return {"text/plain": repr(self), str(self.mime): encoded}
        return {"text/plain": repr(self), "text/html": self._html("max-width:100%")}

    def _figure(self, style: str) -> str:
        """Return the picture with what is known of it below, for a notebook."""
        size = f"{self.width}x{self.height}" if self.width else ""
        seed = f"seed {self.seed}" if self.seed is not None else ""
        caption = escape(" · ".join(filter(None, (size, seed))))
        title = escape(self.revised_prompt or "", quote=True)
        small = "font-size:85%;opacity:.7"
        return (
            f'<figure style="margin:0;{style}" title="{title}">{self._html("max-width:100%")}'
            f'<figcaption style="{small}">{caption}</figcaption></figure>'
        )

    def _html(self, style: str) -> str:
        encoded, mime = self._encoded(), self.mime or "image/png"
        source = f"data:{mime};base64,{encoded}" if encoded is not None else self.url or ""
        return f'<img src="{escape(source, quote=True)}" alt="" style="{style}">'

    def _encoded(self) -> str | None:
        return self.b64_json if self._readable() is not None else None


def _decoded(decode: Callable[[str], bytes], text: str) -> bytes:
    try:
        data = decode(text)
    except ValueError as error:
        raise _broken(text, str(error)) from None
    if not data:
        raise _broken(text, "there is nothing in it")
    return data


def _broken(text: str, why: str) -> APIResponseValidationError:
    return APIResponseValidationError(
        f"the picture's base64, which begins with {text[:24]!r}, is broken: {why}"
    )


def _is_data(url: str) -> bool:
    return url[:5].lower() == "data:"
