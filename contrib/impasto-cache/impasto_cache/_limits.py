"""How much is kept, and for how long."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Limits:
    """Bounds of what is on disk.

    Attributes:
        size: Most bytes.
        age: Most seconds since an answer was made.
    """

    size: int
    age: float
