"""Looks at the installed plugins as the runtime does: loads each, and resolves its settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import impasto
from impasto import ImpastoError, ProviderInfo
from impasto._settings import resolve  # the doctor is to see what a call would see
from impasto.types import Provider, Setting
from impasto_cli._failures import in_options

UNUSED = "not set"
DEFAULT = "default"


@dataclass(frozen=True)
class Plugin:
    """One installed plugin.

    Attributes:
        name: What people write in front of the model.
        info: What is installed.
        provider: What it describes; None where it cannot be loaded.
        broken: Why it cannot.
        settings: For each of its settings where its value is from; never the value.
        lacks: What keeps a call from being made, such as a missing key.
    """

    name: str
    info: ProviderInfo
    provider: Provider | None = None
    broken: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    lacks: str | None = None


def examined(name: str) -> Plugin:
    """Return what there is to know of the plugin *name*, loaded now."""
    info = next(one for one in impasto.providers() if one.name == name)
    try:
        provider = impasto.registry.plugin(name).loaded().provider
    except ImpastoError as error:
        return Plugin(name, info, broken=str(error))
    settings = {key: _source(setting) for key, setting in provider.settings.items()}
    try:
        used = resolve(provider, {}).all
    except ImpastoError as error:
        return Plugin(name, info, provider, settings=settings, lacks=in_options(error.message))
    told = {key: _told(source, key in used) for key, source in settings.items()}
    return Plugin(name, info, provider, settings=told)


def _source(setting: Setting) -> str:
    variable = next((name for name in setting.env if os.environ.get(name)), None)
    return variable or (UNUSED if setting.default is None else DEFAULT)


def _told(source: str, used: bool) -> str:
    """Return *source*, or that something else goes before it."""
    return source if used or source == UNUSED else f"{source}, which gives way to another setting"
