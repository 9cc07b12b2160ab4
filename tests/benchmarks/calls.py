"""Small calls, one after another, 64 and 256 at once, and the blocking form."""

from __future__ import annotations

import base64

from environments import Environments
from figures import Figure, Found, Goal, Profile, Scale, profiled, throughput_of, time_of
from server import serving
from turns import Client, Turns, as_openai, in_turns, shares, started

from impasto.testing import PNG

LENGTH = len(base64.b64encode(PNG))
CALLS = 200  # of a turn of raw aiohttp, one after another
ROUNDS = 15
CROWD = 1024  # calls of a turn of raw aiohttp, many at once
CROWD_ROUNDS = 5
THREADS = 16
PROFILED = 8_000  # calls; some thousand looks


def one_by_one(environments: Environments, scale: Scale) -> Found:
    """Return what one small call after another takes."""

    def turns(clients: list[Client], base: str) -> Turns:
        calls = shares(scale.of(CALLS))
        told = {"base": base, "as_bytes": False, "length": LENGTH, "at_once": 1}
        return in_turns(clients, scale.of(ROUNDS), calls, **told)

    with serving(as_openai(PNG)) as base, started(environments.clients()) as clients:
        found = turns(clients, base)
    what = "one small call after another"
    time, cpu = time_of(found, f"{what}: time", "middle"), _cpu(found, what)
    goals = [
        Goal(what=f"{what}, time, against raw aiohttp", measured=time.ratios["impasto"], limit=1.35)
    ]
    if "litellm" in time.values:
        goals.append(_slower(found, "middle", f"{what}, time, litellm against impasto", 5))
    return Found([time, cpu], goals, lambda: [_profile(environments, what, 1, scale)])


def crowds(environments: Environments, scale: Scale) -> Found:
    """Return what small calls take, 64 and 256 at once."""
    figures, goals = [], []
    with serving(as_openai(PNG)) as base, started(environments.clients()) as clients:
        for at_once in (64, 256):
            crowd = scale.of(at_once)
            calls = shares(scale.of(CROWD), crowd)
            told = {"base": base, "as_bytes": False, "length": LENGTH, "at_once": crowd}
            found = in_turns(clients, scale.of(CROWD_ROUNDS), calls, **told)
            what = f"{at_once} small calls at once"
            figures += [throughput_of(found, f"{what}: throughput"), _cpu(found, what)]
    cpu = figures[-1]
    goals = [
        Goal(what=f"{what}, CPU, against raw aiohttp", measured=cpu.ratios["impasto"], limit=1.6)
    ]
    if "litellm" in cpu.values:
        goals.append(_slower(found, "cpu_per_call", f"{what}, CPU, litellm against impasto", 7))
    return Found(figures, goals, lambda: [_profile(environments, what, 256, scale)])


def blocking(environments: Environments, scale: Scale) -> Found:
    """Return what the blocking form takes, one call after another and from many threads.

    Raw is http.client here, with a connection for each thread: aiohttp has no blocking form.
    """
    figures = []
    with serving(as_openai(PNG)) as base, started(environments.clients()) as clients:
        told = {"base": base, "as_bytes": False, "length": LENGTH, "blocking": True}
        calls, rounds = shares(scale.of(CALLS)), scale.of(CROWD_ROUNDS)
        found = in_turns(clients, rounds, calls, **told, at_once=1)
        figures += [time_of(found, "blocking, one after another: time", "middle")]
        figures += [_cpu(found, "blocking, one after another")]
        found = in_turns(clients, rounds, shares(scale.of(4 * CALLS)), **told, at_once=THREADS)
        figures += [throughput_of(found, f"blocking, from {THREADS} threads: throughput")]
        figures += [_cpu(found, f"blocking, from {THREADS} threads")]
    return Found(figures)


def _cpu(found: Turns, what: str) -> Figure:
    return time_of(found, f"{what}: CPU", "cpu_per_call")


def _slower(found: Turns, figure: str, what: str, times: float) -> Goal:
    ratio = found.ratios(figure, to="impasto")["litellm"]
    return Goal(what=what, measured=ratio, limit=times, at_least=True)


def _profile(environments: Environments, what: str, at_once: int, scale: Scale) -> Profile:
    told = {"as_bytes": False, "length": LENGTH, "at_once": scale.of(at_once)}
    with serving(as_openai(PNG)) as base, started(environments.pair()) as clients:
        return profiled(clients, what, scale.of(PROFILED), base=base, **told)
