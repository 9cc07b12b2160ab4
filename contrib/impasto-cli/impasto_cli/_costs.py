"""What several responses cost together, as far as they say so."""

from __future__ import annotations

from collections.abc import Iterable

from impasto import Cost


def total(costs: Iterable[Cost | None]) -> Cost | None:
    """Return the sum of *costs*, or None where one is not known or they are in several currencies."""
    listed = list(costs)
    known = [cost for cost in listed if cost is not None]
    if not known or len(known) < len(listed) or len({cost.currency for cost in known}) > 1:
        return None
    return sum(known[1:], known[0])
