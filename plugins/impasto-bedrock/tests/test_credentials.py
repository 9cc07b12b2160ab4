"""Keys come from wherever people keep them, and that may take a while."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qs

import pytest

import impasto_bedrock
from impasto.errors import AuthenticationError, BadRequestError, MissingCredentialsError
from impasto.testing import FakeServer, Reply, Script, reply, sample

SAMPLES = Path(__file__).parent / "samples"
PICTURE = sample(SAMPLES / "stable-image.json")
EXPIRED = sample(SAMPLES / "error-expired.json")
CALL = {"prompt": "a red fox", "model": "bedrock/stability.stable-image-core-v1:1"}
KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret-0123456789"}
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN//////////wEaCXVzLWVhc3QtMSJH="


def alone(*answers: Reply) -> Script:
    """Return a script of which the plugin remembers no keys of other tests."""
    return Script(*answers, plugin=impasto_bedrock)


def sent(**more):
    """Return the headers that a call goes out with."""
    script = alone(PICTURE)
    script.play({**CALL, **more})
    return script.sent[0].headers


class TestTokens:
    def test_comes_from_the_environment(self, monkeypatch):
        """
        A Bedrock API key needs no date and no signature.
        """
        monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-xyz")
        headers = sent()

        assert "Bearer bedrock-api-key-xyz" == headers["Authorization"]
        assert "X-Amz-Date" not in headers

    def test_goes_before_all_other_keys(self, monkeypatch):
        """
        Also before keys in the call, as in boto3.
        """
        monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-xyz")

        assert "Bearer bedrock-api-key-xyz" == sent(**KEYS)["Authorization"]

    def test_may_be_a_function(self):
        """
        One that returns a token, or a coroutine function that does.
        """

        async def soon() -> str:
            return "soon-xyz"

        assert ["Bearer now-xyz", "Bearer soon-xyz"] == [
            sent(api_key=key)["Authorization"] for key in (lambda: "now-xyz", soon)
        ]

    def test_a_function_that_returns_no_text(self):
        """
        The error says so; nothing is sent.
        """
        with pytest.raises(AuthenticationError, match="not text"):
            sent(api_key=lambda: None)

    def test_needs_no_botocore(self):
        """
        With a token botocore is never imported, nor Pillow without a mask.
        """
        program = (
            "import sys, impasto; from impasto.testing import Script, sample;"
            f"Script(sample({str(SAMPLES / 'stable-image.json')!r})).play("
            f"{{**{CALL!r}, 'api_key': 'k-1'}});"
            "print({'botocore', 'PIL'} & set(sys.modules))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )

        assert "set()\n" == done.stdout


class TestArguments:
    def test_a_pair(self):
        """
        Access key and secret, without a session.
        """
        headers = sent(**KEYS)

        assert "Credential=AKIDEXAMPLE/20260115/us-west-2/bedrock/" in headers["Authorization"]
        assert "X-Amz-Security-Token" not in headers

    def test_a_session(self):
        """
        Its token is a header of its own, and signed.
        """
        headers = sent(**KEYS, aws_session_token=TOKEN)

        assert TOKEN == headers["X-Amz-Security-Token"]
        assert "x-amz-security-token," in headers["Authorization"]

    def test_are_not_mixed_with_the_environment(self, monkeypatch):
        """
        Keys in the call go without the session token of other keys.
        """
        monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)

        assert "X-Amz-Security-Token" not in sent(**KEYS)

    @pytest.mark.parametrize(
        ("given", "missing"),
        [
            ("aws_access_key_id", "aws_secret_access_key"),
            ("aws_secret_access_key", "aws_access_key_id"),
        ],
    )
    def test_half_a_key(self, given, missing):
        """
        The error names the other half, and its variable.
        """
        with pytest.raises(MissingCredentialsError, match=missing) as caught:
            sent(**{given: KEYS[given]})

        assert (missing, (missing.upper(),)) == (caught.value.param, caught.value.variables)

    def test_none_at_all(self):
        """
        Nothing is sent; the error names what would have been read.
        """
        script = alone(PICTURE)
        with pytest.raises(MissingCredentialsError, match="api_key") as caught:
            script.play(CALL)

        assert ([], "bedrock") == (script.sent, caught.value.provider)
        assert ("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE") == (
            caught.value.variables
        )

    @pytest.mark.parametrize("name", ["aws_web_identity_token", "aws_external_id"])
    def test_what_is_for_a_role_needs_one(self, name):
        """
        It would be lost otherwise.
        """
        with pytest.raises(AuthenticationError, match="aws_role_name") as caught:
            sent(**KEYS, **{name: "zz"})

        assert name == caught.value.param


class TestEnvironment:
    @pytest.mark.parametrize("variable", ["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"])
    def test_keys(self, monkeypatch, variable):
        """
        The three variables that AWS's tools know, and the old name of one.
        """
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-environment")
        monkeypatch.setenv(variable, TOKEN)
        headers = sent()

        assert "Credential=AKIDENVIRONMENT/" in headers["Authorization"]
        assert TOKEN == headers["X-Amz-Security-Token"]

    def test_a_profile_in_the_call_goes_before_it(self, monkeypatch, config):
        """
        Whoever names a profile means it.
        """
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-environment")
        write_profile(config)

        assert "Credential=AKIDWORK/" in sent(aws_profile_name="work")["Authorization"]


def write_profile(config: Path, **more: str) -> None:
    keys = {"aws_access_key_id": "AKIDWORK", "aws_secret_access_key": "work-secret", **more}
    lines = [f"{name} = {value}" for name, value in keys.items()]
    config.write_text("\n".join(["[profile work]", *lines, ""]))


class TestProfiles:
    def test_by_name(self, config):
        """
        From the files of AWS's own tools.
        """
        write_profile(config)

        assert "Credential=AKIDWORK/" in sent(aws_profile_name="work")["Authorization"]

    def test_by_variable(self, config, monkeypatch):
        """
        AWS_PROFILE is botocore's to read.
        """
        write_profile(config)
        monkeypatch.setenv("AWS_PROFILE", "work")

        assert "Credential=AKIDWORK/" in sent()["Authorization"]

    @pytest.mark.parametrize(
        ("settings", "url"),
        [
            ({}, "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"),
            (
                {"aws_use_fips_endpoint": True, "aws_use_dualstack_endpoint": True},
                "https://bedrock-runtime-fips.cn-north-1.api.amazonwebservices.com.cn",
            ),
            ({"api_base": "https://gw.example/us-west-2"}, "https://gw.example/us-west-2"),
        ],
    )
    def test_has_a_region(self, config, settings, url):
        """
        It counts where nobody named another one; a place of the user's own stays where it is.
        """
        write_profile(config, region="cn-north-1")
        script = alone(PICTURE)
        script.play({**CALL, "aws_profile_name": "work", **settings})

        assert script.sent[0].url.startswith(f"{url}/model/stability.")
        assert "/cn-north-1/bedrock/" in script.sent[0].headers["Authorization"]

    def test_has_a_region_that_gives_way(self, config, monkeypatch):
        """
        A variable goes before it.
        """
        write_profile(config, region="eu-west-1")
        monkeypatch.setenv("AWS_REGION", "us-east-1")

        assert "/us-east-1/bedrock/" in sent(aws_profile_name="work")["Authorization"]

    def test_has_a_region_that_is_none(self, config):
        """
        It is refused as one in the call is.
        """
        write_profile(config, region="evil.example/")
        with pytest.raises(BadRequestError, match="is no region"):
            sent(aws_profile_name="work")

    def test_that_is_not_there(self):
        """
        botocore's own error says which; nothing was sent.
        """
        script = alone(PICTURE)
        with pytest.raises(AuthenticationError, match="nobody") as caught:
            script.play({**CALL, "aws_profile_name": "nobody"})

        assert ([], False) == (script.sent, caught.value.maybe_accepted)


PROGRAM = """
import pathlib, time

