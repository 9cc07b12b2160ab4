"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        about: What was looked at.
        told: What was found; never a value that may be secret.
        state: "fine", "wrong", or "open": something is to be done before it can be used.
        todo: What to do.
    """

    about: str
    told: str
    state: Literal["fine", "open", "wrong"] = "fine"
    todo: str | None = None
