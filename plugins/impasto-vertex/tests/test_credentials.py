"""Keys and tokens: from wherever they are given, once for many calls, and only into the header."""

import asyncio
import base64
import json
import pickle
from pathlib import Path
from urllib.parse import parse_qsl

import google.oauth2.credentials
import pytest
from cryptography.hazmat.primitives import serialization
from google.auth import jwt

import impasto
import impasto_vertex
from impasto.errors import (
    APIConnectionError,
    AuthenticationError,
    BadRequestError,
    MissingCredentialsError,
)
from impasto.testing import FakeServer, Script, reply, sample

SAMPLES = Path(__file__).parent / "samples"
GEMINI = sample(SAMPLES / "gemini.json")
CALL = {"prompt": "a fox", "model": "vertex_ai/gemini-3-pro-image"}
PROJECT = {**CALL, "vertex_project": "my-proj"}
HOME = "https://aiplatform.googleapis.com/v1beta1"
MODEL = "publishers/google/models/gemini-3-pro-image:generateContent"
REFUSED = reply(
    {"error": {"code": 401, "message": "stale", "status": "UNAUTHENTICATED"}}, status=401
)


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


class TokenServer(FakeServer):
    """Hands out numbered tokens."""

    def __init__(self):
        super().__init__(lambda _: self._token())

    def _token(self):
        token = f"ya29.number-{len(self.received)}-0123456789"
        return reply({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})


@pytest.fixture
def tokens():
    with TokenServer() as server:
        yield server


@pytest.fixture
def account(key, tokens):
    """Return a service account's key file, as a dict."""
    return {
        "type": "service_account",
        "project_id": "of-the-file",
        "private_key_id": "kid1",
        "private_key": pem(key),
        "client_email": "sa@p.iam.gserviceaccount.com",
        "token_uri": f"{tokens.url}/token",
    }


@pytest.fixture
def user(nothing_set, tokens):
    """Return what `gcloud auth application-default login` writes, as a dict."""
    # google-auth 2.62.2 asks Google alone, whatever the file says
    nothing_set.setattr("google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", tokens.url)
    return {
        "type": "authorized_user",
        "client_id": "cid",
        "client_secret": "cs-0123456789",
        "refresh_token": "1//rt-0123456789",
        "quota_project_id": "payer",
    }


def script(*answers):
    return Script(*(answers or (GEMINI,)), plugin=impasto_vertex)


def sent(call, *answers):
    """Return the only request of *call*."""
    played = script(*answers)
    played.play(call)
    (request,) = played.sent
    return request


