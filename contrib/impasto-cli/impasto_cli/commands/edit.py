"""``impasto edit``: a picture, changed as a prompt says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from impasto_cli._exits import Failure
from impasto_cli._making import make
from impasto_cli._options import prompted
from impasto_cli._places import slug
from impasto_cli._prompts import prompt


@click.command
@click.argument("given", nargs=-1, required=True, metavar="IMAGE PROMPT")
@click.option(
    "-i",
    "--image",
    "images",
    multiple=True,
    metavar="IMAGE",
    type=click.Path(),
    help="A further picture to work on, or the first one; as often as needed.",
)
@click.option(
    "--mask",
    type=click.Path(),
    help="A picture of the size of IMAGE, transparent where it is to be painted anew.",
)
@prompted
def edit(given: tuple[str, ...], images: tuple[str, ...], mask: str | None, **options: Any) -> None:
    """Change a picture as PROMPT says.

    IMAGE is a file, or an http(s) URL.  "-" as PROMPT reads standard input.

    \b
      impasto edit room.png "paint the walls blue" --mask walls.png -m openai/gpt-image-2
      impasto edit -i cup.png -i logo.png "the logo on the cup" -m openai/gpt-image-2
    """  # noqa: D301 - click wants the character itself
    pictures, said = _sorted(given, images)
    image = pictures[0] if len(pictures) == 1 else pictures
    make("edit", {"image": image, "prompt": said, "mask": mask}, slug(said), **options)


def _sorted(given: Sequence[str], images: Sequence[str]) -> tuple[list[str], str]:
    """Return the pictures and the prompt.

    Raises:
        Failure: one of them is missing.
    """
    if len(given) == 1 and not images:
        raise Failure('a picture and a prompt, please: impasto edit IMAGE "PROMPT"', 2)
    first = list(given[:1]) if len(given) > 1 else []
    return [*first, *images], prompt(tuple(given[len(first) :]))
