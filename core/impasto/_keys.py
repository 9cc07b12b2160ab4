"""Attribute and ["key"] access alike, for those who come from dicts and from pydantic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, ClassVar


class Keyed:
    """Gives a class dict-like reading of its public fields, and `model_dump()`."""

    __slots__ = ()
    _keys: ClassVar[tuple[str, ...]] = ()

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def keys(self) -> tuple[str, ...]:
        """Return the names that `["..."]` takes."""
        return self._keys

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of *key*, or *default* where it is unknown or None."""
        value = self[key] if key in self._keys else None
        return default if value is None else value

    def model_dump(self, *, exclude_none: bool = False) -> dict[str, Any]:
        """Return plain dicts, lists and values, all of which JSON can hold."""
        values = {key: plain(self[key], exclude_none=exclude_none) for key in self._keys}
        return {
            key: value for key, value in values.items() if value is not None or not exclude_none
        }

    def json(self) -> dict[str, Any]:
        """Return `model_dump()`: a dict, as LiteLLM's method of this name does."""
        return self.model_dump()

    def model_dump_json(self, *, exclude_none: bool = False, indent: int | None = None) -> str:
        """Return `model_dump()` as JSON text."""
        import json

        return json.dumps(self.model_dump(exclude_none=exclude_none), indent=indent)


def plain(value: Any, *, exclude_none: bool = False) -> Any:
    """Return *value* as JSON can hold it; what JSON has no word for becomes text."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, Keyed):
        return value.model_dump(exclude_none=exclude_none)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one, exclude_none=exclude_none) for one in value]
    if isinstance(value, Mapping):
        return {str(key): plain(one, exclude_none=exclude_none) for key, one in value.items()}
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    if isinstance(value, Enum):
        return plain(value.value)
    return value if isinstance(value, (str, int, float)) else str(value)
