"""``impasto batch``: pictures of every prompt in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from impasto_cli._batching import Orders, carry_out
from impasto_cli._checking import checked
from impasto_cli._exits import Failure
from impasto_cli._listed import Listing
from impasto_cli._options import arguments, listed


@click.command
@click.argument("file", metavar="FILE")
@listed
def batch(
    file: str,
    out: Path,
    concurrency: int,
    journal: Path | None,
    again: Literal["ambiguous"] | None,
    sheet: bool,
    metadata: bool,
    quiet: bool,
    as_json: bool,
    words: list[tuple[str, Any]],
    **options: Any,
) -> None:
    """Make pictures of every prompt in FILE.

    FILE is .txt, a prompt in each line; .jsonl, a text or an object of arguments in each line; or
    .csv, whose first line names the arguments.  "-" reads standard input.  Run again, the same
    command makes what is missing, and pays for nothing twice.

    \b
      impasto batch prompts.txt -m openai/gpt-image-2 -o pictures
    """  # noqa: D301 - click wants the character itself
    common = arguments(options, words)
    prompts, failures = checked(Listing(file), common)
    if failures:
        for one in failures:
            one.show()
        wrong = "1 line is" if len(failures) == 1 else f"{len(failures):,} lines are"
        raise Failure(f"{wrong} wrong; nothing was asked for", 2)
    carry_out(
        Orders(
            prompts=prompts,
            common=common,
            title=Path(file).name if file != "-" else "Pictures",
            out=out,
            concurrency=concurrency,
            journal=journal,
            again=again,
            sheet=sheet,
            metadata=metadata,
            quiet=quiet,
            as_json=as_json,
        )
    )
