"""A provider's settings: arguments, then environment, then default."""

import base64
from datetime import UTC, datetime

import pytest

from impasto._settings import resolve
from impasto.errors import (
    AuthenticationError,
    BadRequestError,
    MissingCredentialsError,
    UnsupportedParamsError,
)
from impasto.testing import PNG, FakeServer, Script, reply
from impasto.types import Provider, Setting

CALL = {"prompt": "a fox", "model": "sketch/oil-1", "size": "64x64"}
ACME = Provider(
    name="acme",
    title="Acme",
    settings={
        "api_key": Setting(env=("ACME_KEY", "ACME_TOKEN"), secret=True, required=True),
        "region": Setting(env=("ACME_REGION",), default="north"),
    },
)
KEYED = Provider(
    name="keyed",
    settings={
        "key_id": Setting(env=("KEYED_ID",), secret=True, group="keys"),
        "secret_key": Setting(env=("KEYED_SECRET",), secret=True, group="keys"),
        "session_token": Setting(env=("KEYED_TOKEN",), secret=True, group="keys"),
        "region": Setting(env=("KEYED_REGION",)),
    },
)
SHARED = Provider(
    name="shared",
    settings={
        "api_key": Setting(env=("SHARED_KEY",), secret=True, yields_to=("project", "secret_file")),
        "project": Setting(env=("SHARED_PROJECT",)),
        "secret_file": Setting(env=("SHARED_FILE",), secret=True, file=True),
    },
)
LOCAL = Provider(
    name="local",
    settings={
        "api_key": Setting(env=("LOCAL_KEY",), secret=True, required=True, unless="api_base"),
        "api_base": Setting(env=("LOCAL_BASE",), default="https://api.local.example", url=True),
    },
)


class TestOrder:
    @pytest.mark.parametrize(
        ("arguments", "environment", "expected"),
        [
            ({"region": "south"}, {"ACME_REGION": "east"}, "south"),
            ({}, {"ACME_REGION": "east"}, "east"),
            ({"region": ""}, {"ACME_REGION": "east"}, "east"),
            ({}, {"ACME_REGION": ""}, "north"),
            ({}, {}, "north"),
        ],
    )
    def test_argument_then_variable_then_default(
        self, monkeypatch, arguments, environment, expected
    ):
        """
        What is empty counts as not given.
        """
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

        resolved = resolve(ACME, {"api_key": "acme-0123456789", **arguments})

        assert {"region": expected} == resolved.public

    def test_the_first_variable_wins(self, monkeypatch):
        """
        Variables are read in the order in which they are declared.
        """
        monkeypatch.setenv("ACME_TOKEN", "the-second-0123456789")
        monkeypatch.setenv("ACME_KEY", "the-first-0123456789")

        assert "the-first-0123456789" == resolve(ACME, {}).all["api_key"]

    def test_a_key_is_in_no_public_setting_and_in_no_repr(self):
        """
        What hooks may see, and what may be printed, holds no secret.
        """
        resolved = resolve(ACME, {"api_key": "acme-0123456789"})

        assert "api_key" not in resolved.public
        assert "acme-0123456789" not in repr(resolved.all)

    def test_a_missing_key_names_its_variables(self):
        """
        The error says which argument or variables would do.
        """
        with pytest.raises(MissingCredentialsError, match="ACME_KEY or ACME_TOKEN") as caught:
            resolve(ACME, {})

        assert ("ACME_KEY", "ACME_TOKEN") == caught.value.variables


class TestGroups:
    def test_parts_of_a_key_are_not_mixed(self, monkeypatch):
        """
        A token in the environment does not belong to keys that are arguments.
        """
        monkeypatch.setenv("KEYED_TOKEN", "of-another-account")
        monkeypatch.setenv("KEYED_REGION", "north")

        resolved = resolve(KEYED, {"key_id": "id-0123456789", "secret_key": "secret-0123456789"})

        assert {"key_id", "secret_key", "region"} == set(resolved.all)

    def test_without_arguments_all_are_read(self, monkeypatch):
        """
        The environment's own parts belong together.
        """
        for name in ("KEYED_ID", "KEYED_SECRET", "KEYED_TOKEN"):
            monkeypatch.setenv(name, f"{name}-0123456789")

        assert {"key_id", "secret_key", "session_token"} == set(resolve(KEYED, {}).all)


class TestYielding:
    @pytest.mark.parametrize(
        ("arguments", "environment", "expected"),
        [
            ({}, {}, {"api_key"}),
            ({}, {"SHARED_PROJECT": "p"}, {"project"}),
            ({"project": "p"}, {}, {"project"}),
            ({"secret_file": "/f"}, {}, {"secret_file"}),
            ({"api_key": "given-0123456789"}, {"SHARED_PROJECT": "p"}, {"api_key", "project"}),
        ],
    )
    def test_a_key_for_something_else_is_not_read(
        self, monkeypatch, arguments, environment, expected
    ):
        """
        A variable gives way to other settings, wherever they are from; an argument does not.
        """
        for name, value in {"SHARED_KEY": "of-another-0123456789", **environment}.items():
            monkeypatch.setenv(name, value)

        assert expected == set(resolve(SHARED, arguments).all)


