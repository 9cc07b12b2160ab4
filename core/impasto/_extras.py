"""Extras: opt-in layers round every call, such as a cache or telemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import importlib_metadata
import pluggy

from impasto.errors import PluginError
from impasto.hookspecs import Extras

if TYPE_CHECKING:
    from impasto._dispatch import Wrapper

GROUP = "impasto.extras"


def wrapper(name: str) -> Wrapper:
    """Return the layer of the installed extra *name*.

    Raises:
        PluginError: it is not installed, or broken, or two distributions claim the name.
    """
    found = _entry_point(name)
    who = found.dist.name if found.dist is not None else name
    manager = pluggy.PluginManager("impasto")
    manager.add_hookspecs(Extras)
    try:
        manager.register(found.load(), name=name)
        manager.check_pending()
        layers: list[Wrapper] = manager.hook.wrap_generation()
    except Exception as error:  # a stranger's code; the error says whose
        raise _broken(f"the extra {name!r} of {who} cannot be loaded: {error}", found) from error
    if len(layers) != 1 or not callable(layers[0]):
        raise _broken(f"the extra {name!r} of {who} has no wrap_generation() to speak of", found)
    return layers[0]


def _entry_point(name: str) -> importlib_metadata.EntryPoint:
    every = importlib_metadata.entry_points(group=GROUP)
    found: list[importlib_metadata.EntryPoint] = [one for one in every if one.name == name]
    if not found:
        known = ", ".join(sorted({one.name for one in every})) or "none"
        raise PluginError(
            f"no extra is called {name!r}; installed: {known}.  Try: pip install impasto-{name}"
        )
    claimants = sorted({one.dist.name if one.dist is not None else one.value for one in found})
    if len(claimants) > 1:
        raise PluginError(f"the extra {name!r} is claimed by {' and '.join(claimants)}")
    return found[0]


def _broken(message: str, entry_point: importlib_metadata.EntryPoint) -> PluginError:
    dist = entry_point.dist
    return PluginError(
        message,
        distribution=dist.name if dist is not None else None,
        version=dist.version if dist is not None else None,
    )
