"""Documents that the project has in other places: the guide, READMEs, changelogs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from generators import markdown

ROOT = Path(__file__).parent.parent.parent
# The guide's own mark for a file, which its test reads; on the page it is the block's caption.
_FILE = re.compile(r"^<!-- file: (\S+) -->\n```(\w+)$", re.MULTILINE)
# Commands alone, without a prompt: as a session, all of it would be shown as what is printed.
_COMMANDS = re.compile(r"^```console\n(?!\$)", re.MULTILINE)
_LINK = re.compile(r"(?<=\]\()(?!https?://|#)([^)\s]+)(?=\))")
_PICTURES = (".jpg", ".png", ".svg", ".webp")


@cache
def folders() -> Mapping[str, Path]:
    """Return the folder of each distribution of this repository, by the distribution's name."""
    manifests = [ROOT / "pyproject.toml", *sorted(ROOT.glob("*/*/pyproject.toml"))]
    return {_name(path): path.parent for path in manifests}


def _name(manifest: Path) -> str:
    name: str = tomllib.loads(manifest.read_text(encoding="utf-8"))["project"]["name"]
    return name


def readme(distribution: str) -> str:
    """Return the README of *distribution*, its links leading to this site.

    Of one that is not from this repository, it is what its metadata says.
    """
    folder = folders().get(distribution)
    if folder is None:
        import importlib_metadata

        said = importlib_metadata.metadata(distribution).json
        return str(said.get("description") or f"# {distribution}\n\n{said.get('summary', '')}\n")
    text = _linked((folder / "README.md").read_text(encoding="utf-8"), folder)
    return _COMMANDS.sub("```sh\n", text)


def pages() -> dict[str, str]:
    """Return the guide, the changelogs, and what extras say of themselves."""
    guide = _linked((ROOT / "PLUGIN_GUIDE.md").read_text(encoding="utf-8"), ROOT)
    extras = {"cache.md": readme("impasto-cache"), "telemetry.md": readme("impasto-otel")}
    return {"plugin-guide.md": captioned(guide), "changelogs.md": _changelogs(), **extras}


def captioned(text: str) -> str:
    """Return the page *text*, whose blocks of files say which files they are."""
    return _FILE.sub(r"```{code-block} \2\n:caption: \1", text)


def _changelogs() -> str:
    listed = [
        (name, folder / "CHANGELOG.md")
        for name, folder in folders().items()
        if (folder / "CHANGELOG.md").is_file()
    ]
    sections = [f"## {name}\n{_body(path)}" for name, path in listed]
    links = "\n".join(f"- [{name}](#{markdown.slug(name)})" for name, _ in listed)
    return "\n\n".join(
        [
            "# Changelogs",
            "Each distribution has its own version and its own list.",
            links,
            *sections,
        ]
    )


def _body(changelog: Path) -> str:
    _, _, rest = changelog.read_text(encoding="utf-8").partition("\n")
    return markdown.lowered(_linked(rest, changelog.parent), 1).rstrip()


def pictures() -> dict[str, Path]:
    """Return the pictures of every document, by their names on the site."""
    found: dict[str, Path] = {}
    for folder in folders().values():
        text = (folder / "README.md").read_text(encoding="utf-8")
        links = [folder / link for link in _LINK.findall(text) if link.endswith(_PICTURES)]
        found |= {_picture(path): path for path in links}
    return found


def _picture(path: Path) -> str:
    return f"pictures/{path.resolve().relative_to(ROOT).as_posix().replace('/', '-')}"


def _linked(text: str, folder: Path) -> str:
    """Return *text*, from a document in *folder*, with its links leading to pages of this site."""
    return _LINK.sub(lambda link: _target((folder / link[1]).resolve()), text)


def _target(path: Path) -> str:
    if path.suffix in _PICTURES:
        return f"/{_picture(path)}"
    if path == ROOT / "PLUGIN_GUIDE.md":
        return "/plugin-guide.md"
    raise ValueError(f"a document links to {path}, which has no page here")
