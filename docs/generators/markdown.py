"""Words and values as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#$~])")
_URL = re.compile(r"https?://[^\s,;)]+[^\s,;).:]")


def text(words: str) -> str:
    """Return *words* so that Markdown shows them as they are; URLs become links."""
    parts: list[str] = []
    end = 0
    for url in _URL.finditer(words):
        parts += [_escaped(words[end : url.start()]), f"<{url[0]}>"]
        end = url.end()
    return "".join([*parts, _escaped(words[end:])])


def _escaped(words: str) -> str:
    return _SPECIAL.sub(r"\\\1", words)


def code(words: object) -> str:
    """Return *words* as code, also inside of a table."""
    shown = str(words).replace("|", "\\|")
    fence = "``" if "`" in shown else "`"
    return f"{fence}{shown}{fence}"


def codes(words: Iterable[object]) -> str:
    """Return each of *words* as code, separated by commas."""
    return ", ".join(map(code, words))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown; a column without any content is left out."""
    listed = [[" ".join(cell.split()) for cell in row] for row in rows]
    kept = [column for column in range(len(headings)) if any(row[column] for row in listed)]
    lines = [[headings[column] for column in kept], ["---"] * len(kept)]
    lines += [[row[column] for column in kept] for row in listed]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def classed(name: str, table: str) -> str:
    """Return *table* with a class for the style sheet."""
    return f"```{{table}}\n:class: {name}\n\n{table}\n```"


def slug(words: str) -> str:
    """Return *words* as the name of a place in a page."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def lowered(document: str, levels: int) -> str:
    """Return *document* with its headings *levels* lower; what stands in fences stays."""
    pieces = re.split(r"(^```.*?^```$)", document, flags=re.DOTALL | re.MULTILINE)
    deeper = [
        piece if piece.startswith("```") else re.sub(r"(?m)^#", "#" * (levels + 1), piece)
        for piece in pieces
    ]
    return "".join(deeper)
