"""The template of a plugin: real files, in which a few words stand for the provider's names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files as resources
from importlib.resources.abc import Traversable
from string import Template

_SUFFIX = ".template"  # keeps Python's tools from reading what is no Python yet


def files(name: str) -> Mapping[str, str]:
    """Return the text of each file of the plugin for the provider *name*, by its path."""
    words = _words(name)
    found = _walk(resources("impasto_cli") / "template", "")
    return {
        path.removesuffix(_SUFFIX).replace("NAME", words["module"]): _filled(text, words)
        for path, text in found
    }


def _words(name: str) -> Mapping[str, str]:
    module = name.replace("-", "_")
    return {
        "name": name,
        "module": module,
        "distribution": f"impasto-{module.replace('_', '-')}",
        "host": f"api.{module.replace('_', '-')}.example",
        "title": module.replace("_", " ").title(),
        "prefix": module.upper(),
    }


def _walk(folder: Traversable, above: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        path = f"{above}{entry.name}"
        if entry.is_dir():
            yield from _walk(entry, f"{path}/")
        elif path.endswith(_SUFFIX):
            yield path, entry.read_text(encoding="utf-8")


def _filled(text: str, words: Mapping[str, str]) -> str:
    return Template(text).substitute(words)
