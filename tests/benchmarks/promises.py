"""What impasto promises of money, of keys, and of strangers' URLs: tried, counted and printed.

``python tests/benchmarks/promises.py`` breaks calls of six services at every byte, makes a thousand
calls at once in which everything goes wrong, and runs the tests that try the rest; a few minutes.
What it counts is what should not have been; `batch.py` does so for a large batch that is killed.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))

from breaking import WAYS, Came, broken
from storm import Form, raged

TESTS = Path(__file__).parents[1]
# By the file that tries it: what is tried, and what should never be
TRIED = {
    "test_killed.py": ("processes killed, connections dropped, a journal on", "lost or paid twice"),
    "contract/test_nothing_silent.py": ("values of common parameters, of all models", "silent"),
    "test_hostile_urls.py": ("URLs that lead inside, by every way they come", "followed"),
    "test_canary.py": ("texts that come out of a run with canaries for keys", "with a key"),
}


@frozen(kw_only=True)
class Row:
    """One figure; *found* is to be none.

    Attributes:
        what: Is tried.
        tried: How often.
        wrong: What should never be.
        found: How often it was.
    """

    what: str
    tried: int
    wrong: str
    found: int

    def __str__(self) -> str:
        return f"| {self.what} | {self.tried:,} | {self.found:,} {self.wrong} |"


def breaking(step: int) -> Iterator[Row]:
    """Yield what comes of calls that break at every *step*th byte."""
    for way in WAYS:
        came = asyncio.run(broken(way, step))
        what = f"places where a call breaks: {way}"
        yield Row(what=what, tried=len(came), wrong="billed twice", found=_twice(came))
        unsaid = [one for one in came if _is_unsaid(one)]
        taken = sum(one.orders > 0 for one in came)
        yield Row(what="orders taken of these", tried=taken, wrong="unreported", found=len(unsaid))
        later = [one for one in came if one.broke.number > 0]
        if later:
            lost = sum(one.lost for one in later)
            yield Row(what="breaks after the order", tried=len(later), wrong="lost", found=lost)


def _twice(came: list[Came]) -> int:
    return sum(one.orders > 1 for one in came)


def _is_unsaid(one: Came) -> bool:
    return bool(one.orders) and one.error is not None and not one.error.maybe_accepted


def storms(calls: int) -> Iterator[Row]:
    """Yield what comes of many calls at once."""
    forms: tuple[Form, ...] = ("awaited", "blocking")
    for form in forms:
        storm, ended, left = raged(form, calls)
        told = storm.told(ended)
        what = f"calls at once with {told['kinds of faults met']} kinds of faults, {form}"
        for wrong in (
            "anything else",
            "billed twice without being asked",
            "billed, and not reported",
        ):
            named = "neither picture nor documented error" if wrong == "anything else" else wrong
            yield Row(what=what, tried=len(ended), wrong=named, found=told[wrong])
        remains = [*left.tasks, *left.threads, *left.files.elements()]
        yield Row(
            what=what, tried=len(ended), wrong="tasks, threads, files left", found=len(remains)
        )
        said = [*left.warned, *left.logged]
        yield Row(what=what, tried=len(ended), wrong="warnings and complaints", found=len(said))


def tests() -> Iterator[Row]:
    """Yield what comes of the tests that try the rest; they tell how often they tried."""
    for file, (what, wrong) in TRIED.items():
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            command = [sys.executable, "-m", "pytest", "-q", "-o", "junit_family=xunit1"]
            command += [f"--junitxml={report}", TESTS / file]
            subprocess.run(command, cwd=TESTS.parent, stdout=subprocess.DEVNULL, check=False)
            cases = list(ET.parse(report).iter("testcase"))
        tried = [int(one.get("value", 0)) for case in cases for one in case.iter("property")]
        failed = [case for case in cases if case.find("failure") is not None]
        failed += [case for case in cases if case.find("error") is not None]
        yield Row(what=what, tried=sum(tried) or len(cases), wrong=wrong, found=len(failed))


def main() -> None:
    """Print a table of all figures; end with 1 where one is not none."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--step", type=int, default=1, help="break calls at every so many bytes")
    parser.add_argument("--calls", type=int, default=1_000, help="so many at once")
    parser.add_argument("names", nargs="*", metavar="NAME", help="breaking, storms, tests")
    asked = parser.parse_args()
    logging.getLogger("impasto").addHandler(logging.NullHandler())  # it tells of what goes wrong
    parts = {
        "breaking": lambda: breaking(asked.step),
        "storms": lambda: storms(asked.calls),
        "tests": tests,
    }
    print("| tried | times | to be none |\n| --- | --- | --- |", flush=True)
    wrong = 0
    for name in asked.names or parts:
        for row in parts[name]():
            print(row, flush=True)
            wrong += row.found
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
