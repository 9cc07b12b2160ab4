"""From a model string through the relay into a hook and back, with 1, 50 and 200 plugins."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import importlib_metadata
from environments import Environments
from figures import Figure, Found, Goal, Scale
from generated import install

from impasto._registry import Registry

TIMES = 20_000
TURNS = 15
COUNTS = (1, 50, 200)
CATALOGUES = 50


def measured(environments: Environments, scale: Scale) -> Found:
    """Return what asking one plugin takes among many, and finding who has a bare name."""
    times = scale.of(TIMES)
    taken = of_one_hook(COUNTS, times, scale.of(TURNS))
    first, later = of_a_bare_name(CATALOGUES, times)
    what = f"a bare name over {CATALOGUES} catalogues"
    return Found(
        [
            *(_of_many(count, taken) for count in COUNTS),
            Figure(what=f"{what}: first", unit="ms", values={"impasto": first}, ratios={}),
            Figure(what=f"{what}: later", unit="us", values={"impasto": later}, ratios={}),
        ],
        [
            Goal(what=f"{what}, first time", measured=first, limit=100, unit="ms"),
            Goal(what=f"{what}, later", measured=later, limit=10, unit="us"),
        ],
    )


def _of_many(count: int, taken: Mapping[int, float]) -> Figure:
    return Figure(
        what=f"dispatch to one hook of {count} plugin{'s' * (count > 1)}",
        unit="us",
        values={"one plugin": taken[1], "impasto": taken[count]},
        ratios={"one plugin": 1.0, "impasto": taken[count] / taken[1]},
        reference="one plugin",
    )


def registry_of(folder: Path) -> Registry:
    """Return a registry of the distributions in *folder*, and of no others."""
    sys.path.insert(0, str(folder))
    found = importlib_metadata.distributions(path=[str(folder)])
    return Registry([point for dist in found for point in dist.entry_points])


def microseconds(action: Callable[[], object], times: int) -> float:
    """Return the mean time of *action*."""
    begun = time.perf_counter()
    for _ in range(times):
        action()
    return (time.perf_counter() - begun) / times * 1e6


def _dispatching(folder: Path, count: int) -> Callable[[], object]:
    """Return what asks one of *count* plugins, all of which were used before."""
    names = install(folder, f"of{count}x", count)
    registry = registry_of(folder)
    for name in names:
        registry.plugin(name).loaded()
    model = f"{names[0]}/oil"

    def once() -> object:
        loaded = registry.route(model)[0].ready
        assert loaded is not None
        return loaded.hook.translate_params(call=None)

    return once


def of_one_hook(counts: Sequence[int], times: int, turns: int) -> dict[int, float]:
    """Return microseconds by the number of plugins: the least of so many turns."""
    with tempfile.TemporaryDirectory() as name:
        asking = {count: _dispatching(Path(name, str(count)), count) for count in counts}
        rounds = [
            {count: microseconds(once, times) for count, once in asking.items()}
            for _ in range(turns)
        ]
    return {count: min(one[count] for one in rounds) for count in counts}


def of_a_bare_name(catalogues: int, times: int) -> tuple[float, float]:
    """Return milliseconds of the first look-up over *catalogues*, microseconds of the next ones."""
    with tempfile.TemporaryDirectory() as name:
        wanted = f"{install(Path(name), 'bare', catalogues, models=20)[-1]}-3"
        registry = registry_of(Path(name))
        begun = time.perf_counter()
        registry.route(wanted)
        first = (time.perf_counter() - begun) * 1e3
        later = min(microseconds(lambda: registry.route(wanted), times) for _ in range(5))
    return first, later
