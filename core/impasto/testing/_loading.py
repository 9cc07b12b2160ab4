"""Contract: the plugin can be loaded, and says what it is."""

from __future__ import annotations

import re

from impasto._call import COMMON
from impasto._plugin import Plugin
from impasto._provider import Provider, Setting
from impasto._steering import STEERING
from impasto.errors import PluginError
from impasto.testing._given import Given
from impasto.testing._stage import Stage

_SECRET = re.compile(r"(?i)(^|_)(key|token|secret|credentials|password)$")
_TAKEN = frozenset({*COMMON, *STEERING, "images", "model", "custom_llm_provider"})


class Loads(Given):
    """The module is a plugin of this version of the contract."""

    def test_it_can_be_loaded(self) -> None:
        """Version, hooks, description and catalogue are as core wants them."""
        plugin = Plugin.of_module("plugin", self.plugin, self.models)
        try:
            plugin.loaded()
        except PluginError as error:
            raise AssertionError(error.message) from error

    def test_it_describes_itself(self, stage: Stage) -> None:
        """A plain name, and settings that can be given and keep their secrets."""
        provider = stage.loaded.provider

        assert re.fullmatch(r"[a-z0-9][a-z0-9_.-]*", provider.name), (
            f"describe() names the provider {provider.name!r}; people write the name in front of "
            "the model, so it is of small letters, digits and _ - ."
        )
        assert provider.concurrency is None or provider.concurrency > 0, (
            f"concurrency={provider.concurrency} lets no call through"
        )
        for name, setting in provider.settings.items():
            _check_setting(name, setting)
        _check_auth(provider)


def _check_setting(name: str, setting: Setting) -> None:
    assert name.isidentifier(), f"the setting {name!r} cannot be passed as an argument"
    assert name not in _TAKEN, f"the setting {name!r} bears the name of a parameter of every call"
    assert isinstance(setting.env, tuple), (
        f"the setting {name!r} has env={setting.env!r}; it takes a tuple of names, so write "
        f"env=({setting.env!r},)"
    )
    assert not (setting.secret and setting.default), (
        f"the setting {name!r} is secret and has a default: a key in a plugin is no secret"
    )
    assert setting.secret or not _SECRET.search(name), (
        f"the setting {name!r} looks like a key, but everybody sees it: declare it secret=True"
    )


def _check_auth(provider: Provider) -> None:
    if provider.auth is None:
        return
    key = provider.settings.get(provider.auth.setting)
    assert key is not None, (
        f"auth sends the setting {provider.auth.setting!r}, which is not among the settings; "
        "auth=None where no key is needed or authorize() does it"
    )
    assert key.secret, f"auth sends the setting {provider.auth.setting!r}: declare it secret=True"
