"""Where answers are kept and for how long: arguments, then environment, then default."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from impasto_cache._limits import Limits

# A guess: about a thousand pictures of 2 MB, which few disks miss.
_SIZE = 2_000_000_000
# A guess: longer than most work on one thing, shorter than what people forget on their disks.
_AGE = 30 * 86_400.0

_SIZES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_SIZES |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_AGES = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")


def settings(
    folder: str | os.PathLike[str] | None, size: int | str | None, age: float | str | None
) -> tuple[Path, Limits]:
    """Return the folder and the limits; None is what the environment says, else the default.

    Raises:
        ValueError: one of them cannot be understood.
    """
    bytes_ = _read("size", "IMPASTO_CACHE_SIZE", size, _SIZES, _SIZE, "bytes, or '500 MB'")
    seconds = _read("age", "IMPASTO_CACHE_AGE", age, _AGES, _AGE, "seconds, or '30 d'")
    return _folder(folder), Limits(size=int(bytes_), age=seconds)


def _folder(given: str | os.PathLike[str] | None) -> Path:
    named = given or os.environ.get("IMPASTO_CACHE_DIR")
    if named:
        return Path(named).expanduser().absolute()
    return platformdirs.user_cache_path("impasto", appauthor=False)


def _read(
    name: str,
    variable: str,
    given: float | str | None,
    units: Mapping[str, int],
    default: float,
    takes: str,
) -> float:
    value = os.environ.get(variable) or None if given is None else given
    if value is None:
        return default
    found = _AMOUNT.fullmatch(str(value).strip().lower())
    if found is None or found[2] not in units or isinstance(value, bool):
        where = name if given is not None else variable
        raise ValueError(f"{where}={value!r}; it takes {takes}")
    return float(found[1]) * units[found[2]]
