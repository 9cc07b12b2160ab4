"""From sorted arguments to the plugin that they mean, and through the extras round it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from attrs import Factory, define

from impasto._answer import ImageResponse
from impasto._arguments import Asked
from impasto._call import Call
from impasto._made import with_call
from impasto._mock import mocked
from impasto._notices import Origin, warn_if_retired
from impasto._performance import Performance
from impasto._plugin import Loaded, Plugin
from impasto._registry import Registry
from impasto._settings import Resolved, remembered
from impasto._steering import NOT_CACHED
from impasto._wires import Wires
from impasto.errors import ImpastoError, UnknownProviderError, UnsupportedParamsError

# Used where nobody says which model and several providers are installed.  Of OpenAI's models the
# one that is both generally available and without a date of retirement (read 2026-11-22).
DEFAULT_MODEL = "openai/gpt-image-2"
# Rule: the renderer that needs no network must be named; nobody gets a drawing for a picture.
EMBEDDED = "sketch"

Proceed: TypeAlias = Callable[[Call], Awaitable[ImageResponse]]
Wrapper = Callable[[Call, Proceed], Awaitable[ImageResponse]]


@define(kw_only=True)
class Dispatch:
    """A registry, the outside world and the extras that are active."""

    registry: Registry
    wires: Wires
    extras: dict[str, Wrapper] = Factory(dict)

    def route(self, asked: Asked) -> tuple[Plugin, str]:
        """Return who would do what *asked* says, and the model without the provider in front."""
        model = asked.model or _default_model(self.registry, asked.provider)
        return self.registry.route(model, asked.provider)

    async def perform(self, asked: Asked, where: Origin) -> ImageResponse:
        """Do what *asked* says; *where* is the user's line of code."""
        if asked.booking is not None:
            from impasto._journaled import journaled

            return await journaled(self, asked, where)
        begun = self.wires.monotonic()
        model = asked.model or _default_model(self.registry, asked.provider)
        if asked.fallbacks:
            from impasto._succession import Succession

            succession = Succession(dispatch=self, first=asked, where=where, begun=begun)
            return await succession.pictures(model)
        if asked.mock_response is not None:
            return mocked(asked, model)
        plugin, name = self.registry.route(model, asked.provider)
        loaded = plugin.ready
        if loaded is None:  # the first use imports the plugin
            loaded = await asyncio.to_thread(plugin.loaded)
        try:
            return await self._perform(plugin, loaded, name, asked, where, begun)
        except ImpastoError as error:
            error.provider = error.provider or loaded.provider.name
            error.model = error.model or name
            raise

    async def _perform(
        self, plugin: Plugin, loaded: Loaded, model: str, asked: Asked, where: Origin, begun: float
    ) -> ImageResponse:
        performance = self.performance(plugin, loaded, asked, where, begun)
        call = await performance.call(model)
        warn_if_retired(call, self.wires, where)
        response = await self.within_extras(performance.generate)(call)
        if self.extras and any(image._made is None for image in response.data):
            return with_call(response, call)  # an extra had them elsewhere
        return response

    def performance(
        self,
        plugin: Plugin,
        loaded: Loaded,
        asked: Asked,
        where: Origin,
        begun: float,
        settings: Resolved | None = None,
    ) -> Performance:
        """Return the performance of *asked* by *plugin*; its deadline counts from *begun*.

        *settings* stand in for those of the environment and of the call.
        """
        if asked.cache is not None:
            self._refuse_if_not_cached(asked.cache)
        return Performance(
            plugin=plugin,
            loaded=loaded,
            asked=asked,
            wires=self.wires,
            deadline=begun + asked.timeout,
            settings=settings or remembered(loaded.memory.settings, loaded.provider, asked.words),
            where=where,
        )

    def within_extras(self, proceed: Proceed) -> Proceed:
        """Return *proceed* with every active extra round it."""
        for wrapper in self.extras.values():
            proceed = _wrapped(wrapper, proceed)
        return proceed

    def _refuse_if_not_cached(self, cache: Mapping[str, Any]) -> None:
        """Refuse *cache*, a wish for a cache, where no extra that is active hears it."""
        heard = any("cache" in getattr(one, "takes", ()) for one in self.extras.values())
        if not heard and cache != NOT_CACHED:
            raise UnsupportedParamsError(
                "caching: no cache is active; leave it out, or pip install impasto-cache and call "
                "impasto.use('cache')",
                param="cache" if cache else "caching",
            )


def _wrapped(wrapper: Wrapper, proceed: Proceed) -> Proceed:
    return lambda call: wrapper(call, proceed)


def _default_model(registry: Registry, provider: str | None) -> str:
    """Return the model for a call that names none."""
    named = os.environ.get("IMPASTO_MODEL")
    if named and provider is None:
        return named
    installed = [name for name in registry.names() if name != EMBEDDED]
    if provider is not None or len({registry.plugin(name).key for name in installed}) == 1:
        found = registry.plugin(provider or installed[0]).loaded().provider
        if found.default_model is not None:
            return f"{found.name}/{found.default_model}"
    if provider is None and DEFAULT_MODEL.partition("/")[0] in installed:
        return DEFAULT_MODEL
    raise UnknownProviderError(
        "no model was named; pass model='provider/model' or set IMPASTO_MODEL.  "
        f"Installed: {', '.join(registry.names()) or 'none; try pip install impasto-openai'}",
        param="model",
    )
