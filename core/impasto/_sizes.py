"""Which sizes a model makes, and what a size "WxH" becomes with a model that thinks in ratios."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from attrs import field, frozen, validators

NEAR = 0.02  # rule 1: a ratio within 2 % counts as the ratio that was asked for
_PIXELS = re.compile(r"([1-9]\d{0,5})x([1-9]\d{0,5})", re.ASCII)
_RATIO = re.compile(r"[1-9]\d*(\.\d+)?:[1-9]\d*(\.\d+)?", re.ASCII)


def pixels(size: str) -> tuple[int, int] | None:
    """Return width and height of a size like "1024x512", or None where *size* is none."""
    match = _PIXELS.fullmatch(size)
    return (int(match[1]), int(match[2])) if match else None


class SizeMatch(NamedTuple):
    """What a size becomes: the model's ratio and tier, and the true "WxH", None if unpublished."""

    ratio: str
    tier: str | None
    pixels: str | None


@frozen(kw_only=True)
class AnySize:
    """Limits of a model that takes any width and height within them, all in pixels."""

    multiple_of: int = field(default=1, validator=validators.ge(1))
    min_edge: int = 1
    max_edge: int | None = None
    max_ratio: float | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None

    def takes(self, width: int, height: int) -> bool:
        """Return whether width and height are within the limits."""
        long, short, area = max(width, height), min(width, height), width * height
        return (
            width % self.multiple_of == 0
            and height % self.multiple_of == 0
            and short >= self.min_edge
            and (self.max_edge is None or long <= self.max_edge)
            and (self.max_ratio is None or long / short <= self.max_ratio)
            and (self.min_pixels is None or area >= self.min_pixels)
            and (self.max_pixels is None or area <= self.max_pixels)
        )

    def __str__(self) -> str:
        limits = [
            f"edges divisible by {self.multiple_of}" if self.multiple_of > 1 else "",
            f"edges of at least {self.min_edge}" if self.min_edge > 1 else "",
            f"edges of at most {self.max_edge}" if self.max_edge else "",
            f"a ratio of at most {self.max_ratio:g}:1" if self.max_ratio else "",
            f"at least {self.min_pixels:,} pixels" if self.min_pixels else "",
            f"at most {self.max_pixels:,} pixels" if self.max_pixels else "",
        ]
        given = ", ".join(limit for limit in limits if limit)
        return 'any "WxH"' + (f" with {given}" if given else "")


def _check_ratios(_: object, __: object, ratios: Mapping[str, Mapping[str, str]]) -> None:
    for ratio, tiers in ratios.items():
        if not _RATIO.fullmatch(ratio):
            raise ValueError(f'{ratio!r} is no ratio, such as "16:9"')
        for tier, true in tiers.items():
            if true and pixels(true) is None:
                raise ValueError(f'{ratio} {tier!r}: {true!r} is not "WxH" in pixels')


@frozen(kw_only=True)
class Sizes:
    """The sizes of one model.

    Attributes:
        values: Sizes and words taken as they are: "1024x1024", "auto".
        any: Limits within which every "WxH" is taken, or None.
        ratios: For each ratio "W:H" its tiers and their true pixels, the smallest first:
            ``{"16:9": {"1K": "1376x768"}}``; a model without tiers has one named "".
            No tiers, or "" for the pixels, where the vendor does not publish them.
        note: A sentence for the reader of the list.
        source: Where the facts are from.
    """

    values: tuple[str, ...] = ()
    any: AnySize | None = None
    note: str = ""
    source: str = ""
    ratios: Mapping[str, Mapping[str, str]] = field(factory=dict, validator=_check_ratios)

    def takes(self, size: str) -> bool:
        """Return whether the model makes *size*, as it is or as one of its ratios."""
        return self.takes_exactly(size) or self.find(size) is not None

    def takes_exactly(self, size: str) -> bool:
        """Return whether *size* can be sent as it is."""
        edges = pixels(size)
        return size in self.values or bool(self.any and edges and self.any.takes(*edges))

    def find(self, size: str) -> SizeMatch | None:
        """Return what *size* becomes: its row of the table, else the nearest ratio within 2 %.

        Of the tiers of a ratio the smallest is taken that covers *size*, else none.
        """
        edges = pixels(size)
        if edges is None:
            return None
        for match in self._table():
            if match.pixels == size:
                return match
        near = [match for match in self._table() if _distance(match.ratio, *edges) <= NEAR]
        near.sort(key=lambda match: _distance(match.ratio, *edges))  # keeps the order of tiers
        return next((match for match in near if _covers(match.pixels, *edges)), None)

    def _table(self) -> Iterator[SizeMatch]:
        for ratio, tiers in self.ratios.items():
            if not tiers:
                yield SizeMatch(ratio, None, None)
            for tier, true in tiers.items():
                yield SizeMatch(ratio, tier or None, true or None)

    def examples(self) -> list[str]:
        """Return sizes that would do, for a message."""
        limits = [str(self.any)] if self.any else []
        table = [f"{match.pixels or match.ratio}" for match in self._table()]
        return [*self.values, *limits, *table]


def _distance(ratio: str, width: int, height: int) -> float:
    """Return by how much, as a part of *ratio*, width and height differ from it."""
    across, down = (float(side) for side in ratio.split(":"))
    return abs((width / height) / (across / down) - 1)


def _covers(true: str | None, width: int, height: int) -> bool:
    edges = pixels(true) if true else None
    # 2 % here as well: 1792x1024 is what people ask for and 1792x1008 is what some models make
    return edges is None or (edges[0] >= width * (1 - NEAR) and edges[1] >= height * (1 - NEAR))
