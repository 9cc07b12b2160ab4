"""What can go wrong: the tree of errors, with fields that survive a pickle."""

import copy
import inspect
import pickle
import re

import pytest

import impasto
from impasto import errors
from impasto.errors import (
    APIError,
    ContentPolicyViolationError,
    ImpastoError,
    ImpastoWarning,
    InternalServerError,
    MissingCredentialsError,
    ModelRetiredError,
    PluginError,
    RateLimitError,
    class_of_status,
)
from impasto.types import Request

CLASSES = [
    kind
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, ImpastoError)
]
WARNINGS = [
    kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, Warning)
]
FIELDS = {
    "provider": "acme",
    "model": "oil-2",
    "status_code": 418,
    "code": "teapot",
    "param": "size",
    "headers": {"x-request-id": "req_7"},
    "body": '{"error": "no"}',
    "request_id": "req_7",
    "retry_after": 7.5,
    "retryable": True,
    "maybe_accepted": True,
    "job": Request(url="https://api.acme.test/jobs/7", method="GET", buys=False),
}
OWN_FIELDS = {
    ContentPolicyViolationError: {"stage": "input", "categories": ("violence", "gore")},
    MissingCredentialsError: {"variables": ("ACME_API_KEY",)},
    ModelRetiredError: {"date": "2026-05-12", "successor": "oil-3"},
    PluginError: {"distribution": "impasto-acme", "version": "1.2"},
}

every_class = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)


def drawn():
    """Return what the module's docstring draws: name, depth, status and remark of each class."""
    lines = re.findall(r"^( *)([A-Z]\w+)(?: (\d{3}))?(?:  +(.+))?$", errors.__doc__, re.MULTILINE)
    return [(name, len(indent) // 2, status, remark) for indent, name, status, remark in lines]


class TestTree:
    """The docstring draws the tree; the classes are that tree."""

    def test_is_as_drawn(self):
        """
        Each class stands below its base, and none is missing.
        """
        above, bases = [], {}
        for name, depth, _, _ in drawn():
            above = [*above[:depth], name]
            bases[name] = above[depth - 1] if depth else "Exception"

        assert bases == {kind.__name__: kind.__base__.__name__ for kind in CLASSES}

    def test_has_the_statuses_that_are_drawn(self):
        """
        The number beside a class is the status that it stands for.
        """
        statuses = {name: int(status) for name, _, status, _ in drawn() if status}

        assert 10 < len(statuses)
        assert statuses == {name: getattr(errors, name).status_code for name in statuses}

    @every_class
    def test_each_is_documented_and_exported(self, kind):
        """
        Every class says who must do what, and is a name of the package.
        """
        assert vars(kind)["__doc__"]
        assert kind is getattr(impasto, kind.__name__)

    @pytest.mark.parametrize("kind", WARNINGS, ids=lambda kind: kind.__name__)
    def test_warnings(self, kind):
        """
        Warnings have one base, so that one filter is enough.
        """
        assert issubclass(kind, ImpastoWarning)
        assert kind is getattr(impasto, kind.__name__)


class TestFields:
    """What every error tells."""

    @every_class
    def test_all_of_them(self, kind):
        """
        Each class takes every field, its own included.
        """
        given = {**FIELDS, **OWN_FIELDS.get(kind, {})}
        error = kind("it went wrong", **given)

        assert given == {name: getattr(error, name) for name in given}
        assert ("it went wrong", ("it went wrong",)) == (error.message, error.args)

    @every_class
    def test_none_of_them(self, kind):
        """
        A message is enough; status and whether a repeat makes sense are those of the class.
        """
        error = kind("it went wrong")

        assert (kind.status_code, kind.retryable) == (error.status_code, error.retryable)
        assert (None, None, {}, False) == (
            error.provider,
            error.retry_after,
            error.headers,
            error.maybe_accepted,
        )
        assert "it went wrong" == str(error)

    @every_class
    def test_the_other_name_for_the_provider(self, kind):
        """
        LiteLLM's users look for `llm_provider`.
        """
        assert "acme" == kind("no", provider="acme").llm_provider

    @pytest.mark.parametrize(
        ("fields", "text"),
        [
            ({}, "no"),
            ({"provider": "acme"}, "acme: no"),
            ({"provider": "acme", "model": "oil-2"}, "acme/oil-2: no"),
            ({"provider": "acme", "request_id": "req_7"}, "acme: no (request req_7)"),
            ({"request_id": "req_7"}, "no (request req_7)"),
        ],
    )
    def test_in_words(self, fields, text):
        """
        Who, what, and what their support asks for.
        """
        assert text == str(APIError("no", **fields))


class TestPickle:
    """Errors cross processes whole."""

    @every_class
    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_every_field_survives(self, kind, protocol):
        """
        Whatever the protocol, the same class with the same fields, the pending job included.
        """
        error = kind("it went wrong", **FIELDS, **OWN_FIELDS.get(kind, {}))
        other = pickle.loads(pickle.dumps(error, protocol))

        assert (kind, vars(error), error.args) == (type(other), vars(other), other.args)
        assert str(error) == str(other)

    @pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
    def test_copies(self, duplicate):
        """
        Copies as well, and a copy's headers may be changed.
        """
        error = ContentPolicyViolationError("no", **FIELDS, stage="input", categories=["gore"])
        other = duplicate(error)

        assert vars(error) == vars(other)

    def test_notes(self):
        """
        What somebody added to it goes along.
        """
        error = RateLimitError("slow down")
        error.add_note("in part 3")

        assert ["in part 3"] == pickle.loads(pickle.dumps(error)).__notes__

    def test_a_class_of_somebody_elses(self):
        """
        A plugin's own subclass needs nothing to be picklable.
        """
        error = OutOfPaintError("no red", **FIELDS, colour="red")
        other = pickle.loads(pickle.dumps(error))

        assert (OutOfPaintError, "red", "acme") == (type(other), other.colour, other.provider)


class OutOfPaintError(APIError):
    """The provider is out of paint."""

    def __init__(self, message, *, colour, **fields):
        super().__init__(message, **fields)
        self.colour = colour


class TestStatus:
    """From an HTTP status to a class."""

    @pytest.mark.parametrize(
        ("status", "name"),
        [
            (400, "BadRequestError"),
            (401, "AuthenticationError"),
            (402, "PaymentRequiredError"),
            (403, "PermissionDeniedError"),
            (404, "NotFoundError"),
            (405, "APIError"),
            (408, "Timeout"),
            (409, "ConflictError"),
            (413, "BadRequestError"),
            (418, "APIError"),
            (422, "UnprocessableEntityError"),
            (429, "RateLimitError"),
            (451, "APIError"),
            (500, "InternalServerError"),
            (501, "InternalServerError"),
            (502, "BadGatewayError"),
            (503, "ServiceUnavailableError"),
            (504, "Timeout"),
            (529, "InternalServerError"),
        ],
    )
    def test_class_of_status(self, status, name):
        """
        The class that people catch; what has none of its own is an `APIError`.
        """
        assert name == class_of_status(status).__name__

    def test_every_drawn_status(self):
        """
        A status drawn beside a class leads to that class.
        """
        for name, _, status, _ in drawn():
            if status:
                assert name == class_of_status(int(status)).__name__

    def test_servers_that_fail_are_worth_another_call(self):
        """
        Whatever number a server fails with, a later call may succeed.
        """
        kinds = {class_of_status(status) for status in range(500, 600)}

        assert all(kind.retryable for kind in kinds)
        assert InternalServerError in kinds
