"""256 calls at once of each of the first six services, each answered after half a second."""

from __future__ import annotations

from environments import Environments
from figures import Figure, Found, Goal, Profile, Scale, profiled, throughput_of, time_of
from server import serving
from services import VENDORS, recorded
from turns import Client, Turns, as_openai, in_turns, started

from impasto.testing import PNG

AT_ONCE = 256
CALLS = 2 * AT_ONCE  # of a turn: each lane makes two
LATENCY = 0.5  # seconds until a service answers; real ones take longer, which hides more
ROUNDS = 3
PROFILED = 4_000


def measured(environments: Environments, scale: Scale) -> Found:
    """Return calls per second of each service, against raw aiohttp sending the same requests."""
    found = {name: _of_service(name, environments, scale) for name in scale.some(VENDORS)}
    goals = {
        name: Goal(
            what=f"{throughput.what}, against raw aiohttp",
            measured=throughput.ratios["impasto"],
            limit=0.9,
            at_least=True,
        )
        for name, (throughput, _) in found.items()
    }
    figures = [figure for both in found.values() for figure in both]
    figures.append(_beside_a_hanging_one(environments, scale))

    def profiles() -> list[Profile]:
        missed = [name for name, goal in goals.items() if not goal.reached]
        return [_profile(name, environments, scale) for name in missed]

    return Found(figures, list(goals.values()), profiles)


def _of_service(name: str, environments: Environments, scale: Scale) -> tuple[Figure, Figure]:
    service = recorded(name, len(PNG), LATENCY * min(1, scale.part * 10))
    # The SDK speaks this dialect alone.
    pythons = environments.clients() if name == "openai" else environments.pair()
    with serving(service.answers) as base, started(pythons, service.told) as clients:
        found = _turns(clients, base, scale)
    what = f"{AT_ONCE} at once, answered after {LATENCY:g} s, of {name}"
    return throughput_of(found, what), time_of(found, f"{what}: CPU", "cpu_per_call")


def _turns(clients: list[Client], base: str, scale: Scale, **more: object) -> Turns:
    told = {"base": base, "as_bytes": True, "length": len(PNG), "at_once": scale.of(AT_ONCE)}
    return in_turns(clients, scale.of(ROUNDS), lambda _: scale.of(CALLS), **told, **more)


def _beside_a_hanging_one(environments: Environments, scale: Scale) -> Figure:
    """Return calls per second beside as many calls of a server that never answers."""
    with (
        serving(as_openai(PNG, LATENCY * min(1, scale.part * 10))) as base,
        serving(as_openai(PNG, 600)) as hanging,
        started(environments.pair()) as clients,
    ):
        found = _turns(clients, base, scale, hanging=hanging)
    return throughput_of(found, f"the same of openai, beside {AT_ONCE} calls that hang")


def _profile(name: str, environments: Environments, scale: Scale) -> Profile:
    """Return where the CPU goes while nothing is waited for, which makes it the same, but quick."""
    service = recorded(name, len(PNG))
    told = {"as_bytes": True, "length": len(PNG), "at_once": scale.of(AT_ONCE)}
    with (
        serving(service.answers) as base,
        started(environments.pair(), service.told) as clients,
    ):
        return profiled(
            clients, f"{AT_ONCE} at once of {name}", scale.of(PROFILED), base=base, **told
        )
