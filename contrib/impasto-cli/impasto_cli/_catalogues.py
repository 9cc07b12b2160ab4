"""The models of every installed catalogue, read without importing a plugin."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import impasto
from impasto import PluginError
from impasto.types import Model, Parameter

_NEAR = 0.55  # of difflib's ratio; a guess: "gpt-image" is near "openai/gpt-image-2"
_AT_MOST = 5


@dataclass(frozen=True)
class Listed:
    """A model of a provider."""

    provider: str
    model: Model

    @property
    def name(self) -> str:
        """What to pass as the model."""
        return f"{self.provider}/{self.model.name}"

    @property
    def names(self) -> list[str]:
        """All that means this model, the name first."""
        others = [f"{self.provider}/{alias}" for alias in self.model.aliases]
        bare = [self.model.name, *self.model.aliases] if self.model.bare else []
        return [self.name, *others, *bare]

    def is_retired(self, today: date) -> bool:
        """Return whether the provider serves it no more."""
        lifecycle = self.model.lifecycle
        return bool(lifecycle and lifecycle.retires and lifecycle.retires <= today)

    def takes(self, name: str) -> bool:
        """Return whether it is known to take the parameter *name*."""
        return self.parameter(name) is not None

    def parameter(self, name: str) -> Parameter | None:
        """Return what it takes for the parameter *name*, as far as that is known."""
        return (self.model.parameters or {}).get(name)


def listed(provider: str | None = None) -> tuple[list[Listed], list[PluginError]]:
    """Return the models of *provider*, or of all, and why some catalogues cannot be read.

    Raises:
        UnknownProviderError: there is no such *provider*.
    """
    models: list[Listed] = []
    errors: list[PluginError] = []
    for name in names() if provider is None else [provider.lower()]:
        try:
            catalogue = impasto.registry.plugin(name).priced()
        except PluginError as error:
            errors.append(error)
        else:
            models += [Listed(name, model) for model in catalogue.models]
    return models, errors


def names() -> list[str]:
    """Return one name for each provider."""
    return sorted({_longest(group) for group in _groups()})


def _groups() -> Iterator[list[str]]:
    """Yield the names of each plugin: an alias is a second one for the same."""
    groups: dict[str, list[str]] = {}
    for name in impasto.registry.names():
        try:
            groups.setdefault(impasto.registry.plugin(name).key, []).append(name)
        except PluginError:  # two claim it
            groups[name] = [name]
    yield from groups.values()


def _longest(group: list[str]) -> str:
    """Return the full name of *group*: the others are short for it, as "vertex" for "vertex_ai"."""
    return max(group, key=len)


def near(name: str) -> list[str]:
    """Return the models whose names are like *name*."""
    models, _ = listed()
    known = {one.lower(): model.name for model in models for one in model.names}
    likely = difflib.get_close_matches(name.lower(), known, 3 * _AT_MOST, cutoff=_NEAR)
    within = [one for one in known if name.lower().rpartition("/")[2] in one]
    return list(dict.fromkeys(known[one] for one in [*within, *likely]))[:_AT_MOST]
