"""Cards as JSON has them."""

from __future__ import annotations

from typing import Any

import attrs

from impasto.types import Model


def plain(model: Model) -> dict[str, Any]:
    """Return *model* as models.json has it, without the facts that only its plugin reads."""
    without_facts = attrs.filters.exclude(attrs.fields(Model).facts)
    return attrs.asdict(model, filter=without_facts, value_serializer=_simple)


def _simple(_: Any, __: Any, value: Any) -> Any:
    """Return dates and amounts as text: a float would round them."""
    known = value is None or isinstance(value, (str, int, float, bool, list, tuple, dict))
    return value if known or attrs.has(type(value)) else str(value)
