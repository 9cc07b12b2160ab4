"""Checks of single values that a caller passes: which argument, what is wrong, what would do."""

from __future__ import annotations

import inspect
import numbers
import re
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from reprlib import repr as brief
from typing import Any, cast

from impasto._sizes import pixels
from impasto.errors import BadRequestError

# "1024*1024", "0x0", "1024 X 1024": meant as pixels, and no size
_NEARLY_PIXELS = re.compile(r"\s*\d+\s*[x\u00d7X*,]\s*\d+\s*")


def prompt(prompt: Any) -> None:
    """Refuse a prompt that says nothing."""
    if prompt is None:
        raise BadRequestError("prompt is missing: what is to be seen?", param="prompt")
    if not isinstance(prompt, str):
        raise BadRequestError(
            f"prompt is {type(prompt).__name__}; it takes text: what is to be seen?",
            param="prompt",
        )
    if not prompt.strip():
        raise BadRequestError("prompt is empty: what is to be seen?", param="prompt")
    unicode("prompt", prompt)


def unicode(name: str, text: str) -> None:
    """Refuse text that no request can carry."""
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadRequestError(
            f"{name} holds half a character at position {error.start} (a lone surrogate); "
            "it was probably cut or decoded wrongly",
            param=name,
        ) from None


def count(name: str, value: Any) -> int:
    """Return *value*, a whole number of at least 1."""
    if type(value) is int and value >= 1:  # asking numbers.Integral takes ten times as long
        return value
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
        raise BadRequestError(
            f"{name}={brief(value)}; it takes a whole number of at least 1", param=name
        )
    return int(value)


def size(name: str, value: Any) -> str:
    """Return *value*, a size, or a word for one."""
    if type(value) is str:
        return _size(name, value)
    # Words and ratios are for the model's card to judge; zeros and typing errors are for here.
    if not isinstance(value, str) or not value.strip():
        raise _no_size(name, value)
    return _size(name, word(name, value))


@lru_cache(maxsize=256)
def _size(name: str, value: str) -> str:
    if not value.strip():
        raise _no_size(name, value)
    text = word(name, value)
    if _NEARLY_PIXELS.fullmatch(text) and pixels(text) is None:
        raise BadRequestError(
            f'{name}={brief(text)}; it takes "WxH" in pixels, such as "1024x1024", '
            "both from 1 to 999999 and with a plain x between them",
            param=name,
        )
    return text


def _no_size(name: str, value: Any) -> BadRequestError:
    return BadRequestError(f'{name}={brief(value)}; it takes text such as "1024x1024"', param=name)


def whole(name: str, value: Any) -> int:
    """Return *value*, a whole number."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise BadRequestError(f"{name}={brief(value)}; it takes a whole number", param=name)
    return int(value)


def word(name: str, value: Any) -> str:
    """Return *value*, text or an enum of texts."""
    word = value.value if isinstance(value, Enum) else value
    if not isinstance(word, str) or not word:
        raise BadRequestError(f"{name}={brief(value)}; it takes text", param=name)
    unicode(name, word)
    return word


def response_format(name: str, value: Any) -> str:
    """Return *value*, "url" or "b64_json"."""
    word = value.value if isinstance(value, Enum) else value
    if not isinstance(word, str) or word not in ("url", "b64_json"):
        raise BadRequestError(f"{name}={brief(word)}; it takes 'url' or 'b64_json'", param=name)
    return word


def text(name: str, value: Any) -> str | None:
    """Return *value*, text without blanks around it, or None."""
    if value is None or (
        type(value) is str and value and value.isascii() and value.strip() == value
    ):
        return value
    text = word(name, value).strip()
    if not text:
        raise BadRequestError(f"{name}={brief(value)}; it takes text", param=name)
    return text


def mapping(name: str, value: Any) -> Mapping[str, Any]:
    """Return a copy of *value*, a dict whose names are text."""
    if not isinstance(value, Mapping):
        raise BadRequestError(
            f"{name} is {type(value).__name__}; it takes a dict of names and values", param=name
        )
    if not all(isinstance(key, str) for key in value):
        raise BadRequestError(f"{name} has a name that is not text", param=name)
    return dict(value)


def function(name: str, value: Any) -> Callable[..., object] | None:
    """Return *value*, a plain function or None."""
    if value is None:
        return None
    if not callable(value):
        raise BadRequestError(f"{name}={brief(value)}; it takes a function", param=name)
    if inspect.iscoroutinefunction(value):  # nobody would await it
        raise BadRequestError(f"{name} is async; it takes a plain function", param=name)
    return cast("Callable[..., object]", value)


def flag(name: str, value: Any) -> bool | None:
    """Return *value*, True, False or None."""
    if value is not None and not isinstance(value, bool):
        raise BadRequestError(f"{name}={brief(value)}; it takes True or False", param=name)
    return value
