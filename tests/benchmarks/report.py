"""Figures, goals and profiles as JSON, and as Markdown."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from attrs import asdict, frozen
from environments import ROOT, Environments
from figures import Found, Profile

RESULTS = Path(__file__).with_name("results")
CLIENTS = {
    "impasto": "impasto",
    "openai": "openai SDK",
    "litellm": "LiteLLM",
}
REFERENCES = {
    "raw": "raw",
    "dependencies": "dependencies",
    "one plugin": "1 plugin",
    "not installed": "not installed",
    "not active": "not active",
}
_BEGIN, _END = "<!-- written by `make bench` -->", "<!-- until here -->"
_SHARES_SHOWN = 0.01

HOW = """\
Every client runs in a process of its own and asks one server on loopback, which replays prepared
answers. They take turns, in alternating order; a ratio is the median of the ratios of the rounds,
for what the machine does besides slows both. All send the same JSON and hand over the picture, in
base64 for small calls, as bytes else. *Raw* is aiohttp with one session without a limit of
connections, and `http.client` for the blocking form. "Time" of one call after another is the
median of the calls. CPU is of all threads of the client. Peak memory is the resident set of the
client's process at its highest; for pictures that are saved, each client begins anew in each round, and
raw aiohttp reads each answer with `await response.json()`. A stall is the longest time for which nothing else had a turn in
the event loop. Imports are from wheels with bytecode, each in a fresh interpreter; LiteLLM is kept
from fetching its prices from the network. Behind "answered after 0.5 s" raw aiohttp sends what
impasto sends, signatures included, which it need not compute.
"""


@frozen(kw_only=True)
class Report:
    """All that one run found.

    Attributes:
        found: What the benchmarks found.
        profiles: Where the time goes, for goals that are not reached.
        versions: Of what was compared.
        date: When.
        seconds: How long it took.
    """

    found: list[Found]
    profiles: list[Profile]
    versions: Mapping[str, str]
    date: str
    seconds: float

    def told(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "machine": machine(),
            "python": platform.python_version(),
            "date": self.date,
            "seconds": round(self.seconds),
            "versions": dict(self.versions),
            "goals": [goal.told() for found in self.found for goal in found.goals],
            "figures": [asdict(figure) for found in self.found for figure in found.figures],
            "profiles": [asdict(profile) for profile in self.profiles],
        }


def _rounded(told: Any) -> Any:
    """Return JSON with four digits of each number: more would be noise."""
    if isinstance(told, dict):
        return {name: _rounded(one) for name, one in told.items()}
    if isinstance(told, list):
        return [_rounded(one) for one in told]
    return float(f"{told:.4g}") if isinstance(told, float) else told


def made(
    found: list[Found], profiles: list[Profile], environments: Environments, seconds: float
) -> dict[str, Any]:
    """Return the report on this run, as JSON."""
    report = Report(
        found=found,
        profiles=profiles,
        versions=_versions(environments),
        date=datetime.now(UTC).date().isoformat(),
        seconds=seconds,
    )
    told: dict[str, Any] = _rounded(report.told())
    return told


def machine() -> str:
    """Return what this runs on: processor, cores, system."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def _versions(environments: Environments) -> dict[str, str]:
    wanted = [
        ("impasto", environments.impasto),
        ("aiohttp", environments.impasto),
        ("openai", environments.openai),
        ("litellm", environments.litellm),
    ]
    return {name: _version(name, python) for name, python in wanted if python is not None}


def _version(name: str, python: Path) -> str:
    code = f"import importlib.metadata; print(importlib.metadata.version({name!r}))"
    told = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return told.stdout.strip()


# --- Markdown ---


def markdown(told: Mapping[str, Any]) -> str:
    """Return a report as Markdown."""
    return "\n".join(
        [
            "# Benchmarks",
            "",
            summary(told),
            "",
            "![Ratios, drawn](latest.svg)",
            "",
            "## Everything that was measured",
            "",
            *figures_table(told["figures"]),
            "",
            "In brackets: in parts of what it is measured against.",
            "",
            "## How",
            "",
            HOW,
            *_profiles(told["profiles"]),
        ]
    )


