"""Plays answers to a plugin through the real engine, without a network and without waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve

from impasto import _portal
from impasto._answer import ImageResponse
from impasto._api import registry as installed
from impasto._arguments import sort
from impasto._dispatch import Dispatch
from impasto._http import Request, Response
from impasto._plugin import Memory, Plugin
from impasto._registry import Registry
from impasto._wires import Ear, Lost, NotSent
from impasto.testing._pictures import PNG
from impasto.testing._reply import Reply
from impasto.testing._watch import Watched, watched

if TYPE_CHECKING:
    from impasto._jobs import Job
    from impasto._stream import ImageStream

T = TypeVar("T")
_PIECE = 1000  # bytes; a guess: events have more or fewer
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


class Script:
    """A provider that answers what it was told to answer.

    Attributes:
        sent: Every request as it went out, credentials included, its body as bytes.
        slept: Every wait, in seconds; none of them really happened.
        fetched: Every URL of a picture that was fetched.
        watch: What *plugin*'s hooks were asked, and what they did that they should not.
    """

    def __init__(
        self,
        *replies: Reply,
        plugin: ModuleType | Plugin | None = None,
        models: Path | None = None,
        repeat: bool = False,
        pictures: Mapping[str, bytes] | None = None,
        now: datetime = NOON,
    ) -> None:
        """Set the stage.

        Args:
            replies: The answers, in order.
            plugin: The plugin to play to; by default whatever is installed.
            models: Its models.json, where it does not lie in its package.
            repeat: True: the last answer is given for ever.
            pictures: What is behind the URLs of pictures; by default a small PNG.
            now: The time at which the play begins, in UTC.
        """
        self.sent: list[Request] = []
        self.slept: list[float] = []
        self.fetched: list[str] = []
        self._replies = list(replies)
        self._repeat = repeat
        self._pictures = pictures or {}
        self._clock = 0.0
        self._begins = now
        self.watch = Watched(None)
        registry = installed if plugin is None else self._registry(plugin, models)
        self.client = Dispatch(registry=registry, wires=self)

    def play(self, call: Mapping[str, Any]) -> ImageResponse:
        """Make *call*, the keyword arguments of `image_generation`, and return its response.

        With *image* among them it is a call of `image_edit`; "kind" says otherwise.
        """
        arguments = dict(call)
        kind = arguments.pop("kind", "edit" if "image" in arguments else "generate")
        return blocking(self._perform(kind, arguments))

    def stream(self, call: Mapping[str, Any]) -> ImageStream:
        """Return the events of *call*, made as `play()` does."""
        from impasto._stream import ImageStream

        arguments = dict(call)
        kind = arguments.pop("kind", "edit" if "image" in arguments else "generate")
        asked = sort(kind, {**arguments, "stream": True})
        where = (__file__, 1, globals())
        return ImageStream(
            lambda audience: self.client.perform(evolve(asked, audience=audience), where)
        )

    def submit(self, call: Mapping[str, Any]) -> Job:
        """Make *call* as `play()` does, without waiting for it; return the job."""
        from impasto._submission import submitted

        arguments = dict(call)
        kind = arguments.pop("kind", "edit" if "image" in arguments else "generate")
        asked = sort(kind, arguments)
        return blocking(submitted(self.client, asked, (__file__, 1, globals())))

    def resume(self, text: str, **settings: Any) -> Job:
        """Return the job that `Job.to_json()` wrote as *text*, to go on with this script."""
        from impasto._handing_on import taken_up

        return taken_up(text, settings, self.client, (__file__, 1, globals()))

    async def _perform(self, kind: Any, arguments: Mapping[str, Any]) -> ImageResponse:
        return await self.client.perform(sort(kind, arguments), (__file__, 1, globals()))

    # --- the outside world, as the engine sees it ---

    def monotonic(self) -> float:
        return self._clock

    def now(self) -> datetime:
        return self._begins + timedelta(seconds=self._clock)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._clock += seconds
        await asyncio.sleep(0)

    async def send(
        self,
        request: Request,
        begun: Callable[[], None],
        *,
        guarded: bool = False,
        ear: Ear | None = None,
    ) -> Response:
        self.sent.append(request)
        answer = self._next(request)
        if answer.fault == "refuse":
            raise NotSent("the script refuses the connection")
        begun()
        self._clock += answer.delay
        if answer.fault == "hang":
            raise TimeoutError  # as the deadline would, had it really passed
        if answer.fault == "drop":
            raise Lost("the script drops the connection")
        response = answer.response(request.url)
        if ear is not None and ear.begins(evolve(response, body=b"")):
            await _heard(ear, response.body[: answer.cut])
        if answer.cut is not None:
            raise Lost("the script drops the connection")
        return response

    async def fetch(self, url: str, trusted: frozenset[str], timeout: float) -> bytes:
        self.fetched.append(url)
        return self._pictures.get(url, PNG)

    def _registry(self, plugin: ModuleType | Plugin, models: Path | None) -> Registry:
        """Return a registry of *plugin* alone, watched, that remembers nothing."""
        whole = plugin if isinstance(plugin, Plugin) else loadable(plugin, models)
        own = copy(whole)
        loaded, self.watch = watched(evolve(whole.loaded(), memory=Memory()))
        own._loaded = loaded
        registry = Registry()
        registry._plugins[loaded.provider.name] = own
        return registry

    def _next(self, request: Request) -> Reply:
        if not self._replies:
            raise AssertionError(
                f"the script has no answer to request {len(self.sent)}: "
                f"{request.method} {request.url}"
            )
        if self._repeat and len(self._replies) == 1:
            return self._replies[0]
        return self._replies.pop(0)


async def _heard(ear: Ear, body: bytes) -> None:
    """Let *ear* hear *body* in pieces that are not those that its sender made."""
    for start in range(0, len(body), _PIECE):
        if not await ear.hears(body[start : start + _PIECE]):
            return


def blocking(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run *coroutine* to its end, also where a loop runs already."""
    return _portal.run(coroutine)


def loadable(module: ModuleType, models: Path | None) -> Plugin:
    """Return the plugin that *module* is, under the name that it gives itself."""
    try:
        name = module.describe().name
    except Exception:  # noqa: BLE001 - loading it will say what is wrong
        name = "plugin"
    return Plugin.of_module(name, module, models)
