"""Dispatch with 1 and with 200 plugins, and a bare name over 50 catalogues."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import importlib_metadata

from impasto._registry import GROUP, Registry

PLUGIN = """
from impasto import hookimpl
from impasto.types import Params, Provider, Request, ImageResponse

CONTRACT = (1, 0)

@hookimpl
def describe(): return Provider(name={name!r}, auth=None)
@hookimpl
def translate_params(call): return Params()
@hookimpl
def build_request(call, params): return Request(url="https://x.example")
@hookimpl
def parse_response(response): return ImageResponse()
"""
TIMES = 20_000


def site(folder: Path, prefix: str, plugins: int, models: int = 0) -> Registry:
    """Install *plugins* small distributions, each with *models* models, and return the registry."""
    for number in range(plugins):
        name = f"{prefix}{number}"
        package = folder / f"impasto_{name}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(PLUGIN.format(name=name))
        rows = [{"name": f"{name}-{row}", "bare": True, "note": "x" * 400} for row in range(models)]
        if rows:
            (package / "models.json").write_text(json.dumps({"models": rows}, indent=1))
        info = folder / f"impasto_{name}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: impasto-{name}\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = impasto_{name}\n")
    sys.path.insert(0, str(folder))
    found = importlib_metadata.distributions(path=[str(folder)])
    return Registry([point for dist in found for point in dist.entry_points])


def microseconds(action: Callable[[], object], times: int = TIMES) -> float:
    """Return the mean time of *action*."""
    begun = time.perf_counter()
    for _ in range(times):
        action()
    return (time.perf_counter() - begun) / times * 1e6


def dispatch(registry: Registry, prefix: str, plugins: int) -> Callable[[], object]:
    """Return what goes from a model string through the relay into a hook and back."""
    for number in range(plugins):
        registry.plugin(f"{prefix}{number}").loaded()
    model = f"{prefix}0/oil"

    def once() -> object:
        loaded = registry.route(model)[0].ready
        assert loaded is not None
        return loaded.hook.translate_params(call=None)

    return once


def of_one_hook() -> tuple[float, float]:
    """Return microseconds of a dispatch with 1 and with 200 plugins, the shortest of 15 turns."""
    with tempfile.TemporaryDirectory() as name:
        one = dispatch(site(Path(name, "one"), "one", 1), "one", 1)
        many = dispatch(site(Path(name, "many"), "many", 200), "many", 200)
        turns = [(microseconds(one), microseconds(many)) for _ in range(15)]
    return min(turn[0] for turn in turns), min(turn[1] for turn in turns)


def of_a_bare_name(catalogues: int = 50) -> tuple[float, float]:
    """Return milliseconds of the first look-up over *catalogues*, microseconds of the next ones."""
    with tempfile.TemporaryDirectory() as name:
        registry = site(Path(name), "bare", catalogues, models=20)
        begun = time.perf_counter()
        registry.route("bare7-3")
        first = (time.perf_counter() - begun) * 1e3
        later = min(microseconds(lambda: registry.route("bare7-3")) for _ in range(5))
    return first, later


def run() -> dict[str, float]:
    """Return the figures."""
    one, many = of_one_hook()
    first, later = of_a_bare_name()
    return {
        "1 plugin, us": one,
        "200 plugins, us": many,
        "ratio": many / one,
        "bare name over 50 catalogues, first, ms": first,
        "bare name over 50 catalogues, later, us": later,
    }


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:42} {value:.2f}")
