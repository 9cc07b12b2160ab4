"""The table of what a `FakeServer` can be made to do wrong."""

from __future__ import annotations

from collections.abc import Mapping

from generators import markdown
from generators.markers import Maker
from impasto.testing import FAULTS


def table() -> str:
    """Return a row for each fault."""
    rows = [(markdown.code(name), fault.happens) for name, fault in FAULTS.items()]
    return markdown.table(("fault", "what happens"), rows)


MADE: Mapping[str, Maker] = {"faults": table}
