"""One model after another, until one draws: what a call with `fallbacks` does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar

from attrs import Factory, define, evolve, field, frozen

from impasto._answer import Attempt, Fate, ImageResponse
from impasto._arguments import Asked
from impasto._call import COMMON, Call
from impasto._dispatch import Dispatch
from impasto._fallbacks import Fallback, First, asked_of
from impasto._inputs import ImageFile, Mask, kept
from impasto._mock import mocked
from impasto._notices import Origin, warn_if_retired
from impasto._performance import Performance
from impasto._plugin import Plugin
from impasto._turns import Drawn, Turn, all_failed, told
from impasto.errors import (
    BadRequestError,
    ContentPolicyViolationError,
    ImpastoError,
    PluginError,
)

T = TypeVar("T")
Pictures: TypeAlias = tuple[tuple[ImageFile, ...], Mask | None]
log = logging.getLogger("impasto")


@frozen
class Opened:
    """A model that can be asked: its plugin is sound, and it has its settings."""

    turn: Turn
    performance: Performance
    call: Call


@frozen
class Changes:
    """What an extra made of the call, for the models that are asked later.

    Attributes:
        common: Parameters by name; None for those that it took away.
        pictures: Other pictures and another mask, or None.
    """

    common: Mapping[str, Any] = Factory(dict)
    pictures: Pictures | None = None


NO_CHANGES = Changes()


class _ForNobody(Exception):
    """The call is wrong whoever is asked."""

    def __init__(self, error: BadRequestError) -> None:
        super().__init__(str(error))
        self.error = error


@define(kw_only=True)
class Succession:
    """The models of one call.

    The first is asked as ever.  The next one's turn is after a failure that cannot have cost
    anything, or that the caller allows.  There is one deadline, and pictures are read once.

    Attributes:
        dispatch: The registry, the outside world, the extras.
        first: The caller's arguments.
        where: The user's line of code.
        begun: When the call began, on the clock of the dispatch's wires.
    """

    dispatch: Dispatch
    first: Asked
    where: Origin = field(repr=False)
    begun: float
    _pictures: Pictures | None = None
    _plugin: Plugin | None = None  # the first one's
    _turns: list[Turn] = Factory(list)

    async def pictures(self, model: str) -> ImageResponse:
        """Return the pictures, drawn by *model* or by the first of the others that can.

        Extras are round the whole of it: they see the call as it is for the first model that
        can be asked at all, and the response of the one that drew.

        Raises:
            ImpastoError: the first one's, with what came of the others, where none drew.
        """
        self._turns = self._routed(model, await self._readable_again())
        failed: list[Attempt] = []
        try:
            found = await self._first_of(self._turns, failed, self._open)
        except _ForNobody as nobody:
            raise nobody.error from nobody.error.__cause__
        if isinstance(found, Drawn):
            return told(found, failed)
        proceed = self.dispatch.within_extras(partial(self._go_on, found, failed))
        return await proceed(found.call)

    async def _readable_again(self) -> list[Fallback]:
        """Read the files among the providers' own words; return the fallbacks with theirs."""

        async def read(words: Mapping[str, Any]) -> dict[str, Any]:
            return {name: await kept(value, name) for name, value in words.items()}

        self.first = evolve(self.first, words=await read(self.first.words))
        return [evolve(one, words=await read(one.words)) for one in self.first.fallbacks]

    def _routed(self, model: str, fallbacks: Sequence[Fallback]) -> list[Turn]:
        """Return the turns; each has a provider that is installed."""
        turns = [Turn(model, self.first.provider)]
        turns += [Turn(one.model, one.provider, one) for one in fallbacks]
        for at, turn in enumerate(turns):
            if self._mock(turn) is not None:
                continue
            try:
                plugin, _ = self.dispatch.registry.route(turn.model, turn.provider)
                self._plugin = plugin if turn.fallback is None else self._plugin
            except PluginError:  # it says so when it is its turn
                continue
            except BadRequestError as error:
                if at:
                    error.message = f"fallbacks[{at - 1}]: {error.message}"
                    error.args, error.param = (error.message,), "fallbacks"
                raise
        return turns

    def _mock(self, turn: Turn) -> Any:
        """Return what stands in for *turn*; a mock of the call does so for every model."""
        own = turn.fallback.steering.get("mock_response") if turn.fallback is not None else None
        return self.first.mock_response if own is None else own

    # --- the order in which things happen ---

    async def _go_on(self, found: Opened, failed: Sequence[Attempt], call: Call) -> ImageResponse:
        """Return the pictures for *call*, by the model that was *found* or those after it."""
        changes = _changes(found.call, call)

        async def ask(turn: Turn) -> Drawn:
            opened = found if turn is found.turn else await self._open(turn, changes)
            if isinstance(opened, Drawn):
                return opened
            asked = call if opened is found else opened.call
            return Drawn(turn, await opened.performance.generate(asked))

        attempts = [*failed]  # an extra may go on twice
        rest = self._turns[self._turns.index(found.turn) :]
        return told(await self._first_of(rest, attempts, ask), attempts)

    async def _first_of(
        self, turns: Sequence[Turn], failed: list[Attempt], ask: Callable[[Turn], Awaitable[T]]
    ) -> T:
        """Return what *ask* returns for the first of *turns* that does not fail.

        Those that do are put into *failed*.
        """
        for at, turn in enumerate(turns):
            try:
                return await ask(turn)
            except ImpastoError as error:
                failed.append(turn.attempt(error))
            latest, rest = failed[-1], turns[at + 1 :]
            objection = self._objection(latest.error)
            if objection or not rest:
                break
            kind = type(latest.error).__name__
            log.info("%s failed (%s); going on to %s", latest.model, kind, rest[0].name)
        raise all_failed(failed, rest, objection) from failed[0].error.__cause__

    def _objection(self, error: ImpastoError) -> str | None:
        """Return why nobody else may be asked after *error*, or None."""
        allowed = self.first.fallback_after
        if isinstance(error, ContentPolicyViolationError) and "refusal" not in allowed:
            return "that was a refusal; fallback_after='refusal' allows it"
        if error.maybe_accepted and "ambiguous" not in allowed:
            return (
                "the order may have been taken, and its price; fallback_after='ambiguous' allows it"
            )
        late = self.begun + self.first.timeout <= self.dispatch.wires.monotonic()
        return "no time is left" if late else None

    # --- one of them ---

    async def _open(self, turn: Turn, changes: Changes = NO_CHANGES) -> Opened | Drawn:
        """Return *turn* ready to be asked, with the *changes* that an extra made."""
        mock = self._mock(turn)
        if mock is not None:
            asked = evolve(self.first, mock_response=mock, provider=turn.provider)
            return Drawn(turn, mocked(asked, turn.model))
        plugin, model = self.dispatch.registry.route(turn.model, turn.provider)
        loaded = plugin.ready
        if loaded is None:
            loaded = await asyncio.to_thread(plugin.loaded)
        turn.known = loaded.provider.name, model
        asked, fates = self.first, dict[str, Fate]()
        if turn.fallback is not None:
            provider = loaded.provider if plugin is self._plugin else None
            first = evolve(self.first, common=_changed(self.first.common, changes.common))
            asked, fates = asked_of(turn.fallback, self._described(first), provider)
        performance = self.dispatch.performance(plugin, loaded, asked, self.where, self.begun)
        images, mask = changes.pictures or await self._read(performance)
        asked = evolve(asked, image=list(images) or None, mask=mask)
        performance = evolve(performance, asked=asked, left_out=fates)
        call = await performance.call(model)
        warn_if_retired(call, self.dispatch.wires, self.where)
        return Opened(turn, performance, call)

    def _described(self, asked: Asked) -> First:
        ready = self._plugin.ready if self._plugin is not None else None
        settings = ready.provider.settings if ready is not None else {}
        return First(asked=asked, name=self._turns[0].name, settings=settings)

    async def _read(self, performance: Performance) -> Pictures:
        """Return the call's pictures; of a stream, nothing is left for a second time."""
        if self._pictures is None:
            try:
                self._pictures = await performance.pictures()
            except BadRequestError as error:
                raise _ForNobody(error) from error
        return self._pictures


# --- what an extra changed ---


def _changes(before: Call, after: Call) -> Changes:
    """Return how *after*, which an extra goes on with, differs from *before*."""
    if before is after:
        return NO_CHANGES
    common = {
        name: getattr(after, name)
        for name in COMMON
        if name not in ("image", "mask") and getattr(before, name) != getattr(after, name)
    }
    others = (before.images, before.mask) != (after.images, after.mask)
    return Changes(common, (after.images, after.mask) if others else None)


def _changed(common: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    both = {**common, **changes}
    return {name: value for name, value in both.items() if value is not None}
