"""Keeps pictures that are on their way: each of them in a file of its own, where somebody asked."""

from __future__ import annotations

import itertools
from pathlib import Path

from impasto import ImpastoError
from impasto.types import Partial
from impasto_cli._lines import say
from impasto_cli._orders import Listener, Order
from impasto_cli._places import first_free, numbered, slug


def is_on_its_way(partial: Partial) -> bool:
    """Return whether *partial* shows a picture that is not finished."""
    return partial.image is not None and partial.progress != 1.0


def keeping(folder: Path, name: str, listener: Listener | None) -> Listener:
    """Return a listener that saves partial pictures in *folder*, and then tells *listener*.

    What goes wrong with one is a note: the call goes on.
    """

    def keep(order: Order, partial: Partial) -> None:
        if is_on_its_way(partial):
            _save(partial, folder, "-".join(filter(None, (name, slug(order.model or "")))))
        if listener is not None:
            listener(order, partial)

    return keep


def _save(partial: Partial, folder: Path, name: str) -> None:
    assert partial.image is not None
    plain = folder / f"{name}-{partial.index + 1}-partial{partial.image.extension or '.bin'}"
    try:
        partial.image.save(first_free(itertools.chain([plain], numbered(plain, 2))))
    except (OSError, ImpastoError) as error:
        say(f"note: a partial picture could not be saved: {error}")
