"""Providers that make their pictures in this process, on threads of their own."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from impasto import hookimpl
from impasto._arguments import sort
from impasto.errors import (
    APIResponseValidationError,
    ContentPolicyViolationError,
    ImpastoError,
    PluginError,
    RateLimitError,
    Timeout,
)
from impasto.testing import PNG, Script
from impasto.types import Call, Credentials, Image, ImageResponse, Params, Partial

PICTURE = ImageResponse(data=[Image(content=PNG)])
where: contextvars.ContextVar[str] = contextvars.ContextVar("where", default="nowhere")


def painter(acme, render: Callable[..., Any], **provider: Any) -> ModuleType:
    """Return a plugin that has *render*, and none of the hooks that send."""
    module = acme.plugin(hookimpl(render), **{"auth": None, **provider})
    vars(module).update({"render": vars(module).pop(render.__name__)})
    del module.build_request, module.parse_response  # type: ignore[attr-defined]
    return module


def played(acme, render: Callable[..., Any], provider: dict[str, Any] | None = None, **call: Any):
    """Return the response, or the error that the call ended with."""
    script = Script(plugin=painter(acme, render, **(provider or {})))
    try:
        return script.play({**acme.call, **call})
    except ImpastoError as error:
        return error


async def performed(script: Script, acme, **call: Any) -> ImageResponse:
    asked = sort("generate", {**acme.call, **call})
    return await script.client.perform(asked, (__file__, 1, globals()))


class TestPictures:
    """What comes of it."""

    def test_a_picture(self, acme):
        """
        The response is complete, as one from the network.
        """

        def render(call: Call, params: Params) -> ImageResponse:
            assert {"prompt": "a fox", "n": 1} == params.values
            return ImageResponse(data=[Image(content=PNG, seed=call.seed)])

        response = played(acme, render, n=1)

        assert PNG == response.data[0].read()
        assert ("acme", "oil-2", 1768478400) == (
            response.provider,
            response.model,
            response.created,
        )
        assert {"prompt", "n"} == set(response.params)

    def test_progress_is_welcome(self, acme):
        """
        Numbers, words and pictures on their way may be reported.
        """

        def render(report) -> ImageResponse:
            for progress in (0.0, "sketching", Partial(image=Image(content=PNG)), 1.0):
                report(progress)
            return PICTURE

        assert PICTURE.data == played(acme, render).data

    def test_several_at_once(self, acme, tmp_path):
        """
        A renderer of one picture at a time is asked for several, as any other provider.
        """
        models = tmp_path / "models.json"
        models.write_text('{"models": [{"name": "oil-2", "max_images": 1}]}')

        def render(call: Call) -> ImageResponse:
            return ImageResponse(data=[Image(content=PNG, seed=call.seed)])

        script = Script(plugin=painter(acme, render), models=models)
        response = script.play({**acme.call, "n": 3, "seed": 5})

        assert [5, 6, 7] == [image.seed for image in response.data]


class TestThreads:
    """Rendering takes time, and takes it from nobody else."""

    def test_they_are_its_own(self, acme):
        """
        Neither the caller's thread nor the one of the blocking API, nor the event loop's.
        """
        names: list[str] = []

        def render() -> ImageResponse:
            names.append(threading.current_thread().name)
            return PICTURE

        played(acme, render)

        assert names[0].startswith("impasto-acme")

    def test_the_event_loop_goes_on(self, acme):
        """
        While a picture is painted, the loop does other things: here, what the painter waits for.
        """
        paint = threading.Event()

        def render() -> ImageResponse:
            assert paint.wait(30)
            return PICTURE

        async def main() -> ImageResponse:
            asyncio.get_running_loop().call_later(0.01, paint.set)
            return await performed(Script(plugin=painter(acme, render)), acme)

        assert 1 == len(asyncio.run(main()).data)

    def test_as_many_as_it_says(self, acme):
        """
        `Provider.concurrency` bounds them; all calls get their turn.
        """
        lock = threading.Lock()
        pair = threading.Barrier(2)
        now, most = 0, 0

        def render() -> ImageResponse:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            pair.wait(30)  # breaks unless two are there
            with lock:
                now -= 1
            return PICTURE

        async def main() -> list[ImageResponse]:
            script = Script(plugin=painter(acme, render, concurrency=2))
            return await asyncio.gather(*(performed(script, acme) for _ in range(6)))

        assert 6 == len(asyncio.run(main()))
        assert 2 == most

    def test_context_variables_travel(self, acme):
        """
        What the caller has set, the painter sees; what it sets, stays with it.
        """
        seen: list[str] = []

        def render() -> ImageResponse:
            seen.append(where.get())
            where.set("elsewhere")
            return PICTURE

        where.set("the-atelier")
        played(acme, render)

        assert (["the-atelier"], "the-atelier") == (seen, where.get())

    def test_two_plugins_of_one_name(self, acme):
        """
        One that takes another's place does not inherit its threads.
        """
        release = threading.Event()

        def slow() -> ImageResponse:
            release.wait(30)
            return PICTURE

        slow_one = played(acme, slow, {"concurrency": 1}, timeout=0.2)
        quick_one = played(acme, lambda: PICTURE, {"concurrency": 1}, timeout=30)
        release.set()

        assert isinstance(slow_one, Timeout)
        assert 1 == len(quick_one.data)


class TestGivingUp:
    """A caller who has gone wants no picture."""

    def test_at_the_deadline(self, acme):
        """
        The caller gets `Timeout`, and the painter is stopped at its next report.
        """
        stopped = threading.Event()

        def render(report) -> ImageResponse:
            try:
                while True:
                    report(0.5)
            finally:
                stopped.set()

        error = played(acme, render, timeout=0.1)

        assert (Timeout, False) == (type(error), error.maybe_accepted)
        assert ("acme", "oil-2") == (error.provider, error.model)
        assert stopped.wait(30)

    def test_on_cancellation(self, acme):
        """
        The same for a task that is cancelled, and the thread is free for the next.
        """
        begun, stopped = threading.Event(), threading.Event()

        def render(call: Call, report) -> ImageResponse:
            if call.prompt == "a cat":
                return PICTURE
            begun.set()
            try:
                while True:
                    report(0.5)
            finally:
                stopped.set()

        async def main() -> ImageResponse:
            script = Script(plugin=painter(acme, render, concurrency=1))
            task = asyncio.ensure_future(performed(script, acme))
            while not begun.is_set():
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await performed(script, acme, prompt="a cat")

        assert 1 == len(asyncio.run(main()).data)
        assert stopped.is_set()

    def test_while_waiting_for_a_thread(self, acme):
        """
        Waiting counts; what was never begun is never begun.
        """
        release = threading.Event()
        prompts: list[str | None] = []

        def render(call: Call) -> ImageResponse:
            prompts.append(call.prompt)
            assert release.wait(30)
            return PICTURE

        async def main() -> Any:
            script = Script(plugin=painter(acme, render, concurrency=1))
            first = asyncio.ensure_future(performed(script, acme))
            while not prompts:
                await asyncio.sleep(0.001)
            second = await asyncio.gather(
                performed(script, acme, prompt="a cat", timeout=0.1), return_exceptions=True
            )
            release.set()
            await first
            await performed(script, acme, prompt="a dog")
            return second[0]

        assert isinstance(asyncio.run(main()), Timeout)
        assert ["a fox", "a dog"] == prompts


class TestFailures:
    """What goes wrong is an error, with its fields."""

    def test_no_picture(self, acme):
        """
        Nothing painted is nothing to return.
        """
        error = played(acme, lambda: ImageResponse(data=[]))

        assert (APIResponseValidationError, "empty") == (type(error), error.code)
        assert ("acme", "oil-2") == (error.provider, error.model)

    @pytest.mark.parametrize("returned", [None, "picture", PNG, [Image(content=PNG)]], ids=repr)
    def test_something_else(self, acme, returned: object):
        """
        A plugin that returns something else is named.
        """
        error = played(acme, lambda: returned)

        assert isinstance(error, PluginError)
        assert "render() returned" in error.message

    @pytest.mark.parametrize(
        "raised", [ValueError("oh"), MemoryError(), StopIteration(), SystemExit(3)], ids=repr
    )
    def test_whatever_is_raised(self, acme, raised: BaseException):
        """
        The error is ours, its cause is the plugin's, and the thread lives on.
        """

        def render() -> ImageResponse:
            raise raised

        error = played(acme, render)

        assert isinstance(error, PluginError)
        assert "render() raised" in error.message
        assert error.__cause__ is raised

    @pytest.mark.parametrize(
        "raised", [ContentPolicyViolationError("no foxes"), RateLimitError("busy")], ids=repr
    )
    def test_its_own_errors(self, acme, raised: ImpastoError):
        """
        An error of ours passes, completed.
        """

        def render() -> ImageResponse:
            raise raised

        error = played(acme, render)

        assert error is raised
        assert ("acme", "oil-2", False) == (error.provider, error.model, error.maybe_accepted)

    def test_keys_are_taken_out(self, acme):
        """
        A renderer that has a key, to load its models with, does not tell.
        """

        def render() -> ImageResponse:
            raise RateLimitError(f"too many downloads with {acme.key}")

        error = played(acme, render)

        assert "too many downloads with [hidden]" == error.message


def test_nothing_is_asked_that_is_not_needed(acme):
    """
    Credentials are for sending; a renderer's hook for them is not called.
    """

    @hookimpl
    def get_credentials() -> Credentials:
        raise AssertionError

    module = painter(acme, lambda: PICTURE)
    module.get_credentials = get_credentials  # type: ignore[attr-defined]

    assert 1 == len(Script(plugin=module).play(acme.call).data)
