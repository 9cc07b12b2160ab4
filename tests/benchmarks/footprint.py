"""What an installation takes on disk, with all that it needs and with bytecode."""

from __future__ import annotations

from pathlib import Path

from environments import Environments, site_packages
from figures import Figure, Found, Goal, Scale


def measured(environments: Environments, scale: Scale) -> Found:
    """Return megabytes and distributions of impasto with impasto-openai, and of the others."""
    every = {
        "impasto": environments.small,
        "openai": environments.openai,
        "litellm": environments.litellm,
    }
    places = {name: site_packages(python) for name, python in every.items() if python is not None}
    megabytes = {name: _megabytes(place) for name, place in places.items()}
    distributions = {
        name: float(len(list(place.glob("*.dist-info")))) for name, place in places.items()
    }
    goals = []
    if "litellm" in megabytes:
        ratio = megabytes["litellm"] / megabytes["impasto"]
        what = "footprint of litellm, against impasto and impasto-openai"
        goals.append(Goal(what=what, measured=ratio, limit=15, at_least=True))
    return Found(
        [_figure("on disk", "MB", megabytes), _figure("distributions", "", distributions)], goals
    )


def _megabytes(place: Path) -> float:
    # Of an empty environment there are a few kilobytes, which make no difference.
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file()) / 1e6


def _figure(what: str, unit: str, values: dict[str, float]) -> Figure:
    ratios = {name: value / values["impasto"] for name, value in values.items()}
    return Figure(
        what=f"installed: {what}", unit=unit, values=values, ratios=ratios, reference="impasto"
    )
