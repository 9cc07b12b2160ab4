"""Calls a plugin's hooks one by one, without core around them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import copy
from pathlib import Path
from types import ModuleType
from typing import Any

from attrs import evolve

from impasto._arguments import Asked, sort
from impasto._call import Call, Params
from impasto._http import Request
from impasto._inputs import ImageFile, Mask
from impasto._performance import Performance
from impasto._plugin import Loaded
from impasto._settings import resolve
from impasto.errors import BadRequestError
from impasto.testing._pictures import PNG, png
from impasto.testing._reply import Reply
from impasto.testing._script import Script, blocking, loadable
from impasto.testing._watch import Watched, watched


class Stage:
    """One plugin, loaded, and its hooks to be called without core around them.

    Attributes:
        plugin: The plugin, and
        loaded: the same, ready for use.
    """

    def __init__(
        self, plugin: ModuleType, models: Path | None = None, learned: Reply | None = None
    ) -> None:
        """Load *plugin*; *learned* is the answer to its `learn` request."""
        self.plugin = loadable(plugin, models)
        self.loaded: Loaded = self.plugin.loaded()
        self._learned = json.loads(learned.body) if learned is not None else None

    def watched(self) -> tuple[Stage, Watched]:
        """Return the same with its hooks watched, and what they do."""
        other = copy(self)
        other.loaded, watch = watched(self.loaded)
        return other, watch

    @staticmethod
    def picture() -> ImageFile:
        """Return a small picture to be worked on."""
        return ImageFile(data=PNG, mime="image/png", name="image.png", width=8, height=8)

    @staticmethod
    def mask() -> Mask:
        """Return a mask of the size of `picture()`, to paint all of it anew."""
        clear = png(colour=(0, 0, 0, 0))
        return Mask(data=clear, mime="image/png", name="mask.png", width=8, height=8)

    @property
    def builds(self) -> bool:
        """Whether the plugin makes requests, rather than pictures."""
        return "build_request" in self.loaded.own

    def call(self, arguments: Mapping[str, Any]) -> Call:
        """Return the `Call` that *arguments*, those of `image_generation`, become."""
        given = dict(arguments)
        kind = given.pop("kind", "edit" if "image" in given else "generate")
        asked: Asked = sort(kind, given)
        performance = Performance(
            plugin=self.plugin,
            loaded=self.loaded,
            asked=asked,
            wires=Script(),
            deadline=asked.timeout,
            settings=resolve(self.loaded.provider, asked.words, needed=False),
        )
        model = (asked.model or "").removeprefix(f"{self.loaded.provider.name}/")
        return self.informed(evolve(blocking(performance.call(model)), learned=self._learned))

    def informed(self, call: Call) -> Call:
        """Return *call* with the card that the plugin makes of what it knows."""
        if "read_card" not in self.loaded.own:
            return call
        return evolve(call, card=self.loaded.hook.read_card(call=call) or call.card)

    def translate(self, call: Call) -> Params:
        """Ask `translate_params`."""
        params: Params = self.loaded.hook.translate_params(call=call)
        assert isinstance(params, Params), f"translate_params() returned {params!r}, not Params"
        return params

    def refusal(self, call: Call) -> BadRequestError | None:
        """Return why `translate_params` refuses *call*, None where it does not."""
        try:
            self.translate(call)
        except BadRequestError as error:
            return error
        return None

    def build(self, call: Call, params: Params | None = None) -> Request:
        """Ask `build_request`, after `translate_params` where *params* are not given."""
        params = self.translate(call) if params is None else params
        request: Request = self.loaded.hook.build_request(call=call, params=params)
        assert isinstance(request, Request), f"build_request() returned {request!r}, not a Request"
        return request

    def made(self, call: Call) -> tuple[Params, Request | None]:
        """Return what the hooks make of *call*: the parameters and, where one is built, the request."""
        params = self.translate(call)
        return params, self.build(call, params) if self.builds else None

    def uses(self, call: Call, params: Params, name: str) -> bool:
        """Return whether the request is another without, or with another value of, one of *params*."""
        whole = self.build(call, params)
        without = {key: value for key, value in params.values.items() if key != name}
        changed = {**params.values, name: _another(params.values[name])}
        return any(self._differs(call, params, values, whole) for values in (without, changed))

    def _differs(
        self, call: Call, params: Params, values: Mapping[str, Any], whole: Request
    ) -> bool:
        try:
            return self.build(call, Params(values, params.fates)) != whole
        except Exception:  # noqa: BLE001 - it cannot be built like that, so the value was used
            return True


def _another(value: Any) -> Any:
    """Return a value of the same type that is not *value*."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "zz"
        case Mapping():
            return {} if value else {"zz": "zz"}
    return () if value else ("zz",)
