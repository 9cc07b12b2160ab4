"""Bad input: a clear error that names the argument, and nothing is sent."""

import asyncio
import io
import math
import threading
from pathlib import Path

import PIL.Image
import pytest

import impasto
from impasto.errors import (
    AuthenticationError,
    BadRequestError,
    ImpastoError,
    MissingCredentialsError,
    UnknownProviderError,
    UnsupportedParamsError,
)
from impasto.testing import PNG, FakeServer, png

KEY = "sk-0123456789abcdef"


@pytest.fixture(scope="module")
def server():
    """Start one server for all: none of these calls should reach it."""
    with FakeServer() as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_sent(server, monkeypatch):
    """Give every call a key and a base that work, and see that nothing arrives there."""
    for name in ("OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "IMPASTO_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_BASE", server.url)
    before = len(server.received)
    yield
    assert [] == server.received[before:]


def blocking(name, arguments):
    return getattr(impasto, name)(**arguments)


def awaited(name, arguments):
    return asyncio.run(getattr(impasto, f"a{name}")(**arguments))


def refusal(form, name, arguments):
    """Return the error that the call ends in: one of ours, fit to be shown."""
    with pytest.raises(ImpastoError) as caught:
        form(name, arguments)
    error = caught.value
    assert "Traceback" not in str(error)
    assert 'File "' not in str(error)
    assert KEY not in str(error)
    return error


both = pytest.mark.parametrize("form", [blocking, awaited])

GENERATIONS = {
    "no prompt": ({"prompt": None}, "prompt", "what is to be seen?"),
    "empty prompt": ({"prompt": ""}, "prompt", "prompt is empty"),
    "blank prompt": ({"prompt": " \t"}, "prompt", "prompt is empty"),
    "half a character": ({"prompt": "a \ud83d fox"}, "prompt", "a lone surrogate"),
    "prompt beyond the model": ({"prompt": "fox " * 8001}, "prompt", "takes at most 32,000"),
    "n is zero": ({"n": 0}, "n", "whole number of at least 1"),
    "n is a word": ({"n": "four"}, "n", "whole number of at least 1"),
    "n is a truth": ({"n": True}, "n", "whole number of at least 1"),
    "size is a word": ({"size": "big"}, "size", 'makes auto; any "WxH" with edges divisible'),
    "size is a ratio": ({"size": "16:9"}, "size", 'any "WxH"'),
    "size without extent": ({"size": "0x0"}, "size", 'such as "1024x1024"'),
    "size with another cross": ({"size": "1024\u00d71024"}, "size", "with a plain x"),
    "size as a pair": ({"size": (1024, 1024)}, "size", 'text such as "1024x1024"'),
    "size off the grid": ({"size": "1000x1000"}, "size", "edges divisible by 16"),
    "unknown quality": ({"quality": "superb"}, "quality", "'auto', 'low', 'medium', 'high'"),
    "unknown response_format": ({"response_format": "png"}, "response_format", "'b64_json'"),
    "no time": ({"timeout": 0}, "timeout", "more than 0"),
    "time is a word": ({"timeout": "x"}, "timeout", "takes seconds"),
    "negative time": ({"timeout": -1}, "timeout", "more than 0"),
    "negative retries": ({"max_retries": -1}, "max_retries", "at least 0"),
    "a header with a line break": (
        {"extra_headers": {"X-A": "b\r\nC: d"}}, "extra_headers", "line break",
    ),
    "metadata that is no dict": ({"metadata": "me"}, "metadata", "takes a dict"),
    "a number that is none": ({"strength": math.nan}, "strength", "cannot be put into a request"),
    "such a number deep inside": ({"tuning": {"a": [math.inf]}}, "tuning", "finite numbers"),
    "an object": ({"tuning": object()}, "tuning", "Object of type object"),
    "bytes": ({"reference": PNG}, "reference", "Object of type bytes"),
    "half a character in a word": ({"caption": "\ud83d"}, "caption", "half a character"),
    "a body without end": (
        {"extra_body": (lambda d: d.setdefault("a", d) and d)({})}, "extra_body", "ircular",
    ),
    "the empty model": ({"model": ""}, "model", "takes text"),
    "a provider without model": ({"model": "openai/"}, "model", "names a provider, but no model"),
    "another provider's setting": ({"api_version": "2025-01-01"}, "api_version", "it has api_key"),
    "another provider's key": ({"openai_key": "sk-1"}, "openai_key", "looks like a secret"),
    "a token": ({"my_token": "abc"}, "my_token", "not put into a request"),
    "a base without scheme": (
        {"api_base": "localhost:8000/v1"}, "api_base", "'https://localhost:8000/v1'",
    ),
    "a base with a user name": (
        {"api_base": "http://me:pw@127.0.0.1/v1"}, "api_base", "holds a user name",
    ),
    "a base with no such port": ({"api_base": "http://127.0.0.1:99999"}, "api_base", "0-65535"),
    "a base with a bracket too few": ({"api_base": "http://[::1"}, "api_base", "IPv6"),
    "a base with a line break": ({"api_base": "http://host/v1\nfoo"}, "api_base", "a line break"),
    "what is not done": ({"caching": True}, "caching", "leave it out"),
    "a fallback that is not installed": ({"fallbacks": ["nope/x"]}, "fallbacks", "impasto-nope"),
    "a mock of the wrong type": ({"mock_response": 5}, "mock_response", "takes a URL, bytes"),
    "a picture where none belongs": ({"image": PNG}, "image", "takes image to edit"),
    "a mask where none belongs": ({"mask": PNG}, "mask", "takes mask to edit"),
}  # fmt: skip


# What the model does not take, and what a call may well go on without.
DROPPED = {
    "size is a word",
    "size is a ratio",
    "size off the grid",
    "unknown quality",
    "another provider's setting",
}


class TestGeneration:
    """`image_generation` and `aimage_generation`."""

    @both
    @pytest.mark.parametrize("case", GENERATIONS)
    def test_is_refused_by_name(self, form, case):
        """
        A `BadRequestError` names the argument, says what is wrong with it and what is allowed.
        """
        arguments, param, says = GENERATIONS[case]
        call = {"prompt": "a fox", "model": "openai/gpt-image-2", **arguments}
        error = refusal(form, "image_generation", call)

        assert isinstance(error, BadRequestError)
        assert (400, param) == (error.status_code, error.param)
        assert says in error.message

    @pytest.mark.parametrize("case", sorted(GENERATIONS.keys() - DROPPED))
    def test_dropping_does_not_make_it_right(self, case):
        """
        `drop_params` is for what a model does not take; what cannot be right stays refused.
        """
        arguments, param, _ = GENERATIONS[case]
        call = {"prompt": "a fox", "model": "openai/gpt-image-2", **arguments}
        error = refusal(blocking, "image_generation", {**call, "drop_params": True})

        assert param == error.param

    @both
    @pytest.mark.parametrize(
        "model", ["nope/oil-2", "nope-1"], ids=["unknown provider", "unknown bare name"]
    )
    def test_nobody_answers(self, form, model):
        """
        What is not installed is said, with what is, and with what to do.
        """
        error = refusal(form, "image_generation", {"prompt": "a fox", "model": model})

        assert (UnknownProviderError, "model") == (type(error), error.param)
        assert f"installed: {', '.join(sorted(impasto.registry.names()))}" in error.message
        assert "Try: " in error.message

    @both
    def test_an_unknown_provider_given_apart(self, form):
        """
        The same for `custom_llm_provider`.
        """
        call = {"prompt": "a fox", "model": "x", "custom_llm_provider": "nope"}
        error = refusal(form, "image_generation", call)

        assert (UnknownProviderError, "custom_llm_provider") == (type(error), error.param)
        assert "pip install impasto-nope" in error.message


class TestKeys:
    """Keys that are missing or cannot be keys."""

    @both
    @pytest.mark.parametrize("empty", [None, ""])
    def test_no_key(self, form, monkeypatch, empty):
        """
        Without a key the error names the argument and the variables.
        """
        monkeypatch.delenv("OPENAI_API_KEY")
        monkeypatch.delenv("OPENAI_API_BASE")  # a server of one's own may do without a key
        call = {"prompt": "a fox", "model": "gpt-image-2", "api_key": empty}
        error = refusal(form, "image_generation", call)

        assert MissingCredentialsError is type(error)
        assert (401, "api_key", ("OPENAI_API_KEY",)) == (
            error.status_code,
            error.param,
            error.variables,
        )
        assert "api_key=... or set OPENAI_API_KEY" in error.message

    @both
    @pytest.mark.parametrize("end", ["\n", "\r\n", " ", "\u200b", "\0"])
    @pytest.mark.parametrize("where", ["argument", "environment"])
    def test_a_key_that_no_header_can_carry(self, form, monkeypatch, where, end):
        """
        A key copied with more than the key is said to be so, and is not shown.
        """
        key = f"sk-very-secret-key{end}"
        if where == "environment" and end != "\0":
            monkeypatch.setenv("OPENAI_API_KEY", key)
            key = None
        error = refusal(
            form, "image_generation", {"prompt": "a fox", "model": "gpt-image-2", "api_key": key}
        )

        assert AuthenticationError is type(error)
        assert "api_key" == error.param
        assert "very-secret" not in f"{error} {error!r} {vars(error)}"
        assert "copied with more than the key" in error.message
        assert (key is None) == ("(read from OPENAI_API_KEY)" in error.message)


@pytest.fixture
def text_file(tmp_path):
    """Open a file as text, which is not how pictures are read."""
    path = tmp_path / "notes.txt"
    path.write_text("a fox")
    with path.open() as file:
        yield file


class Unreadable:
    """A file that fails when it is read."""

    def read(self, size):
        raise OSError(5, "Input/output error")


def closed():
    file = io.BytesIO(PNG)
    file.close()
    return file


EDITS = {
    "no image": ({"image": None}, "image", "image is missing"),
    "no images": ({"image": []}, "image", "image is missing"),
    "no prompt": ({"prompt": None}, "prompt", "needs prompt"),
    "empty bytes": ({"image": b""}, "image", "it is empty"),
    "text": ({"image": b"once upon a time"}, "image", "it begins with b'once upon a time'"),
    "text that begins like a bitmap": (
        {"image": b"BM is how bitmaps begin, and some texts"}, "image", "not a picture",
    ),
    "a page": ({"image": b"<!DOCTYPE html><html></html>"}, "image", "not a picture"),
    "no such path": ({"image": "/nowhere/fox.png"}, "image", "No such file or directory"),
    "no such Path": ({"image": Path("/nowhere/fox.png")}, "image", "'/nowhere/fox.png'"),
    "a folder": ({"image": "/"}, "image", "Is a directory"),
    "a path with a zero in it": ({"image": "a\0b.png"}, "image", "null byte"),
    "a path with half a character": ({"image": "\ud83d.png"}, "image", "cannot be read"),
    "base64 in place of a path": ({"image": "iVBORw0KGgo" * 999}, "image", "base64 is given"),
    "another scheme": ({"image": "ftp://host/a.png"}, "image", "no http, https or data URL"),
    "a broken data URL": ({"image": "data:image/png;base64,!"}, "image", "no good data URL"),
    "a data URL without data": ({"image": "data:image/png"}, "image", "it has no comma"),
    "a data URL of text": ({"image": "data:,hello"}, "image", "begins with b'hello'"),
    "a text buffer": ({"image": io.StringIO("a fox")}, "image", "open(path, 'rb')"),
    "a closed file": ({"image": closed()}, "image", "closed file"),
    "a file that fails": ({"image": Unreadable()}, "image", "Input/output error"),
    "a number": ({"image": 5}, "image", "image is int; it may be bytes, a path"),
    "a dict": ({"image": {"url": "x"}}, "image", "image is dict"),
    "two paths as a tuple": ({"image": ("a.png", "b.png")}, "image", "given as a list"),
    "two pictures as a tuple": ({"image": (PNG, PNG)}, "image", "given as a list"),
    "the second of three": ({"image": [PNG, b"text", PNG]}, "image", "image[1] is not a picture"),
    "a PIL image that cannot be encoded": (
        {"image": PIL.Image.new("RGB", (0, 0))}, "image", "cannot be read from the Image",
    ),
    "a private address": ({"image": "http://10.0.0.1/fox.png"}, "image", "10.0.0.1"),
    "loopback": ({"image": "http://127.0.0.1:1/fox.png"}, "image", "127.0.0.1"),
    "more pictures than the model takes": ({"image": [PNG] * 17}, "image", "at most 16"),
    "a mask that is none": ({"mask": b"text"}, "mask", "mask is not a picture"),
    "a mask of another size": (
        {"mask": png(4, 8, (0, 0, 0, 0))}, "mask", "mask is 4x8, but the image is 8x8",
    ),
    "a mask at a private address": ({"mask": "http://10.0.0.1/m.png"}, "mask", "private network"),
    "two masks": ({"mask": [PNG, PNG]}, "mask", "mask is list"),
}  # fmt: skip


class TestEdit:
    """`image_edit` and `aimage_edit`."""

    @both
    @pytest.mark.parametrize("case", EDITS)
    def test_is_refused_by_name(self, form, case):
        """
        A `BadRequestError` names the picture, says what is wrong with it and what may be given.
        """
        arguments, param, says = EDITS[case]
        call = {"image": PNG, "prompt": "a hat", "model": "openai/gpt-image-2", **arguments}
        error = refusal(form, "image_edit", call)

        assert isinstance(error, BadRequestError)
        assert (400, param) == (error.status_code, error.param)
        assert says in error.message
        assert len(error.message) < 700

    @both
    def test_a_file_opened_as_text(self, form, text_file):
        """
        The message says how to open it.
        """
        call = {"image": text_file, "prompt": "a hat", "model": "openai/gpt-image-2"}
        error = refusal(form, "image_edit", call)

        assert "open(path, 'rb')" in error.message

    def test_a_model_that_does_not_edit(self):
        """
        DALL-E 3 makes new pictures only.
        """
        call = {"image": PNG, "prompt": "a hat", "model": "dall-e-3"}
        with pytest.warns(impasto.ModelRetiredWarning):
            error = refusal(blocking, "image_edit", call)

        assert UnsupportedParamsError is type(error)
        assert "image" == error.param


def test_the_error_is_raised_in_the_callers_thread():
    """
    The blocking form raises where it was called, whatever thread that is.
    """
    errors = []

    def call():
        try:
            impasto.image_generation("")
        except BadRequestError as error:
            errors.append((error.param, threading.current_thread().name))

    thread = threading.Thread(target=call, name="a worker")
    thread.start()
    thread.join(10)

    assert [("prompt", "a worker")] == errors