class TestServiceAccount:
    @pytest.mark.parametrize("form", ["dict", "text", "file", "path"])
    @pytest.mark.parametrize("name", ["vertex_credentials", "vertex_ai_credentials"])
    def test_in_every_form(self, account, tmp_path, form, name):
        """
        A dict, JSON text, a file's name, blanks in it included, and a Path are the same.
        """
        path = tmp_path / "my service account.json"
        path.write_text(json.dumps(account))
        given = {"dict": account, "text": json.dumps(account), "file": str(path), "path": path}

        request = sent({**PROJECT, name: given[form]})

        assert "Bearer ya29.number-1-0123456789" == request.headers["Authorization"]

    @pytest.mark.parametrize("variable", ["VERTEXAI_CREDENTIALS", "VERTEX_CREDENTIALS"])
    def test_from_the_environment(self, nothing_set, account, variable):
        """
        Both names that people have set are read.
        """
        nothing_set.setenv(variable, json.dumps(account))

        assert "Bearer ya29.number-1-0123456789" == sent(PROJECT).headers["Authorization"]

    def test_the_token_is_asked_for_as_google_auth_does(self, account, tokens, key):
        """
        Form, header and claims are those of the recordings of google-auth under google-genai
        3.4.0 and 1.75.0.
        """
        sent({**PROJECT, "vertex_credentials": account})
        (asked,) = tokens.received
        form = dict(parse_qsl(asked.body.decode()))
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        claims = jwt.decode(form["assertion"], certs=public)
        header = json.loads(base64.urlsafe_b64decode(form["assertion"].partition(".")[0] + "=="))

        assert ("POST", "/token") == (asked.method, asked.path)
        assert "application/x-www-form-urlencoded" == asked.headers["content-type"]
        assert {"assertion", "grant_type"} == set(form)
        assert "urn:ietf:params:oauth:grant-type:jwt-bearer" == form["grant_type"]
        assert {"typ": "JWT", "alg": "RS256", "kid": "kid1"} == header
        assert 3600 == claims.pop("exp") - claims.pop("iat")
        assert {
            "iss": "sa@p.iam.gserviceaccount.com",
            "aud": "https://oauth2.googleapis.com/token",  # wherever it is really asked
            "scope": "https://www.googleapis.com/auth/cloud-platform",
        } == claims

    def test_its_project_is_taken_where_none_is_given(self, account):
        """
        The URL gets the project of the key file.
        """
        request = sent({**CALL, "vertex_credentials": account})

        assert f"{HOME}/projects/of-the-file/locations/global/{MODEL}" == request.url

    def test_a_given_project_goes_before_its_own(self, account):
        """
        An account may work for another project.
        """
        request = sent({**PROJECT, "vertex_credentials": account})

        assert f"{HOME}/projects/my-proj/locations/global/{MODEL}" == request.url

    def test_nothing_of_it_is_in_the_body_or_in_an_error(self, account):
        """
        Neither the key nor the token is anywhere but in the header.
        """
        failing = reply({"error": {"code": 400, "message": "no", "status": "X"}}, status=400)
        played = script(failing)
        with pytest.raises(BadRequestError) as caught:
            played.play({**PROJECT, "vertex_credentials": account})
        shown = f"{caught.value!r} {vars(caught.value)!r} {pickle.dumps(caught.value)!r}"

        for secret in (account["private_key"][60:120], "ya29.number-1"):
            assert secret not in shown
            assert secret.encode() not in played.sent[0].body


class TestUser:
    def test_the_token_is_asked_for_as_google_auth_does(self, user, tokens):
        """
        The fields are those of the recordings, and the quota project goes along with the call.
        """
        request = sent({**PROJECT, "vertex_credentials": user})
        form = dict(parse_qsl(tokens.received[0].body.decode()))

        assert {
            "grant_type": "refresh_token",
            "client_id": "cid",
            "client_secret": "cs-0123456789",
            "refresh_token": "1//rt-0123456789",
        } == form
        assert "payer" == request.headers["x-goog-user-project"]

    def test_a_given_quota_project_goes_before_its_own(self, user):
        """
        Who is to pay may be said with the call.
        """
        request = sent({**PROJECT, "vertex_credentials": user, "quota_project": "other"})

        assert "other" == request.headers["x-goog-user-project"]

    def test_an_expired_one(self, user, tokens):
        """
        What Google says of it is in the error, and no call goes out.
        """
        told = "Token has been expired or revoked."
        tokens.will(reply({"error": "invalid_grant", "error_description": told}, status=400))
        played = script()

        with pytest.raises(AuthenticationError, match=told):
            played.play({**PROJECT, "vertex_credentials": user})
        assert [] == played.sent

    def test_an_endpoint_that_cannot_be_reached(self, account):
        """
        That is no fault of the credentials.
        """
        with TokenServer() as gone:
            account["token_uri"] = gone.url

        with pytest.raises(APIConnectionError, match="endpoint cannot be reached") as caught:
            script().play({**PROJECT, "vertex_credentials": account})
        assert not caught.value.maybe_accepted


class TestOtherKinds:
    def test_one_account_in_the_name_of_another(self, nothing_set, user, tokens):
        """
        google-auth asks for the first token, then for that of the other account.
        """
        nothing_set.setattr("google.auth.iam._IAM_ENDPOINT", f"{tokens.url}/for/{{}}")
        tokens.will(
            reply({"access_token": "ya29.mine-0123456789", "expires_in": 3599}),
            reply({"accessToken": "ya29.theirs-0123456789", "expireTime": "2126-01-01T00:00:00Z"}),
        )
        account = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/sa@p.iam"
        impersonated = {
            "type": "impersonated_service_account",
            "service_account_impersonation_url": f"{account}:generateAccessToken",
            "source_credentials": user,
        }
        request = sent({**PROJECT, "vertex_credentials": impersonated})

        assert "Bearer ya29.theirs-0123456789" == request.headers["Authorization"]
        assert ["/", "/for/sa@p.iam"] == [received.path for received in tokens.received]

    def test_one_of_another_cloud(self, tmp_path, tokens):
        """
        A token out of a file is exchanged.
        """
        (tmp_path / "jwt").write_text("theirs-0123456789")
        federated = {
            "type": "external_account",
            "audience": "//iam.googleapis.com/projects/1/locations/global/pool",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": f"{tokens.url}/sts",
            "credential_source": {"file": str(tmp_path / "jwt")},
        }
        request = sent({**PROJECT, "vertex_credentials": federated})
        form = dict(parse_qsl(tokens.received[0].body.decode()))

        assert "theirs-0123456789" == form["subject_token"]
        assert "Bearer ya29.number-1-0123456789" == request.headers["Authorization"]


