"""Clients in processes of their own that take turns, so that a noisy machine is noisy for all."""

from __future__ import annotations

import base64
import contextlib
import json
import statistics
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen
from server import answer

from impasto.testing import PNG, FakeServer

KEY = "sk-0123456789abcdef"
BODY = {"model": "gpt-image-2", "prompt": "a fox", "n": 1, "size": "1024x1024"}
ORDER = "/v1/images/generations"
# The same call in the words of impasto, LiteLLM and, without the prefix, the SDK.
SETTINGS = {**BODY, "model": f"openai/{BODY['model']}", "api_key": KEY}
# And in those of HTTP, with the place of the picture in the answer.
RAW = {
    "method": "POST",
    "path": ORDER,
    "headers": {"Authorization": f"Bearer {KEY}"},
    "json": BODY,
    "picture": ["data", 0, "b64_json"],
}
TOLD = {"requests": [RAW], "settings": SETTINGS}
# Calls of a turn in parts of raw aiohttp's: as long turns for all, about.
SHARES = {"raw": 1.0, "impasto": 1.0, "openai": 0.25, "litellm": 0.25}

# Instead of a division by nothing, where next to nothing is measured.
_NOTHING = 1e-9

Turn = dict[str, Any]


def as_openai(picture: bytes, seconds: float = 0.0) -> dict[str, dict[str, object]]:
    """Return what `serving` takes: an answer in OpenAI's form, with all of its fields."""
    tokens = {"text_tokens": 12, "image_tokens": 0}
    body = {
        "created": 1_780_000_000,
        "background": "opaque",
        "data": [{"b64_json": base64.b64encode(picture).decode()}],
        "output_format": "png",
        "quality": "medium",
        "size": "1024x1024",
        "usage": {
            "input_tokens": 12,
            "input_tokens_details": tokens,
            "output_tokens": 1056,
            "total_tokens": 1068,
        },
    }
    headers = {"Content-Type": "application/json", "x-request-id": "req_0123456789abcdef"}
    return {f"POST {ORDER}": answer(json.dumps(body).encode(), headers, seconds=seconds)}


@frozen
class Client:
    """The parent's end of a client.

    Attributes:
        name: "raw", "impasto", "openai" or "litellm".
        process: Where it runs.
    """

    name: str
    process: subprocess.Popen[str]

    def turn(self, **told: Any) -> Turn:
        """Return what a turn took, with its figures for each call.

        Raises:
            RuntimeError: the client failed; what it said went to standard error.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(told) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(f"the client {self.name} failed, see above")
        found = json.loads(line)
        each = {"per_call": "seconds", "cpu_per_call": "cpu"}
        return {**found, **{name: found[of] / told["calls"] for name, of in each.items()}}


def refuse_unless_same(pythons: Mapping[str, Path]) -> None:
    """Let every client make the small call that is measured, and see what arrives.

    Raises:
        RuntimeError: it is not the same JSON at the same place.
    """
    with FakeServer() as server, started(pythons) as clients:
        for client in clients:
            client.turn(calls=1, base=server.url, as_bytes=True, length=len(PNG), at_once=1)
            received = server.received[-1]
            if (received.path, received.json()) != (ORDER, BODY):
                raise RuntimeError(f"{client.name} sent {received.body!r} to {received.path}")


@contextlib.contextmanager
def started(pythons: Mapping[str, Path], told: Mapping[str, Any] = TOLD) -> Iterator[list[Client]]:
    """Start a client for each of *pythons*, by its name, and end them afterwards."""
    with contextlib.ExitStack() as stack:
        clients = []
        for name, python in pythons.items():
            process = subprocess.Popen(
                [str(python), str(Path(__file__).with_name("client.py")), name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.callback(_end, process)
            assert process.stdin is not None
            process.stdin.write(json.dumps(told) + "\n")
            process.stdin.flush()
            clients.append(Client(name, process))
        yield clients


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@frozen
class Turns:
    """What clients took, turn by turn.

    Attributes:
        of: For each client its turns, as many as there were rounds.
    """

    of: Mapping[str, list[Turn]]

    def middle(self, figure: str) -> dict[str, float]:
        """Return the median of *figure* for each client."""
        return {
            name: statistics.median(turn[figure] for turn in turns)
            for name, turns in self.of.items()
        }

    def ratios(self, figure: str, to: str = "raw") -> dict[str, float]:
        """Return each client's *figure* in parts of that of the client *to*.

        The median of the rounds' ratios: what slows the machine down slows both for that round.
        """
        return {
            name: statistics.median(
                turn[figure] / max(other[figure], _NOTHING)
                for turn, other in zip(turns, self.of[to], strict=True)
            )
            for name, turns in self.of.items()
        }


def in_turns(clients: list[Client], rounds: int, calls: Callable[[str], int], **told: Any) -> Turns:
    """Let *clients* take turns for so many *rounds*; before them one that does not count."""
    found: dict[str, list[Turn]] = {client.name: [] for client in clients}
    for number in range(rounds + 1):
        for client in clients if number % 2 else reversed(clients):
            turn = client.turn(calls=calls(client.name), **told)
            if number:
                found[client.name].append(turn)
    return Turns(found)


def shares(calls: int, at_least: int = 1) -> Callable[[str], int]:
    """Return how many calls each client makes in a turn where raw aiohttp makes *calls*."""
    return lambda name: max(at_least, int(calls * SHARES[name]))
