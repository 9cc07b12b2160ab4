"""One of many calls: its arguments, fit to be written down, and its key."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from impasto._answer import described
from impasto._arguments import Asked, sort
from impasto._call import Kind
from impasto._dispatch import Dispatch
from impasto._keys import plain
from impasto._line import NAMES_OF_SECRETS
from impasto._provider import Provider
from impasto._redact import HIDDEN
from impasto._steering import no_stream
from impasto.errors import BadRequestError

_KINDS = ("generate", "edit", "vary")
# Names that any provider's settings may have: where there is no such provider, and for LiteLLM.
SETTINGS = frozenset({"api_key", "api_base", "base_url", "api_version", "organization"})
# What cannot be written down, or is not about the picture.
_UNTOLD = frozenset(
    {"on_progress", "mock_response", "headers", "extra_headers", "fallbacks", "budget"}
)


@frozen(kw_only=True)
class Item:
    """One of many calls.

    Attributes:
        index: Which one, from 0.
        key: What makes it the same call in another run.
        asked: Its arguments, sorted and checked.
        told: Its arguments without settings and secrets, fit to be shown.
    """

    index: int
    key: str
    asked: Asked
    told: Mapping[str, Any]


def told(prompt: Any) -> dict[str, Any]:
    """Return the arguments in *prompt*, a text or a dict, as far as they can be shown."""
    given = prompt if isinstance(prompt, Mapping) else {"prompt": prompt}
    return _told({str(name): value for name, value in given.items()}, None)


class Items:
    """Makes calls out of prompts."""

    def __init__(self, dispatch: Dispatch, common: Mapping[str, Any], *, recognised: bool) -> None:
        """Prepare for prompts.

        Args:
            dispatch: Who would perform the calls.
            common: Arguments of all of them.
            recognised: Whether a call has to be recognised in another run.
        """
        self._dispatch = dispatch
        self._common = common
        self._recognised = recognised
        self._seen: dict[bytes, int] = {}

    async def item(self, index: int, prompt: Any) -> Item:
        """Return the call for *prompt*.

        Raises:
            ImpastoError: it cannot be right.
        """
        own = _own(prompt)
        given = own.pop("idempotency_key", None)
        key = own.pop("key", given)
        arguments = {**self._common, **own}
        kind = _kind(arguments)
        asked = sort(kind, arguments)
        if asked.stream:
            raise no_stream("a batch tells of each call when it has ended")
        provider, model = await self._routed(asked)
        return Item(
            index=index,
            key=self._own_key(key) if key is not None else self._key(asked, provider, model),
            asked=asked,
            told=_told({**arguments, **({} if kind == "generate" else {"kind": kind})}, provider),
        )

    async def _routed(self, asked: Asked) -> tuple[Provider | None, str]:
        """Return the provider and the model; None and the name where that is not to be said yet."""
        if asked.mock_response is not None:
            return None, asked.model or ""
        plugin, model = self._dispatch.route(asked)
        loaded = plugin.ready
        if loaded is None:  # the first use imports the plugin
            loaded = await asyncio.to_thread(plugin.loaded)
        return loaded.provider, model

    def _own_key(self, key: Any) -> str:
        if not isinstance(key, str) or not key or not key.isprintable():
            raise BadRequestError(f"key={key!r}; it takes text", param="key")
        if self._count(key) > 1:
            raise BadRequestError(
                f"key={key!r} is given twice; the second is not asked for", param="key"
            )
        return key

    def _key(self, asked: Asked, provider: Provider | None, model: str) -> str:
        """Return a digest of what the picture depends on, and how many before it were the same."""
        try:
            digest = _digest(asked, provider, model)
        except TypeError as error:
            if self._recognised:
                raise BadRequestError(
                    f"{error} cannot be recognised in another run; give this prompt a 'key'",
                    param="key",
                ) from None
            return secrets.token_hex(16)
        count = self._count(digest)
        return digest if count == 1 else f"{digest}-{count}"

    def _count(self, key: str) -> int:
        """Return how often *key* was there, this time included."""
        short = hashlib.blake2b(key.encode(), digest_size=12).digest()  # there may be millions
        count = self._seen[short] = self._seen.get(short, 0) + 1
        return count


def _own(prompt: Any) -> dict[str, Any]:
    if isinstance(prompt, str):
        return {"prompt": prompt}
    if not isinstance(prompt, Mapping) or not all(isinstance(name, str) for name in prompt):
        raise BadRequestError(
            f"a prompt is {type(prompt).__name__}; it takes text, or a dict of the arguments of "
            "image_generation() or image_edit()",
            param="prompts",
        )
    return dict(prompt)


def _kind(arguments: dict[str, Any]) -> Kind:
    """Take the kind out of *arguments*; with a picture and without a word it is an edit."""
    kind = arguments.pop("kind", None)
    if kind is None:
        image = arguments.get("image", arguments.get("images"))
        return "generate" if image is None else "edit"
    if kind not in _KINDS:
        raise BadRequestError(f"kind={kind!r}; it takes {', '.join(_KINDS)}", param="kind")
    found: Kind = kind
    return found


# --- the key ---


def _digest(asked: Asked, provider: Provider | None, model: str) -> str:
    text = _as_text(_of_the_picture(asked, provider, model))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


def canonical_parts(asked: Asked, provider: Provider | None, model: str) -> dict[str, str]:
    """Return what the picture depends on, each argument by its name, as text without secrets.

    Raises:
        TypeError: one is nothing that could be found again in another run.
    """
    whole = _of_the_picture(asked, provider, model)
    inner = {name: whole.pop(name) for name in ("common", "words", "query", "body")}
    words = {**inner["common"], **inner["words"]}
    for name in ("query", "body"):
        words |= {f"extra_{name}.{key}": one for key, one in inner[name].items()}
    if asked.stream and (asked.common.get("n") or 1) > 1:
        words["stream"] = True  # each of them may be an order of its own
    parts = {name: one for name, one in {**whole, **words}.items() if one is not None}
    return {name: _as_text(one) for name, one in parts.items() if not NAMES_OF_SECRETS.search(name)}


def _as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=_canonical, separators=(",", ":"))


def _of_the_picture(asked: Asked, provider: Provider | None, model: str) -> dict[str, Any]:
    settings = SETTINGS if provider is None else SETTINGS | provider.settings.keys()
    words = {name: one for name, one in asked.words.items() if name not in settings}
    return {
        "kind": asked.kind,
        "provider": asked.provider if provider is None else provider.name,
        "model": model,
        "common": asked.common,
        "image": asked.image,
        "mask": asked.mask,
        "words": words,
        "query": asked.additions.query,
        "body": asked.additions.body,
    }


def _canonical(value: Any) -> Any:
    """Return *value* as JSON; a picture by its bytes, and a file by its path.

    Raises:
        TypeError: it is nothing that could be found again in another run.
    """
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"sha256": hashlib.sha256(value).hexdigest()}
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tobytes") and hasattr(value, "mode"):  # Pillow's
        return [value.mode, list(value.size), hashlib.sha256(value.tobytes()).hexdigest()]
    raise TypeError(type(value).__name__)


# --- what is shown ---


def _told(arguments: Mapping[str, Any], provider: Provider | None) -> dict[str, Any]:
    hidden = SETTINGS | _UNTOLD | (provider.settings.keys() if provider is not None else set())
    return {
        name: described(value) if name in ("image", "images", "mask") else _shown(name, value)
        for name, value in arguments.items()
        if name not in hidden and value is not None
    }


def _shown(name: str, value: Any) -> Any:
    """Return *value* fit to be written; what looks like a secret by its name is not."""
    if NAMES_OF_SECRETS.search(name):
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(key): _shown(str(key), one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown("", one) for one in value]
    return described(value) if isinstance(value, (bytes, bytearray, memoryview)) else plain(value)
