"""Builds the documentation: python docs/build.py FOLDER, where the folder is made if need be.

Pages are put together in FOLDER/pages: the written ones of docs/pages, the documents that the
project has in other places, and those that are made of what is installed.  Sphinx then makes
FOLDER/html of them; a warning of it is an error.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from generators import commands, documents, failures, faults, markers, providers
from sphinx.cmd.build import build_main

DOCS = Path(__file__).parent
MADE = {**failures.MADE, **faults.MADE, **commands.MADE}


def pages() -> dict[str, str]:
    """Return the text of every page, by its path."""
    written = {
        path.relative_to(DOCS / "pages").as_posix(): path.read_text(encoding="utf-8")
        for path in (DOCS / "pages").rglob("*.md")
    }
    filled = {
        name: documents.captioned(markers.filled(text, MADE)) for name, text in written.items()
    }
    return {**filled, **documents.pages(), **providers.pages(), **commands.pages()}


def pictures() -> dict[str, Path]:
    """Return the file of every picture, by its path."""
    own = {path.name: path for path in (DOCS / "pages").glob("*.svg")}
    return {**own, **documents.pictures()}


def write(folder: Path) -> None:
    """Write all pages and pictures into *folder*, which is to hold nothing else."""
    for name, text in pages().items():
        _place(folder, name).write_text(text, encoding="utf-8")
    for name, path in pictures().items():
        shutil.copyfile(path, _place(folder, name))


def _place(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def main(folder: Path) -> int:
    """Build the site in *folder* anew and return the exit code."""
    source, html, cache = (folder / name for name in ("pages", "html", "doctrees"))
    for old in (source, html, cache):  # Sphinx alone would keep what a page says of another one
        shutil.rmtree(old, ignore_errors=True)
    write(source)
    strict = ["--fail-on-warning", "--keep-going", "--nitpicky", "--quiet", "--no-color"]
    own = ["--conf-dir", str(DOCS), "--doctree-dir", str(cache)]
    return build_main([*strict, *own, str(source), str(html)])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    place = Path(sys.argv[1]).resolve()
    failed = main(place)
    if not failed:
        sys.stdout.write(f"{place / 'html' / 'index.html'}\n")
    sys.exit(failed)
