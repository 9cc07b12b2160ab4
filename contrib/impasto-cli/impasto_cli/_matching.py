"""Which models the words of a query mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from impasto_cli._cards import formats, price
from impasto_cli._catalogues import Listed


def matches(one: Listed, words: Sequence[str], today: date) -> bool:
    """Return whether *one* is meant by all of *words*.

    A word is a part of a name, or what the model does, takes or makes: "edit", "seed", "webp",
    "1024x1536", "free", "retired".
    """
    known = _words(one, today)
    return all(_fits(one, word.lower(), known) for word in words)


def _fits(one: Listed, word: str, known: set[str]) -> bool:
    sizes = one.model.sizes
    return (
        word in known
        or any(word in name.lower() for name in one.names)
        or bool(sizes and sizes.takes(word))
    )


def _words(one: Listed, today: date) -> set[str]:
    parameters = one.model.parameters or {}
    values = [value for parameter in parameters.values() for value in parameter.values or ()]
    sizes = one.model.sizes
    words = {*one.model.kinds, *parameters, *formats(one).split(", "), *map(str, values)}
    words |= set(sizes.ratios) if sizes is not None else set()
    words |= {"retired"} if one.is_retired(today) else set()
    words |= {"free"} if price(one.model.prices) == "free" else set()
    return {word.lower() for word in words}