def summary(told: Mapping[str, Any]) -> str:
    """Return where and when it was, and the goals, as the README shows them."""
    versions = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
    where = f"{told['machine']}; Python {told['python']}; {told['date']}; {versions}."
    return "\n".join([where, "", *goals_table(told["goals"])])


def goals_table(goals: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the lines of a table of goals."""
    rows = [
        (
            goal["what"],
            f"at {'least' if goal['at_least'] else 'most'} {goal['limit']:g}{_of(goal['unit'])}",
            f"{goal['measured']:.2f}{_of(goal['unit'])}",
            "yes" if goal["reached"] else "**no**",
        )
        for goal in goals
    ]
    return _table(("what", "goal", "measured", "reached"), rows)


def figures_table(figures: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the lines of a table of figures."""
    rows = [
        (
            figure["what"] + (" (more is better)" if figure["more_is_better"] else ""),
            _against(figure),
            *(_cell(figure, client) for client in CLIENTS),
        )
        for figure in figures
    ]
    return _table(("what", "measured against", *CLIENTS.values()), rows)


def _against(figure: Mapping[str, Any]) -> str:
    reference = figure["reference"]
    if reference not in figure["values"] or reference not in REFERENCES:
        return ""
    return f"{REFERENCES[reference]}: {_value(figure, reference)}"


def _cell(figure: Mapping[str, Any], client: str) -> str:
    if client not in figure["values"]:
        return ""
    ratio = figure["ratios"].get(client)
    return _value(figure, client) + (f" ({ratio:.2f})" if ratio is not None else "")


def _value(figure: Mapping[str, Any], client: str) -> str:
    value = figure["values"][client]
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}{_of(figure['unit'])}"


def _of(unit: str) -> str:
    return f" {unit}" if unit else ""


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = list(head)
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _profiles(profiles: Iterable[Mapping[str, Any]]) -> list[str]:
    lines = []
    for profile in profiles:
        lines += ["", f"## Where the CPU goes: {profile['what']}", ""]
        lines += [
            f"{name}: {profile['cpu'][name]:.3f} ms a call, {of['looks']} looks at the stack."
            for name, of in profile["of"].items()
        ]
        lines += [
            "",
            "The one was looked at after the other, so compare shares; milliseconds roughly.",
        ]
        lines += ["", "In code of the module itself, C functions that it calls included:", ""]
        lines += _shares(profile, "itself")
        lines += ["", "In functions of impasto, all that they call included:", ""]
        lines += _shares(profile, "within", only="impasto")
    return [*lines, ""]


def _shares(profile: Mapping[str, Any], kind: str, only: str = "") -> list[str]:
    clients = ["impasto"] if only else list(profile["of"])
    names = [
        name
        for name, share in profile["of"]["impasto"][kind].items()
        if share >= _SHARES_SHOWN and name.startswith((only, f"attrs generated {only}"))
    ]
    rows = [
        (f"`{name}`", *(_share(profile, client, kind, name) for client in clients))
        for name in names
    ]
    return _table(("where", *(f"{client}: ms" for client in clients)), rows)


def _share(profile: Mapping[str, Any], client: str, kind: str, name: str) -> str:
    share = profile["of"][client][kind].get(name)
    return "" if share is None else f"{share * profile['cpu'][client]:.4f} ({share:.0%})"


# --- files ---


def write(told: Mapping[str, Any], folder: Path) -> None:
    """Write a report into *folder*, with a plot where matplotlib is installed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "latest.json").write_text(json.dumps(told, indent=1) + "\n")
    (folder / "latest.md").write_text(markdown(told))
    if find_spec("matplotlib") is not None:
        from plot import draw  # which takes a second to import

        draw(told, folder / "latest.svg")


def write_into_readme(told: Mapping[str, Any], readme: Path = ROOT / "README.md") -> None:
    """Replace the figures that *readme* shows."""
    text = readme.read_text()
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    readme.write_text(f"{before}{_BEGIN}\n{summary(told)}\n{_END}{after}")
