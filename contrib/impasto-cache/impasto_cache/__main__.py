"""``python -m impasto_cache`` says what is kept; ``--clear`` removes it, ``--prune`` what is too much."""

from __future__ import annotations

import argparse

import impasto_cache


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m impasto_cache", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--clear", action="store_true", help="remove everything that is kept")
    what.add_argument("--prune", action="store_true", help="remove what is too much or too old")
    asked = parser.parse_args()
    try:
        impasto_cache.configure()
    except ValueError as error:
        parser.error(str(error))
    if asked.prune:
        impasto_cache.prune()
    found = impasto_cache.clear() if asked.clear else impasto_cache.contents()
    removed = "removed: " if asked.clear else ""
    print(found.folder)
    print(
        f"{removed}{found.answers:,} answers, {found.pictures:,} pictures, "
        f"{found.size / 1e6:,.1f} MB of at most {found.limits.size / 1e6:,.1f}"
    )


if __name__ == "__main__":
    main()
