"""Sections on single models, made of their cards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from generators import markdown
from generators.installed import anchor, does
from generators.sources import Sources
from impasto.types import Model, Price, Sizes
from impasto_cli._cards import most
from impasto_cli._catalogues import Listed
from impasto_cli._takes import parameters


def names_alone(listed: Sequence[Listed], sources: Sources) -> str:
    """Return the section on models of which little is known."""
    rows = [
        (
            markdown.code(one.model.name),
            markdown.text(one.model.note),
            markdown.text("; ".join(map(_priced, one.model.prices)))
            + sources.mark(*(_source(each) for each in one.model.prices)),
            _dates(one.model, sources),
        )
        for one in listed
    ]
    table = markdown.table(("model", "", "price", "dates"), rows)
    return f"""({anchor(listed[0])})=
## Known by name

No catalogue says what these take: parameters pass as you write them, unverified, unless the plugin
learns better from the provider.

{table}"""


def section(listed: Listed, like: Listed, sources: Sources) -> str:
    """Return the section on *listed*; *like* is the first that takes the same, perhaps itself."""
    model = listed.model
    parts = [f"({anchor(listed)})=\n### {markdown.text(model.name)}", _facts(listed, sources)]
    if like is listed:
        parts += [_parameters(listed, sources), _ratios(model.sizes)]
    else:
        parts.append(f"It takes what [{markdown.code(like.model.name)}](#{anchor(like)}) takes.")
    return "\n\n".join(filter(None, [*parts, _prices(model.prices, sources)]))


def _facts(listed: Listed, sources: Sources) -> str:
    model, count = listed.model, most(listed)
    pictures = "one picture" if count == "1" else f"{count} pictures"
    lines = [
        f"It makes {' and '.join(does([model]))}"
        + (f", at most {pictures} in a request." if count else "."),
        f"Also {markdown.codes(listed.names[1:])}." if listed.names[1:] else "",
        _dates(model, sources),
        markdown.text(model.note),
    ]
    return "\n".join(f"- {line}" for line in filter(None, lines))


def _dates(model: Model, sources: Sources) -> str:
    lifecycle = model.lifecycle
    if lifecycle is None:
        return ""
    told = [
        f"released {lifecycle.released}" if lifecycle.released else "",
        f"gone from {lifecycle.retires}" if lifecycle.retires else "",
        f"instead: {lifecycle.successor}" if lifecycle.successor else "",
    ]
    said = "; ".join(filter(None, told))
    return f"{markdown.text(said)}{sources.mark(lifecycle.source)}" if said else ""


def _parameters(listed: Listed, sources: Sources) -> str:
    rows = [
        _parameter(listed, name, default, takes, sources)
        for name, default, takes in parameters(listed, False)
    ]
    return markdown.table(("parameter", "default", "takes"), rows)


def _parameter(
    listed: Listed, name: str, default: str, takes: str, sources: Sources
) -> tuple[str, str, str]:
    known, table = listed.parameter(name), listed.model.sizes
    source = known.source if known else ""
    if name == "size" and table is not None:
        takes, source = _sizes(table), table.source
    shown = markdown.code(default) if default else ""
    named = markdown.code(name) if name != "..." else "others"
    return named, shown, f"{markdown.text(takes)}{sources.mark(source)}"


def _sizes(known: Sizes) -> str:
    parts = [
        ", ".join(known.values),
        str(known.any) if known.any else "",
        "the ratios below" if known.ratios else "",
        known.note,
    ]
    return "; ".join(filter(None, parts))


def _ratios(known: Sizes | None) -> str:
    """Return the pixels of each ratio and tier; all in one line where there are no tiers."""
    if known is None or not known.ratios:
        return ""
    tiers = list(dict.fromkeys(tier for table in known.ratios.values() for tier in table))
    rows = [
        (ratio, *(table.get(tier) or "not said" if tier in table else "" for tier in tiers))
        for ratio, table in known.ratios.items()
    ]
    table = markdown.table(("ratio", *(tier or "pixels" for tier in tiers)), rows)
    return f"A size becomes one of these ratios:\n\n{table}"


def _prices(prices: Sequence[Price], sources: Sources) -> str:
    rows = [
        (
            markdown.text(one.money),
            one.unit,
            _when(one.when),
            f"{one.date}{sources.mark(one.source)}",
        )
        for one in prices
    ]
    return markdown.table(("price", "for a", "with", "read"), rows) if rows else ""


def _when(conditions: Any) -> str:
    return ", ".join(
        f"{name} {markdown.code(value if isinstance(value, str) else json.dumps(value))}"
        for name, value in conditions.items()
    )


def _priced(one: Price) -> str:
    return f"{one.money} for a {one.unit}"


def _source(one: Price) -> str:
    return f"{one.source} ({one.date})"