class TestFiles:
    def test_a_path_may_hold_blanks(self):
        """
        A secret that is a file's name is no header, and is still secret.
        """
        path = "/home/José Pérez/my key.json"
        resolved = resolve(SHARED, {"secret_file": path})

        assert path == resolved.all["secret_file"]
        assert {} == resolved.public
        assert (path,) == resolved.secrets

    def test_a_key_may_not(self):
        """
        It was probably copied with more than the key.
        """
        with pytest.raises(AuthenticationError, match="holds a blank"):
            resolve(SHARED, {"api_key": "two words"})


class TestUnless:
    def test_a_server_of_ones_own_needs_no_key(self):
        """
        A required key is waived where the setting that it names is given.
        """
        resolved = resolve(LOCAL, {"api_base": "http://127.0.0.1:8080/"})

        assert {"api_base": "http://127.0.0.1:8080"} == resolved.public

    def test_the_default_does_not_waive_it(self):
        """
        The vendor's own server does need the key.
        """
        with pytest.raises(MissingCredentialsError):
            resolve(LOCAL, {})


class TestForeignSettings:
    def test_a_setting_of_other_providers_is_refused(self):
        """
        Nobody believes to have used a gateway that was never asked.
        """
        with pytest.raises(UnsupportedParamsError, match="sketch has no setting api_base"):
            Script().play({**CALL, "api_base": "https://gateway.example"})

    def test_or_dropped_with_a_fate(self):
        """
        With drop_params it is left out, and the response says so, without the key.
        """
        call = {**CALL, "api_key": "sk-0123456789", "api_version": "2026-01-01"}
        response = Script().play({**call, "drop_params": True})

        assert {"api_key": "dropped", "api_version": "dropped"} == {
            name: fate.outcome for name, fate in response.params.items() if name.startswith("api_")
        }
        assert "sk-0123456789" not in repr(response.params)

    def test_base_url_is_api_base(self):
        """
        The SDK's word for it does not send the key to the vendor's own server.
        """
        key = "sk-0123456789abcdef"
        with FakeServer() as server:
            answer = Script(reply({"data": [{"url": f"{server.url}/x.png"}]}))
            answer.play(
                {
                    "prompt": "a fox",
                    "model": "openai/gpt-image-2",
                    "base_url": f"{server.url}/v1",
                    "api_key": key,
                }
            )

        assert [f"{server.url}/v1/images/generations"] == [sent.url for sent in answer.sent]


class TestCounts:
    def test_more_requests_than_anybody_means_are_refused(self):
        """
        A typing error in n does not become a thousand million orders.
        """
        with pytest.raises(BadRequestError, match="at most 100") as caught:
            Script().play({**CALL, "n": 10**9})

        assert ("n", "sketch", "oil-1") == (
            caught.value.param,
            caught.value.provider,
            caught.value.model,
        )

    def test_a_dropped_count_is_not_split(self):
        """
        With n among additional_drop_params one request goes out, and says that n was dropped.
        """
        data = {"data": [{"b64_json": base64.b64encode(PNG).decode()}]}
        script = Script(reply(data), now=datetime(2026, 1, 15, tzinfo=UTC))
        response = script.play(
            {
                "prompt": "a fox",
                "model": "openai/dall-e-3",
                "api_key": "sk-0123456789abcdef",
                "n": 3,
                "additional_drop_params": ["n"],
            }
        )

        assert (1, "dropped") == (len(script.sent), response.params["n"].outcome)


class TestSecretsThatAreDropped:
    @pytest.mark.parametrize("name", ["api_key", "openai_key", "vertex_credentials"])
    def test_their_fate_does_not_show_them(self, name):
        """
        What is left out on request is told by its name; a key is not told at all.
        """
        key = "sk-0123456789abcdef"
        response = Script().play({**CALL, name: key, "additional_drop_params": [name]})

        assert "dropped" == response.params[name].outcome
        assert key not in repr(response.params)
        assert key not in response.model_dump_json()

    def test_nor_does_that_of_a_body(self):
        """
        Who puts a key into extra_body gets it sent, but not told.
        """
        key = "sk-0123456789abcdef"
        data = {"data": [{"b64_json": base64.b64encode(PNG).decode()}]}
        script = Script(reply(data), now=datetime(2026, 1, 15, tzinfo=UTC))
        call = {"prompt": "a fox", "model": "openai/gpt-image-2", "api_key": "sk-another-0123456"}
        response = script.play({**call, "extra_body": {"upstream_key": key, "tag": "blue"}})

        assert key.encode() in (script.sent[0].body or b"")
        assert key not in repr(response.params)
        assert "blue" == response.params["extra_body.tag"].given
