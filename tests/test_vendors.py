"""Each of the first six services over a real socket: the picture comes, and a wrong key is said."""

import asyncio

import pytest
from vendors import VENDORS, of_size, serving

import impasto
from impasto.testing import PNG, FakeServer

everybody = pytest.mark.parametrize("name", VENDORS)


@pytest.fixture
def server(name):
    with serving(name) as server:
        yield server


@pytest.fixture
def call(name, server):
    return {"prompt": "a fox", **VENDORS[name].settings, "api_base": server.url}


@everybody
def test_blocking_and_awaited_are_the_same(name, server, call):
    """
    Both make the picture, and say who drew it.
    """
    responses = [impasto.image_generation(**call), asyncio.run(impasto.aimage_generation(**call))]

    assert [PNG, PNG] == [response.data[0].read() for response in responses]
    assert [name, name] == [response.provider for response in responses]


@everybody
def test_several_pictures(name, server, call):
    """
    Three come, in one request or in three.
    """
    response = impasto.image_generation(**call, n=3)

    assert [PNG, PNG, PNG] == [image.read() for image in response.data]
    assert () == response.errors


@everybody
def test_a_large_picture(name, tmp_path):
    """
    One that is decoded while it arrives is the same, and says what it was made from.
    """
    vendor, picture = VENDORS[name], of_size(600_000)
    with FakeServer(lambda received: vendor.answer(received, picture)) as server:
        call = {"prompt": "a fox", **vendor.settings, "api_base": server.url}
        image = impasto.image_generation(**call, download=True).data[0]
    path = image.save(tmp_path / "fox.png", metadata=True)

    assert picture == image.read()
    assert "a fox" == impasto.read_metadata(path).arguments()["prompt"]


@everybody
def test_an_order_is_sent_once(name, server, call):
    """
    One picture is one order, whatever else is asked for on the way.
    """
    impasto.image_generation(**call)

    assert 1 == sum(
        one.method == "POST" and VENDORS[name].buys in one.path for one in server.received
    )


WRONG = {
    "bedrock": {"aws_access_key_id": "AKIDWRONG"},
    "vertex_ai": {"access_token": "ya29.wrong-0123456789"},
}


@everybody
def test_a_wrong_key(name, server, call):
    """
    The service's own refusal, in its words, with no key in it.
    """
    wrong = {**call, **WRONG.get(name, {"api_key": "wrong-0123456789abcdef"})}
    kind = impasto.PermissionDeniedError if name == "bedrock" else impasto.AuthenticationError
    with pytest.raises((kind, impasto.AuthenticationError)) as caught:
        impasto.image_generation(**wrong)

    assert caught.value.message
    assert caught.value.status_code in (401, 403)
    assert "0123456789" not in repr(vars(caught.value)) + str(caught.value)
