"""Cold import: CPU, time and memory, each in a fresh interpreter, from wheels with bytecode."""

from __future__ import annotations

import os
import statistics
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from environments import MORE_PLUGINS, Environments
from figures import Figure, Found, Goal, Scale

ROUNDS = 20
_EACH = 4  # of the rounds for those that take long
DEPENDENCIES = "dependencies"
CROWDED = f"impasto, {MORE_PLUGINS} more plugins"
# Else it fetches its prices from the network.
_ENVIRONMENT = {"PATH": os.environ["PATH"], "LITELLM_LOCAL_MODEL_COST_MAP": "True"}

Case = tuple[Path, str]  # a Python, and the code that it runs
Took = Mapping[str, float]
Round = Mapping[str, Took]


def measured(environments: Environments, scale: Scale) -> Found:
    """Return what imports take, against pluggy, attrs and importlib_metadata alone."""
    cases: dict[str, Case] = {
        DEPENDENCIES: (environments.impasto, "import pluggy, attrs, importlib_metadata"),
        "impasto": (environments.impasto, "import impasto"),
        CROWDED: (environments.crowded, "import impasto"),
    }
    for name, python in (("openai", environments.openai), ("litellm", environments.litellm)):
        if python is not None:
            cases[name] = (python, f"import {name}")
    return _found(_rounds(cases, scale.of(ROUNDS)))


def _rounds(cases: Mapping[str, Case], rounds: int) -> list[Round]:
    """Return what each case took in each round; those that take long only in some."""
    return [
        {
            name: _once(python, code)
            for name, (python, code) in cases.items()
            if number % _EACH == 0 or name not in ("openai", "litellm")
        }
        for number in range(rounds)
    ]


def _once(python: Path, code: str) -> Took:
    command = [python, "-I", Path(__file__).with_name("imported.py"), code]
    told = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd="/", env=_ENVIRONMENT
    )
    cpu, time, memory = map(float, told.stdout.split("\n")[-2].split())
    return {"CPU": cpu * 1e3, "time": time * 1e3, "memory": memory}


def _found(rounds: list[Round]) -> Found:
    figures = []
    for what, unit in (("CPU", "ms"), ("time", "ms"), ("memory", "MB")):
        plain = [name for name in rounds[0] if name != CROWDED]
        figures.append(_figure(f"cold import: {what}", unit, rounds, {n: n for n in plain}))
        crowded = {DEPENDENCIES: DEPENDENCIES, "impasto": CROWDED}
        told = f"the same with {MORE_PLUGINS} plugins more: {what}"
        figures.append(_figure(told, unit, rounds, crowded))
    return Found(figures, _goals(rounds))


def _figure(what: str, unit: str, rounds: list[Round], names: Mapping[str, str]) -> Figure:
    kind = what.rpartition(" ")[2]
    return Figure(
        what=what,
        unit=unit,
        values={
            shown: statistics.median(one[name][kind] for one in rounds if name in one)
            for shown, name in names.items()
        },
        ratios={
            shown: _middle(rounds, name, lambda took, other: took[kind] / max(other[kind], 1e-9))
            for shown, name in names.items()
        },
        reference=DEPENDENCIES,
    )


def _middle(
    rounds: list[Round],
    name: str,
    compared: Callable[[Took, Took], float],
    to: str = DEPENDENCIES,
) -> float:
    """Return the median of what *compared* says of *name* and *to* in each round."""
    return statistics.median(compared(one[name], one[to]) for one in rounds if name in one)


def _goals(rounds: list[Round]) -> list[Goal]:
    goals = [
        Goal(
            what="import impasto, CPU, against its dependencies (pluggy, attrs, "
            "importlib_metadata) alone",
            measured=_middle(rounds, "impasto", _ratio),
            limit=1.5,
        ),
        Goal(
            what=f"import impasto, CPU, with {MORE_PLUGINS} plugins more: what they add",
            measured=_middle(rounds, CROWDED, lambda it, to: it["CPU"] - to["CPU"], "impasto"),
            limit=15,
            unit="ms",
        ),
    ]
    if "litellm" in rounds[0]:
        measured = _middle(rounds, "litellm", _ratio, "impasto")
        what = "import litellm, CPU, against impasto"
        goals.append(Goal(what=what, measured=measured, limit=20, at_least=True))
    return goals


def _ratio(took: Took, other: Took) -> float:
    return took["CPU"] / other["CPU"]