here = pathlib.Path(__file__).parent
with (here / "runs").open("a") as runs:
    runs.write("asked\\n")
number = len((here / "runs").read_text().splitlines())
for _ in range(2000):
    if not (here / "held").exists():
        break
    time.sleep(0.01)
print((here / "answer.json").read_text().replace("NUMBER", str(number)))
"""


class Process:
    """A program from which AWS's configuration says that keys come: new ones each time."""

    def __init__(self, folder):
        self.folder = folder
        self.program = folder / "keys.py"
        self.program.write_text(PROGRAM)

    def answers(self, expiration, *, held=False):
        answer = {
            "Version": 1,
            "AccessKeyId": "AKIDPROCESS",
            "SecretAccessKey": "process-secret-0123456789",
            "SessionToken": "session-NUMBER",
            "Expiration": expiration,
        }
        written = {name: value for name, value in answer.items() if value is not None}
        (self.folder / "answer.json").write_text(json.dumps(written))
        if held:
            (self.folder / "held").touch()

    @property
    def runs(self):
        return len((self.folder / "runs").read_text().splitlines())

    def wait_until_asked(self):
        for _ in range(2000):
            if (self.folder / "runs").exists():
                return
            threading.Event().wait(0.01)
        raise AssertionError("the program was never run")

    def release(self):
        (self.folder / "held").unlink()


