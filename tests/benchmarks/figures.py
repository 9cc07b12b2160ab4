"""What a benchmark finds: figures for each client, and whether goals are reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import asdict, field, frozen
from turns import Client, Turns

# Goals are ratios with two digits; what is shown is what is judged.
_DIGITS = 2


@frozen(kw_only=True)
class Figure:
    """One thing that was measured, for each client.

    Attributes:
        what: "one call after another: CPU".
        unit: Of the values.
        values: By client; *reference* is among them.
        ratios: The same in parts of *reference*.
        reference: What the others are measured against.
        more_is_better: As with calls per second.
    """

    what: str
    unit: str
    values: Mapping[str, float]
    ratios: Mapping[str, float]
    reference: str = "raw"
    more_is_better: bool = False


@frozen(kw_only=True)
class Goal:
    """A ratio to reach.

    Attributes:
        what: "one small call after another, against raw aiohttp".
        measured: What came out.
        limit: What is to be reached: at least that where *at_least* is set, else at most.
        unit: Of both; none for ratios.
    """

    what: str
    measured: float = field(converter=lambda value: round(value, _DIGITS))
    limit: float
    at_least: bool = False
    unit: str = ""

    @property
    def reached(self) -> bool:
        """Whether it is reached."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def told(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**asdict(self), "reached": self.reached}


@frozen(kw_only=True)
class Profile:
    """Where the CPU of one kind of call went.

    Attributes:
        what: The kind of call.
        of: By client, shares as `Samples.told` returns them.
        cpu: Milliseconds of CPU for one call, by client.
    """

    what: str
    of: Mapping[str, Mapping[str, Any]]
    cpu: Mapping[str, float]


@frozen
class Found:
    """What one benchmark found.

    Attributes:
        figures: In the order in which they are shown.
        goals: Those of this benchmark.
        profile: Says where the time goes, for goals that are not reached.
    """

    figures: list[Figure]
    goals: list[Goal] = field(factory=list)
    profile: Callable[[], list[Profile]] = list


@frozen
class Scale:
    """How much is done: all of it, or a small part to see that it works."""

    part: float = 1.0

    def of(self, number: int) -> int:
        """Return *number* scaled down, and at least 1."""
        return max(1, int(number * self.part))

    def some(self, names: Iterable[str]) -> list[str]:
        """Return all of *names*, or two of them where little is done."""
        return list(names)[: None if self.part == 1 else 2]


def time_of(turns: Turns, what: str, figure: str, *, unit: str = "ms") -> Figure:
    """Return a figure that is the better the less it is; seconds are told in milliseconds."""
    factor = 1e3 if unit == "ms" else 1.0
    values = {name: value * factor for name, value in turns.middle(figure).items()}
    return Figure(what=what, unit=unit, values=values, ratios=turns.ratios(figure))


def throughput_of(turns: Turns, what: str) -> Figure:
    """Return calls per second."""
    return Figure(
        what=what,
        unit="calls/s",
        values={name: 1 / value for name, value in turns.middle("per_call").items()},
        ratios={name: 1 / value for name, value in turns.ratios("per_call").items()},
        more_is_better=True,
    )


def profiled(clients: list[Client], what: str, calls: int, **told: Any) -> Profile:
    """Return where the CPU of *calls* goes, which are told as to `Client.turn`."""
    turns = {}
    for client in clients:
        client.turn(calls=told["at_once"], **told)  # what is done once is not what is looked for
        turns[client.name] = client.turn(calls=calls, profile=True, **told)
    return Profile(
        what=what,
        of={name: turn["profile"] for name, turn in turns.items()},
        cpu={name: turn["cpu_per_call"] * 1e3 for name, turn in turns.items()},
    )
