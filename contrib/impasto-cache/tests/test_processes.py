"""Many processes, one folder."""

import json
import os
import subprocess
import sys

import pytest

import impasto_cache
from impasto.testing import FakeServer, png, reply

PROGRAM = """
import json, sys
import impasto, impasto_cache
from concurrent.futures import ThreadPoolExecutor

impasto.use("cache")
url, prompts = sys.argv[1], sys.argv[2:]
print("ready", flush=True)
sys.stdin.readline()

def draw(prompt):
    response = impasto.image_generation(
        prompt, model="openai/gpt-image-2", api_key="sk-0123456789abcdef", api_base=url
    )
    return impasto_cache.is_hit(response), response.data[0].width

with ThreadPoolExecutor(4) as pool:
    print(json.dumps(list(pool.map(draw, prompts))))
"""


@pytest.fixture
def start():
    """Return a function that starts a process, which waits until it is told to go on."""
    started = []

    def start(server, *prompts, **environment):
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROGRAM, server.url, *prompts],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def results(processes):
    """Let all *processes* go on at once, and return what they print."""
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=120) for process in processes]
    assert [""] * len(processes) == [errors for _, errors in told]
    return [json.loads(said) for said, _ in told]


def painted(width=8, delay=0.0):
    import impasto

    picture = impasto.Image(content=png(width)).b64_json
    return reply({"created": 1, "data": [{"b64_json": picture}]}, delay=delay)


def test_the_same_is_paid_for_once(start):
    """
    Of 16 calls in four processes one is made; the others wait for it.
    """
    with FakeServer(lambda received: painted(delay=1)) as server:
        told = results([start(server, *["a fox"] * 4) for _ in range(4)])
    hits = [hit for one in told for hit, _ in one]

    assert (1, 15) == (len(server.received), sum(hits))


def test_writing_and_pruning_at_once(start):
    """
    In a cache that is much too small for all of it, nobody ever sees half an answer.
    """

    def draw(received):
        return painted(16 + int(received.json()["prompt"].split()[1]))

    prompts = [f"fox {number}" for number in range(24)]
    with FakeServer(draw) as server:
        told = results(
            [
                start(server, *prompts[at:], *prompts[:at], IMPASTO_CACHE_SIZE="12000")
                for at in (0, 8, 16)
            ]
        )
    for at, one in zip((0, 8, 16), told, strict=True):
        wanted = [16 + (at + number) % 24 for number in range(24)]

        assert wanted == [width for _, width in one]
    impasto_cache.configure(size=12_000)
    impasto_cache.prune()
    assert 12_000 >= impasto_cache.contents().size


def test_a_process_that_is_killed_gives_its_turn_away(start):
    """
    Whoever waited asks instead.
    """
    import threading

    arrived = threading.Event()

    def draw(received):
        first = not arrived.is_set()
        arrived.set()
        return painted(delay=60 if first else 0)

    with FakeServer(draw) as server:
        killed = start(server, "a fox")
        assert killed.stdout.readline() == "ready\n"
        killed.stdin.write("go\n")
        killed.stdin.flush()
        assert arrived.wait(30)
        waiting = start(server, "a fox")
        killed.kill()
        killed.wait(30)
        told = results([waiting])

    assert [[[False, 8]]] == told
    assert 2 == len(server.received)