@pytest.fixture
def process(config, tmp_path):
    """A profile whose keys come from a program that says when they expire."""
    found = Process(tmp_path)
    config.write_text(
        f'[default]\ncredential_process = "{sys.executable}" -I -S "{found.program}"\n'
    )
    return found


class TestKeysThatExpire:
    def test_are_fetched_once_for_many_parts(self, process):
        """
        Four parts of one call wait for the one program that knows the keys.
        """
        process.answers("2099-01-01T00:00:00Z")
        script = alone(*[PICTURE] * 4)
        script.play({**CALL, "n": 4})

        assert (4, 1) == (len(script.sent), process.runs)

    def test_are_kept_for_later_calls(self, process):
        """
        Until the time that the program says.
        """
        process.answers("2099-01-01T00:00:00Z")
        script = alone(PICTURE, PICTURE)
        script.play(CALL)
        script.play(CALL)

        assert (2, 1) == (len(script.sent), process.runs)

    def test_without_an_end_are_asked_for_in_each_call(self, process):
        """
        Nothing says how long they are good.
        """
        process.answers(None)
        script = alone(PICTURE, PICTURE)
        script.play(CALL)
        script.play(CALL)

        assert (2, 2) == (len(script.sent), process.runs)

    def test_are_fetched_anew_once(self, process):
        """
        AWS says with 403 that they have expired; the order was not taken, so it goes out again.
        """
        process.answers("2099-01-01T00:00:00Z")
        script = alone(EXPIRED, PICTURE)
        response = script.play(CALL)

        assert (["session-1", "session-2"], 1) == (
            [sent.headers["X-Amz-Security-Token"] for sent in script.sent],
            len(response.data),
        )

    def test_are_not_fetched_for_ever(self, process):
        """
        A second refusal is the caller's to see.
        """
        process.answers("2099-01-01T00:00:00Z")
        script = alone(EXPIRED, EXPIRED)
        with pytest.raises(AuthenticationError) as caught:
            script.play(CALL)

        assert (2, 403, "ExpiredTokenException") == (
            len(script.sent),
            caught.value.status_code,
            caught.value.code,
        )

    def test_fixed_ones_are_not_tried_twice(self):
        """
        The same keys would be refused again.
        """
        script = alone(EXPIRED, EXPIRED)
        with pytest.raises(AuthenticationError):
            script.play({**CALL, **KEYS})

        assert 1 == len(script.sent)

    def test_fetching_them_holds_up_nobody_else(self, process):
        """
        While one call waits for its keys, another is made and answered.
        """
        process.answers("2099-01-01T00:00:00Z", held=True)
        script = alone(PICTURE)
        waiting = threading.Thread(target=script.play, args=(CALL,))
        waiting.start()
        process.wait_until_asked()
        other = alone(PICTURE).play({**CALL, **KEYS})
        sent_meanwhile = len(script.sent)
        process.release()
        waiting.join(20)

        assert (1, 0, 1) == (len(other.data), sent_meanwhile, len(script.sent))

    def test_are_in_no_error(self, process):
        """
        Core learns what to hide from what the plugin returned.
        """
        process.answers("2099-01-01T00:00:00Z")
        quoting = reply({"message": "bad: process-secret-0123456789"}, status=400)
        with pytest.raises(BadRequestError) as caught:
            alone(quoting).play(CALL)

        assert "process-secret" not in f"{caught.value} {caught.value.body}"