class TestDefaultCredentials:
    def test_a_file(self, nothing_set, tmp_path, account):
        """
        GOOGLE_APPLICATION_CREDENTIALS is read by google-auth, and its project is taken.
        """
        (tmp_path / "adc.json").write_text(json.dumps(account))
        nothing_set.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "adc.json"))
        request = sent(CALL)

        assert "Bearer ya29.number-1-0123456789" == request.headers["Authorization"]
        assert f"{HOME}/projects/of-the-file/locations/global/{MODEL}" == request.url

    def test_a_user_without_a_project(self, tmp_path, user):
        """
        The error says that no project is known, and nothing is sent.
        """
        (tmp_path / "gcloud").mkdir()
        written = tmp_path / "gcloud" / "application_default_credentials.json"
        written.write_text(json.dumps(user))
        played = script()

        with pytest.raises(BadRequestError, match="VERTEXAI_PROJECT") as caught:
            played.play(CALL)
        assert "vertex_project" == caught.value.param
        assert [] == played.sent

    def test_none(self):
        """
        The error names every way to give some, and nothing is sent.
        """
        played = script()

        with pytest.raises(MissingCredentialsError, match="pass vertex_credentials") as caught:
            played.play(PROJECT)
        assert "GOOGLE_APPLICATION_CREDENTIALS" in caught.value.variables
        assert [] == played.sent

    def test_a_file_that_is_not_there(self, nothing_set):
        """
        The error says which.
        """
        nothing_set.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/adc.json")

        with pytest.raises(MissingCredentialsError, match=r"/nowhere/adc\.json was not found"):
            script().play(PROJECT)

    def test_they_are_not_for_other_servers(self, nothing_set, tmp_path, account, tokens):
        """
        A server of the user's own gets no token unasked, and needs no project.
        """
        (tmp_path / "adc.json").write_text(json.dumps(account))
        nothing_set.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "adc.json"))
        request = sent({**CALL, "api_base": "https://gw.example/vx"})

        assert "Authorization" not in request.headers
        assert f"https://gw.example/vx/v1beta1/{MODEL}" == request.url
        assert [] == tokens.received

    def test_they_are_for_googles_own(self, nothing_set, tmp_path, account):
        """
        A private endpoint below googleapis.com is Google's.
        """
        (tmp_path / "adc.json").write_text(json.dumps(account))
        nothing_set.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "adc.json"))
        request = sent({**PROJECT, "api_base": "https://my.p.googleapis.com"})

        assert "Bearer ya29.number-1-0123456789" == request.headers["Authorization"]


async def awaited():
    return "ya29.awaited-0123456789"


