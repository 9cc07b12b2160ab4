"""`prices()`: people's own lists of prices, which go before those of the catalogues."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from attrs import evolve

from impasto._catalogues import structure_prices, unique_keys
from impasto._models import Catalogue, Price
from impasto.errors import BadRequestError, UnknownProviderError

Lists: TypeAlias = Mapping[tuple[str, str], tuple[Price, ...]]

VARIABLE = "IMPASTO_PRICES"
_own: Lists | None = None  # None before the variable was looked at


def begin(source: Any) -> None:
    """Make *source* the only list of one's own from now on; None: what the variable names.

    Raises:
        BadRequestError: it cannot be read.
    """
    global _own
    _own = _of_variable() if source is None else _read(source, "prices")


def ready() -> None:
    """Read the list that the variable names, if nothing was read so far.

    Raises:
        BadRequestError: it cannot be read.
    """
    global _own
    if _own is None:
        _own = _of_variable()


def own(provider: str, *models: str) -> tuple[Price, ...] | None:
    """Return people's own prices of the first of *models* that has some, None where none has.

    Args:
        provider: Canonical name.
        models: Names of the same model.
    """
    if _own is None:
        ready()
    if not _own:
        return None
    known = (_own.get((provider, model)) for model in models)
    return next((one for one in known if one is not None), None)


def applied(catalogue: Catalogue, providers: Iterable[str]) -> Catalogue:
    """Return *catalogue*, that of a provider with these names, with people's own prices in it."""
    if not _own:
        return catalogue
    names = [*providers]
    rows = []
    for model in catalogue.models:
        known = (own(name, model.name, *model.aliases) for name in names)
        found = next((one for one in known if one is not None), None)
        rows.append(model if found is None else evolve(model, prices=found, unpriced=""))
    return Catalogue(tuple(rows))


def _of_variable() -> Lists:
    path = os.environ.get(VARIABLE)
    return _read(path, VARIABLE) if path else {}


def _read(source: Any, name: str) -> Lists:
    if not isinstance(source, (str, os.PathLike, Mapping)):
        raise BadRequestError(
            f"{name}={type(source).__name__}; it takes the path of a JSON file, or a mapping of "
            '"provider/model" to lists of prices',
            param=name,
        )
    where = "the mapping" if isinstance(source, Mapping) else os.fspath(source)
    try:
        lists = source if isinstance(source, Mapping) else _document(Path(source))
        return {_model(name): found for name, found in structure_prices(lists).items()}
    except (OSError, ValueError) as error:
        raise BadRequestError(f"{name}: {where}: {error}", param=name) from error


def _document(path: Path) -> Mapping[str, Any]:
    document = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=unique_keys)
    if not isinstance(document, dict):
        raise ValueError('it takes {"provider/model": [prices]}')
    return document


def _model(name: Any) -> tuple[str, str]:
    provider, slash, model = name.partition("/") if isinstance(name, str) else ("", "", "")
    if not (provider and slash and model):
        raise ValueError(f'{name!r} is not "provider/model"')
    return _canonical(provider), model


def _canonical(provider: str) -> str:
    """Return the canonical name behind an alias; of who is not installed, the name as it is."""
    from impasto import _api

    try:
        return _api.registry.plugin(provider).loaded().provider.name
    except UnknownProviderError:
        return provider
