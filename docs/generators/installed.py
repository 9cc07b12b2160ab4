"""What is installed: providers, with what their plugins describe and their catalogues."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

import impasto
from generators import markdown
from impasto.types import Model, Provider

# How a card is put into words is private to the command line, but of this project: one for both.
from impasto_cli._catalogues import Listed

_ABILITIES = {"generate": "pictures from text", "edit": "edits", "vary": "variations"}


@frozen
class Installed:
    """A provider whose plugin is installed.

    Attributes:
        provider: What it describes itself as.
        names: What people may write in front of the model, the canonical name first.
        models: Its catalogue.
        distribution: Where it is from; None for one that the program registered.
        version: That distribution's.
    """

    provider: Provider
    names: Sequence[str]
    models: Sequence[Model]
    distribution: str | None
    version: str | None

    @property
    def title(self) -> str:
        """The provider as its makers write it."""
        return self.provider.title or self.provider.name

    @property
    def place(self) -> str:
        """Its page, without what it ends in."""
        return f"providers/{self.provider.name}"

    def listed(self) -> list[Listed]:
        """Return its models, each with the provider's name."""
        return [Listed(self.provider.name, model) for model in self.models]


def installed() -> list[Installed]:
    """Return every installed provider, by title.

    Raises:
        PluginError: one is broken; a page about it would be wrong.
    """
    found: dict[str, list[str]] = {}
    for name in impasto.registry.names():
        found.setdefault(impasto.registry.plugin(name).key, []).append(name)
    return sorted(map(_installed, found.values()), key=lambda one: one.title.lower())


def _installed(names: Sequence[str]) -> Installed:
    plugin = impasto.registry.plugin(names[0])
    loaded = plugin.loaded()
    others = sorted(set(names) - {loaded.provider.name})
    return Installed(
        loaded.provider,
        [loaded.provider.name, *others],
        loaded.catalogue.models,
        plugin.distribution,
        plugin.version,
    )


def does(models: Iterable[Model]) -> list[str]:
    """Return what one or another of *models* makes."""
    kinds = {kind for model in models for kind in model.kinds}
    return [words for kind, words in _ABILITIES.items() if kind in kinds]


def says_much(model: Model) -> bool:
    """Return whether it is known what *model* takes, so that it has a section of its own."""
    return model.parameters is not None or model.sizes is not None


def anchor(listed: Listed) -> str:
    """Return the name of the place where *listed* is described, in its provider's page."""
    place = listed.model.name if says_much(listed.model) else "known by name"
    return f"{markdown.slug(listed.provider)}-{markdown.slug(place)}"


def gone(model: Model) -> str:
    """Return the day from which *model* is no longer served, as far as that is said."""
    retires = model.lifecycle.retires if model.lifecycle else None
    return f"[{retires}]{{.date}}" if retires else ""
