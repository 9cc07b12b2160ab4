"""``impasto explain``: what a call would do, without making it."""

from __future__ import annotations

import json
from typing import Any

import click

import impasto
from impasto_cli._lines import one_line
from impasto_cli._options import arguments, planned
from impasto_cli._prompts import prompt_of


@click.command
@click.argument("prompt", nargs=-1, required=True, callback=prompt_of, metavar="PROMPT")
@click.option(
    "-i",
    "--image",
    "images",
    multiple=True,
    metavar="IMAGE",
    type=click.Path(),
    help="A picture to work on, as for `impasto edit`; as often as needed.",
)
@click.option("--mask", type=click.Path(), help="As for `impasto edit`.")
@planned
def explain(
    prompt: str,
    images: tuple[str, ...],
    mask: str | None,
    words: list[tuple[str, Any]],
    as_json: bool,
    **options: Any,
) -> None:
    """Show what a call would do, and send nothing.

    What becomes of each parameter, each request as a line of curl, in which the key stays in its
    variable, and what it may cost.
    """
    pictures = {"image": list(images), "mask": mask} if images else {}
    call = arguments({"prompt": prompt, **pictures, **options}, words)
    told = impasto.explain(**call)
    if as_json:
        click.echo(told.model_dump_json())
        return
    from impasto_cli._tables import Row, show  # rich; not for --json

    rows = [
        Row(
            (fate.name, _short(fate.given), fate.outcome, _short(fate.sent or None)),
            below=fate.note,
        )
        for fate in told.params.values()
    ]
    click.echo(f"{told.provider}/{told.model}{'' if told.listed else ', which no catalogue lists'}")
    show(("PARAMETER", "GIVEN", "IS", "AS"), rows)
    for request in told.requests:
        click.echo(f"\n{request.curl}")
    unknown = f"unknown: {told.unpriced}" if told.unpriced else "unknown"
    click.echo(f"\ncosts {unknown if told.estimate is None else told.estimate}")
    for note in told.notes:
        click.echo(f"note: {one_line(note)}", err=True)


def _short(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, default=str)