ROLE = "arn:aws:iam::123456789012:role/painter"


def granted(action: str) -> Reply:
    """Return what STS answers, in the shape that botocore 1.44.5 reads."""
    xml = f"""<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
      <{action}Result><Credentials>
        <AccessKeyId>ASIAROLE</AccessKeyId>
        <SecretAccessKey>role-secret-0123456789</SecretAccessKey>
        <SessionToken>role-session</SessionToken>
        <Expiration>2099-01-01T00:00:00Z</Expiration>
      </Credentials></{action}Result></{action}Response>"""
    return reply(body=xml.encode(), headers={"Content-Type": "text/xml"})


class TestRoles:
    @pytest.mark.parametrize(
        ("call", "asked"),
        [
            pytest.param(KEYS, {"RoleSessionName": ["impasto"]}, id="with keys"),
            pytest.param(
                {**KEYS, "aws_session_name": "fox", "aws_external_id": "e-1"},
                {"RoleSessionName": ["fox"], "ExternalId": ["e-1"]},
                id="with all that it may need",
            ),
        ],
    )
    def test_is_taken_on(self, call, asked):
        """
        STS is asked with the given keys; the picture is ordered with those that it gives out.
        """
        script = alone(PICTURE)
        with FakeServer().will(granted("AssumeRole")) as sts:
            script.play({**CALL, **call, "aws_role_name": ROLE, "aws_sts_endpoint": sts.url})
        (received,) = sts.received
        headers = script.sent[0].headers

        expected = {"Action": ["AssumeRole"], "RoleArn": [ROLE], **asked}
        form = parse_qs(received.body.decode())
        assert expected == {name: form[name] for name in form if name != "Version"}
        assert "Credential=AKIDEXAMPLE/" in received.headers["authorization"]
        assert "Credential=ASIAROLE/" in headers["Authorization"]
        assert "role-session" == headers["X-Amz-Security-Token"]

    def test_is_taken_on_with_a_token_of_an_identity(self):
        """
        That request needs no keys, and bears no signature.
        """
        script = alone(PICTURE)
        call = {**CALL, "aws_role_name": ROLE, "aws_web_identity_token": "eyJ0eXAi"}
        with FakeServer().will(granted("AssumeRoleWithWebIdentity")) as sts:
            script.play({**call, "aws_sts_endpoint": sts.url})
        (received,) = sts.received
        form = parse_qs(received.body.decode())

        assert (["AssumeRoleWithWebIdentity"], ["eyJ0eXAi"]) == (
            form["Action"],
            form["WebIdentityToken"],
        )
        assert "authorization" not in received.headers
        assert "Credential=ASIAROLE/" in script.sent[0].headers["Authorization"]

    def test_keys_of_a_role_are_kept(self):
        """
        Until STS says that they end.
        """
        script = alone(PICTURE, PICTURE)
        with FakeServer().will(granted("AssumeRole")) as sts:
            call = {**CALL, **KEYS, "aws_role_name": ROLE, "aws_sts_endpoint": sts.url}
            script.play(call)
            script.play(call)

        assert (2, 1) == (len(script.sent), len(sts.received))

    def test_a_refusal_of_sts(self):
        """
        It is an `AuthenticationError` that quotes STS, and nothing was ordered.
        """
        refusal = reply(
            body=b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no such role for you"
            b"</Message></Error></ErrorResponse>",
            status=403,
            headers={"Content-Type": "text/xml"},
        )
        script = alone(PICTURE)
        with (
            FakeServer().will(refusal) as sts,
            pytest.raises(AuthenticationError, match="no such role for you"),
        ):
            script.play({**CALL, **KEYS, "aws_role_name": ROLE, "aws_sts_endpoint": sts.url})

        assert [] == script.sent
