"""Pictures of 4 MB (base64), 16 at once: throughput, peak memory, and how long the loop stalls."""

from __future__ import annotations

from environments import Environments
from figures import Figure, Found, Goal, Profile, Scale, profiled, throughput_of, time_of
from server import serving
from services import VENDORS, of_size, recorded
from turns import Client, Turns, as_openai, in_turns, started

from impasto.testing import PNG

SIZE = 3_000_000  # bytes; as base64 it is 4 MB
AT_ONCE = 16
CALLS = 2 * AT_ONCE
ROUNDS = 9
FEW_ROUNDS = 3
PROFILED = 200


def measured(environments: Environments, scale: Scale) -> Found:
    """Return what pictures take that end as bytes, for all clients and of all services."""
    picture = of_size(scale.of(SIZE))
    what = f"{AT_ONCE} pictures of 4 MB at once"
    with (
        serving(as_openai(PNG)) as small,
        serving(as_openai(picture)) as base,
        started(environments.clients()) as clients,
    ):
        before = _warm(clients, small, len(PNG))
        found = _turns(clients, base, len(picture), scale, ROUNDS)
    throughput = throughput_of(found, f"{what}: throughput")
    memory = time_of(found, f"{what}: peak memory", "peak", unit="MB")
    stall = time_of(found, f"{what}: longest stall of the loop", "stall")
    figures = [
        throughput,
        time_of(found, f"{what}: CPU", "cpu_per_call"),
        memory,
        time_of(before, "after one small call: memory", "peak", unit="MB"),
        stall,
    ]
    goals = [
        Goal(
            what=f"{what}, throughput, against raw aiohttp",
            measured=throughput.ratios["impasto"],
            limit=0.9,
            at_least=True,
        ),
        Goal(
            what=f"{what}, peak memory, against raw aiohttp",
            measured=memory.ratios["impasto"],
            limit=1.15,
        ),
        Goal(
            what=f"{what}, longest stall of the loop, against raw aiohttp",
            measured=stall.ratios["impasto"],
            limit=1,
        ),
    ]
    figures += [
        figure
        for name in scale.some(VENDORS)
        if name != "openai"
        for figure in _of_service(name, environments, scale)
    ]
    return Found(figures, goals, lambda: [_profile(environments, what, scale)])


def _warm(clients: list[Client], small: str, length: int) -> Turns:
    """Let every client import what it needs before its memory is looked at."""
    told = {"base": small, "as_bytes": True, "length": length, "at_once": 1}
    return in_turns(clients, 1, lambda _: 1, **told)


def _turns(clients: list[Client], base: str, length: int, scale: Scale, rounds: int) -> Turns:
    at_once = scale.of(AT_ONCE)
    told = {"base": base, "as_bytes": True, "length": length, "at_once": at_once, "watch": True}
    return in_turns(clients, scale.of(rounds), lambda _: scale.of(CALLS), **told)


def _of_service(name: str, environments: Environments, scale: Scale) -> list[Figure]:
    service = recorded(name, scale.of(SIZE))
    with (
        serving(service.answers) as base,
        started(environments.pair(), service.told) as clients,
    ):
        found = _turns(clients, base, scale.of(SIZE), scale, FEW_ROUNDS)
    what = f"{AT_ONCE} pictures at once of {name}"
    return [
        throughput_of(found, f"{what}: throughput"),
        time_of(found, f"{what}: peak memory", "peak", unit="MB"),
        time_of(found, f"{what}: longest stall of the loop", "stall"),
    ]


def _profile(environments: Environments, what: str, scale: Scale) -> Profile:
    """Return where the CPU of the main thread goes; large answers are read on others."""
    picture = of_size(scale.of(SIZE))
    told = {"as_bytes": True, "length": len(picture), "at_once": scale.of(AT_ONCE)}
    with serving(as_openai(picture)) as base, started(environments.pair()) as clients:
        return profiled(clients, what, scale.of(PROFILED), base=base, **told)
