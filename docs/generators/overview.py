"""The pages on all installed providers together."""

from __future__ import annotations

from collections.abc import Sequence

from generators import markdown
from generators.installed import Installed, anchor, does, gone
from impasto.types import Provider
from impasto_cli._cards import abilities, formats, most, price
from impasto_cli._catalogues import Listed


def overview(found: Sequence[Installed]) -> str:
    """Return the page on all of *found*."""
    rows = [
        (
            f"[{markdown.text(one.title)}]({one.provider.name}.md)",
            markdown.code(f"{one.provider.name}/..."),
            markdown.text(one.distribution or ""),
            str(len(one.models)),
            ", ".join(does(one.models)),
            "yes" if _has_seeds(one) else "",
            markdown.codes(_keys(one.provider)),
        )
        for one in found
    ]
    headings = (
        "provider",
        "write",
        "distribution",
        "models",
        "makes",
        "seeds",
        "variable of the key",
    )
    tree = "\n".join(["models", *(one.provider.name for one in found)])
    return f"""# Providers

What each plugin says of itself and of its models, read when this site was built. A provider whose
plugin is installed there has a page by that alone.

{markdown.table(headings, rows)}

[Every model](models.md) on one page. On the command line, `impasto models` and `impasto params MODEL`
show the same for what you have installed.

A model that no catalogue lists can be asked for all the same: its parameters pass unverified.

```{{toctree}}
:hidden:

{tree}
```
"""


def _has_seeds(one: Installed) -> bool:
    return any(listed.takes("seed") for listed in one.listed())


def _keys(provider: Provider) -> list[str]:
    """Return the variables that are read first for a key that is a call's whole credentials."""
    secret = {name: setting for name, setting in provider.settings.items() if setting.secret}
    key = secret.get("api_key")
    settings = [key] if key is not None else list(secret.values())
    return [setting.env[0] for setting in settings if setting.env]


def every_model(found: Sequence[Installed]) -> str:
    """Return the page with a row for each model of *found*."""
    headings = ("model", "does", "at once", "formats", "price", "gone from")
    sections = [
        f"## {markdown.text(one.title)}\n\n"
        + markdown.classed(
            "models", markdown.table(headings, [_in_short(one, each) for each in one.listed()])
        )
        for one in found
        if one.models
    ]
    return "\n\n".join(["# Every model", _HOW_TO_READ, *sections]) + "\n"


_HOW_TO_READ = """*At once* is the most pictures of one request; more are split over several. A price
is what a source said on a day; the provider's page has the source. Where none is shown, none is
known, and that is not 0. A model past its day is still sent, with a warning."""


def _in_short(one: Installed, listed: Listed) -> tuple[str, ...]:
    model = listed.model
    link = f"[{markdown.code(listed.name)}]({one.provider.name}.md#{anchor(listed)})"
    short = (abilities(listed), most(listed), formats(listed), price(model.prices))
    return link, *map(markdown.text, short), gone(model)
