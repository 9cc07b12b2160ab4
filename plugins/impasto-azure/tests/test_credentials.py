"""Keys, tokens and Entra ID: which one goes out, where, and for how long."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import urllib3
from attrs import evolve

import impasto_azure
from impasto.errors import AuthenticationError, MissingCredentialsError
from impasto.testing import Script, reply, sample

SAMPLES = Path(__file__).parent / "samples"
ANSWER = sample(SAMPLES / "gpt-image.json")
REFUSED = sample(SAMPLES / "error-token.json")
BASE = "https://my-res.openai.azure.com"
CALL = {"prompt": "a fox", "model": "azure/dep", "api_base": BASE}
TENANT = "11111111-2222-3333-4444-555555555555"
SECRET = {"tenant_id": TENANT, "client_id": "our-program", "client_secret": "s3cret-0123456789"}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave azure-identity no way into the network."""
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "environmentcredential")
    monkeypatch.setattr(requests.Session, "request", _nobody)


def _nobody(*_: Any, **__: Any) -> requests.Response:
    raise AssertionError("nothing should be asked")


class Entra:
    """Entra ID, behind azure-identity's own HTTP client.

    Attributes:
        asked: The forms that were sent for a token.
        refuses: What it says instead, once it refuses.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.refuses: dict[str, str] | None = None

    def answer(
        self, session: requests.Session, method: str, url: str, **request: Any
    ) -> requests.Response:
        """Answer as `requests.Session.request` would."""
        if method == "GET":
            place = f"https://login.microsoftonline.com/{TENANT}"
            said = {
                "issuer": f"{place}/v2.0",
                "authorization_endpoint": f"{place}/oauth2/v2.0/authorize",
                "token_endpoint": f"{place}/oauth2/v2.0/token",
                "metadata": [],
            }
            return _response(200, said)
        form = {name: values[0] for name, values in parse_qs(_text(request["data"])).items()}
        self.asked.append(form)
        if self.refuses is not None:
            return _response(401, self.refuses)
        token = f"eyJ.token-number-{len(self.asked)}"
        said = {"token_type": "Bearer", "expires_in": 3600, "access_token": token}
        return _response(200, said)


def _text(data: Any) -> str:
    if isinstance(data, dict):
        return "&".join(f"{name}={value}" for name, value in data.items())
    return data.decode() if isinstance(data, bytes) else data


def _response(status: int, said: dict[str, Any]) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers["Content-Type"] = "application/json"
    body = io.BytesIO(json.dumps(said).encode())
    response.raw = urllib3.HTTPResponse(body=body, status=status, preload_content=False)
    return response


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch) -> Entra:
    """Return an Entra ID that azure-identity takes for the real one."""
    fake = Entra()
    monkeypatch.setattr(
        requests.Session, "request", lambda session, *a, **k: fake.answer(session, *a, **k)
    )
    return fake


def headers_of(script: Script) -> list[dict[str, str]]:
    """Return the keys that went out, in order."""
    names = ("api-key", "Authorization")
    return [
        {name: request.headers[name] for name in names if name in request.headers}
        for request in script.sent
    ]


def sent(**more: Any) -> dict[str, str]:
    script = Script(ANSWER, plugin=impasto_azure)
    script.play({**CALL, **more})
    (headers,) = headers_of(script)
    return headers


def refused(script: Script, **more: Any) -> Any:
    with pytest.raises(AuthenticationError) as caught:
        script.play({**CALL, **more})
    return caught.value


async def awaited() -> str:
    return "eyJ.awaited"


class TestKeys:
    @pytest.mark.parametrize("variable", ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"])
    def test_of_the_environment(self, monkeypatch, variable):
        """
        The SDK's variable and LiteLLM's; the key has a header of its own.
        """
        monkeypatch.setenv(variable, "az-environment")

        assert {"api-key": "az-environment"} == sent()

    @pytest.mark.parametrize("variable", ["AZURE_OPENAI_AD_TOKEN", "AZURE_AD_TOKEN"])
    def test_tokens_of_the_environment(self, monkeypatch, variable):
        """
        A token is a bearer's, and goes before a key.
        """
        monkeypatch.setenv(variable, "eyJ.environment")
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", "az-environment")

        assert {"Authorization": "Bearer eyJ.environment"} == sent()

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            pytest.param({"api_key": "az-1"}, {"api-key": "az-1"}, id="key"),
            pytest.param({"api_key": lambda: "az-1"}, {"api-key": "az-1"}, id="key function"),
            pytest.param(
                {"azure_ad_token": "eyJ.1"}, {"Authorization": "Bearer eyJ.1"}, id="token"
            ),
            pytest.param(
                {"azure_ad_token_provider": lambda: "eyJ.1"},
                {"Authorization": "Bearer eyJ.1"},
                id="provider",
            ),
            pytest.param(
                {"azure_ad_token_provider": awaited},
                {"Authorization": "Bearer eyJ.awaited"},
                id="async provider",
            ),
            pytest.param(
                {"azure_ad_token_provider": lambda: awaited()},
                {"Authorization": "Bearer eyJ.awaited"},
                id="provider of something to await",
            ),
        ],
    )
    def test_arguments_go_before_the_environment(self, monkeypatch, settings, expected):
        """
        Whichever is an argument, no variable is read for the others.
        """
        monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "eyJ.environment")
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", "az-environment")
        monkeypatch.setenv("AZURE_CLIENT_SECRET", "s3cret-environment")

        assert expected == sent(**settings)

    def test_several_arguments(self):
        """
        A function for tokens goes before a token, a token before a key.
        """
        keys = {"api_key": "az-1", "azure_ad_token": "eyJ.2"}
        all_three = {**keys, "azure_ad_token_provider": lambda: "eyJ.3"}

        assert {"Authorization": "Bearer eyJ.2"} == sent(**keys)
        assert {"Authorization": "Bearer eyJ.3"} == sent(**all_three)

    def test_v1_takes_the_same_headers(self):
        """
        The page's v1 example has the key as api-key.
        """
        v1 = f"{BASE}/openai/v1"

        assert {"api-key": "az-1"} == sent(api_base=v1, api_key="az-1")
        assert {"Authorization": "Bearer eyJ.1"} == sent(api_base=v1, azure_ad_token="eyJ.1")

    def test_a_provider_is_asked_for_each_call(self):
        """
        It knows itself how long its token is good.
        """
        tokens = iter(["eyJ.1", "eyJ.2"])
        script = Script(ANSWER, ANSWER, plugin=impasto_azure)
        for _ in range(2):
            script.play({**CALL, "azure_ad_token_provider": lambda: next(tokens)})

        assert ["Bearer eyJ.1", "Bearer eyJ.2"] == [
            headers["Authorization"] for headers in headers_of(script)
        ]

    def test_a_refused_token_is_asked_for_anew(self):
        """
        Once, and only where another one comes.
        """
        tokens = iter(["eyJ.1", "eyJ.2"])
        script = Script(REFUSED, ANSWER, plugin=impasto_azure)
        script.play({**CALL, "azure_ad_token_provider": lambda: next(tokens)})

        assert ["Bearer eyJ.1", "Bearer eyJ.2"] == [
            headers["Authorization"] for headers in headers_of(script)
        ]

    def test_a_refused_key_is_not_sent_again(self):
        """
        It would be the same key.
        """
        script = Script(REFUSED, repeat=True, plugin=impasto_azure)
        refused(script, api_key="az-1")

        assert 1 == len(script.sent)

    @pytest.mark.parametrize("returned", [None, "", 7, b"eyJ", "eyJ.1\n", "eyJ.1\r\nX-Evil: 1"])
    def test_a_provider_that_returns_no_token(self, returned):
        """
        The error names the setting; nothing is sent.
        """
        script = Script(ANSWER, plugin=impasto_azure)
        error = refused(script, azure_ad_token_provider=lambda: returned)

        assert ("azure_ad_token_provider", []) == (error.param, script.sent)

    def test_a_provider_that_raises(self):
        """
        What it says is told.
        """

        def provider() -> str:
            raise OSError("no metadata service")

        script = Script(ANSWER, plugin=impasto_azure)

        assert "no metadata service" in refused(script, azure_ad_token_provider=provider).message
        assert [] == script.sent

    def test_no_key_is_in_the_body(self):
        """
        LiteLLM sends azure_ad_token in it as well.
        """
        script = Script(ANSWER, plugin=impasto_azure)
        script.play({**CALL, "azure_ad_token": "eyJ.1", **SECRET, "azure_scope": "api://x"})

        assert {"prompt": "a fox"} == json.loads(script.sent[0].body)


class TestEntra:
    def test_a_client_secret(self, entra):
        """
        It becomes a token, through azure-identity.
        """
        assert {"Authorization": "Bearer eyJ.token-number-1"} == sent(**SECRET)
        (asked,) = entra.asked
        assert ("our-program", "s3cret-0123456789", "client_credentials") == (
            asked["client_id"],
            asked["client_secret"],
            asked["grant_type"],
        )

    def test_of_the_environment(self, entra, monkeypatch):
        """
        The variables are azure-identity's own.
        """
        for name, value in SECRET.items():
            monkeypatch.setenv(f"AZURE_{name.upper()}", value)

        assert {"Authorization": "Bearer eyJ.token-number-1"} == sent()

    def test_a_key_of_the_environment_goes_first(self, monkeypatch):
        """
        Nothing is asked where a key is set.
        """
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", "az-environment")
        for name, value in SECRET.items():
            monkeypatch.setenv(f"AZURE_{name.upper()}", value)

        assert {"api-key": "az-environment"} == sent()

    @pytest.mark.parametrize(
        ("settings", "scope"),
        [
            ({}, "https://cognitiveservices.azure.com/.default"),
            ({"api_base": f"{BASE}/openai/v1"}, "https://ai.azure.com/.default"),
            ({"azure_scope": "api://ours/.default"}, "api://ours/.default"),
        ],
        ids=["classic", "v1", "given"],
    )
    def test_scope(self, entra, settings, scope):
        """
        That of the page's examples, unless another one is given.
        """
        sent(**SECRET, **settings)

        assert [scope] == [asked["scope"] for asked in entra.asked]

    def test_a_token_is_kept_until_it_expires(self, entra):
        """
        Calls share it for its hour; then there is a new one.
        """
        answers = [ANSWER, evolve(ANSWER, delay=3700.0), ANSWER]
        script = Script(*answers, plugin=impasto_azure, now=datetime.now(UTC))
        for _ in range(3):
            script.play({**CALL, **SECRET})

        assert ["1", "1", "2"] == [headers["Authorization"][-1] for headers in headers_of(script)]

    def test_the_default_chain(self, entra, monkeypatch, tmp_path):
        """
        Without a key azure-identity looks round: here it finds the identity of a workload.
        """
        monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "workloadidentitycredential")
        token_file = tmp_path / "token"
        token_file.write_text("eyJ.of-the-cluster")
        monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(token_file))
        headers = sent(tenant_id=TENANT, client_id="our-workload")

        assert {"Authorization": "Bearer eyJ.token-number-1"} == headers
        assert [("our-workload", "eyJ.of-the-cluster")] == [
            (asked["client_id"], asked["client_assertion"]) for asked in entra.asked
        ]

    def test_a_refused_secret(self, entra):
        """
        What Entra ID says is told, but not the secret.
        """
        entra.refuses = {
            "error": "invalid_client",
            "error_description": "AADSTS7000215: Invalid client secret s3cret-0123456789.",
        }
        script = Script(ANSWER, plugin=impasto_azure)
        error = refused(script, **SECRET)

        assert "AADSTS7000215" in error.message
        assert "s3cret-0123456789" not in f"{error} {vars(error)}"
        assert (AuthenticationError, []) == (type(error), script.sent)

    @pytest.mark.parametrize("missing", ["tenant_id", "client_id"])
    def test_a_part_of_a_secret(self, missing):
        """
        The error names what is missing, and its variable.
        """
        script = Script(ANSWER, plugin=impasto_azure)
        parts = {name: value for name, value in SECRET.items() if name != missing}
        error = refused(script, **parts)

        assert (missing, []) == (error.param, script.sent)
        assert f"AZURE_{missing.upper()}" in error.message

    def test_a_malformed_tenant(self):
        """
        azure-identity refuses what could lead to another URL; nothing is asked.
        """
        script = Script(ANSWER, plugin=impasto_azure)
        error = refused(script, **{**SECRET, "tenant_id": "../evil"})

        assert "tenant" in error.message
        assert [] == script.sent


class TestNothing:
    def test_nothing_is_found(self):
        """
        The error names the variables of keys, and what Entra ID said.
        """
        script = Script(ANSWER, plugin=impasto_azure)
        error = refused(script)

        assert (MissingCredentialsError, []) == (type(error), script.sent)
        assert "AZURE_OPENAI_API_KEY" in error.variables
        assert "AZURE_OPENAI_API_KEY or AZURE_API_KEY" in error.message
        assert "Entra ID gave no token" in error.message

    @pytest.mark.parametrize("settings", [{}, SECRET], ids=["no key", "a client secret"])
    def test_without_azure_identity(self, monkeypatch, settings):
        """
        The error names the command that brings it.
        """
        monkeypatch.setitem(sys.modules, "azure", None)
        script = Script(ANSWER, plugin=impasto_azure)
        error = refused(script, **settings)

        assert (MissingCredentialsError, []) == (type(error), script.sent)
        assert 'pip install "impasto-azure[entra]"' in error.message

    def test_a_key_needs_no_azure_identity(self, monkeypatch):
        """
        The extra is for Entra ID alone.
        """
        monkeypatch.setitem(sys.modules, "azure", None)

        assert {"api-key": "az-1"} == sent(api_key="az-1")

    def test_nothing_heavy_is_imported(self):
        """
        Neither with the plugin nor with a call that has a key.
        """
        program = (
            "import sys, impasto_azure\n"
            "impasto_azure.get_credentials(settings={'api_key': 'az-1'})\n"
            "print([name for name in ('azure', 'msal', 'requests', 'aiohttp', 'PIL')"
            " if name in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )

        assert "[]" == done.stdout.strip()


class TestQuoted:
    def test_a_token_that_the_service_quotes(self):
        """
        It does not get into the error.
        """
        script = Script(
            reply({"statusCode": 401, "message": "bad: eyJ.0123456789"}, status=401),
            plugin=impasto_azure,
        )
        error = refused(script, azure_ad_token_provider=lambda: "eyJ.0123456789")

        assert "eyJ.0123456789" not in f"{error} {error.body}"
