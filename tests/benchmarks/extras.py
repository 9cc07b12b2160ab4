"""Small calls with extras installed and not active, with telemetry, and from the cache."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from environments import Environments
from figures import Figure, Found, Goal, Scale
from server import serving
from turns import Turns, as_openai, in_turns, started

from impasto.testing import PNG

CALLS = 200
ROUNDS = 21
LENGTH = 4 * -(-len(PNG) // 3)
# What follows the "+" is active in that client; nothing of it is installed for the first.
WITHOUT, INSTALLED, TELEMETRY, CACHE = "impasto", "impasto+", "impasto+otel", "impasto+cache"


def measured(environments: Environments, scale: Scale) -> Found:
    """Return what a small call takes with each, against one without."""
    pythons = {WITHOUT: environments.small}
    pythons |= dict.fromkeys((INSTALLED, TELEMETRY, CACHE), environments.impasto)
    with _a_cache(), serving(as_openai(PNG)) as base, started(pythons) as clients:
        told = {"base": base, "as_bytes": False, "length": LENGTH, "at_once": 1}
        found = in_turns(clients, scale.of(ROUNDS), lambda _: scale.of(CALLS), **told)
    idle = _figure(found, "extras installed, none active: CPU", INSTALLED, "not installed", WITHOUT)
    figures = [
        idle,
        _figure(found, "telemetry active, without an SDK: CPU", TELEMETRY, "not active", INSTALLED),
        _figure(found, "from the cache: CPU", CACHE, "not active", INSTALLED),
    ]
    what = f"{idle.what}, against not installed"
    return Found(figures, [Goal(what=what, measured=idle.ratios["impasto"], limit=1.02)])


@contextmanager
def _a_cache() -> Iterator[None]:
    """Give the clients an empty folder to keep answers in."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["IMPASTO_CACHE_DIR"] = folder
        try:
            yield
        finally:
            del os.environ["IMPASTO_CACHE_DIR"]


def _figure(found: Turns, what: str, client: str, reference: str, other: str) -> Figure:
    cpu: Mapping[str, float] = found.middle("cpu_per_call")
    ratio = found.ratios("cpu_per_call", to=other)[client]
    return Figure(
        what=what,
        unit="ms",
        values={reference: cpu[other] * 1e3, "impasto": cpu[client] * 1e3},
        ratios={reference: 1.0, "impasto": ratio},
        reference=reference,
    )
