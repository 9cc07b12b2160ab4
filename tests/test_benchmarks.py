"""The benchmarks run, at a tiny size; what they print is no measurement, and nothing is judged."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "tests" / "benchmarks" / "results"


def run(folder, *arguments):
    command = [sys.executable, ROOT / "tests" / "benchmarks" / "run.py", "--tiny"]
    told = subprocess.run(
        [*command, "--results", folder, *arguments], capture_output=True, text=True, timeout=120
    )
    assert 0 == told.returncode, told.stderr
    return json.loads((folder / "latest.json").read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the results of all benchmarks are, of raw aiohttp and impasto alone."""
    folder = tmp_path_factory.mktemp("results")
    run(folder, "--without", "openai", "--without", "litellm")
    return folder


@pytest.fixture(scope="module")
def results(folder):
    return json.loads((folder / "latest.json").read_text())


@pytest.mark.parametrize(
    ("figure", "reference"),
    {
        "import": ("cold import: CPU", "dependencies"),
        "footprint": ("installed: on disk", "impasto"),
        "calls": ("one small call after another: time", "raw"),
        "crowds": ("256 small calls at once: CPU", "raw"),
        "blocking": ("blocking, from 16 threads: throughput", "raw"),
        "pictures": ("16 pictures of 4 MB at once: peak memory", "raw"),
        "streams": ("first partial picture, of 2 MB: time", "raw"),
        "saving": ("16 pictures of 4 MB at once, each saved: peak memory", "raw"),
        "latency": ("256 at once, answered after 0.5 s, of azure", "raw"),
        "dispatch": ("dispatch to one hook of 200 plugins", "one plugin"),
        "extras": ("extras installed, none active: CPU", "not installed"),
    }.values(),
)
def test_each_benchmark_runs(results, figure, reference):
    """
    It measures impasto, and what impasto is measured against.
    """
    found = {one["what"]: one["values"] for one in results["figures"]}

    assert {reference, "impasto"} == set(found[figure])


def test_every_client_sends_the_same(tmp_path):
    """
    Any run ends in an error unless all clients that are installed send the same JSON.
    """
    told = run(tmp_path, "dispatch")

    others = {name for name in ("openai", "litellm") if find_spec(name) is not None}
    assert {"impasto", "aiohttp", *others} == set(told["versions"])


def test_results_say_where_the_time_goes(folder, results):
    """
    The Markdown has machine and date, the goals, and a profile.
    """
    text = (folder / "latest.md").read_text()

    assert f"{results['machine']}; Python {results['python']}; {results['date']}" in text
    assert "| one small call after another, time, against raw aiohttp | at most 1.35 |" in text
    assert "## Where the CPU goes: one small call after another" in text


def test_the_readme_shows_the_committed_results():
    """
    Its figures are those of the last full run, with machine and date.
    """
    readme = (ROOT / "README.md").read_text()

    shown = readme.partition("<!-- written by `make bench` -->\n")[2].partition("\n<!--")[0]
    assert shown
    assert shown in (RESULTS / "latest.md").read_text()


def test_promises_are_counted():
    """
    The program that tries what impasto promises says how often it tried, and finds nothing.
    """
    command = [sys.executable, ROOT / "tests" / "benchmarks" / "promises.py"]
    told = subprocess.run(
        [*command, "--step", "60", "--calls", "14", "breaking", "storms"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    rows = [line.strip("| ").split(" | ") for line in told.stdout.splitlines()[2:]]

    assert 0 == told.returncode, told.stdout + told.stderr
    assert len(rows) > 20
    assert all(int(tried) > 0 and found.startswith("0 ") for _, tried, found in rows)
