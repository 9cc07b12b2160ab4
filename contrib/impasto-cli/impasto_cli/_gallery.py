"""The contact sheet of a batch, made from its manifest: what came in this run and in earlier ones."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote


def gallery(lines: Iterable[Mapping[str, Any]], folder: Path, title: str) -> str:
    """Return the page of *lines*, those of a manifest in *folder*; it needs no network.

    Each call has a card, with its prompt, its pictures, and what became of it.
    """
    cards: list[str] = []
    pictures = 0
    for line in lines:
        cards.append(_card(line, folder))
        pictures += sum(1 for one in line.get("pictures", ()) if one.get("path"))
    noun = "picture" if pictures == 1 else "pictures"
    return Template((files("impasto_cli") / "sheet.html").read_text(encoding="utf-8")).substitute(
        title=escape(title),
        summary=escape(f"{pictures:,} {noun}"),
        cards="\n".join(cards),
    )


def _card(line: Mapping[str, Any], folder: Path) -> str:
    pieces = [
        f"<h2>{escape(str(line.get('prompt') or ''))}</h2>",
        *(_figure(one, folder) for one in line.get("pictures", ()) if one.get("path")),
        *_failures(line),
        f"<dl>{''.join(_facts(line))}</dl>",
    ]
    return "<section>\n" + "\n".join(pieces) + "\n</section>"


def _figure(picture: Mapping[str, Any], folder: Path) -> str:
    path = Path(picture["path"])
    where = quote((Path(os.path.relpath(path, folder)) if path.is_absolute() else path).as_posix())
    known = bool(picture.get("width") and picture.get("height"))
    size = f' width="{picture["width"]}" height="{picture["height"]}"' if known else ""
    pixels = f", {picture['width']}x{picture['height']}" if known else ""
    seed = f", seed {picture['seed']}" if picture.get("seed") is not None else ""
    name = escape(path.name)
    return (
        f'<figure><a href="{where}"><img src="{where}"{size} alt="{name}" loading="lazy"></a>'
        f"<figcaption>{name}{pixels}{escape(seed)}</figcaption></figure>"
    )


def _failures(line: Mapping[str, Any]) -> Iterator[str]:
    if line["status"] == "begun":
        yield '<p class="error">ordered, and nobody knows whether it was taken</p>'
    for error in filter(None, [line.get("error"), *line.get("errors", ())]):
        yield f'<p class="error">{escape(str(error.get("message")))}</p>'


def _facts(line: Mapping[str, Any]) -> Iterator[str]:
    named = [str(line[name]) for name in ("provider", "model") if line.get(name)]
    cost = line.get("cost")
    yield _fact("model", "/".join(named))
    if line.get("seconds") is not None:
        yield _fact("time", f"{line['seconds']:.1f} s")
    if line["status"] == "done":
        yield _fact("cost", f"{cost['amount']} {cost['currency']}" if cost else "not told")


def _fact(name: str, value: str) -> str:
    return f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
