"""A provider with blocking credentials and signed requests keeps the contract."""

import base64
import json
import sys
import threading
from datetime import UTC, datetime
from urllib.parse import urlsplit

import proof_bedrock
import pytest

from impasto.errors import (
    AuthenticationError,
    BadGatewayError,
    BadRequestError,
    ContentPolicyViolationError,
    InternalServerError,
    MissingCredentialsError,
    ModelRetiredError,
    ModelRetiredWarning,
    NotFoundError,
    PartialResultWarning,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    Timeout,
    UnsupportedParamsError,
)
from impasto.testing import PNG, ProviderContract, Script, html, reply
from impasto.types import Credentials, Request

CORE = "stability.stable-image-core-v1:1"
TITAN = "amazon.titan-image-generator-v2:0"
SDXL = "stability.stable-diffusion-xl-v1"
KEYS = {
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN//////////wEaCXVzLWVhc3QtMSJH="
CALL = {"prompt": "a red fox", "model": f"bedrock/{CORE}", **KEYS}
B64 = base64.b64encode(PNG).decode()
PICTURE = reply(
    {"seeds": [42], "finish_reasons": [None], "images": [B64]},
    headers={"x-amzn-requestid": "11111111-2222-3333-4444-555555555555"},
)
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def aws(monkeypatch, tmp_path):
    """Leave the tests alone with what they write into *tmp_path*/config, whose path it returns."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE", "REGION"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    for name in ("AWS_DEFAULT_REGION", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return config


def script(*replies, **stage):
    return Script(*(replies or [PICTURE] * 9), plugin=proof_bedrock, **stage)


def refused(code, message, status, **headers):
    return reply({"message": message}, status=status, headers={"x-amzn-ErrorType": code, **headers})


SECRET = KEYS["aws_secret_access_key"]
PLAIN = {"access": KEYS["aws_access_key_id"], "secret": SECRET, "session": None}
KEYLESS = {name: value for name, value in CALL.items() if name not in KEYS}
EXPIRED = refused(
    "ExpiredTokenException", "The security token included in the request is expired", 403
)


def unsigned(sent: Request) -> Request:
    headers = {
        name: value
        for name, value in sent.headers.items()
        if name not in ("Authorization", "X-Amz-Date")
    }
    return Request(url=sent.url, headers=headers, body=sent.body, state=sent.state)


PROGRAM = """
import json, pathlib, time

here = pathlib.Path(__file__).parent
with (here / "runs").open("a") as runs:
    runs.write("asked\\n")
for _ in range(2000):
    if not (here / "held").exists():
        break
    time.sleep(0.01)
answer = json.loads((here / "answer.json").read_text())
answer["SessionToken"] += str(len((here / "runs").read_text().splitlines()))  # a fresh one
print(json.dumps(answer))
"""


class Process:
    """A program from which AWS's own configuration says that keys come."""

    def __init__(self, folder):
        self.folder = folder
        self.program = folder / "keys.py"
        self.program.write_text(PROGRAM)

    def answers(self, expiration, *, held=False):
        answer = {
            "Version": 1,
            "AccessKeyId": "AKIDPROCESS",
            "SecretAccessKey": "process-secret-0123456789",
            "SessionToken": TOKEN,
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
def process(aws, tmp_path):
    """A profile whose keys come from a program that says when they expire."""
    found = Process(tmp_path)
    aws.write_text(f'[default]\ncredential_process = "{sys.executable}" -I -S "{found.program}"\n')
    return found


class TestContract(ProviderContract):
    """The contract, with a signature."""

    plugin = proof_bedrock
    call = CALL
    conversation = (PICTURE,)
    refusal = (reply({"finish_reasons": ["Filter reason: prompt"]}),)


class TestPaths:
    """Whatever names a model is one segment of the path."""

    @pytest.mark.parametrize(
        ("model", "base", "segment"),
        [
            # boto3 1.44.5, recorded 2026-11-22; the profile's row is found by its name
            pytest.param(CORE, None, "stability.stable-image-core-v1%3A1", id="a model"),
            pytest.param(
                f"us.{CORE}", None, "us.stability.stable-image-core-v1%3A1", id="a profile"
            ),
            pytest.param(
                f"arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.{CORE}",
                None,
                "arn%3Aaws%3Abedrock%3Aus-west-2%3A123456789012%3Ainference-profile"
                "%2Fus.stability.stable-image-core-v1%3A1",
                id="a profile's ARN",
            ),
            pytest.param(
                f"arn:aws:bedrock:us-east-1::foundation-model/{CORE}",
                None,
                "arn%3Aaws%3Abedrock%3Aus-east-1%3A%3Afoundation-model"
                "%2Fstability.stable-image-core-v1%3A1",
                id="a model's ARN",
            ),
            pytest.param(
                "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdef123456",
                CORE,
                "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aprovisioned-model%2Fabcdef123456",
                id="provisioned",
            ),
            pytest.param(
                "a b+c~d_e-f.g(h)*'é",
                CORE,
                "a%20b%2Bc~d_e-f.g%28h%29%2A%27%C3%A9",
                id="odd characters",
            ),
        ],
    )
    def test_names_are_encoded_whole(self, model, base, segment):
        """Colons and slashes too; the row behind the name decides what is checked."""
        stage = script()
        response = stage.play(
            {**CALL, "model": f"bedrock/{model}", "base_model": base, "output_format": "jpeg"}
        )

        url = urlsplit(stage.sent[0].url)
        assert f"/model/{segment}/invoke" == url.path
        assert "sent" == response.params["output_format"].outcome

    @pytest.mark.parametrize(
        ("settings", "host"),
        [
            ({}, "bedrock-runtime.us-west-2.amazonaws.com"),
            ({"aws_region_name": "eu-central-1"}, "bedrock-runtime.eu-central-1.amazonaws.com"),
            ({"aws_region_name": "cn-north-1"}, "bedrock-runtime.cn-north-1.amazonaws.com.cn"),
            ({"api_base": "https://gw.example:8443/base/path/"}, "gw.example:8443"),
        ],
    )
    def test_the_region_is_in_the_host(self, settings, host):
        """Unless another place is asked."""
        stage = script()
        stage.play({**CALL, **settings})

        assert host == urlsplit(stage.sent[0].url).netloc

    @pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
    def test_the_region_is_read_from_the_environment(self, monkeypatch, variable):
        """Botocore knows the one variable, all other SDKs the other."""
        monkeypatch.setenv(variable, "us-east-1")
        stage = script()
        stage.play(CALL)

        assert "/us-east-1/bedrock/" in stage.sent[0].headers["Authorization"]

    def test_an_unknown_name_needs_its_model(self):
        """Nothing tells which body a provisioned model takes, so nothing is sent."""
        stage = script()
        arn = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdef123456"
        with pytest.raises(BadRequestError) as caught:
            stage.play({**CALL, "model": f"bedrock/{arn}"})

        assert ("base_model", []) == (caught.value.param, stage.sent)

    def test_a_model_newer_than_the_catalogue_takes_its_makers_body(self):
        """By name or by base_model; its parameters pass unverified, one picture in each request."""
        stage = script()
        response = stage.play(
            {**CALL, "model": "bedrock/my-arn", "base_model": "stability.new-v9:0", "n": 2}
        )

        assert [{"prompt": "a red fox"}] * 2 == [json.loads(sent.body) for sent in stage.sent]
        assert "unverified" == response.params["prompt"].outcome


class TestBodies:
    """Each family of models has a body of its own; as boto3 1.44.5 sent them, 2026-11-22."""

    def test_stable_image(self):
        """Flat; a size becomes a ratio."""
        stage = script()
        stage.play(
            {
                **CALL,
                "negative_prompt": "blurry",
                "size": "1344x768",
                "output_format": "png",
                "seed": 42,
            }
        )

        assert {
            "prompt": "a red fox",
            "negative_prompt": "blurry",
            "aspect_ratio": "16:9",
            "output_format": "png",
            "seed": 42,
        } == json.loads(stage.sent[0].body)

    def test_titan(self):
        """Nested: what belongs to the text, and how to draw it."""
        stage = script(reply({"images": [B64, B64], "error": None}))
        stage.play(
            {
                **CALL,
                "model": f"bedrock/{TITAN}",
                "negative_prompt": "blurry",
                "n": 2,
                "quality": "hd",
                "size": "1024x1024",
                "cfgScale": 8.0,
                "seed": 42,
                "controlMode": "CANNY_EDGE",
            }
        )

        assert {
            "taskType": "TEXT_IMAGE",
            "textToImageParams": {
                "text": "a red fox",
                "negativeText": "blurry",
                "controlMode": "CANNY_EDGE",
            },
            "imageGenerationConfig": {
                "numberOfImages": 2,
                "quality": "premium",
                "height": 1024,
                "width": 1024,
                "cfgScale": 8.0,
                "seed": 42,
            },
        } == json.loads(stage.sent[0].body)

    def test_stable_diffusion_xl(self):
        """Prompts with weights, and a form of answer that nobody else has."""
        answer = {"seed": 42, "base64": B64, "finishReason": "SUCCESS"}
        stage = script(reply({"result": "success", "artifacts": [answer]}))
        with pytest.warns(ModelRetiredWarning, match="was retired on 2025-05-20"):
            response = stage.play(
                {
                    **CALL,
                    "model": f"bedrock/{SDXL}",
                    "negative_prompt": "blurry",
                    "size": "1024x1024",
                    "style": "photographic",
                    "seed": 42,
                    "cfg_scale": 7,
                }
            )

        assert {
            "text_prompts": [
                {"text": "a red fox", "weight": 1.0},
                {"text": "blurry", "weight": -1.0},
            ],
            "cfg_scale": 7,
            "height": 1024,
            "width": 1024,
            "seed": 42,
            "style_preset": "photographic",
        } == json.loads(stage.sent[0].body)
        assert [(42, PNG)] == [(image.seed, image.read()) for image in response.data]

    def test_pictures_have_their_seeds(self):
        """And the answer the id that the support asks for."""
        response = script().play(CALL)

        assert [(42, PNG)] == [(image.seed, image.read()) for image in response.data]
        assert "11111111-2222-3333-4444-555555555555" == response.request_id

    def test_a_split_has_seeds_of_its_own(self):
        """Stability's models make one picture for each request."""
        stage = script()
        stage.play({**CALL, "n": 3, "seed": 7})

        assert [7, 8, 9] == [json.loads(sent.body)["seed"] for sent in stage.sent]

    @pytest.mark.parametrize(
        ("model", "name", "value"),
        [
            pytest.param(CORE, "size", "1024x768", id="a ratio that it does not make"),
            pytest.param(CORE, "quality", "hd", id="no quality"),
            pytest.param(CORE, "response_format", "url", id="no URLs"),
            pytest.param(TITAN, "size", "1024x1000", id="a size that is not listed"),
            pytest.param(TITAN, "output_format", "jpeg", id="always PNG"),
        ],
    )
    def test_what_a_model_does_not_take_is_refused(self, model, name, value):
        """By its row, before any key is asked for."""
        stage = script()
        with pytest.raises(UnsupportedParamsError) as caught:
            stage.play({**CALL, "model": f"bedrock/{model}", name: value})

        assert (name, []) == (caught.value.param, stage.sent)


class TestSignature:
    """Signature Version 4, over the very bytes that go out."""

    @pytest.mark.parametrize(
        ("region", "segment", "body", "token", "signature"),
        [
            # boto3 1.44.5, recorded 2026-11-22 with a clock that stood at NOON
            pytest.param(
                "us-west-2",
                "stability.stable-image-core-v1%3A1",
                b'{"prompt": "a red fox", "negative_prompt": "blurry", "aspect_ratio": "16:9", '
                b'"output_format": "png", "seed": 42}',
                None,
                "8ff0b189fc0b3cd32109a6d8ce5841f898dd3d02dde2c2a9f8fe6997055f2788",
                id="a model",
            ),
            pytest.param(
                "us-east-1",
                "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aprovisioned-model%2Fabcdef123456",
                b'{"a": 1}',
                None,
                "dc44356c019a803900d5c616551babe3aacee858559e90c65b1d5e2ed12c29f4",
                id="an ARN",
            ),
            pytest.param(
                "us-east-1",
                "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aprovisioned-model%2Fabcdef123456",
                b'{"a": 1}',
                TOKEN,
                "1ac697d7309844ab6300ed41ccc029fe8de095d581b1e1fa0330f8a2c7f4e721",
                id="a session token",
            ),
            pytest.param(
                "us-east-1",
                "a%20b%2Bc~d_e-f.g%28h%29%2A%27%C3%A9",
                b'{"a": 1}',
                None,
                "1e8e63567ea345d88827f4def84786282b492dba349d435c6e1554fdb63eaf84",
                id="odd characters",
            ),
        ],
    )
    def test_it_is_botos(self, region, segment, body, token, signature):
        """The path is encoded twice in it, the token signed; the time is an argument."""
        host = f"https://bedrock-runtime.{region}.amazonaws.com"
        request = Request(
            url=f"{host}/model/{segment}/invoke",
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            body=body,
            state={"region": region},
        )
        keys = Credentials({"access": "AKIDEXAMPLE", "secret": SECRET, "session": token})
        signed = proof_bedrock.authorize(request=request, credentials=keys, now=NOON)

        names = "accept;content-type;host;x-amz-date" + (";x-amz-security-token" if token else "")
        assert (
            f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260115/{region}/bedrock/aws4_request, "
            f"SignedHeaders={names}, Signature={signature}"
        ) == signed.headers["Authorization"]
        assert ("20260115T120000Z", token) == (
            signed.headers["X-Amz-Date"],
            signed.headers.get("X-Amz-Security-Token"),
        )

    def test_nothing_is_added_after_it(self):
        """What the caller adds is signed with the rest: the wire carries what `authorize` made."""
        stage = script()
        stage.play(
            {
                **CALL,
                "extra_headers": {"X-Amzn-Bedrock-Trace": "ENABLED"},
                "extra_query": {"q": "1"},
                "extra_body": {"mode": "text-to-image"},
            }
        )

        (sent,) = stage.sent
        assert {"prompt": "a red fox", "mode": "text-to-image"} == json.loads(sent.body)
        assert sent.url.endswith("/invoke?q=1")
        assert "x-amz-date;x-amzn-bedrock-trace," in sent.headers["Authorization"]
        assert sent == proof_bedrock.authorize(
            request=unsigned(sent), credentials=Credentials(PLAIN), now=NOON
        )

    def test_it_is_fresh_for_each_sending(self):
        """A repeat ten seconds later is signed ten seconds later."""
        busy = refused("ThrottlingException", "Too many requests", 429, **{"Retry-After": "10"})
        stage = script(busy, PICTURE)
        stage.play(CALL)

        first, second = (sent.headers for sent in stage.sent)
        assert ["20260115T120000Z", "20260115T120010Z"] == [
            headers["X-Amz-Date"] for headers in (first, second)
        ]
        assert first["Authorization"] != second["Authorization"]

    def test_a_bearer_token_needs_none(self, monkeypatch):
        """AWS_BEARER_TOKEN_BEDROCK wins, over keys in the call as well."""
        monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-xyz")
        stage = script()
        stage.play(CALL)

        headers = stage.sent[0].headers
        assert "Bearer bedrock-api-key-xyz" == headers["Authorization"]
        assert "X-Amz-Date" not in headers


class TestCredentials:
    """They come from wherever AWS keeps them, and that may take a while."""

    def test_keys_are_found_in_the_environment(self, monkeypatch):
        """By botocore, not by core: the three variables belong together."""
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-environment")
        monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
        stage = script()
        stage.play(KEYLESS)

        headers = stage.sent[0].headers
        assert "Credential=AKIDENVIRONMENT/" in headers["Authorization"]
        assert TOKEN == headers["X-Amz-Security-Token"]

    def test_keys_are_not_mixed(self, monkeypatch):
        """Keys in the call go without the session token of other keys."""
        monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
        stage = script()
        stage.play(CALL)

        assert "X-Amz-Security-Token" not in stage.sent[0].headers

    def test_a_profile_is_read(self, aws):
        """By the name that people use for it elsewhere."""
        aws.write_text(
            "[profile work]\naws_access_key_id = AKIDWORK\naws_secret_access_key = work-secret\n"
        )
        stage = script()
        stage.play({**KEYLESS, "aws_profile_name": "work"})

        assert "Credential=AKIDWORK/" in stage.sent[0].headers["Authorization"]

    def test_without_keys_nothing_is_sent(self):
        """The error names what would have been read."""
        stage = script()
        with pytest.raises(MissingCredentialsError) as caught:
            stage.play(KEYLESS)

        assert ([], "bedrock") == (stage.sent, caught.value.provider)
        assert "AWS_BEARER_TOKEN_BEDROCK" in caught.value.variables

    def test_botocores_own_errors_are_authentication_errors(self):
        """They say what is wrong; nothing was sent."""
        stage = script()
        with pytest.raises(AuthenticationError, match="nobody") as caught:
            stage.play({**KEYLESS, "aws_profile_name": "nobody"})

        assert ([], False) == (stage.sent, caught.value.maybe_accepted)

    def test_many_waiting_calls_fetch_them_once(self, process):
        """Four parts of one call wait for the one program that knows the keys."""
        process.answers("2099-01-01T00:00:00Z")
        stage = script()
        stage.play({**KEYLESS, "n": 4})

        assert (4, 1) == (len(stage.sent), process.runs)

    def test_they_are_kept_until_they_expire(self, process):
        """Later calls do not ask again."""
        process.answers("2099-01-01T00:00:00Z")
        stage = script()
        stage.play(KEYLESS)
        stage.play(KEYLESS)

        assert (2, 1) == (len(stage.sent), process.runs)

    def test_they_are_not_kept_to_the_last_second(self, process):
        """A request on its way must not find them expired."""
        process.answers("2099-01-01T00:00:00Z")
        stage = script(now=datetime(2098, 12, 31, 23, 59, 45, tzinfo=UTC))
        stage.play(KEYLESS)
        stage.play(KEYLESS)

        assert (2, 2) == (len(stage.sent), process.runs)

    def test_those_without_an_end_are_asked_for_in_each_call(self, process):
        """Nothing says how long they are good."""
        process.answers(None)
        stage = script()
        stage.play({**KEYLESS, "n": 2})
        stage.play(KEYLESS)

        assert (3, 2) == (len(stage.sent), process.runs)

    def test_expired_ones_are_fetched_anew_once(self, process):
        """AWS says so with 403; the order was not taken, so it goes out again."""
        process.answers("2099-01-01T00:00:00Z")
        stage = script(EXPIRED, PICTURE)
        response = stage.play(KEYLESS)

        assert (2, 2, 1) == (len(stage.sent), process.runs, len(response.data))

    def test_expired_ones_are_not_fetched_for_ever(self, process):
        """A second refusal is the caller's to see."""
        process.answers("2099-01-01T00:00:00Z")
        stage = script(EXPIRED, EXPIRED)
        with pytest.raises(AuthenticationError) as caught:
            stage.play(KEYLESS)

        assert (2, 2) == (len(stage.sent), process.runs)
        assert (403, "ExpiredTokenException") == (caught.value.status_code, caught.value.code)

    def test_fetching_them_blocks_nobody_else(self, process):
        """While one call waits for its keys, another one is made and answered."""
        process.answers("2099-01-01T00:00:00Z", held=True)
        stage = script()
        waiting = threading.Thread(target=stage.play, args=(KEYLESS,))
        waiting.start()
        process.wait_until_asked()
        other = script().play(CALL)
        sent_meanwhile = len(stage.sent)
        process.release()
        waiting.join(20)

        assert (1, 0, 1) == (len(other.data), sent_meanwhile, len(stage.sent))

    def test_keys_from_a_profile_are_in_no_error(self, process):
        """Core learns what to hide from what `get_credentials` returned."""
        process.answers("2099-01-01T00:00:00Z")
        quoting = refused("ValidationException", "bad: process-secret-0123456789", 400)
        with pytest.raises(BadRequestError) as caught:
            script(quoting).play(KEYLESS)

        assert "process-secret" not in f"{caught.value} {caught.value.body}"


class TestRefusals:
    """What Bedrock and the models behind it will not do."""

    @pytest.mark.parametrize(
        ("model", "body", "stage"),
        [
            # boto3 1.44.5, recorded 2026-11-22, and the forms that AWS's user guide shows
            pytest.param(
                CORE,
                {"seeds": [42], "finish_reasons": ["Filter reason: prompt"], "images": [None]},
                "input",
                id="a prompt",
            ),
            pytest.param(
                CORE,
                {"finish_reasons": ["Filter reason: prompt"]},
                "input",
                id="a prompt, without a field for pictures",
            ),
            pytest.param(
                CORE,
                {"finish_reasons": ["Filter reason: input image"]},
                "input",
                id="a picture to work on",
            ),
            pytest.param(
                CORE,
                {"finish_reasons": ["Filter reason: output image"]},
                "output",
                id="the picture",
            ),
            pytest.param(
                TITAN,
                {
                    "images": [],
                    "error": "This request has been blocked by our content filters. "
                    "Some generated image(s) have been blocked.",
                },
                "output",
                id="Titan",
            ),
        ],
    )
    def test_a_refusal_may_be_a_success_to_http(self, model, body, stage):
        """200, no picture, and the reason among the fields."""
        with pytest.raises(ContentPolicyViolationError) as caught:
            script(reply(body)).play({**CALL, "model": f"bedrock/{model}"})

        assert stage == caught.value.stage

    def test_some_pictures_may_be_refused(self):
        """Those that came are kept; what happened to the others is said."""
        stage = script(reply({"images": [B64], "error": "Some image(s) have been blocked."}))
        with pytest.warns(PartialResultWarning, match="have been blocked"):
            response = stage.play({**CALL, "model": f"bedrock/{TITAN}", "n": 2})

        assert (1, ("Some image(s) have been blocked.",)) == (len(response.data), response.notes)

    def test_a_failure_of_the_model_is_one_of_the_server(self):
        """It came with 200, and may have been billed."""
        with pytest.raises(InternalServerError) as caught:
            script(reply({"finish_reasons": ["Inference error"]})).play(CALL)

        assert (True, True) == (caught.value.retryable, caught.value.maybe_accepted)

    def test_a_failure_of_the_model_is_repeated_for_who_asks(self):
        """With max_retries the caller takes the risk of paying twice."""
        stage = script(reply({"finish_reasons": ["Inference error"]}), PICTURE)
        response = stage.play({**CALL, "max_retries": 1})

        assert (2, 1) == (len(stage.sent), len(response.data))

    @pytest.mark.parametrize(
        ("code", "status", "message", "kind"),
        [
            ("ValidationException", 400, "extraneous key", BadRequestError),
            (
                "ValidationException",
                400,
                "This request has been blocked by our content filters.",
                ContentPolicyViolationError,
            ),
            ("ServiceQuotaExceededException", 400, "too many tokens", QuotaExceededError),
            ("AccessDeniedException", 403, "no access to the model", PermissionDeniedError),
            ("InvalidSignatureException", 403, "does not match", AuthenticationError),
            ("ResourceNotFoundException", 404, "no such model", NotFoundError),
            ("ModelTimeoutException", 408, "took too long", Timeout),
            ("ThrottlingException", 429, "Too many requests", RateLimitError),
            ("InternalServerException:http://internal.amazon.com/", 500, "x", InternalServerError),
        ],
    )
    def test_errors_are_told_by_their_names(self, code, status, message, kind):
        """A header has the name; the body says "message"."""
        with pytest.raises(kind) as caught:
            script(*[refused(code, message, status)] * 2).play({**CALL, "max_retries": 0})

        assert (code.partition(":")[0], message) == (caught.value.code, caught.value.message)

    def test_another_header_says_when_to_come_again(self):
        """In milliseconds, and under AWS's own name."""
        busy = refused("ThrottlingException", "Slow", 429, **{"x-amz-retry-after": "2500"})
        stage = script(busy, PICTURE)
        stage.play(CALL)

        assert [2.5] == stage.slept

    def test_a_page_of_a_proxy_is_the_error_of_its_status(self):
        """No header, no JSON: `map_error` has nothing to say about it."""
        with pytest.raises(BadGatewayError) as caught:
            script(html(502)).play(CALL)

        assert (502, True) == (caught.value.status_code, caught.value.maybe_accepted)


class TestRetired:
    """Models go; the catalogue knows when, and the provider has the last word."""

    def test_a_model_that_goes_soon_is_sent_with_a_warning(self):
        """Three months ahead."""
        stage = script(reply({"images": [B64]}), now=datetime(2026, 5, 1, tzinfo=UTC))
        with pytest.warns(ModelRetiredWarning, match="will be retired on 2026-06-30"):
            response = stage.play({**CALL, "model": f"bedrock/{TITAN}"})

        assert 1 == len(response.data)

    def test_a_model_that_is_gone_says_so(self):
        """Whatever the provider's words, with what it names instead."""
        gone = refused(
            "ResourceNotFoundException", "This model version has reached the end of its life.", 404
        )
        with (
            pytest.warns(ModelRetiredWarning, match=CORE),
            pytest.raises(ModelRetiredError) as caught,
        ):
            script(gone).play({**CALL, "model": f"bedrock/us.{SDXL}"})

        assert ("2025-05-20", CORE) == (caught.value.date, caught.value.successor)
        assert "end of its life" in caught.value.message

    def test_a_bare_name_answers(self):
        """LiteLLM's users write it without a provider."""
        answer = {"seed": 1, "base64": B64, "finishReason": "SUCCESS"}
        stage = script(reply({"result": "success", "artifacts": [answer]}))
        with pytest.warns(ModelRetiredWarning):
            response = stage.play({**CALL, "model": "stability-ai/stable-diffusion-xl-base-1.0"})

        assert "bedrock" == response.provider
        assert f"/model/{SDXL}/invoke" == urlsplit(stage.sent[0].url).path
