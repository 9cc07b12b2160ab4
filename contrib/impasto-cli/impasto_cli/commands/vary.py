"""``impasto vary``: variations of a picture."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import click

from impasto_cli._making import make
from impasto_cli._options import unprompted
from impasto_cli._places import slug


@click.command
@click.argument("image", type=click.Path())
@unprompted
def vary(image: str, **options: Any) -> None:
    """Make variations of a picture.

    IMAGE is a file, or an http(s) URL.  Few models make variations: `impasto models vary` lists
    those that do; of the others most take a picture and a prompt, which is `impasto edit`.
    """
    make("vary", {"image": image}, f"{_stem(image)}-variation", **options)


def _stem(image: str) -> str:
    path = urlsplit(image).path if image.startswith(("http://", "https://")) else image
    return slug("" if image.startswith("data:") else PurePosixPath(path).stem)
