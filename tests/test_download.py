"""Pictures behind URLs are fetched before the call returns, where that is asked for."""

from __future__ import annotations

import asyncio
import json

import pytest

import impasto
from impasto import BadRequestError, NotFoundError, PartialResultWarning, Timeout, read_metadata
from impasto.testing import PNG, FakeServer, Reply, reply

GONE = reply({"detail": "gone"}, status=404)


@pytest.fixture
def ask(acme, registered):
    """Make a call of Acme, whose pictures are behind URLs, and tell who was asked for what."""
    registered(acme.plugin())

    def asked(*pictures: Reply, **call):
        def answer(received):
            if received.method == "POST":
                urls = [f"{server.url}/{number}.png" for number in range(len(pictures))]
                return acme.urls(*urls)
            return pictures[int(received.path[1:-4])]

        with FakeServer(answer) as server:
            settings = {**acme.call, "api_base": server.url, "n": len(pictures), **call}
            response = impasto.image_generation(**settings)
            return response, [received.path for received in server.received]

    return asked


PICTURE = Reply(body=PNG, headers={"Content-Type": "image/png"})


def test_the_bytes_are_there(ask):
    """
    Image and URL both are: it can be read when the provider has forgotten it.
    """
    response, asked = ask(PICTURE, PICTURE, download=True)

    assert [PNG, PNG] == [image.read() for image in response.data]
    assert ["/0.png", "/1.png"] == sorted(asked[1:])
    assert all(image.url.endswith(".png") for image in response.data)
    assert ((), ()) == (response.errors, response.notes)


@pytest.mark.parametrize("download", [{}, {"download": False}, {"download": None}])
def test_unless_it_is_asked_for(ask, download):
    """
    Nothing is fetched.
    """
    response, asked = ask(PICTURE, **download)

    assert ["/pictures"] == asked
    assert response.data[0].width is None


def test_one_that_cannot_be_had(ask):
    """
    It keeps its URL, and is named; the others have their bytes.
    """
    with pytest.warns(PartialResultWarning, match="NotFoundError"):
        response, _ = ask(PICTURE, GONE, download=True)
    first, second = response.data

    assert PNG == first.read()
    assert second.url.endswith("/1.png")
    assert [NotFoundError] == [type(error) for error in response.errors]
    assert "acme" == response.errors[0].provider
    assert [
        "1 of 2 pictures could not be fetched; they have their URL still, and read() tries again"
    ] == list(response.notes)


def test_within_the_deadline(acme, registered):
    """
    A server that does not send the picture costs no more time than the call has.
    """
    registered(acme.plugin())

    def answer(received):
        if received.method == "POST":
            return acme.urls(f"{server.url}/0.png")
        return reply(fault="hang")

    with FakeServer(answer) as server:
        settings = {**acme.call, "api_base": server.url, "timeout": 0.5}
        with pytest.warns(PartialResultWarning, match="Timeout"):
            response = impasto.image_generation(**settings, download=True)

    assert [Timeout] == [type(error) for error in response.errors]


def test_in_an_event_loop(acme, registered):
    """
    The awaited form does the same.
    """
    registered(acme.plugin())

    def answer(received):
        return acme.urls(f"{server.url}/0.png") if received.method == "POST" else PICTURE

    async def main():
        settings = {**acme.call, "api_base": server.url}
        response = await impasto.aimage_generation(**settings, download=True)
        return response.data[0].b64_json is not None

    with FakeServer(answer) as server:
        assert asyncio.run(main())


def test_what_it_takes(ask):
    """
    Anything but True and False is refused before anything is sent.
    """
    with pytest.raises(BadRequestError, match="download='yes'; it takes True or False"):
        ask(PICTURE, download="yes")


def test_a_batch_saves_metadata(acme, registered, tmp_path):
    """
    The files say what they were made from, where that is asked for.
    """
    registered(acme.plugin())

    def answer(received):
        return acme.urls(f"{server.url}/0.png") if received.method == "POST" else PICTURE

    call = {name: one for name, one in acme.call.items() if name != "prompt"}
    with FakeServer(answer) as server:
        for folder, asked in (("with", {"save_metadata": True}), ("without", {})):
            settings = {**call, "api_base": server.url, **asked}
            impasto.batch(["a fox"], out=tmp_path / folder, **settings).run()

    assert "a fox" == read_metadata(tmp_path / "with" / "00001-a-fox.png").call["prompt"]
    assert PNG == (tmp_path / "without" / "00001-a-fox.png").read_bytes()
    assert (
        "acme/oil-2"
        == json.loads(
            json.dumps(read_metadata(tmp_path / "with" / "00001-a-fox.png").model_dump())
        )["call"]["model"]
    )


def test_what_saving_metadata_takes(acme, registered, tmp_path):
    """
    Anything but True and False is refused.
    """
    registered(acme.plugin())

    with pytest.raises(BadRequestError, match="save_metadata=7; it takes True or False"):
        impasto.batch(["a fox"], out=tmp_path, save_metadata=7, **acme.call)


def test_what_an_extra_had_elsewhere(acme, registered, tmp_path):
    """
    A picture that an extra had, and no provider made just now, knows the call as well.
    """
    registered(acme.plugin())
    kept = impasto.ImageResponse(data=[impasto.Image(content=PNG)])

    async def from_elsewhere(call, proceed):
        return kept

    from impasto._api import dispatch

    dispatch().extras["elsewhere"] = from_elsewhere
    try:
        response = impasto.image_generation(**acme.call)
    finally:
        del dispatch().extras["elsewhere"]
    path = response.data[0].save(tmp_path / "fox.png", metadata=True)

    assert "a fox" == read_metadata(path).call["prompt"]
    assert kept.data[0]._made is None
