"""A call made again from what a picture's file says: nothing in it can send a key elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from impasto._call import COMMON
from impasto._items import SETTINGS
from impasto._line import NAMES_OF_SECRETS
from impasto._models import Model
from impasto._plugin import Loaded
from impasto._steering import STEERING
from impasto.errors import BadRequestError

# Arguments that are no parameters; `fallbacks` and others that steer are in `STEERING`.
_ARGUMENTS = frozenset(
    {
        *("prompt", "model", "image", "images", "mask", "user", "custom_llm_provider", "stream"),
        *("kwargs", "caching", "cache", "client"),
    }
)


def arguments(call: Mapping[str, Any], path: Path, other: str | None) -> dict[str, Any]:
    """Return the arguments for the call that the file *path* says it came from.

    Args:
        call: What it says.
        path: The file, for messages.
        other: A model instead of its own.

    Raises:
        BadRequestError: it does not say enough.
        UnknownProviderError: the plugin is not installed.
    """
    model, prompt, kind = (
        other or call.get("model"),
        call.get("prompt"),
        call.get("kind", "generate"),
    )
    if not model:
        raise BadRequestError(f"{str(path)!r} does not say which model drew it", param="path")
    if not prompt and kind != "vary":
        raise BadRequestError(f"{str(path)!r} does not say what its prompt was", param="path")
    loaded, card = _who(model)
    given = {
        name: value
        for name, value in call.get("params", {}).items()
        if not _is_refused(name, value, loaded, card)
    }
    if call.get("seed") is not None and ("seed" in given or _takes_seed(card)):
        given["seed"] = call["seed"]  # the picture's own, where the call made several
    return {"model": model, **({"prompt": prompt} if prompt else {}), **given}


def missing(call: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the call had and *call* has not."""
    for one in call.get("inputs", ()):
        if isinstance(one, Mapping):
            size = f", {one['size']}" if isinstance(one.get("size"), str) else ""
            digest = str(one.get("sha256", ""))[:12]
            yield f"{one.get('as', 'image')} ({one.get('mime', 'picture')}{size}, {digest}...)"
    yield from (name for name in call.get("left_out", ()) if isinstance(name, str))


def _who(model: str) -> tuple[Loaded, Model | None]:
    from impasto._api import registry

    plugin, name = registry.route(model)
    loaded = plugin.loaded()
    resolves = "resolve_model" in loaded.own
    known_as = (loaded.hook.resolve_model(model=name) if resolves else None) or name
    return loaded, loaded.catalogue.get(known_as)


def _takes_seed(card: Model | None) -> bool:
    return card is not None and "seed" in (card.parameters or {})


def _is_refused(name: Any, value: Any, loaded: Loaded, card: Model | None) -> bool:
    """Tell whether *name* is no parameter, but a setting, a picture, or another argument."""
    if not isinstance(name, str) or value is None:
        return True
    if name in COMMON and name not in _ARGUMENTS:
        return False
    listed = (card.parameters or {}).get(name) if card is not None else None
    return bool(
        name in _ARGUMENTS | STEERING | SETTINGS
        or name in loaded.provider.settings
        or name.startswith("litellm_")
        or NAMES_OF_SECRETS.search(name)
        or (listed is not None and listed.type == "image")
    )
