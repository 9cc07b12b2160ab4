"""The fewest and the most tokens that a call takes, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from attrs import Factory, define

from impasto._call import Call, Params
from impasto._inputs import ImageFile
from impasto._models import Grid, Price, Tokens
from impasto._possible import NotKnown, cases, edges_of, fewest, fits, limits_of, most, said_of

_MILLION = Decimal(1_000_000)
_OUTPUTS = ("output text", "output image")
# Tokens round the words of a prompt.  Developers counted 6 in OpenAI's answers, and for each
# picture that goes in 16 more, of a long one 50; so this is a guess on the safe side.
_ROUND_THE_WORDS = 100


@define
class TokenBounds:
    """Counts the tokens of one request.

    Attributes:
        call: What the user wants.
        params: What its parameters became.
        prices: By their units.
        pictures: How many are made.
        facts: Prices and counts that were used.
        low: The least that they cost.
        high: The most.
    """

    call: Call
    params: Params
    prices: Mapping[str, Price]
    pictures: int
    facts: list[Price | Tokens] = Factory(list)
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)

    def counted(self) -> TokenBounds:
        """Return this, counted.

        Raises:
            NotKnown: no bound is known.
        """
        outputs = self._outputs()
        self._add("input text", 0, self._words())
        if self._pictures_in():
            self._add("input image", *self._of_rows("input image"))
        made = {kind: self._made(kind, is_bounded=outputs is not None) for kind in _OUTPUTS}
        if outputs is None:
            for kind, (low, high) in made.items():
                self._add(kind, low, high)
            return self
        for kind, (low, _) in made.items():
            self._add(kind, low, 0)
        # Words and pictures in any mixture, so all of the dearest kind; and at least the pictures.
        prices = [one for kind in _OUTPUTS if (one := self._price(kind)) is not None]
        most = max(outputs, sum(high for _, high in made.values()))
        self.high += most * max(one.amount for one in prices) / _MILLION
        return self

    def _price(self, kind: str) -> Price | None:
        return self.prices.get(f"million {kind} tokens")

    def _add(self, kind: str, low: int, high: int) -> None:
        if not (low or high):
            return
        price = self._price(kind)
        if price is None:
            raise NotKnown(f"no price is known for its {kind} tokens")
        self.facts.append(price)
        self.low += low * price.amount / _MILLION
        self.high += high * price.amount / _MILLION

    # --- what goes in ---

    def _words(self) -> int:
        """Return the most tokens that words are: none is less than a byte of them."""
        words = (self.call.prompt, self.call.negative_prompt, *_texts(self.call.extra))
        length = sum(len(one.encode()) for one in words if one is not None)
        return length + _ROUND_THE_WORDS * (1 + self._pictures_in())

    def _pictures_in(self) -> int:
        besides = [one for one in self.call.extra.values() if isinstance(one, ImageFile)]
        return len(self.call.images) + (self.call.mask is not None) + len(besides)

    # --- what comes out ---

    def _outputs(self) -> int | None:
        """Return the most tokens that come out, words and pictures together, where that is said."""
        for row in self._rows("output"):
            said = said_of(row.limit, self.call, self.params) if row.limit else None
            known = [one for one in (said, row.most) if type(one) is int]
            if not known:
                way_out = f"; {row.limit} sets one" if row.limit else ""
                raise NotKnown(f"how much it draws and writes has no bound that is known{way_out}")
            self.facts.append(row)
            return min(known)
        return None

    def _made(self, kind: str, *, is_bounded: bool) -> tuple[int, int]:
        if not any(True for _ in self._rows(kind)) and (is_bounded or kind == "output text"):
            if self._price(kind) is not None and not is_bounded:
                raise NotKnown("it writes words as well, and nobody says how many at most")
            return 0, 0
        return self._of_rows(kind)

    # --- what the catalogue knows ---

    def _rows(self, kind: str) -> Iterator[Tokens]:
        for row in self.call.card.tokens if self.call.card is not None else ():
            if row.unit != f"{kind} tokens":
                continue
            for name in row.unless:
                if said_of(name, self.call, self.params) is not None:
                    raise NotKnown(f"what {name} brings along is not known")
            yield row

    def _of_rows(self, kind: str) -> tuple[int, int]:
        """Return the fewest and the most tokens of *kind*, whatever the provider chooses."""
        rows = [*self._rows(kind)]
        what = "a picture that goes in takes" if kind == "input image" else "a picture takes"
        unknown = f"how many tokens {what} is not published"
        if not rows:
            raise NotKnown(unknown)
        bounds = []
        for case in cases(rows, self.call, self.params):
            found = [_first(rows, per, case) for per in dict.fromkeys(row.per for row in rows)]
            fitting = [row for row in found if row is not None]
            if len(fitting) < len(found):
                raise NotKnown(f"{unknown} for " + ", ".join(f"{k}={v}" for k, v in case.items()))
            self.facts += fitting
            each = [self._amount(row) for row in fitting]
            bounds.append((sum(one for one, _ in each), sum(one for _, one in each)))
        return min(one for one, _ in bounds), max(one for _, one in bounds)

    def _amount(self, row: Tokens) -> tuple[int, int]:
        times = self._times(row.per)
        low, high = (row.least, row.most) if row.grid is None else self._on(row.grid)
        if high is None:
            raise NotKnown("how many tokens a picture takes has no bound that is known")
        return low * times, high * times

    def _times(self, per: str) -> int:
        known = {"call": 1, "picture": self.pictures, "input": self._pictures_in()}
        said = known.get(per, said_of(per, self.call, self.params))
        return said if type(said) is int else 0

    def _on(self, grid: Grid) -> tuple[int, int | None]:
        """Return the tokens of a picture on *grid*, of any size where the provider chooses."""
        edges = edges_of(self.call, self.params)
        if edges is not None:
            return grid.tokens(*edges), grid.tokens(*edges)
        limits = limits_of(self.call)
        area = most(limits) if limits is not None else None
        if limits is None or area is None or limits.max_ratio is None:
            return 0, None
        return grid.fewest(fewest(limits), limits.max_ratio), grid.most(area)


def _first(rows: Sequence[Tokens], per: str, case: Mapping[str, Any]) -> Tokens | None:
    """Return the first row of *per* that holds in *case*."""
    for row in rows:
        if row.per == per and fits(row, case):
            return row
    return None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)
