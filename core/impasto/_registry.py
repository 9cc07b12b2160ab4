"""From installed distributions to the plugin that a model string means."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import importlib_metadata
from attrs import frozen

from impasto._plugin import Plugin
from impasto.errors import BadRequestError, PluginError, UnknownProviderError

GROUP = "impasto.providers"


@frozen
class ProviderInfo:
    """One line of `impasto.providers()`.

    Attributes:
        name: What people write in front of the model.
        distribution: Where it is from; None for one that the program registered.
        version: That distribution's.
        state: "installed" (not needed so far), "ready", "broken", "clash" or "not allowed".
        cause: What is wrong, and what to do; None where nothing is.
    """

    name: str
    distribution: str | None
    version: str | None
    state: str
    cause: str | None = None


class Registry:
    """The providers of one process, by name.  Nothing is imported until it is used."""

    def __init__(
        self,
        entry_points: Iterable[importlib_metadata.EntryPoint] = (),
        allowed: frozenset[str] | None = None,
    ) -> None:
        self._allowed = allowed
        self._claims: dict[str, list[importlib_metadata.EntryPoint]] = {}
        self._plugins: dict[str, Plugin] = {}
        self._by_value: dict[str, Plugin] = {}
        self._bare: Mapping[str, list[str]] | None = None
        self._lock = threading.RLock()
        for entry_point in entry_points:
            self._claims.setdefault(entry_point.name.lower(), []).append(entry_point)

    @classmethod
    def installed(cls) -> Registry:
        """Return the registry of what is installed, as ``IMPASTO_PLUGINS`` allows."""
        listed = os.environ.get("IMPASTO_PLUGINS")
        names = None if listed is None else frozenset(_words(listed.lower()))
        return cls(importlib_metadata.entry_points(group=GROUP), names)

    # --- from a model string to a plugin ---

    def route(self, model: str, provider: str | None = None) -> tuple[Plugin, str]:
        """Return the plugin that *model* means and the model without the provider in front.

        Args:
            model: "provider/model", or a bare name that one catalogue claims.
            provider: Wins over what *model* says; its own prefix is then removed.

        Raises:
            UnknownProviderError: nobody answers to it.
            PluginError: two distributions do, or two catalogues claim the bare name.
        """
        if provider is not None:
            plugin = self._given(provider)
            prefix, slash, rest = model.partition("/")
            own = slash and (prefix.lower() == provider.lower() or prefix.lower() in plugin.names)
            return plugin, rest if own else model
        prefix, slash, rest = model.partition("/")
        if slash and (known := self._plugins.get(prefix)) is not None:
            return known, _named(rest, model)
        if slash and self._knows(prefix):
            return self.plugin(prefix), _named(rest, model)
        return self._route_bare(model), model

    def _given(self, provider: str) -> Plugin:
        try:
            return self.plugin(provider)
        except UnknownProviderError as error:
            error.param = "custom_llm_provider"
            raise

    def plugin(self, name: str) -> Plugin:
        """Return the plugin called *name*, in any case.

        Raises:
            UnknownProviderError: there is none.
            PluginError: two distributions claim the name.
        """
        found = self._plugins.get(name) or self._plugins.get(name.lower())
        return found if found is not None else self._first_use(name.lower())

    def _first_use(self, name: str) -> Plugin:
        claims = self._claims.get(name)
        if not claims:
            raise self._unknown(name)
        if not self._allows(name):
            raise UnknownProviderError(
                f"{name!r} is installed, but IMPASTO_PLUGINS allows only {self._list_allowed()}"
            )
        if len(claims) > 1:
            raise PluginError(_clash(name, claims))
        with self._lock:
            # An alias is a second entry point to the same module: one plugin for both.
            plugin = self._by_value.get(claims[0].value)
            if plugin is None:
                plugin = self._by_value[claims[0].value] = Plugin.of_entry_point(claims[0])
            plugin.names.add(name)
            return self._plugins.setdefault(name, plugin)

    def _knows(self, name: str) -> bool:
        return name.lower() in self._plugins or name.lower() in self._claims

    def _allows(self, name: str) -> bool:
        return self._allowed is None or name in self._allowed

    def _list_allowed(self) -> str:
        return ", ".join(sorted(self._allowed or ())) or "none"

    def _route_bare(self, model: str) -> Plugin:
        with self._lock:
            if self._bare is None:
                self._bare = self._read_bare_names()
            claimants = self._bare.get(model, [])
        if len(claimants) > 1:
            choices = " or ".join(f"{name}/{model}" for name in claimants)
            raise PluginError(f"{model!r} is claimed by {', '.join(claimants)}; write {choices}")
        if not claimants:
            prefix, slash, _ = model.partition("/")
            raise self._unknown(prefix) if slash else self._unknown_bare(model)
        return self.plugin(claimants[0])

    def _read_bare_names(self) -> Mapping[str, list[str]]:
        bare: dict[str, list[str]] = {}
        seen: set[str] = set()
        for name, plugin in self._every_plugin():
            if plugin.key in seen:  # an alias
                continue
            seen.add(plugin.key)
            for model in plugin.bare_names():
                bare.setdefault(model, []).append(name)
        return bare

    def _every_plugin(self) -> Iterator[tuple[str, Plugin]]:
        for name in self.names():
            try:
                yield name, self.plugin(name)
            except PluginError:
                continue  # it says so when it is used

    # --- what there is ---

    def names(self) -> list[str]:
        """Return the names that may be used, in alphabetical order."""
        return sorted(name for name in {*self._claims, *self._plugins} if self._allows(name))

    def providers(self) -> list[ProviderInfo]:
        """Return one line for each name, whatever its state; imports nothing, never raises."""
        return [self._info(name) for name in sorted({*self._claims, *self._plugins})]

    def _info(self, name: str) -> ProviderInfo:
        claims = self._claims.get(name, [])
        plugin = self._plugins.get(name)
        if plugin is not None:
            state, cause = plugin.state()
            return ProviderInfo(name, plugin.distribution, plugin.version, state, cause)
        distribution = ", ".join(filter(None, map(_distribution, claims))) or None
        version = ", ".join(filter(None, map(_version, claims))) or None
        if not self._allows(name):
            cause = f"IMPASTO_PLUGINS allows only {self._list_allowed()}"
            return ProviderInfo(name, distribution, version, "not allowed", cause)
        if len(claims) > 1:
            return ProviderInfo(name, distribution, version, "clash", _clash(name, claims))
        return ProviderInfo(name, distribution, version, "installed")

    def register(
        self, name: str, module: ModuleType, *, models: Path | None = None, replace: bool = False
    ) -> None:
        """Make *module* the plugin called *name* in this process, for tests and private code.

        Args:
            name: What to write in front of the model.
            module: A plugin's module.
            models: Its models.json; by default the one in the module's package.
            replace: True to take the place of another plugin of this name.

        Raises:
            PluginError: the name is taken, or the module is no sound plugin.
        """
        key = name.lower()
        if "/" in name or not name.strip():
            raise BadRequestError(f"{name!r} is no name for a provider: it may hold no '/'")
        if not replace and self._knows(key):
            raise PluginError(f"{name!r} is taken; register(..., replace=True) replaces it")
        plugin = Plugin.of_module(key, module, models)
        plugin.loaded()
        with self._lock:
            self._plugins[key] = plugin
            self._bare = None

    # --- messages ---

    def _unknown(self, name: str) -> UnknownProviderError:
        return UnknownProviderError(
            f"no plugin answers to {name!r}; installed: {', '.join(self.names()) or 'none'}.  "
            f"Try: pip install impasto-{_distribution_of(name)}",
            param="model",
        )

    def _unknown_bare(self, model: str) -> UnknownProviderError:
        names = self.names()
        advice = f"write it as provider/{model}" if names else "pip install impasto-openai"
        return UnknownProviderError(
            f"no installed catalogue answers to {model!r} without a provider in front; "
            f"installed: {', '.join(names) or 'none'}.  Try: {advice}",
            param="model",
        )


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _named(model: str, whole: str) -> str:
    if not model:
        raise BadRequestError(f"{whole!r} names a provider, but no model", param="model")
    return model


def _distribution_of(name: str) -> str:
    """Guess the distribution from a provider's name: "vertex_ai" is in impasto-vertex."""
    return name.removesuffix("_ai").replace("_", "-")


def _distribution(entry_point: importlib_metadata.EntryPoint) -> str | None:
    dist: Any = entry_point.dist
    return dist.name if dist is not None else None


def _version(entry_point: importlib_metadata.EntryPoint) -> str | None:
    dist: Any = entry_point.dist
    return dist.version if dist is not None else None


def _clash(name: str, claims: list[importlib_metadata.EntryPoint]) -> str:
    claimants = [_distribution(claim) or claim.value for claim in claims]
    return (
        f"{name!r} is claimed by {' and '.join(claimants)}; uninstall one of them: "
        f"pip uninstall {claimants[-1]}"
    )
