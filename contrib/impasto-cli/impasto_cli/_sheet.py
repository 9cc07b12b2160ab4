"""The contact sheet: one HTML page with the pictures of several orders side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from urllib.parse import quote

from impasto_cli._costs import total
from impasto_cli._results import Result, name_of
from impasto_cli._saving import Picture
from impasto_cli._telling import price_of, seconds_of, size_of

_TITLES = {"generate": "Pictures", "edit": "Edits", "vary": "Variations"}


def page(results: Sequence[Result], folder: Path) -> str:
    """Return the page with *results*, for a file in *folder*; it has no scripts and needs no network."""
    order = results[0].outcome.order
    return Template((files("impasto_cli") / "sheet.html").read_text(encoding="utf-8")).substitute(
        title=escape(str(order.arguments.get("prompt") or _TITLES[order.kind])),
        summary=escape(_summary(results)),
        cards="\n".join(_card(result, folder) for result in results),
    )


def _summary(results: Sequence[Result]) -> str:
    count = sum(len(result.pictures) for result in results)
    costs = [one.outcome.response.cost for one in results if one.outcome.response is not None]
    price = total(costs)
    facts = [_counted(count, "picture"), _counted(len(results), "model")]
    return ", ".join([*facts, *([str(price)] if price is not None else [])])


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _card(result: Result, folder: Path) -> str:
    """Return what is shown of *result*: heading, pictures, errors, facts."""
    pieces = [
        f"<h2>{escape(name_of(result.outcome))}</h2>",
        *(_figure(picture, folder) for picture in result.pictures),
        *(f'<p class="error">{escape(failure.message)}</p>' for failure in result.failures),
        f"<dl>{''.join(_facts(result))}</dl>",
    ]
    return "<section>\n" + "\n".join(pieces) + "\n</section>"


def _figure(picture: Picture, folder: Path) -> str:
    where = quote(Path(os.path.relpath(picture.path, folder)).as_posix())
    image = picture.image
    size = f' width="{image.width}" height="{image.height}"' if image.width else ""
    seed = f", seed {image.seed}" if image.seed is not None else ""
    revised = f"<br>{escape(image.revised_prompt)}" if image.revised_prompt else ""
    name = escape(picture.path.name)
    return (
        f'<figure><a href="{where}"><img src="{where}"{size} alt="{name}"></a>'
        f"<figcaption>{name}, {size_of(picture)}{seed}{revised}</figcaption></figure>"
    )


def _facts(result: Result) -> Iterator[str]:
    yield _fact("time", seconds_of(result))
    response = result.outcome.response
    if response is None:
        return
    yield _fact("cost", price_of(response) or "not told")
    for name, fate in response.params.items():
        if name != "prompt":  # it is the page's title
            note = f" ({fate.outcome})" if fate.outcome != "sent" else ""
            yield _fact(name, f"{fate.given}{note}")
    for note in response.notes:
        yield _fact("note", note)


def _fact(name: str, value: str) -> str:
    return f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
