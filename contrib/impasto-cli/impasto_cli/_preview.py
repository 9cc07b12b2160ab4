"""Shows pictures in the terminal; needs Pillow, the extra ``impasto-cli[preview]``."""

from __future__ import annotations

import importlib.util
import io
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from impasto_cli._exits import Failure
from impasto_cli._lines import say
from impasto_cli._saving import Picture
from impasto_cli._terminals import Draw, draws, is_dumb

if TYPE_CHECKING:
    import PIL.Image
    from rich.console import Console
    from rich.segment import Segment

    from impasto import Image

_SHARE = 2  # of the terminal's lines, one half: the command and its answer stay in sight
_LEAST_LINES = 8
_CELL = (20, 40)  # pixels of a large cell; a guess: twice the usual 10x20, for dense screens
_GREY = (128, 128, 128)  # behind what is transparent


def check(asked: bool | None) -> None:
    """Raise `Failure` if a preview was *asked* for that cannot be; before money is spent."""
    if asked and not _has_pillow():
        raise Failure("--preview needs Pillow: pip install 'impasto-cli[preview]'", 2)


def preview(pictures: Iterable[Picture], asked: bool | None) -> None:
    """Show *pictures* on standard error, if they were *asked* for, or can be shown as they are.

    Whatever goes wrong is a note: the pictures are saved.
    """
    draw = draws(os.environ)
    if not (asked or (asked is None and draw is not None)) or not _has_pillow():
        return
    why_not = _obstacle(draw)
    if why_not is None:
        for picture in pictures:
            _show(picture, draw)
    elif asked:
        say(f"note: no preview: {why_not}")


def glimpse(image: Image, asked: bool | None) -> None:
    """Show *image*, a picture on its way, as `preview` would show it; else do nothing."""
    draw = draws(os.environ)
    wanted = asked or (asked is None and draw is not None)
    if wanted and _has_pillow() and _obstacle(draw) is None:
        _show_or_note(image, draw, "what can be seen so far")


def _obstacle(draw: Draw | None) -> str | None:
    if not sys.stderr.isatty():
        return "standard error is not a terminal"
    if draw is None and (os.environ.get("NO_COLOR") or is_dumb(os.environ)):
        return "this terminal shows neither pictures nor colours"
    return None


def _show(picture: Picture, draw: Draw | None) -> None:
    _show_or_note(picture.image, draw, str(picture.path))


def _show_or_note(image: Image, draw: Draw | None, what: str) -> None:
    try:
        opened = image.to_pil()
        if draw is None:
            _print_blocks(opened)
        else:
            _write(opened, draw)
    except Exception as error:  # noqa: BLE001 - whatever Pillow makes of a stranger's picture
        say(f"note: no preview of {what}: {error}")


def _write(picture: PIL.Image.Image, draw: Draw) -> None:
    columns, lines = _room(_terminal(), picture)
    picture.thumbnail((columns * _CELL[0], lines * _CELL[1]))
    file = io.BytesIO()
    picture.convert("RGBA" if picture.has_transparency_data else "RGB").save(file, "PNG")
    sys.stderr.write(draw(file.getvalue(), lines))
    sys.stderr.flush()


def _print_blocks(picture: PIL.Image.Image) -> None:
    """Print *picture* in half blocks: each character is two pixels, one above the other."""
    from rich.segment import Segment, Segments  # and all of rich: only for who sees blocks

    console = _terminal()
    columns, lines = _room(console, picture)
    small = _opaque(picture).resize((columns, lines * 2))
    segments: list[Segment] = []
    for line in range(lines):
        segments += [_block(small, column, line * 2) for column in range(columns)]
        segments.append(Segment.line())
    console.print(Segments(segments), end="")


def _block(picture: PIL.Image.Image, column: int, row: int) -> Segment:
    from rich.color import Color
    from rich.segment import Segment
    from rich.style import Style

    above, below = (
        Color.from_rgb(*picture.getpixel((column, at)))  # type: ignore[misc]  # of RGB
        for at in (row, row + 1)
    )
    return Segment("\N{UPPER HALF BLOCK}", Style(color=above, bgcolor=below))


def _opaque(picture: PIL.Image.Image) -> PIL.Image.Image:
    import PIL.Image

    above = picture.convert("RGBA")
    ground = PIL.Image.new("RGBA", above.size, (*_GREY, 255))
    return PIL.Image.alpha_composite(ground, above).convert("RGB")


def _terminal() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _room(console: Console, picture: PIL.Image.Image) -> tuple[int, int]:
    """Return the columns and lines that *picture* takes; a cell is twice as high as wide."""
    ratio = picture.width / picture.height
    lines = max(_LEAST_LINES, console.height // _SHARE)
    lines = max(1, min(lines, int((console.width - 1) / 2 / ratio)))
    return max(1, min(console.width - 1, round(lines * 2 * ratio))), lines


def _has_pillow() -> bool:
    return importlib.util.find_spec("PIL") is not None
