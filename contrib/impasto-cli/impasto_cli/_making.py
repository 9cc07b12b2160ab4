"""From the options of a command to pictures in files: what `generate`, `edit` and `vary` share."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from impasto.types import Kind
from impasto_cli import _preview
from impasto_cli._exits import Failure
from impasto_cli._finishing import finish
from impasto_cli._options import arguments
from impasto_cli._orders import Listener, Order, carry_out, count_of
from impasto_cli._output import Output
from impasto_cli._partials import keeping
from impasto_cli._places import Named, Place, Suggested, slug
from impasto_cli._results import Result, saved
from impasto_cli._terminals import is_dumb


def make(
    kind: Kind,
    given: Mapping[str, Any],
    name: str,
    *,
    models: Sequence[str],
    words: list[tuple[str, Any]],
    **options: Any,
) -> None:
    """Make pictures and save them, of each of *models* with the same arguments.

    Args:
        kind: What is wanted.
        given: The arguments that the command has itself, such as the prompt.
        name: The file's, where the caller names none.
        models: As written; none leaves it to impasto.
        words: Names and values of -p.
        options: The rest of the options, those of `Output` among them.

    Raises:
        Failure: something went wrong; what came is saved.
    """
    output = Output(**{field: options.pop(field) for field in Output.__dataclass_fields__})
    call = arguments({**given, **options}, words)
    if output.keep_partials is not None or "partial_images" in call:
        call["stream"] = True
    orders = _orders(kind, call, models, name, output)
    _check(orders, output)
    sheet = output.sheet_file(name, len(orders))
    finish(_results(orders, output, name), sheet, output)


def _orders(
    kind: Kind, call: Mapping[str, Any], models: Sequence[str], name: str, output: Output
) -> list[Order]:
    twice = [model for model in models if [*map(slug, models)].count(slug(model)) > 1]
    if twice:
        raise Failure(
            f"{' and '.join(twice)} would have the same files; for more pictures of a model there "
            "is -n",
            2,
        )
    if models and "model" in call:
        raise Failure("model is given twice; give it once", 2)
    if len(models) < 2:
        one = {"model": models[0]} if models else {}
        return [Order(kind, {**call, **one}, _place(call, name, "", output))]
    return [
        Order(kind, _call_of(model, call), _place(call, name, f"-{slug(model)}", output))
        for model in models
    ]


def _call_of(model: str, call: Mapping[str, Any]) -> dict[str, Any]:
    """Return *call* for one of several models; each is a call of its own in a journal."""
    key = call.get("idempotency_key")
    return {**call, "model": model} | ({"idempotency_key": f"{key} {model}"} if key else {})


def _place(call: Mapping[str, Any], name: str, mark: str, output: Output) -> Place:
    """Return where the pictures go; *mark* tells those of several models apart."""
    count = count_of(call)
    if output.out is None:
        return Suggested(name + mark, count, output.overwrite)
    return Named(output.out, count, output.overwrite, mark)


def _check(orders: Sequence[Order], output: Output) -> None:
    """Raise `Failure` where something would be lost after money was spent."""
    for order in orders:
        order.place.check()
    _preview.check(output.preview)
    if output.keep_partials is not None:
        _make(output.keep_partials)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"{folder} cannot be made: {error.strerror}", 2) from error


def _results(orders: Sequence[Order], output: Output, name: str) -> list[Result]:
    with _watched(orders, output) as listener:
        if output.keep_partials is not None:
            listener = keeping(output.keep_partials, name, listener)
        return [saved(outcome, metadata=output.metadata) for outcome in carry_out(orders, listener)]


def _watched(orders: Sequence[Order], output: Output) -> AbstractContextManager[Listener | None]:
    if output.silent or not sys.stderr.isatty() or is_dumb(os.environ):
        return nullcontext(None)
    from impasto_cli._watching import watching  # rich, which nobody needs who sees nothing of it

    return watching(orders, partial(_preview.glimpse, asked=output.preview))
