"""Whatever a service answers, the first six turn it into the documented error, in its own words."""

import gzip
import json

import pytest
from vendors import VENDORS

from impasto import ImpastoError
from impasto.errors import APIResponseValidationError, class_of_status
from impasto.testing import Script, reply

WORDS = "the easel is on fire"
STATUSES = [
    *(400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 413, 415, 417, 418, 421, 422, 423),
    *(424, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 507, 508, 511),
    *(520, 521, 522, 523, 524, 525, 526, 527, 529, 530, 561, 598, 599),
]
# What a service, a gateway before it or a proxy on the way may say, in the forms that they have.
SAYING = {
    "OpenAI": {"error": {"message": WORDS, "type": "odd", "param": None, "code": None}},
    "Azure": {"error": {"code": "Odd", "message": WORDS, "innererror": {"code": "Odder"}}},
    "Azure's gateway": {"statusCode": 1, "message": WORDS},
    "AWS": {"message": WORDS},
    "AWS, older": {"__type": "OddException", "Message": WORDS},
    "Google": {"error": {"code": 1, "message": WORDS, "status": "ODD"}},
    "Google, in a list": [{"error": {"code": 1, "message": WORDS, "status": "ODD"}}],
    "a problem document": {"title": "Odd", "detail": WORDS, "status": 1},
    "FastAPI": {"detail": [{"loc": ["body"], "msg": WORDS, "type": "odd"}]},
    "a list of errors": {"errors": [{"message": WORDS}]},
    "a text": {"error": WORDS},
    "OAuth": {"error": WORDS, "error_description": "odd"},
}
PLAIN = {
    "a page": f"<!DOCTYPE html><html><body><h1>{WORDS}</h1></body></html>".encode(),
    "plain text": WORDS.encode(),
    "half an object": f'{{"error": {{"message": "{WORDS}'.encode(),
}
MUTE = {
    "nothing": b"",
    "null": b"null",
    "a number": b"7",
    "an empty object": b"{}",
    "an empty list": b"[]",
    "an empty error": b'{"error": {}}',
    "bytes": b"\x00\xff\xfe\x80",
    "something compressed": gzip.compress(b"odd", mtime=0),
    "far too nested": b"[" * 100_000,
    "a megabyte": b'{"data": "' + b"x" * 1_000_000 + b'"}',
}
BODIES = {form: json.dumps(said).encode() for form, said in SAYING.items()} | PLAIN | MUTE

everybody = pytest.mark.parametrize("name", VENDORS)


def outcome(name, answer):
    """Return what a call of the service ends in when it answers so, again and again."""
    script = Script(answer, repeat=True)
    try:
        return script.play(
            {"prompt": "a fox", "max_retries": 0, "timeout": 20, **VENDORS[name].settings}
        )
    except ImpastoError as error:
        return error


@everybody
@pytest.mark.parametrize("form", [*SAYING, *PLAIN])
def test_an_error_says_what_the_service_said(name, form):
    """
    In every form of an error body and with every status, class and status are right, and the
    message has the service's words.
    """
    kind = {"Content-Type": "text/html" if form in PLAIN else "application/json"}

    for status in STATUSES:
        error = outcome(name, reply(body=BODIES[form], status=status, headers=kind))

        assert isinstance(error, class_of_status(status)), (status, error)
        assert status == error.status_code
        assert WORDS in error.message
        assert name == error.llm_provider


@everybody
@pytest.mark.parametrize("form", MUTE)
def test_an_error_that_says_nothing_is_known_by_its_status(name, form):
    """
    Class and status are right all the same, and the message is never empty, and never endless.
    """
    for status in STATUSES:
        error = outcome(name, reply(body=BODIES[form], status=status))

        assert isinstance(error, class_of_status(status)), (status, error)
        assert status == error.status_code
        assert 0 < len(error.message) < 1000


@everybody
@pytest.mark.parametrize("form", BODIES)
def test_a_success_that_makes_no_sense_is_an_error(name, form):
    """
    No body but the service's own becomes an answer, least of all one without pictures.
    """
    for status in (200, 201, 202, 203, 204, 206):
        error = outcome(name, reply(body=BODIES[form], status=status))

        assert isinstance(error, ImpastoError), error
        assert form in SAYING or isinstance(error, APIResponseValidationError), error
        assert error.maybe_accepted or WORDS in error.message


@everybody
def test_no_redirect_is_followed_with_the_key(name):
    """
    A redirect of an order to somewhere else is an error that says where it points.
    """
    for status in (300, 301, 302, 303, 307, 308):
        answer = reply({}, status=status, headers={"Location": "https://elsewhere.example/x"})
        script = Script(answer, repeat=True)
        with pytest.raises(ImpastoError) as caught:
            script.play({"prompt": "a fox", **VENDORS[name].settings})

        assert 1 == len(script.sent)
        assert "elsewhere.example" in str(caught.value)
