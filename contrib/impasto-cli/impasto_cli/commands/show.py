"""``impasto show``: what a picture's file says of itself."""

from __future__ import annotations

import json
from pathlib import Path

import click

from impasto_cli._pictured import read, rows


@click.command
@click.argument("picture", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(picture: Path, as_json: bool) -> None:
    """Show what a picture is, and what it was made from.

    What impasto wrote into the file or beside it, what AUTOMATIC1111's web interface and others
    write, and marks of generated media.  A C2PA manifest is found, not verified.
    """
    found = read(picture)
    if as_json:
        click.echo(json.dumps(found.model_dump(), ensure_ascii=False))
        return
    from impasto_cli._tables import standard_output, write  # rich; not for --json

    console = standard_output()
    write(console, str(picture), style="bold")
    for name, value in rows(found):
        write(console, value, lead=f"  {name:<16}")
