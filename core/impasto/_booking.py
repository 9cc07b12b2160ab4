"""What a call says of its journal, and the digests by which the call is known again."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from reprlib import repr as brief
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from impasto._arguments import Asked
from impasto._inputs import kept
from impasto._items import canonical_parts
from impasto._provider import Provider
from impasto.errors import BadRequestError, ImpastoError

if TYPE_CHECKING:
    from impasto._dispatch import Dispatch

_LONGEST_KEY = 200  # characters; a guess: a path, a digest, a sentence


@frozen(kw_only=True)
class Booking:
    """What a call says of its journal.

    Attributes:
        path: Of the journal.
        key: What the call is known by.
        again: Whether to order again what may have been paid for.
        named: Whether the caller chose the key.
        checked: Whether a call of the same key has to be the same call.
    """

    path: Path
    key: str
    again: bool = False
    named: bool = False
    checked: bool = False


def booked(*, journal: Any, idempotency_key: Any, again: Any) -> Booking:
    """Return what the arguments say.

    Raises:
        BadRequestError: one of them cannot be right, or lacks another.
    """
    if again not in (None, "ambiguous"):
        raise BadRequestError(f"again={brief(again)}; it takes 'ambiguous'", param="again")
    if journal is None:
        name = "again" if idempotency_key is None else "idempotency_key"
        raise BadRequestError(
            f"{name} needs a journal, in which the call is found again: pass journal='path'",
            param=name,
        )
    if again is not None and idempotency_key is None:
        raise BadRequestError(
            "again needs idempotency_key, which says what is to be asked for again", param="again"
        )
    return Booking(
        path=path_of(journal),
        key=secrets.token_hex(8) if idempotency_key is None else checked_key(idempotency_key),
        again=again is not None,
        named=idempotency_key is not None,
        checked=idempotency_key is not None,
    )


def path_of(journal: Any) -> Path:
    """Return the path of *journal*.

    Raises:
        BadRequestError: it is none.
    """
    from impasto._journal import Journal

    if isinstance(journal, Journal):
        return journal.path
    if not isinstance(journal, (str, os.PathLike)) or not os.fspath(journal):
        raise BadRequestError(
            f"journal={brief(journal)}; it takes the path of a file, or an impasto.Journal",
            param="journal",
        )
    return Path(os.fsdecode(journal))


def checked_key(key: Any) -> str:
    """Return *key*.

    Raises:
        BadRequestError: it is none.
    """
    if not isinstance(key, str) or not key.isprintable() or not 0 < len(key) <= _LONGEST_KEY:
        raise BadRequestError(
            f"idempotency_key={brief(key)}; it takes text of 1 to {_LONGEST_KEY} characters, "
            "such as 'order-17'",
            param="idempotency_key",
        )
    return key


# --- what it is known again by ----------------------------------------------------------------


async def readable_again(asked: Asked) -> Asked:
    """Return *asked* with the bytes of open files, of which nothing is left a second time."""
    image = asked.image
    if isinstance(image, (list, tuple)) and not _is_named(image):
        image = [await kept(one, "image") for one in image]
    else:
        image = await kept(image, "image")
    words = {name: await kept(value, name) for name, value in asked.words.items()}
    return evolve(asked, image=image, mask=await kept(asked.mask, "mask"), words=words)


def _is_named(image: Any) -> bool:
    """Return whether *image* is one picture with its name, as the openai SDK takes it."""
    return isinstance(image, tuple) and 2 <= len(image) <= 3 and isinstance(image[0], str)


async def identified(dispatch: Dispatch, asked: Asked) -> tuple[str | None, str, dict[str, str]]:
    """Return provider, model, and a digest of each argument that the picture depends on."""
    provider, model = await _routed(dispatch, asked)
    name = asked.provider if provider is None else provider.name
    if asked.booking is None or not asked.booking.checked:
        return name, model, {}
    if asked.image is None and asked.mask is None:
        return name, model, _digests(asked, provider, model)
    return name, model, await asyncio.to_thread(_digests, asked, provider, model)


async def _routed(dispatch: Dispatch, asked: Asked) -> tuple[Provider | None, str]:
    try:
        plugin, model = dispatch.route(asked)
        loaded = plugin.ready
        if loaded is None:  # the first use imports the plugin
            loaded = await asyncio.to_thread(plugin.loaded)
    except ImpastoError:  # the call says so, or goes on to others
        return None, asked.model or ""
    return loaded.provider, model


def _digests(asked: Asked, provider: Provider | None, model: str) -> dict[str, str]:
    try:
        parts = canonical_parts(asked, provider, model)
    except TypeError as error:
        raise BadRequestError(
            f"{error} cannot be recognised in another run, and so the idempotency_key could not be "
            "held against it; give its bytes, or its path",
            param="idempotency_key",
        ) from None
    return {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in parts.items()}


def difference(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the names of arguments by which two calls differ."""
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def as_text(digests: Mapping[str, str]) -> str:
    """Return *digests* as the journal has them."""
    return json.dumps(digests, sort_keys=True)
