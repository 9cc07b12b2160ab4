"""Pictures of 4 MB (base64), 16 asked for at once and each saved as it comes: peak memory."""

from __future__ import annotations

import tempfile

from environments import Environments
from figures import Figure, Found, Goal, Scale, time_of
from server import serving
from services import of_size
from turns import Turns, as_openai, started

from impasto.testing import PNG

SIZE = 3_000_000  # bytes; as base64 it is 4 MB
AT_ONCE = 16
ROUNDS = 7


def measured(environments: Environments, scale: Scale) -> Found:
    """Return what memory it takes, in processes of their own for each round.

    Raw aiohttp reads each answer with ``await response.json()``, decodes and writes it.
    """
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(scale.of(ROUNDS)):
        for name, turns in _round(environments, scale).of.items():
            found.setdefault(name, []).extend(turns)
    turns = Turns(found)
    what = f"{AT_ONCE} pictures of 4 MB at once, each saved"
    memory = time_of(turns, f"{what}: peak memory", "peak", unit="MB")
    figures: list[Figure] = [memory, time_of(turns, f"{what}: time of each", "per_call")]
    goal = Goal(
        what=f"{what}, peak memory, against raw aiohttp",
        measured=memory.ratios["impasto"],
        limit=0.6,
    )
    return Found(figures, [goal])


def _round(environments: Environments, scale: Scale) -> Turns:
    """Start every client anew: an interpreter hardly gives back what it once had."""
    picture, at_once = of_size(scale.of(SIZE)), scale.of(AT_ONCE)
    with (
        serving(as_openai(PNG)) as small,
        serving(as_openai(picture)) as base,
        started(environments.clients()) as clients,
        tempfile.TemporaryDirectory() as folder,
    ):
        told = {"folder": folder, "as_bytes": True}
        for client in clients:  # so that all is imported before
            client.turn(calls=1, base=small, length=len(PNG), at_once=1, **told)
        turns = {
            client.name: [
                client.turn(calls=at_once, base=base, length=len(picture), at_once=at_once, **told)
            ]
            for client in clients
        }
    return Turns(turns)
