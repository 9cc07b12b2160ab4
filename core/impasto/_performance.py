"""One call on its way: its pictures read, its parts asked for side by side, its answer finished."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Iterable, Mapping
from itertools import accumulate
from typing import Any

from attrs import Factory, define, evolve, field

from impasto import _settings
from impasto._answer import Fate, ImageResponse
from impasto._arguments import Asked
from impasto._call import Call
from impasto._engine import Conversation
from impasto._image import EVERYBODYS, Image
from impasto._inputs import ImageFile, Mask, read_image, read_images, read_mask
from impasto._kinds import refuse_if_not_done
from impasto._line import Line, hook_answer
from impasto._models import Model
from impasto._notices import Origin, warn_if_partial
from impasto._plugin import Loaded, Plugin
from impasto._repeats import Policy
from impasto._reports import Report
from impasto._scopes import budgets_for
from impasto._split import joined, split
from impasto._wires import Wires
from impasto.errors import ImpastoError, UnsupportedParamsError

_NAMES_KEPT = 1_000  # of models that were resolved; a guess: more than anybody uses
# Settings that LiteLLM's callers pass to any provider.
_COMMON_SETTINGS = ("api_key", "api_base", "api_version", "organization")


@define(kw_only=True)
class Performance:
    """One call on its way.

    Attributes:
        plugin: Who is asked.
        loaded: The same, ready for use.
        asked: The caller's arguments.
        wires: The outside world.
        deadline: On the clock of *wires*.
        settings: The provider's settings, resolved.
        where: The user's line of code, for warnings.
        notes: What there is to say of the call, for jobs that go on without it.
    """

    plugin: Plugin
    loaded: Loaded
    asked: Asked
    wires: Wires
    deadline: float
    settings: _settings.Resolved
    where: Origin = field(default=("impasto", 0, {}), repr=False)  # its module's variables
    notes: tuple[str, ...] = ()
    _left_out: dict[str, Fate] = Factory(dict)

    async def call(self, model: str) -> Call:
        """Return the call as the plugin's hooks see it, its pictures read."""
        asked, provider = self.asked, self.loaded.provider
        known_as = self._catalogue_name(model)
        card = self.loaded.catalogue.get(known_as)
        mine = provider.settings
        words = {name: value for name, value in asked.words.items() if name not in mine}
        extra = self._without_dropped(words) if words else words
        if extra:
            listed = frozenset(card.parameters or ()) if card is not None else frozenset[str]()
            extra = self._without_foreign_settings(extra)
            _settings.refuse_secrets(provider, extra, listed)
            extra = await self._with_pictures_read(extra, card)
        has_pictures = asked.image is not None or asked.mask is not None
        images, mask = await self.pictures() if has_pictures else ((), None)
        return Call(
            kind=asked.kind,
            provider=provider.name,
            model=model,
            catalogue_name=known_as,
            card=card,
            images=images,
            mask=mask,
            settings=self.settings.public,
            extra=extra,
            drop_params=_drop_params(asked),
            timeout=asked.timeout,
            stream=asked.stream,
            detached=asked.detached,
            metadata=asked.metadata or None,
            cache=asked.cache,
            extra_body=asked.additions.body or None,
            extra_query=asked.additions.query or None,
            **self._without_dropped(asked.common),
        )

    async def pictures(self) -> tuple[tuple[ImageFile, ...], Mask | None]:
        """Return the caller's pictures and mask, read."""
        asked = self.asked
        images = await read_images(asked.image, self._fetch) if asked.image is not None else ()
        mask = await read_mask(asked.mask, images, self._fetch) if asked.mask is not None else None
        return images, mask

    async def _with_pictures_read(
        self, extra: dict[str, Any], card: Model | None
    ) -> dict[str, Any]:
        """Read those of the provider's own words that the catalogue says are pictures."""
        for name, parameter in ((card.parameters if card else None) or {}).items():
            if parameter.type == "image" and extra.get(name) is not None:
                extra[name] = await read_image(extra[name], name, self._fetch)
        return extra

    def _catalogue_name(self, model: str) -> str:
        """Return the name to look up: the caller's `base_model`, the plugin's answer, or itself."""
        if self.asked.base_model is not None:  # "azure/dall-e-3" is how LiteLLM's users write it
            return self.asked.base_model.removeprefix(f"{self.loaded.provider.name}/")
        if "resolve_model" not in self.loaded.own:
            return model
        names = self.loaded.memory.names
        if model not in names:
            if len(names) >= _NAMES_KEPT:
                names.clear()
            fail = self.plugin.error
            names[model] = hook_answer(self.loaded, fail, "resolve_model", str, model=model)
        return names[model] or model

    def _without_dropped(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Leave out what the caller names in `additional_drop_params`: no plugin ever sees it."""
        kept = dict(parameters)
        for name in self.asked.dropped & kept.keys() if self.asked.dropped else ():
            told = _settings.shown(name, kept.pop(name))
            note = "as additional_drop_params asks"
            self._left_out[name] = Fate(name, "dropped", told, note=note)
        return kept

    def _without_foreign_settings(self, extra: dict[str, Any]) -> dict[str, Any]:
        """Refuse `api_base` and the like with a provider that has no such setting, or drop them."""
        for name in [name for name in _COMMON_SETTINGS if name in extra]:
            provider = self.loaded.provider
            known = ", ".join(provider.settings) or "none"
            why = f"{provider.name} has no setting {name}; it has {known}"
            if not _drop_params(self.asked):
                raise UnsupportedParamsError(why, param=name)
            told = _settings.shown(name, extra.pop(name))
            self._left_out[name] = Fate(name, "dropped", told, note=why)
        return extra

    async def _fetch(self, url: str) -> bytes:
        """Fetch a picture that the caller named by its URL."""
        remaining = max(0.001, self.deadline - self.wires.monotonic())
        return await self.wires.fetch(url, self.settings.configured, remaining)

    # --- the parts ---

    async def generate(self, call: Call) -> ImageResponse:
        """Return the pictures for *call*, asked for in as many requests as the model needs."""
        notes: tuple[str, ...] = ()
        if not self.loaded.own.isdisjoint(("learn", "read_card")):
            call, notes = await self.informed(call)
        refuse_if_not_done(call, self.loaded.catalogue)
        parts = [self.conversation(part) for part in split(call)]
        budgets = budgets_for(self.asked.budget)
        if budgets:
            from impasto._stakes import lay_aside

            await lay_aside(parts, budgets)
        try:
            if len(parts) == 1:
                response = await self._part(parts[0], 0)
            else:
                response = self.joined(call, await self._side_by_side(parts))
        finally:
            if budgets:
                from impasto._stakes import close

                close(parts)
        return await self.finished(call, response, notes)

    async def informed(self, call: Call) -> tuple[Call, tuple[str, ...]]:
        """Return *call* with what its plugin wants to know, and what could not be learned."""
        from impasto._learning import informed

        call, self.notes = await informed(self.conversation(call))
        return call, self.notes

    def joined(self, call: Call, outcomes: list[ImageResponse | ImpastoError]) -> ImageResponse:
        """Return one response of all parts of *call*.

        Raises:
            ImpastoError: nothing came at all; its job is that of all parts that have one.
        """
        try:
            return joined(call, outcomes)
        except ImpastoError as error:
            if any(one.job is not None for one in outcomes if isinstance(one, ImpastoError)):
                from impasto._jobs import Job

                error.job = Job.of_parts(self, call, outcomes)
            raise

    # What most calls go through without a stop is no coroutine: each would cost a little whenever
    # the call goes on.

    def _part(self, conversation: Conversation, first: int) -> Awaitable[ImageResponse]:
        """Return the pictures of a part, which begin with number *first* of all that are wanted."""
        if self.asked.on_progress is None and self.asked.audience is None:
            return self._asked_for(conversation)
        return self._reported(conversation, first)

    async def _reported(self, conversation: Conversation, first: int) -> ImageResponse:
        """Return the pictures of a part, and tell how far it is."""
        call, listener, audience = conversation.call, self.asked.on_progress, self.asked.audience
        conversation.report = report = Report(listener, first, audience)
        try:
            response = await self._asked_for(conversation)
        except ImpastoError as error:
            if audience is not None:
                error.partials = audience.partials(first, call.n or 1)
            raise
        if audience is not None and self._wants_bytes(call):
            # What cannot be had is tried again at the end, and told there.
            response = evolve(response, data=(await self._with_bytes(response.data))[0])
        report.finished(response.data, native=conversation.streamed)
        return response

    def _asked_for(self, conversation: Conversation) -> Awaitable[ImageResponse]:
        if conversation.stake is None:
            return self._with_leave(conversation)
        from impasto._stakes import settled

        return settled(conversation.stake, self._with_leave(conversation))

    def _with_leave(self, conversation: Conversation) -> Awaitable[ImageResponse]:
        leave = self.asked.leave
        if leave is None:
            return self._drawn(conversation)
        from impasto._leave import with_leave

        is_last = not self.asked.fallbacks
        return with_leave(leave, conversation, self._drawn, is_last=is_last)

    def _drawn(self, conversation: Conversation) -> Awaitable[ImageResponse]:
        record = self.asked.record
        if record is None:
            return self._made(conversation)
        return record.drawn(conversation, self._made)

    def _made(self, conversation: Conversation) -> Awaitable[ImageResponse]:
        if "render" in self.loaded.own:
            from impasto._render import rendered

            return rendered(conversation)
        return conversation.pictures()

    async def _side_by_side(self, parts: list[Conversation]) -> list[ImageResponse | ImpastoError]:
        """Run *parts* at once; no part cancels another."""
        gate = asyncio.Semaphore(self.loaded.provider.concurrency or len(parts))

        async def run(part: Conversation, first: int) -> ImageResponse | ImpastoError:
            async with gate:
                try:
                    return await self._part(part, first)
                except ImpastoError as error:
                    return error

        counts = [part.call.n or 1 for part in parts]
        return await asyncio.gather(*map(run, parts, accumulate(counts, initial=0)))

    def conversation(self, call: Call) -> Conversation:
        """Return the conversation with the provider that *call*, or a part of one, will be."""
        line = Line(
            loaded=self.loaded,
            call=call,
            settings=self.settings,
            wires=self.wires,
            additions=self.asked.additions,
            fail=self.plugin.error,
        )
        return Conversation(
            line=line,
            call=call,
            performance=self,
            deadline=self.deadline,
            timeout=self.asked.timeout,
            policy=Policy(self.asked.max_retries),
            witness=self.asked.witness,
        )

    # --- the end ---

    async def finished(
        self, call: Call, response: ImageResponse, notes: tuple[str, ...]
    ) -> ImageResponse:
        """Return *response* with bytes where they were asked for, and all that is to be said."""
        if self._wants_bytes(call):
            response = await self._downloaded(response)
        besides = self.told_besides()
        if besides:
            response = evolve(response, params={**response._params, **besides})
        warn_if_partial(response, _count_of(call, response), self.where)
        return evolve(response, notes=(*notes, *response.notes)) if notes else response

    async def _downloaded(self, response: ImageResponse) -> ImageResponse:
        """Return *response* with the bytes of its pictures, and with what kept us from some."""
        data, failures = await self._with_bytes(response.data)
        if not failures:
            return evolve(response, data=data)
        note = (
            f"{len(failures)} of {len(data)} pictures could not be fetched; they have their URL "
            "still, and read() tries again"
        )
        return evolve(
            response,
            data=data,
            errors=(*response.errors, *failures),
            notes=(*response.notes, note),
        )

    def keep_fates(self, fates: Iterable[Fate]) -> None:
        """Tell *fates*, of a call that another process made, besides those of the plugin."""
        self._left_out = {fate.name: fate for fate in fates}

    def told_besides(self) -> Mapping[str, Fate]:
        """Return the fates of what no plugin sees: left out, or added to the body as it is."""
        added = self._added() if self.asked.additions.body else {}
        return {**self._left_out, **added} if self._left_out else added

    def _wants_bytes(self, call: Call) -> bool:
        return call.response_format == "b64_json" or self.asked.download

    async def _with_bytes(self, data: list[Image]) -> tuple[list[Image], tuple[ImpastoError, ...]]:
        """Fetch the pictures that came as URLs; one that cannot be had keeps its URL."""
        outcomes = await asyncio.gather(*map(self._bytes, data))
        images = [
            image if isinstance(outcome, ImpastoError) else outcome
            for image, outcome in zip(data, outcomes, strict=True)
        ]
        return images, tuple(one for one in outcomes if isinstance(one, ImpastoError))

    async def _bytes(self, image: Image) -> Image | ImpastoError:
        if image.url is None or image._is_here():  # a data URL has its bytes with it
            return image
        remaining = max(0.001, self.deadline - self.wires.monotonic())
        try:
            fetch = self.wires.fetch if image._source is EVERYBODYS else image._source.fetch
            content = await fetch(image.url, self.settings.configured, remaining)
        except ImpastoError as error:
            error.provider = error.provider or self.loaded.provider.name
            return error
        return image.with_content(content)

    def _added(self) -> dict[str, Fate]:
        """Return the fates of what `extra_body` put into the request."""
        body = self.asked.additions.body
        told = {name: _settings.shown(name, value) for name, value in body.items()}
        return {
            f"extra_body.{name}": Fate(f"extra_body.{name}", "unverified", value, {name: value})
            for name, value in told.items()
        }


def _count_of(call: Call, response: ImageResponse) -> int:
    """Return how many pictures were asked of the provider."""
    fate = response._params.get("n")  # which measures no picture
    return 1 if fate is not None and fate.outcome == "dropped" else call.n or 1


def _drop_params(asked: Asked) -> bool:
    if asked.drop_params is not None:
        return bool(asked.drop_params)
    return bool(getattr(sys.modules["impasto"], "drop_params", False))
