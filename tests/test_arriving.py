"""The pictures of large answers are decoded while they arrive, and nothing of the text is lost."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import os
import pickle
import random
import tempfile
import threading
from pathlib import Path

import pytest

from impasto import APIResponseValidationError, _held, _http
from impasto._arriving import LONG, Arriving, Parts
from impasto._held import Held, held
from impasto.testing import PNG, FakeServer, Reply, reply
from impasto.types import Image, Response

PICTURE = PNG + random.Random(1).randbytes(500_001 - len(PNG))  # a multiple of 3
TEXT = base64.b64encode(PICTURE).decode()


@pytest.fixture(autouse=True)
def half_on_disk(monkeypatch):
    """Hold half of a picture in memory at most, so that both are in use."""
    monkeypatch.setattr(_held, "_sizes", {})
    monkeypatch.setattr(_held, "_files", set())
    monkeypatch.setattr(_held, "IN_MEMORY", 250_000)


def arrived(body: bytes, *lengths: int) -> bytes | Parts:
    """Return *body* as it is read in pieces of *lengths*, again and again."""
    arriving, at, turn = Arriving(), 0, 0
    while at < len(body):
        length = lengths[turn % len(lengths)]
        arriving.feed([body[at : at + length]])
        at, turn = at + length, turn + 1
    return arriving.end()


def whole(found: bytes | Parts) -> bytes:
    return found if isinstance(found, bytes) else found.whole()


# What the base64 of a picture can be, and whether bytes stand for it then.
TEXTS = {
    "as it should be": (TEXT, True),
    "of two thirds of a group": (base64.b64encode(PICTURE[:-1]).decode(), True),
    "of a third of a group": (base64.b64encode(PICTURE[:-2]).decode(), True),
    "not padded": (base64.b64encode(PICTURE[:-1]).decode().rstrip("="), False),
    "padded too much": (TEXT + "====", False),
    "padded in the middle": (TEXT[:400_000] + "AA==" + TEXT[400_000:], False),
    "going on behind the padding": (base64.b64encode(PICTURE[:-1]).decode() + "AAAA", False),
    "with bits that mean nothing": (base64.b64encode(PICTURE[:-1]).decode()[:-2] + "/=", False),
    "in lines": ("\n".join(TEXT[at : at + 76] for at in range(0, len(TEXT), 76)), False),
    "in the alphabet for URLs": (TEXT.replace("+", "-").replace("/", "_"), False),
    "with a letter that is none": (TEXT[:-9] + "!" + TEXT[-8:], False),
    "a data URL": (f"data:image/png;base64,{TEXT}", False),
    "no base64 at all": ('\N{FOX FACE} says \\ and "' * 40_000, False),
    "short": (TEXT[:2_000], False),
    "empty": ("", False),
}


@pytest.mark.parametrize("lengths", [(1_000_000,), (65_536,), (100_003, 1, 2), (4_099,)])
@pytest.mark.parametrize(("text", "decoded"), TEXTS.values(), ids=TEXTS)
def test_the_text_is_the_same_as_ever(text, decoded, lengths):
    """
    However it is cut on its way: as JSON and as bytes, an answer is what was sent.
    """
    said = {"created": 1, "data": [{"b64_json": text, "revised_prompt": 'a "fox" \\'}], "n": {}}
    body = json.dumps(said).encode()

    found = arrived(body, *lengths)

    response = Response(status=200, body=found)
    light = response.json_with_pictures("b64_json")
    assert body == response.body
    assert len(body) == response.size
    assert said == response.json()
    assert said == json.loads(json.dumps(light, default=str))
    assert decoded == isinstance(light["data"][0]["b64_json"], Held)


def test_slashes_with_backslashes():
    """
    Some servers write a slash as JSON allows it; such a picture stays text, and is the same.
    """
    said = {"data": [{"b64_json": TEXT}]}
    body = json.dumps(said).replace("/", "\\/").encode()

    found = arrived(body, 65_536)

    assert body == whole(found)
    assert said == Response(status=200, body=found).json_with_pictures("b64_json")


def test_pictures_of_which_the_plugin_does_not_know():
    """
    What stands under no key that it names is text, wherever it is.
    """
    said = {"data": {"b64_json": TEXT}, "images": [TEXT, None, [TEXT]], TEXT: 1, "mask": TEXT}
    found = arrived(json.dumps(said).encode(), 65_536)

    light = Response(status=200, body=found).json_with_pictures("images")

    assert said == light
    assert [Held, type(None), list] == [type(one) for one in light["images"]]
    assert isinstance(light["mask"], str)
    assert isinstance(light["data"]["b64_json"], str)


@pytest.mark.parametrize("cut", [1, 20, 100_000, 400_000, 666_000, -5, -1])
def test_what_is_cut_off(cut):
    """
    It is as long as it came, and no JSON.
    """
    body = json.dumps({"data": [{"b64_json": TEXT}], "more": "x"}).encode()[:cut]

    found = arrived(body, 50_000)

    assert body == whole(found)
    with pytest.raises(ValueError, match=r"."):
        Response(status=200, body=found).json_with_pictures("b64_json")


@pytest.mark.parametrize(
    "body",
    {
        "text": b"event: x\ndata: " + json.dumps({"b64_json": TEXT}).encode(),
        "a picture": PICTURE,
        "text of two bytes each": json.dumps({"b64_json": TEXT}).encode("utf-16"),
        "nothing but quotes": b'["' + b'"' * 300_000,
        "nothing but backslashes": b'["' + b"\\" * 300_001 + b'"]',
        "blanks": b" " * 300_000,
        "nothing": b"",
    }.values(),
)
def test_what_is_no_json(body):
    """
    It comes as it is.
    """
    assert body == whole(arrived(body, 65_536, 3))


def test_deep_json():
    """
    What `json()` can read, this can, too; what is too deep is an error of the same kind.
    """
    deep = b'{"a":[' * 300 + json.dumps(TEXT).encode() + b"]}" * 300
    deeper = b'{"a":[' * 100_000 + json.dumps(TEXT).encode() + b"]}" * 100_000

    found = Response(status=200, body=arrived(deep, 65_536)).json_with_pictures("b")

    assert json.loads(deep) == found
    with pytest.raises(ValueError, match="nested too deeply"):
        Response(status=200, body=arrived(deeper, 65_536)).json_with_pictures("b")


def test_a_small_answer_is_read_as_ever(monkeypatch):
    """
    It is plain JSON, and nobody looks for pictures in it.
    """
    monkeypatch.setattr(_http, "Parts", None, raising=False)

    assert {"a": "b"} == Response(status=200, body=b'{"a": "b"}').json_with_pictures("a")


# --- What is held -----------------------------------------------------------------------------


@pytest.fixture(params=["memory", "file", "file, half"])
def place(request, monkeypatch):
    """Where bytes are held."""
    limits = {"memory": 1 << 30, "file": 0, "file, half": 250_000}
    monkeypatch.setattr(_held, "IN_MEMORY", limits[request.param])
    return request.param


def filled() -> Held:
    found = Held()
    for at in range(0, len(PICTURE), 49_152):
        found.write(PICTURE[at : at + 49_152])
    return found


def test_held_bytes(place):
    """
    They are all there, in pieces, from their beginning, and as text, wherever they are.
    """
    found = filled()

    assert (place == "memory") == (found._file is None)
    assert PICTURE == found.read() == b"".join(found.chunks())
    assert PICTURE[:100] == found.head(100)
    assert TEXT == found.text == str(found)
    assert (len(PICTURE), len(TEXT)) == (found.size, len(found))
    assert found == held(PICTURE) == TEXT
    assert found != held(PICTURE[1:])
    assert "<500,001 bytes>" == repr(found)


def test_held_bytes_travel(place):
    """
    Another process gets them, whichever file they are in here.
    """
    assert PICTURE == pickle.loads(pickle.dumps(filled())).read()


def test_the_file_is_gone_with_the_picture(place):
    """
    Nothing is left on the disk, and no file is open that nobody needs.
    """
    found = filled()
    file = found._file
    del found

    assert file is None or file.closed
    assert set() == _held._files
    assert {} == _held._sizes


def test_only_so_many_files(monkeypatch):
    """
    A program that keeps a thousand pictures does not run out of files: the others stay in memory.
    """
    monkeypatch.setattr(_held, "IN_MEMORY", 0)
    monkeypatch.setattr(_held, "FILES", 2)

    kept = [held(PNG) for _ in range(5)]

    assert [True, True, False, False, False] == [one._file is not None for one in kept]
    assert [PNG] * 5 == [one.read() for one in kept]


@pytest.mark.parametrize("fails", ["at once", "later"])
def test_a_full_disk(monkeypatch, fails):
    """
    The picture is paid for: it stays in memory, whole.
    """
    monkeypatch.setattr(_held, "IN_MEMORY", 0)
    made = tempfile.TemporaryFile

    class Full:
        """A file on a disk that is full after a while."""

        def __init__(self) -> None:
            self._file, self._room = made(buffering=0), 0 if fails == "at once" else 120_001

        def write(self, data):
            if len(data) > self._room:
                self._file.write(data[: self._room])
                raise OSError(28, "No space left on device")
            self._room -= len(data)
            return self._file.write(data[:100]) if fails == "later" else len(data)

        def __getattr__(self, name):
            return getattr(self._file, name)

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())

    found = filled()

    assert found._file is None
    assert PICTURE == found.read()
    assert set() == _held._files


def test_no_place_for_files(monkeypatch):
    """
    Where no file can be made, the memory has to do.
    """

    def none(**_):
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr(_held, "IN_MEMORY", 0)
    monkeypatch.setattr(tempfile, "TemporaryFile", none)

    assert PICTURE == filled().read()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_after_a_fork(monkeypatch):
    """
    Parent and child read the same file, each at its own place.
    """
    monkeypatch.setattr(_held, "IN_MEMORY", 0)
    found = filled()
    pieces = found.chunks(1_000)
    first = next(pieces)
    child = os.fork()
    if child == 0:
        os._exit(0 if found.read() == PICTURE else 1)

    assert 0 == os.waitpid(child, 0)[1]
    assert PICTURE == first + b"".join(pieces)


# --- Of whole calls ---------------------------------------------------------------------------


def packed(body: bytes) -> Reply:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    return Reply(body=gzip.compress(body), headers=headers)


ANSWERS = {
    "plain": lambda said: reply(said),
    "packed": lambda said: packed(json.dumps(said).encode()),
    "in other order": lambda said: reply(dict(reversed(said.items()))),
    "with backslashes": lambda said: Reply(
        body=json.dumps(said).replace("/", "\\/").encode(),
        headers={"Content-Type": "application/json"},
    ),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_of_a_call(answer, tmp_path):
    """
    Pictures of a large answer are read, saved, shown and encoded as those of any other.
    """
    import impasto

    said = {"created": 1, "data": [{"b64_json": TEXT}, {"b64_json": TEXT, "seed": 7}]}
    with FakeServer(lambda received: answer(said)) as server:
        response = impasto.image_generation(
            "a fox", "openai/gpt-image-2", n=2, api_key="sk-0123456789", api_base=server.url
        )
    first, second = response.data

    assert PICTURE == first.read() == asyncio.run(second.aread())
    assert PICTURE == second.save(tmp_path / "fox.png").read_bytes()
    assert TEXT == first.b64_json == second.model_dump()["b64_json"]
    assert ("image/png", 8, 8, 7) == (second.mime, second.width, second.height, second.seed)
    assert first == Image(b64_json=TEXT, provider_specific_fields={})
    assert PICTURE == pickle.loads(pickle.dumps(first)).read()
    assert TEXT == first._repr_mimebundle_()["image/png"]


def test_a_broken_picture_is_told_as_ever():
    """
    What is no base64 fails when it is read, and says where it begins.
    """
    import impasto

    said = {"data": [{"b64_json": "!" + TEXT}]}
    with FakeServer(lambda received: reply(said)) as server:
        response = impasto.image_generation(
            "a fox", "openai/gpt-image-2", api_key="sk-0123456789", api_base=server.url
        )

    with pytest.raises(APIResponseValidationError, match=r"begins with '!iVBOR"):
        response.data[0].read()


def test_they_are_decoded_elsewhere(monkeypatch):
    """
    The event loop decodes nothing.
    """
    import impasto

    threads: set[threading.Thread] = set()
    feed = Arriving.feed

    def watched(self, chunks):
        threads.add(threading.current_thread())
        feed(self, chunks)

    async def main(url: str) -> bytes:
        response = await impasto.aimage_generation(
            "a fox", "openai/gpt-image-2", api_key="sk-0123456789", api_base=url
        )
        return await response.data[0].aread()

    monkeypatch.setattr(Arriving, "feed", watched)
    with FakeServer(lambda received: reply({"data": [{"b64_json": TEXT}]})) as server:
        found = asyncio.run(main(server.url))

    assert PICTURE == found
    assert {"impasto-reading_0"} == {thread.name for thread in threads}


def test_a_text_is_long_from_so_many_characters_on():
    """
    What is shorter than that is left as it is: seen from twice as many on in any case.
    """
    short = json.dumps({"a": TEXT[: LONG - 4]}).encode()
    long = json.dumps({"a": TEXT[: 2 * LONG]}).encode()

    assert isinstance(arrived(short, 1_000), bytes)
    assert isinstance(arrived(long, 1_000), Parts)


def test_saving_reads_no_more_than_a_piece(tmp_path: Path, monkeypatch):
    """
    From a temporary file to the picture's own, it is never all in memory.
    """
    monkeypatch.setattr(_held, "IN_MEMORY", 0)
    found = filled()
    monkeypatch.setattr(Held, "read", lambda self: pytest.fail("it was read as a whole"))

    path = Image(b64_json=found).save(tmp_path / "fox.png")

    assert PICTURE == path.read_bytes()
