"""Ratios as bars, on a light background."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

COLOURS = {"impasto": "#d1495b", "openai": "#8d99ae", "litellm": "#2b2d42"}
NAMES = {"impasto": "impasto", "openai": "openai SDK", "litellm": "LiteLLM"}
# What tells most, the most common use first; by the names of the figures.
SHOWN = {
    "one small call after another: time": "one small call after another: time",
    "one small call after another: CPU": "one small call after another: CPU",
    "256 small calls at once: CPU": "256 small calls at once: CPU",
    "blocking, one after another: time": "one blocking call after another: time\n(1 = http.client)",
    "16 pictures of 4 MB at once: throughput": "16 pictures of 4 MB at once: time",
    "16 pictures of 4 MB at once: peak memory": "16 pictures of 4 MB at once: peak memory",
    "256 at once, answered after 0.5 s, of openai": "256 at once, answered after 0.5 s: time",
    "cold import: CPU": "cold import: CPU\n(1 = its dependencies)",
    "installed: on disk": "installed, on disk\n(1 = impasto + impasto-openai)",
}


def draw(told: Mapping[str, Any], file: Path) -> None:
    """Draw the figures of a report into *file*, an SVG; shorter is better in all of them."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    # Text stays text, and the same figures make the same file.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "impasto", "font.size": 9})
    by_name = {figure["what"]: figure for figure in told["figures"]}
    rows = [(label, by_name[name]) for name, label in SHOWN.items() if name in by_name]
    figure, axes = plt.subplots(figsize=(8, 0.75 * len(rows) + 1.3), facecolor="white")
    for number, (_, row) in enumerate(rows):
        _bars(axes, number, _costs(row))
    axes.set_xscale("log")
    axes.set_xlim(0.5, 200)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [label for label, _ in rows])
    axes.tick_params(left=False)
    axes.set_xticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    axes.axvline(1, color="#555555", linewidth=0.8)
    axes.set_xlabel("times raw aiohttp, unless it says otherwise; shorter is better")
    axes.spines[["top", "right", "left"]].set_visible(False)
    handles = [plt.Rectangle((0, 0), 1, 1, color=COLOURS[name]) for name in COLOURS]
    axes.legend(handles, NAMES.values(), frameon=False, loc="lower right")
    where = f"{told['machine']}, Python {told['python']}, {told['date']}"
    figure.suptitle(where, fontsize=8, color="#555555", y=0.995)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def _costs(row: Mapping[str, Any]) -> dict[str, float]:
    ratios = {name: row["ratios"][name] for name in COLOURS if name in row["ratios"]}
    return {name: 1 / one if row["more_is_better"] else one for name, one in ratios.items()}


def _bars(axes: Any, number: int, costs: Mapping[str, float]) -> None:
    height = 0.8 / len(COLOURS)
    for place, (name, cost) in enumerate(costs.items()):
        at = number + (place - (len(costs) - 1) / 2) * height
        axes.barh(at, cost - 0.001, height * 0.9, left=0.001, color=COLOURS[name])
        digits = 2 if cost < 3 else 1 if cost < 20 else 0
        axes.text(max(cost, 0.5) * 1.05, at, f"{cost:.{digits}f}", va="center", fontsize=8)
