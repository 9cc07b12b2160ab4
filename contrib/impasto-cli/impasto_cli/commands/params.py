"""``impasto params``: all that one model takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

import impasto
from impasto.types import Provider
from impasto_cli._cards import each_price, most, retirement
from impasto_cli._catalogues import Listed, listed, near
from impasto_cli._completing import models
from impasto_cli._exits import Failure
from impasto_cli._plain import plain
from impasto_cli._takes import parameters, setting_row, source_of


@click.command
@click.argument("model", shell_complete=models)
@click.option("-v", "--verbose", is_flag=True, help="Say where each fact is from.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def params(model: str, verbose: bool, as_json: bool) -> None:
    """Show everything a model takes.

    Its parameters with values, limits and defaults; and its provider's settings with the variables
    that are read for them.  What an option of `impasto generate` has no name for is passed as
    -p NAME=VALUE.
    """
    one, provider = _found(model)
    if as_json:
        click.echo(json.dumps(_document(one, provider), default=str, ensure_ascii=False))
        return
    from impasto_cli._tables import Row, show, standard_output, write  # rich; not for --json

    console = standard_output()
    write(console, one.name, style="bold")
    for line in _about(one, verbose):
        write(console, line, lead="  ")
    console.print()
    show(("PARAMETER", "DEFAULT", "TAKES"), [Row(row) for row in parameters(one, verbose)])
    if provider.settings:
        console.print()
        rows = [Row(setting_row(name, setting)) for name, setting in provider.settings.items()]
        show(("SETTING", "DEFAULT", "VARIABLES"), rows)


def _found(model: str) -> tuple[Listed, Provider]:
    """Return the card of *model*, whatever name of it that is, and its provider.

    Raises:
        Failure: no catalogue lists it.
        PluginError: the plugin is broken.
    """
    if model.lower() in impasto.registry.names():
        raise Failure(f"{model} is a provider; name one of its models: {_models_of(model)}", 2)
    try:
        plugin, name = impasto.registry.route(model)
    except impasto.UnknownProviderError as error:
        raise Failure(f"{error}{_likely(model)}", 2) from error
    loaded = plugin.loaded()
    resolves = "resolve_model" in loaded.own
    known_as = (loaded.hook.resolve_model(model=name) if resolves else None) or name
    card = plugin.priced().get(known_as)
    if card is None:
        raise Failure(
            f"no catalogue lists {model!r}; it can be asked for all the same, and its parameters "
            f"pass unverified{_likely(model)}",
            2,
        )
    return Listed(loaded.provider.name, card), loaded.provider


def _models_of(provider: str) -> str:
    found, _ = listed(provider)
    return ", ".join(one.name for one in found[:3]) + (", ..." if len(found) > 3 else "")


def _likely(model: str) -> str:
    names = near(model)
    return f".  Near: {', '.join(names)}" if names else ""


def _about(one: Listed, verbose: bool) -> Iterator[str]:
    model, today = one.model, datetime.now(UTC).date()
    count = most(one)
    pictures = "1 picture" if count == "1" else f"{count} pictures"
    yield f"does {', '.join(model.kinds)}" + (f"; at most {pictures} a request" if count else "")
    if len(one.names) > 1:
        yield f"also {', '.join(one.names[1:])}"
    yield from _dates(one, retirement(one, today), verbose)
    yield from each_price(model.prices, sources=verbose)
    if model.unpriced:
        yield f"price unknown: {model.unpriced}"
    if model.note:
        yield model.note


def _dates(one: Listed, goes: str, verbose: bool) -> Iterator[str]:
    lifecycle = one.model.lifecycle
    if lifecycle is None:
        return
    told = [f"released {lifecycle.released}"] if lifecycle.released else []
    told += [goes if goes.startswith("retired") else f"retires {goes}"] if goes else []
    told += [f"its successor: {lifecycle.successor}"] if lifecycle.successor else []
    if told:
        yield "; ".join(told) + source_of(lifecycle.source, verbose)


def _document(one: Listed, provider: Provider) -> dict[str, Any]:
    return {
        "id": one.name,
        "provider": one.provider,
        "names": one.names,
        **plain(one.model),
        "settings": {
            name: {
                "variables": list(setting.env),
                "default": None if setting.secret else setting.default,
                "required": setting.required,
                "secret": setting.secret,
                "note": setting.note,
            }
            for name, setting in provider.settings.items()
        },
    }
