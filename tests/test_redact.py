"""Keys and pixels are taken out of whatever a person or a log will see."""

import base64
import json
import pickle
import traceback

import pytest

from impasto._redact import HIDDEN, SHOWN_CHARACTERS, clean, shown, without
from impasto.errors import ContentPolicyViolationError, ImpastoError

KEY = "acme-4f7a2c9e8b1d6035"
PIXELS = base64.b64encode(bytes(range(256)) * 20).decode()


class TestShown:
    """`shown()` makes a text fit for a message."""

    @pytest.mark.parametrize(
        "key",
        [
            "sk-proj-abcdefghijkl",
            "sk-abc***********wxyz",
            "Bearer abcdefgh.ijkl-mnop",
            "bearer eyJhbGciOiJIUzI1NiJ9.e30.abc",
            "r8_abcdefghijklmnop",
            "AKIAIOSFODNN7EXAMPLE",
            "ya29.a0AfH6SMBxxxxxxxx",
            "AIzaSyD-0123456789abcdefghijklmnopqrstu",
            "hf_abcdefghijklmnopqrstuvwxyz",
            "tgp_v1_abcdefghijklmnop",
        ],
    )
    def test_likely_keys_are_hidden(self, key):
        """
        What has the shape of a key is hidden, whoever's it is; its first letters tell whose.
        """
        text = shown(f"Incorrect API key provided: {key}, see the docs")

        assert key not in text
        assert HIDDEN in text
        assert text.startswith("Incorrect API key provided: ")
        assert text.endswith(", see the docs")

    @pytest.mark.parametrize(
        "text",
        [
            "a sentence about keys, bearers and tokens",
            "key_frames must be at least 2",
            "hf_transfer is not installed",
            "task-oriented, disk-shaped",
            "https://host/v1/images/generations?n=2",
            '{"error": {"code": "bad_request", "param": "size"}}',
        ],
    )
    def test_the_rest_stays(self, text):
        """
        Sentences, addresses and bodies are not garbled.
        """
        assert text == shown(text)

    def test_pixels_are_counted(self):
        """
        A run of base64 is replaced by its length.
        """
        assert f'{{"b64_json": "[{len(PIXELS)} characters]"}}' == shown(
            json.dumps({"b64_json": PIXELS})
        )

    @pytest.mark.parametrize("length", [256, 257])
    def test_what_is_a_run(self, length):
        """
        Ids and signatures are shorter than pictures.
        """
        assert (length == 256) == (shown("a" * length) == "a" * length)

    def test_long_texts_are_cut(self):
        """
        A page is shown by its beginning and its length.
        """
        text = shown("so many words " * 10_000)

        assert len(text) < SHOWN_CHARACTERS + 50
        assert text.endswith("... (140000 characters in all)")

    def test_a_picture_in_front_does_not_hide_what_follows(self):
        """
        What is said after a long picture may be cut, and the length is that of the whole.
        """
        text = shown(PIXELS * 10 + " and a word")

        assert len(text) < 200
        assert str(len(PIXELS) * 10 + 11) in text


class TestWithout:
    """`without()` takes known secrets out of a text."""

    def test_every_occurrence(self):
        """
        Wherever it stands.
        """
        assert f"{HIDDEN}, x{HIDDEN}y" == without(f"{KEY}, x{KEY}y", [KEY])

    @pytest.mark.parametrize("secrets", [[KEY[:10], KEY], [KEY, KEY[:10]]])
    def test_a_secret_that_another_one_begins_with(self, secrets):
        """
        Nothing of the longer one is left over.
        """
        assert f"key {HIDDEN}!" == without(f"key {KEY}!", secrets)

    def test_what_is_too_short_for_a_secret(self):
        """
        Servers that want no key get "x"; hiding each x would garble every message.
        """
        assert "six boxes" == without("six boxes", ["x", ""])

    def test_no_secrets(self):
        """
        Without a secret nothing is done.
        """
        assert KEY == without(KEY, [])


def failed(cause):
    """Return an error that arose from *cause*, as it would be raised."""
    try:
        try:
            raise cause
        except Exception as error:
            raise ContentPolicyViolationError(
                f"bad key {KEY}",
                code=KEY,
                param=KEY,
                categories=["violence", KEY],
                body=f'{{"key": "{KEY}", "b64_json": "{PIXELS}"}}',
                headers={"x-echo": f"Bearer {KEY}", "set-cookie": "a=b", "x-request-id": "req_7"},
            ) from error
    except ContentPolicyViolationError as error:
        return error


class TestClean:
    """`clean()` does so with an error, its fields and its causes."""

    def test_fields(self):
        """
        No field shows a key, whatever class the error is of; cookies do not stay at all.
        """
        error = clean(failed(ValueError("plain")), {KEY})

        assert (f"bad key {HIDDEN}", HIDDEN) == (error.message, error.code)
        assert (HIDDEN, ("violence", HIDDEN)) == (error.param, error.categories)
        assert {"x-echo": f"Bearer {HIDDEN}", "x-request-id": "req_7"} == error.headers
        assert f'{{"key": "{HIDDEN}", "b64_json": "[{len(PIXELS)} characters]"}}' == error.body
        assert KEY.encode() not in pickle.dumps(error)

    @pytest.mark.parametrize(
        "cause",
        [
            ValueError(f"no good: {KEY}"),
            json.JSONDecodeError("no JSON", f'{{"key": "{KEY}"', 0),
            UnicodeDecodeError("utf-8", KEY.encode() + b"\xff", 21, 22, "invalid"),
            ImpastoError("other", body=KEY),
        ],
        ids=["message", "document", "bytes", "fields"],
    )
    def test_a_telling_cause_is_cut_off(self, cause):
        """
        A cause that holds the key somewhere is not part of the traceback any more.
        """
        error = clean(failed(cause), {KEY})

        assert error.__cause__ is None
        assert KEY not in "".join(traceback.format_exception(error))

    def test_a_telling_cause_of_a_cause(self):
        """
        The first link that tells is cut; what stands before it stays.
        """
        plain = ValueError("plain")
        plain.__cause__ = KeyError(KEY)
        error = clean(failed(plain), {KEY})

        assert error.__cause__ is plain
        assert plain.__cause__ is None

    def test_a_plain_cause_stays(self):
        """
        What tells nothing helps whoever reads the traceback.
        """
        error = clean(failed(ValueError("plain")), {KEY})

        assert "plain" == str(error.__cause__)
