"""``make bench``: impasto against raw aiohttp, the official openai SDK and LiteLLM, in one run."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import calls
import crowd
import dispatch
import environments
import extras
import footprint
import imports
import pictures
import report
import saving
import streams
from attrs import astuple
from environments import OTHERS, Environments
from figures import Found, Profile, Scale
from turns import refuse_unless_same

Benchmark = Callable[[Environments, Scale], Found]

BENCHMARKS: dict[str, Benchmark] = {
    "import": imports.measured,
    "footprint": footprint.measured,
    "calls": calls.one_by_one,
    "crowds": calls.crowds,
    "blocking": calls.blocking,
    "pictures": pictures.measured,
    "streams": streams.measured,
    "saving": saving.measured,
    "latency": crowd.measured,
    "dispatch": dispatch.measured,
    "extras": extras.measured,
}
TINY = Scale(0.01)


def main() -> None:
    """Measure, print a table, and write the results of a full run."""
    asked = _asked()
    names = asked.names or list(BENCHMARKS)
    begun = time.monotonic()
    others = [name for name in OTHERS if name not in asked.without]
    places = environments.here(others) if asked.tiny else environments.prepared(others)
    refuse_unless_same(places.clients())
    found = [_measured(name, places, TINY if asked.tiny else Scale()) for name in names]
    profiles = [profile for one in found for profile in _profiles(one, asked.tiny)]
    told = report.made(found, profiles, places, time.monotonic() - begun)
    print("\n".join([*report.figures_table(told["figures"]), "", report.summary(told)]))
    if asked.results is not None:
        report.write(told, asked.results)
    elif set(names) == set(BENCHMARKS) and not asked.tiny and None not in astuple(places):
        report.write(told, report.RESULTS)
        report.write_into_readme(told)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--tiny", action="store_true", help="only see whether it works")
    parser.add_argument("--without", action="append", default=[], choices=OTHERS)
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="write the results there")
    asked = parser.parse_args()
    for name in asked.names:
        if name not in BENCHMARKS:
            parser.error(f"there is no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
    return asked


def _measured(name: str, places: Environments, scale: Scale) -> Found:
    begun = time.monotonic()
    found = BENCHMARKS[name](places, scale)
    print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return found


def _profiles(found: Found, always: bool) -> list[Profile]:
    unreached = any(not goal.reached for goal in found.goals)
    return found.profile() if unreached or always else []


if __name__ == "__main__":
    main()