class TestTokens:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            pytest.param("ya29.plain-0123456789", "ya29.plain-0123456789", id="text"),
            pytest.param(lambda: "ya29.called-0123456789", "ya29.called-0123456789", id="function"),
            pytest.param(awaited, "ya29.awaited-0123456789", id="async function"),
        ],
    )
    def test_one_of_the_callers(self, given, expected):
        """
        It goes out as it is; google-auth is not asked.
        """
        request = sent({**PROJECT, "access_token": given})

        assert f"Bearer {expected}" == request.headers["Authorization"]

    @pytest.mark.parametrize("odd", [lambda: None, lambda: "", lambda: "canary-4f7a\n"])
    def test_an_odd_one_is_not_sent(self, odd):
        """
        It is refused and not shown.
        """
        with pytest.raises(AuthenticationError, match="access_token") as caught:
            script().play({**PROJECT, "access_token": odd})

        assert "canary" not in caught.value.message

    def test_without_a_project(self):
        """
        A token does not say for which project it is.
        """
        with pytest.raises(BadRequestError, match="which project"):
            script().play({**CALL, "access_token": "ya29.plain-0123456789"})

    def test_credentials_of_google_auth(self):
        """
        An object of the caller's own is used while its token is good.
        """
        own = google.oauth2.credentials.Credentials("ya29.object-0123456789", quota_project_id="qp")
        request = sent({**PROJECT, "vertex_credentials": own})

        assert "Bearer ya29.object-0123456789" == request.headers["Authorization"]
        assert "qp" == request.headers["x-goog-user-project"]

    def test_credentials_of_google_auth_that_are_stale(self, tokens):
        """
        They are refreshed.
        """
        own = google.oauth2.credentials.Credentials(
            None, refresh_token="rt", client_id="c", client_secret="s", token_uri=tokens.url
        )

        assert (
            "Bearer ya29.number-1-0123456789"
            == (sent({**PROJECT, "vertex_credentials": own}).headers["Authorization"])
        )


class TestOften:
    def test_many_calls_fetch_one_token(self, account, tokens):
        """
        Eight calls at once, and one after them, share it.
        """
        call = {**PROJECT, "vertex_credentials": account}

        async def several(base):
            calls = [impasto.aimage_generation(**call, api_base=base) for _ in range(8)]
            return await asyncio.gather(*calls)

        with FakeServer(lambda _: GEMINI) as vertex:
            asyncio.run(several(vertex.url))
            impasto.image_generation(**call, api_base=vertex.url)
            seen = {received.headers["authorization"] for received in vertex.received}

        assert {"Bearer ya29.number-1-0123456789"} == seen
        assert (9, 1) == (len(vertex.received), len(tokens.received))

    def test_a_stale_one_is_renewed_once(self, account, tokens):
        """
        After a 401 the call goes out again with a token of its own.
        """
        played = script(REFUSED, GEMINI)
        played.play({**PROJECT, "vertex_credentials": account})

        assert ["Bearer ya29.number-1-0123456789", "Bearer ya29.number-2-0123456789"] == [
            request.headers["Authorization"] for request in played.sent
        ]

    def test_a_fixed_one_is_not_sent_twice(self):
        """
        There is no other token, so the 401 is what the caller gets.
        """
        played = script(REFUSED)

        with pytest.raises(AuthenticationError, match="stale"):
            played.play({**PROJECT, "access_token": "ya29.plain-0123456789"})
        assert 1 == len(played.sent)


class TestUnreadable:
    @pytest.mark.parametrize(
        ("given", "why"),
        [
            pytest.param("/nowhere/sa.json", "No such file", id="no file"),
            pytest.param('{"type": ', "it is no JSON", id="half of it"),
            pytest.param({"type": "api_key"}, "its type is 'api_key'", id="another type"),
            pytest.param({}, "its type is None", id="nothing in it"),
            pytest.param({"type": "service_account"}, "incomplete", id="incomplete"),
            pytest.param(
                {
                    "type": "service_account",
                    "private_key": "canary-4f7a2c9e8b1d6035",
                    "client_email": "a@b",
                    "token_uri": "https://x.example",
                },
                "damaged",
                id="a damaged key",
            ),
        ],
    )
    def test_the_error_says_why(self, given, why):
        """
        It shows nothing of the credentials.
        """
        with pytest.raises(AuthenticationError, match=why) as caught:
            script().play({**PROJECT, "vertex_credentials": given})

        assert "canary" not in f"{caught.value!r} {caught.value.__cause__!r}"

    def test_a_list_in_a_file(self, tmp_path):
        """
        JSON that is no object is none.
        """
        (tmp_path / "list.json").write_text("[]")

        with pytest.raises(AuthenticationError, match="no object"):
            script().play({**PROJECT, "vertex_credentials": str(tmp_path / "list.json")})

    def test_a_program(self):
        """
        No program is run because of a text that somebody passed.
        """
        given = {"type": "external_account", "credential_source": {"executable": {"command": "x"}}}

        with pytest.raises(BadRequestError, match="would run a program"):
            script().play({**PROJECT, "vertex_credentials": given})
