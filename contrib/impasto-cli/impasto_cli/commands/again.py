"""``impasto again``: the call that a picture came from, made again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from impasto import Metadata
from impasto_cli._exits import Failure
from impasto_cli._lines import one_line, say
from impasto_cli._making import make
from impasto_cli._options import prompted
from impasto_cli._pictured import read
from impasto_cli._places import slug

# Options that are parameters: with them it is told what is asked for.
_SHOWN = ("n", "size", "quality", "seed", "style", "negative_prompt", "background", "output_format")


@click.command
@click.argument("picture", type=click.Path(path_type=Path))
@click.option("--prompt", help="Another prompt.")
@prompted
def again(
    picture: Path,
    prompt: str | None,
    models: Sequence[str],
    words: list[tuple[str, Any]],
    **options: Any,
) -> None:
    """Make the call that a picture came from again.

    What the file PICTURE says is asked for: the same model, prompt and parameters; options stand
    in for them.  Without a seed, or with a model that knows none, it is another picture.  Pictures
    that went into a call are not in the file: `impasto edit` and `impasto vary` take those.
    """
    found = read(picture)
    _refuse_what_cannot_be_made(found)
    given = _given(found, models)
    model, said = given.pop("model"), given.pop("prompt")
    replaced = {name for name, one in options.items() if one is not None} | {*dict(words)}
    # As -p has them: a name in a file is never that of an option, such as --out.
    kept = [(name, value) for name, value in given.items() if name not in replaced]
    if not (options["quiet"] or options["as_json"]):
        mine = [(name, options[name]) for name in _SHOWN if options[name] is not None]
        _tell(models or [model], prompt or said, [*kept, *mine, *words])
    make(
        "generate",
        {"prompt": prompt or said},
        slug(prompt or said),
        models=models or [model],
        words=[*kept, *words],
        **options,
    )


def _given(found: Metadata, models: Sequence[str]) -> dict[str, Any]:
    """Return the arguments that the file tells, as far as they are parameters of all *models*."""
    given, *others = [found.arguments(model) for model in models] or [found.arguments()]
    return {name: one for name, one in given.items() if all(name in other for other in others)}


def _refuse_what_cannot_be_made(found: Metadata) -> None:
    if not found.call:
        raise Failure(
            f"{found.path} does not say how it was made; what is saved with --metadata does.  "
            "impasto show tells what it does say",
            2,
        )
    if found.call.get("inputs") or found.call.get("kind", "generate") != "generate":
        missing = "; ".join(found.missing()) or "it does not say which"
        raise Failure(
            f"{found.path} came from other pictures, which are not in it: {missing}.  "
            "impasto edit and impasto vary take them",
            2,
        )


def _tell(models: Sequence[str], prompt: str, words: Sequence[tuple[str, Any]]) -> None:
    told = [*models, repr(prompt), *(f"{name}={value}" for name, value in words)]
    say(f"note: again {one_line(', '.join(told))}")
