"""``make bench``: every benchmark, in one run, side by side with what it is measured against."""

from __future__ import annotations

import platform

import calls
import dispatch
import imports


def main() -> None:
    """Print the figures and their goals."""
    importing, calling, dispatching = imports.run(), calls.run(), dispatch.run()
    rows = [
        ("import impasto, CPU, against its dependencies alone", importing["ratio"], "at most 1.5"),
        ("one small call, CPU, against raw aiohttp", calling["ratio"], "at most 1.35"),
        ("dispatch with 200 plugins, against 1", dispatching["ratio"], "about 1"),
        (
            "a bare name over 50 catalogues, first, ms",
            dispatching["bare name over 50 catalogues, first, ms"],
            "at most 100",
        ),
        (
            "a bare name over 50 catalogues, later, us",
            dispatching["bare name over 50 catalogues, later, us"],
            "at most 10",
        ),
    ]
    print(f"Python {platform.python_version()}, {platform.machine()}")
    for what, value, goal in rows:
        print(f"{what:54} {value:8.2f}   {goal}")
    for title, figures in (("import, ms", importing), ("call, ms", calling)):
        print(title, {name: round(value, 3) for name, value in figures.items()})


if __name__ == "__main__":
    main()
