"""`on_progress`: the caller is told how far each picture is."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from impasto import BadRequestError, hookimpl
from impasto.testing import PNG, Reply, Script, reply
from impasto.types import Image, ImageResponse, Partial, Request, Response

JOB = "https://api.acme.test/jobs/7"


@hookimpl
def parse_response(request: Request, response: Response) -> ImageResponse | Request:
    body = response.json()
    if "done" in body:
        return request.follow(JOB, after=1.0, progress=body["done"])
    return ImageResponse(data=[Image(content=PNG)] * body["pictures"])


def played(acme, *answers: Reply, models: Any = None, **call: Any) -> list[Partial]:
    """Return what the listener of a call hears while the provider gives *answers*."""
    heard: list[Partial] = []
    script = Script(*answers, plugin=acme.plugin(parse_response), models=models)
    script.play({**acme.call, "on_progress": heard.append, **call})
    return heard


def painted(acme, render: Any, **call: Any) -> ImageResponse:
    """Return what a provider that paints in this process makes."""
    module = acme.plugin(hookimpl(render), auth=None)
    del module.build_request, module.parse_response
    return Script(plugin=module).play({**acme.call, **call})


def test_a_job_tells_how_far_it_is(acme):
    """
    What a poll says of its progress is told, and each picture when it is there.
    """
    heard = played(
        acme, reply({"done": "queued"}), reply({"done": 0.5}), reply({"pictures": 2}), n=2
    )

    assert ["queued", 0.5, 1.0, 1.0] == [one.progress for one in heard]
    assert [0, 0, 0, 1] == [one.index for one in heard]
    assert [None, None, PNG, PNG] == [one.image and one.image.read() for one in heard]


def test_each_part_of_a_split_tells_of_its_own_pictures(acme, tmp_path):
    """
    Five pictures of a model that makes two at once are the numbers 0 to 4.
    """
    models = tmp_path / "models.json"
    models.write_text('{"models": [{"name": "oil-2", "max_images": 2}]}')
    heard = played(
        acme,
        reply({"pictures": 2}),
        reply({"pictures": 2}),
        reply({"pictures": 1}),
        n=5,
        models=models,
    )

    assert [0, 1, 2, 3, 4] == sorted(one.index for one in heard)


def test_a_renderer_tells_on_the_thread_of_the_call(acme):
    """
    What it reports from its own threads arrives in order, where the call runs.
    """
    threads: set[str] = set()
    heard: list[Any] = []

    def render(report) -> ImageResponse:
        for progress in (0.25, "drying", Partial(image=Image(content=PNG), progress=0.75)):
            report(progress)
        return ImageResponse(data=[Image(content=PNG)])

    def listen(partial: Partial) -> None:
        threads.add(threading.current_thread().name)
        heard.append(partial.progress)

    painted(acme, render, on_progress=listen)

    assert [0.25, "drying", 0.75, 1.0] == heard
    assert not any(name.startswith("impasto-acme") for name in threads)


def test_a_listener_that_fails_loses_no_picture(acme, caplog):
    """
    The picture is made and paid for: what the listener raises is logged, and the call goes on.
    """

    def listen(partial: Partial) -> None:
        raise RuntimeError("no screen")

    script = Script(reply({"pictures": 1}), plugin=acme.plugin(parse_response))
    with caplog.at_level(logging.WARNING, "impasto"):
        response = script.play({**acme.call, "on_progress": listen})

    assert PNG == response.data[0].read()
    assert ["on_progress raised RuntimeError: no screen"] == caplog.messages


async def later(partial: Partial) -> None:
    """Nobody would await it."""


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("print", "on_progress='print'; it takes a function"),
        (later, "on_progress is async; it takes a plain function"),
    ],
)
def test_it_is_a_plain_function(acme, given, message):
    """
    Anything else is an error before a request is sent.
    """
    script = Script(plugin=acme.plugin())
    with pytest.raises(BadRequestError) as caught:
        script.play({**acme.call, "on_progress": given})

    assert message in str(caught.value)
    assert "on_progress" == caught.value.param
