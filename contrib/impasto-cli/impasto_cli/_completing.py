"""What the shell completes: installed providers and models, without importing a plugin."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click
from click.shell_completion import CompletionItem


def providers(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the providers that begin with *incomplete*."""
    from impasto_cli._catalogues import names  # impasto, only once somebody presses the key

    return [CompletionItem(name) for name in names() if name.startswith(incomplete)]


def models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the models that begin with *incomplete*, and "provider/" where it lists none."""
    return [CompletionItem(name) for name in _models() if name.startswith(incomplete)]


provider_option = click.option(
    "--provider", metavar="NAME", shell_complete=providers, help="Only this provider."
)


def _models() -> Iterator[str]:
    import impasto
    from impasto_cli._catalogues import names

    for provider in names():
        try:
            path = impasto.registry.plugin(provider).models_file()
            # Plain JSON: a card is no help here, and to check it all takes ten times as long.
            rows = json.loads(path.read_text(encoding="utf-8"))["models"] if path else []
            yield from [f"{provider}/{row['name']}" for row in rows] or [f"{provider}/"]
        except (impasto.PluginError, OSError, LookupError, TypeError, ValueError):
            continue  # it says so when it is used; nothing may be printed here
