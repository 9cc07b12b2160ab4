"""A batch of ten thousand prompts, killed three times: what was billed, and how much memory it took.

``python tests/benchmarks/batch.py`` runs it against a server on loopback that fails at random, and
prints what became of each prompt.  A run that is killed is run again, as a person would.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from impasto import Manifest
from impasto.testing import PNG, FakeServer, Received, Reply, reply

CHILD = """
import sys, impasto
out, url, count, journal = sys.argv[1:]
prompts = (f"fox {number}" for number in range(int(count)))
common = {"model": "openai/gpt-image-2", "api_base": url, "api_key": "sk-0123456789abcdef"}
impasto.batch(prompts, out=out, journal=journal or None, concurrency=32, **common).run()
"""
_PICTURE = PNG + bytes(50_000)  # if they were collected, ten thousand would be 500 MB
_ANSWER = reply({"created": 1, "data": [{"b64_json": base64.b64encode(_PICTURE).decode()}]})
_SOON = {"retry-after-ms": "10"}


class Shop(FakeServer):
    """OpenAI's dialect, with failures that depend on the prompt and the try alone.

    Attributes:
        asked: How often each prompt was ordered.
        billed: How often each was paid for.
        unanswered: How many orders ended without an answer that says whether they were taken.
    """

    def __init__(self) -> None:
        super().__init__(self._sold)
        self.asked: Counter[str] = Counter()
        self.billed: Counter[str] = Counter()
        self.unanswered = 0

    def _sold(self, received: Received) -> Reply:
        self.received.clear()  # ten thousand of them are not wanted
        prompt = received.json()["prompt"]
        self.asked[prompt] += 1
        lot = hashlib.sha256(f"{prompt} {self.asked[prompt]}".encode()).digest()
        if lot[0] < 3:  # about 1 %
            return reply({"error": {"message": "slowly"}}, status=429, headers=_SOON)
        if lot[0] < 5:
            return reply({"error": {"message": "busy"}}, status=503, headers=_SOON)
        if lot[0] < 7:
            self.unanswered += 1
            self.billed[prompt] += lot[1] % 2
            return reply(fault="drop") if lot[2] % 2 else reply({}, status=500)
        self.billed[prompt] += 1
        return _ANSWER


def run(
    shop: Shop, out: Path, count: int, *, journal: str = "", until: int | None = None
) -> tuple[float, float]:
    """Run a batch of *count*, killed after *until* orders; return its seconds and peak MB."""
    begun = time.monotonic()
    before = shop.asked.total()
    words = [str(out), shop.url, str(count), journal]
    child = subprocess.Popen([sys.executable, "-c", CHILD, *words])
    if until is not None:
        while shop.asked.total() - before < until:
            time.sleep(0.005)
        child.send_signal(signal.SIGKILL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != (0 if until is None else -signal.SIGKILL):
        raise SystemExit(f"the batch ended with {child.returncode}")
    return time.monotonic() - begun, used.ru_maxrss / 1024


def killed(count: int, folder: Path, journal: str) -> None:
    """Run *count* prompts, with three kills on the way, and print what was paid for."""
    with Shop() as shop:
        for _ in range(3):
            seconds, peak = run(shop, folder, count, journal=journal, until=count // 5)
            print(f"killed after {count // 5:,} orders: {seconds:.1f} s, peak {peak:.0f} MB")
        seconds, peak = run(shop, folder, count, journal=journal)
        print(f"run to its end: {seconds:.1f} s, peak {peak:.0f} MB")
    known = {line["prompt"]: line for line in Manifest(folder / "manifest.jsonl").last_lines()}
    came = [prompt for prompt, line in known.items() if line["status"] == "done"]
    print(f"prompts:            {len(known):,}")
    print(f"came, billed once:  {sum(shop.billed[prompt] == 1 for prompt in came):,}")
    print(f"reported ambiguous: {len(known) - len(came):,}")
    print(f"  of which the server left {shop.unanswered:,} without an answer")
    print(f"billed twice:       {sum(times > 1 for times in shop.billed.values()):,}")
    print(f"silently lost:      {sum(not _is_there(folder, known[prompt]) for prompt in came):,}")


def _is_there(folder: Path, line: dict[str, object]) -> bool:
    pictures = line["pictures"]
    assert isinstance(pictures, list)
    return all((folder / one["path"]).read_bytes() == _PICTURE for one in pictures)


def memory(counts: list[int]) -> None:
    """Run batches of several sizes in one go, and print how much memory each took."""
    for count in counts:
        with tempfile.TemporaryDirectory() as folder, Shop() as shop:
            seconds, peak = run(shop, Path(folder), count)
        print(f"{count:>7,} prompts: peak {peak:.0f} MB, {count / seconds:,.0f} a second")


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--prompts", type=int, default=10_000, metavar="COUNT")
    parser.add_argument("--journal", action="store_true", help="keep one, beside the manifest")
    given = parser.parse_args()
    count = given.prompts
    memory([count // 10, count])
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as beside:
        killed(count, Path(folder), str(Path(beside, "jobs.db")) if given.journal else "")


if __name__ == "__main__":
    main()
