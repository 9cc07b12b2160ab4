"""``impasto models``: what can be asked for, of every installed catalogue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import click

from impasto_cli._cards import abilities, formats, most, price, retirement, sizes
from impasto_cli._catalogues import Listed, listed
from impasto_cli._completing import provider_option
from impasto_cli._lines import one_line, say
from impasto_cli._matching import matches
from impasto_cli._plain import plain

_HEADINGS = ("MODEL", "DOES", "N", "FORMATS", "PRICE", "RETIRES", "SIZES")


@click.command
@click.argument("query", nargs=-1)
@provider_option
@click.option("-a", "--all", "everything", is_flag=True, help="The retired ones as well.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, with every parameter.")
def models(query: tuple[str, ...], provider: str | None, everything: bool, as_json: bool) -> None:
    """List what can be asked for.

    Of every model what it does, how many pictures a request gets, its formats, price, retirement
    and sizes.  QUERY is words that are all to fit: a part of a name, something it does or takes, such as edit,
    mask, seed or webp, a size such as 1024x1536, free, or retired.  `impasto params MODEL` shows
    all that one model takes.
    """
    today = datetime.now(UTC).date()
    found, errors = listed(provider)
    for error in errors:
        say(f"note: {one_line(str(error))}")
    wanted = [one for one in found if matches(one, query, today)]
    chosen = wanted if everything or "retired" in query else _served(wanted, today)
    chosen.sort(key=lambda one: one.is_retired(today))
    if as_json:
        click.echo(json.dumps([_document(one, today) for one in chosen], ensure_ascii=False))
        return
    _show(chosen, today)
    hidden = len(wanted) - len(chosen)
    if hidden:
        say(f"note: {hidden} retired and not shown; --all shows them")


def _served(found: Sequence[Listed], today: date) -> list[Listed]:
    return [one for one in found if not one.is_retired(today)]


def _show(found: Sequence[Listed], today: date) -> None:
    from impasto_cli._tables import Row, show  # rich, which --json has no use for

    if found:
        show(_HEADINGS, [Row(_cells(one, today), one.is_retired(today)) for one in found])
    else:
        say("note: no model of an installed provider fits")


def _cells(one: Listed, today: date) -> list[str]:
    model = one.model
    return [
        one.name,
        abilities(one),
        most(one),
        formats(one),
        price(model.prices),
        retirement(one, today),
        sizes(model.sizes),
    ]


def _document(one: Listed, today: date) -> dict[str, Any]:
    return {
        "id": one.name,
        "provider": one.provider,
        **plain(one.model),
        "retired": one.is_retired(today),
    }
