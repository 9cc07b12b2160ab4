"""The same orders through boto3 and through impasto, over a real socket, compared.

boto3 leaves the body to its caller, so each call stands beside the body that AWS documents for it.
What differs on purpose stands in `DIFFERENCES`, and nowhere else.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest
from attrs import frozen
from botocore.config import Config

import impasto
from impasto.errors import (
    APIError,
    AuthenticationError,
    BadGatewayError,
    BadRequestError,
    ContentPolicyViolationError,
    ImpastoError,
    InternalServerError,
    ModelRetiredError,
    NotFoundError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServiceUnavailableError,
    Timeout,
)
from impasto.testing import FakeServer, Received, Reply, png, reply, sample

# The catalogue holds models that are gone; nothing here depends on the day.
pytestmark = [
    pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning"),
    pytest.mark.filterwarnings("ignore::impasto.PartialResultWarning"),
]

SAMPLES = Path(__file__).parent / "samples"
ACCESS, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "IQoJ//==="
REGION = "us-west-2"
FOX, HAT = png(), png(colour=(1, 2, 3))
FOX64, HAT64 = (base64.b64encode(picture).decode() for picture in (FOX, HAT))
CORE = "stability.stable-image-core-v1:1"
NOVA = "amazon.nova-canvas-v1:0"
SDXL = "stability.stable-diffusion-xl-v1"
JSON = "application/json"
PICTURE = sample(SAMPLES / "titan.json")


@frozen
class Sent:
    """A request, but for what no answer depends on."""

    method: str
    path: str
    headers: Mapping[str, str]
    json: Any

    def signed(self) -> list[str]:
        """Return the names of the headers in the signature."""
        return re.search("SignedHeaders=([^,]*)", self.headers["authorization"])[1].split(";")

    def plain(self) -> "Sent":
        """Return it without date and signature, which are of the moment."""
        momentary = ("authorization", "x-amz-date")
        kept = {name: one for name, one in self.headers.items() if name not in momentary}
        return Sent(self.method, self.path, kept, self.json)


def sent(received: Received) -> Sent:
    names = ("accept", "authorization", "content-type")
    kept = {
        name: value
        for name, value in received.headers.items()
        if name in names or name.startswith(("x-amz-", "x-amzn-"))
    }
    return Sent(received.method, received.path, kept, received.json())


def check_signature(received: Received, origin: str) -> None:
    """Sign what arrived again, as AWS does, and compare."""
    scope, names, signature = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^,]*), SignedHeaders=([^,]*), Signature=(\w*)",
        received.headers["authorization"],
    ).groups()
    _, _, region, service, _ = scope.split("/")
    keys = botocore.credentials.ReadOnlyCredentials(ACCESS, SECRET, None)
    signer = botocore.auth.SigV4Auth(keys, service, region)
    headers = {name: received.headers[name] for name in names.split(";")}
    request = botocore.awsrequest.AWSRequest(
        received.method, origin + received.path, headers, received.body
    )
    request.context["timestamp"] = received.headers["x-amz-date"]
    text = signer.string_to_sign(request, signer.canonical_request(request))

    assert signature == signer.signature(text, request)
    assert (REGION, "bedrock") == (region, service)


def a_client(server: FakeServer, **more: Any) -> Any:
    """Return boto3's client for *server*."""
    return boto3.client(
        "bedrock-runtime",
        region_name=REGION,
        endpoint_url=server.url,
        aws_access_key_id=ACCESS,
        aws_secret_access_key=SECRET,
        **more,
    )


class Sides:
    """A server, and both ways to it."""

    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.clients: dict[bool, Any] = {}

    def sdk(self, *, session: bool) -> Any:
        if session not in self.clients:
            self.clients[session] = a_client(
                self.server,
                aws_session_token=TOKEN if session else None,
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self.clients[session]

    def theirs(self, order: "Order") -> Mapping[str, Any]:
        words = {"contentType": JSON, "accept": JSON, **order.words}
        client = self.sdk(session=order.session)
        return client.invoke_model(modelId=order.model, body=json.dumps(order.body), **words)

    def ours(self, order: "Order") -> impasto.ImageResponse:
        method = impasto.image_edit if "image" in order.call else impasto.image_generation
        session = {"aws_session_token": TOKEN} if order.session else {}
        return method(
            **{
                "max_retries": 0,
                "aws_access_key_id": ACCESS,
                "aws_secret_access_key": SECRET,
                "aws_region_name": REGION,
                "api_base": self.server.url,
                **session,
                **order.words,
                **order.call,
                "model": f"bedrock/{order.model}",
            }
        )

    def sent(self, order: "Order") -> tuple[Sent, Sent]:
        """Return what boto3 sends for *order*, then what impasto does, each rightly signed."""
        self.server.received.clear()
        self.theirs(order)
        self.ours(order)
        for received in self.server.received:
            check_signature(received, self.server.url)
        theirs, ours = map(sent, self.server.received)
        return theirs, ours


@pytest.fixture(scope="module")
def sides() -> Iterator[Sides]:
    with FakeServer(lambda _: PICTURE) as server:
        yield Sides(server)


@frozen(kw_only=True)
class Order:
    """An order: as impasto takes it, and the body that boto3's caller writes for it."""

    model: str
    call: Mapping[str, Any]
    body: Any
    words: Mapping[str, str] = {}
    session: bool = False


PROMPT = {"prompt": "a naïve ☃ fox"}
TEXT = {"text": "a naïve ☃ fox"}
NOVA_BODY = {"taskType": "TEXT_IMAGE", "textToImageParams": TEXT}
INPAINT = "us.stability.stable-image-inpaint-v1:0"
PROVISIONED = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdef123456"
PROFILE = f"arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.{CORE}"
ORDERS = {
    "Stable Image": Order(
        model=CORE,
        call={
            **PROMPT,
            "negative_prompt": "blurry",
            "size": "1344x768",
            "output_format": "png",
            "style": "anime",
            "seed": 0,
        },
        body={
            **PROMPT,
            "negative_prompt": "blurry",
            "aspect_ratio": "16:9",
            "output_format": "png",
            "style_preset": "anime",
            "seed": 0,
        },
    ),
    "Stable Diffusion 3.5, a picture": Order(
        model="stability.sd3-5-large-v1:0",
        call={**PROMPT, "image": FOX, "strength": 0.7, "output_format": "webp"},
        body={
            **PROMPT,
            "mode": "image-to-image",
            "image": FOX64,
            "strength": 0.7,
            "output_format": "webp",
        },
    ),
    "a service": Order(
        model=INPAINT,
        call={**PROMPT, "image": FOX, "grow_mask": 5},
        body={**PROMPT, "image": FOX64, "grow_mask": 5},
    ),
    "style transfer": Order(
        model="us.stability.stable-style-transfer-v1:0",
        call={"image": FOX, "style_image": HAT, "style_strength": 1.0},
        body={"init_image": FOX64, "style_image": HAT64, "style_strength": 1.0},
    ),
    "Nova Canvas": Order(
        model=NOVA,
        call={
            **PROMPT,
            "n": 2,
            "quality": "hd",
            "size": "1280x720",
            "seed": 12,
            "cfgScale": 6.5,
            "style": "PHOTOREALISM",
            "negative_prompt": "blurry",
        },
        body={
            "taskType": "TEXT_IMAGE",
            "textToImageParams": {**TEXT, "negativeText": "blurry", "style": "PHOTOREALISM"},
            "imageGenerationConfig": {
                "numberOfImages": 2,
                "quality": "premium",
                "width": 1280,
                "height": 720,
                "seed": 12,
                "cfgScale": 6.5,
            },
        },
    ),
    "a variation of two": Order(
        model=NOVA,
        call={**PROMPT, "image": [FOX, HAT], "similarityStrength": 0.2},
        body={
            "taskType": "IMAGE_VARIATION",
            "imageVariationParams": {**TEXT, "images": [FOX64, HAT64], "similarityStrength": 0.2},
        },
    ),
    "no background": Order(
        model=NOVA,
        call={"image": FOX, "taskType": "BACKGROUND_REMOVAL"},
        body={"taskType": "BACKGROUND_REMOVAL", "backgroundRemovalParams": {"image": FOX64}},
    ),
    "Stable Diffusion XL": Order(
        model=SDXL,
        call={**PROMPT, "negative_prompt": "blurry", "width": 1024, "height": 1024, "steps": 50},
        body={
            "text_prompts": [
                {**TEXT, "weight": 1.0},
                {"text": "blurry", "weight": -1.0},
            ],
            "width": 1024,
            "height": 1024,
            "steps": 50,
        },
    ),
    "a session": Order(model=NOVA, call=PROMPT, body=NOVA_BODY, session=True),
    "guardrails": Order(
        model=NOVA,
        call=PROMPT,
        body=NOVA_BODY,
        words={
            "accept": "*/*",
            "trace": "ENABLED_FULL",
            "guardrailIdentifier": "gr123abc",
            "guardrailVersion": "DRAFT",
            "performanceConfigLatency": "optimized",
            "serviceTier": "flex",
            "requestMetadata": '{"team":"a"}',
        },
    ),
    "a provisioned model": Order(
        model=PROVISIONED, call={**PROMPT, "base_model": NOVA}, body=NOVA_BODY
    ),
    "a profile": Order(model=PROFILE, call=PROMPT, body=PROMPT),
    "odd characters": Order(
        model="a b+c~d_e-f.g(h)*'é", call={**PROMPT, "base_model": CORE}, body=PROMPT
    ),
}


class TestWire:
    @pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
    def test_goes_out_alike(self, sides, order):
        """
        Method, path, types, guardrails, session and body; signed over the same headers, and
        rightly so for whoever checks it.
        """
        theirs, ours = sides.sent(order)

        assert theirs.plain() == ours.plain()
        assert theirs.signed() == ours.signed()


DOWN = reply({"message": "no"}, status=500, headers={"x-amzn-ErrorType": "InternalServerException"})
REFUSAL = sample(SAMPLES / "refusal-prompt.json")
DIFFERENCES = {
    "types": "boto3 names types where its caller does; guardrails need them, so impasto always does",
    "metadata": "boto3 wants JSON that its caller wrote; impasto writes it",
    "failures": "boto3 orders twice more after a 500; the first order may have been billed",
    "refusals": "boto3 does not look into the body",
    "plain_http": "boto3 sends a token over https only; a gateway without it is the caller's choice",
    "region": "boto3 refuses to guess one; the models are on demand in one region only",
}


class TestDifferences:
    def test_each_is_shown(self):
        """
        A reason needs a test here, and a test its reason.
        """
        shown = {name.removeprefix("test_in_") for name in dir(self) if "test_in_" in name}

        assert shown == set(DIFFERENCES)

    def test_in_types(self, sides):
        """
        Without a word boto3 sends neither type.
        """
        sides.server.received.clear()
        sides.sdk(session=False).invoke_model(modelId=NOVA, body=json.dumps(NOVA_BODY))
        sides.ours(Order(model=NOVA, call=PROMPT, body=NOVA_BODY))
        theirs, ours = map(sent, sides.server.received)

        assert {"accept", "content-type"} == set(ours.signed()) - set(theirs.signed())
        assert (JSON, JSON) == (ours.headers["accept"], ours.headers["content-type"])

    def test_in_metadata(self, sides):
        """
        An object of words for the logs.
        """
        order = Order(
            model=NOVA, call=PROMPT, body=NOVA_BODY, words={"requestMetadata": {"k": "v"}}
        )
        sides.server.received.clear()
        with pytest.raises(botocore.exceptions.ParamValidationError):
            sides.theirs(order)
        sides.ours(order)
        (ours,) = sides.server.received

        assert '{"k": "v"}' == ours.headers["x-amzn-bedrock-request-metadata"]

    def test_in_failures(self, sides):
        """
        Three orders against one.
        """
        order = Order(model=CORE, call={**PROMPT, "max_retries": None}, body=PROMPT)
        client = a_client(sides.server)
        sides.server.received.clear()
        sides.server.will(DOWN, DOWN, DOWN)
        with pytest.raises(botocore.exceptions.ClientError):
            client.invoke_model(modelId=CORE, body=json.dumps(order.body))
        theirs = len(sides.server.received)
        sides.server.will(DOWN)
        with pytest.raises(InternalServerError):
            sides.ours(order)

        assert (3, 4) == (theirs, len(sides.server.received))

    def test_in_plain_http(self, sides, monkeypatch):
        """
        Only impasto sends it to a server on this machine; there it goes before keys, as in boto3.
        """
        monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-xyz")
        order = ORDERS["Nova Canvas"]
        with pytest.raises(botocore.exceptions.InvalidEndpointConfigurationError, match="HTTPS"):
            a_client(sides.server).invoke_model(modelId=NOVA, body=json.dumps(order.body))
        sides.server.received.clear()
        sides.ours(order)
        (ours,) = map(sent, sides.server.received)

        assert "Bearer bedrock-api-key-xyz" == ours.headers["authorization"]
        assert "x-amz-date" not in ours.headers

    def test_in_refusals(self, sides):
        """
        A success without a picture, against an error that says what was refused.
        """
        order = ORDERS["Stable Image"]
        sides.server.will(REFUSAL, REFUSAL)
        theirs = json.loads(sides.theirs(order)["body"].read())
        with pytest.raises(ContentPolicyViolationError) as caught:
            sides.ours(order)

        assert {"finish_reasons": [caught.value.message]} == theirs
        assert "input" == caught.value.stage

    def test_in_region(self, sides):
        """
        Without one, nothing goes out or the default's.
        """
        with pytest.raises(botocore.exceptions.NoRegionError):
            boto3.client("bedrock-runtime", aws_access_key_id=ACCESS, aws_secret_access_key=SECRET)
        sides.server.received.clear()
        sides.ours(Order(model=NOVA, call={**PROMPT, "aws_region_name": None}, body=NOVA_BODY))

        assert "/us-west-2/" in sides.server.received[0].headers["authorization"]


class TestAnswers:
    @pytest.mark.parametrize("name", ["stable-image", "titan", "titan-mask", "sdxl"])
    def test_are_read_alike(self, sides, name):
        """
        Pictures, seeds and request id are those in the body that boto3 hands on.
        """
        answer = sample(SAMPLES / f"{name}.json")
        order = ORDERS["Nova Canvas"]
        sides.server.will(answer, answer)
        theirs, ours = sides.theirs(order), sides.ours(order)
        body = json.loads(theirs["body"].read())
        artifacts = body.get("artifacts", [])
        seeds = body.get("seeds") or [one["seed"] for one in artifacts] or [None]

        assert [
            *(body.get("images") or []),
            *(one["base64"] for one in artifacts),
        ] == [image.b64_json for image in ours.data]
        assert seeds == [image.seed for image in ours.data]
        assert theirs["ResponseMetadata"].get("RequestId") == ours.request_id


# Each recorded error, the class that it becomes, and what boto3 says that impasto does not.
ERRORS: dict[str, tuple[type[ImpastoError], dict[str, Any]]] = {
    "validation": (BadRequestError, {}),
    "blocked": (ContentPolicyViolationError, {}),
    "quota": (QuotaExceededError, {}),
    "type-in-body": (BadRequestError, {}),
    "lower-case": (BadRequestError, {}),
    "no-type": (BadRequestError, {"code": None}),
    "access": (PermissionDeniedError, {}),
    "signature": (AuthenticationError, {}),
    "expired": (AuthenticationError, {}),
    "token": (AuthenticationError, {"code": None}),
    "not-found": (NotFoundError, {}),
    "end-of-life": (ModelRetiredError, {}),
    "timeout": (Timeout, {}),
    "unknown": (APIError, {}),
    "model": (APIError, {}),
    "throttled": (RateLimitError, {}),
    "not-ready": (RateLimitError, {}),
    "internal": (InternalServerError, {}),
    "gateway": (BadGatewayError, {"code": None, "message": "<html>bad gateway</html>"}),
    "unavailable": (ServiceUnavailableError, {}),
}


class TestErrors:
    def test_every_sample_is_compared(self):
        """
        A new recording of an error needs a row.
        """
        assert {path.stem for path in SAMPLES.glob("error-*.json")} == {
            f"error-{name}" for name in ERRORS
        }

    @pytest.mark.parametrize("name", ERRORS)
    def test_are_read_alike(self, sides, name):
        """
        Status, code, message and request id are what boto3 reads; its code is the status where
        AWS gives no name, and its message the reason phrase where a proxy answers.
        """
        answer = sample(SAMPLES / f"error-{name}.json")
        order = ORDERS["Stable Image"]
        kind, differs = ERRORS[name]
        sides.server.will(answer, answer)
        with pytest.raises(botocore.exceptions.ClientError) as theirs:
            sides.theirs(order)
        with pytest.raises(kind) as ours:
            sides.ours(order)
        told, met = theirs.value.response["Error"], theirs.value.response["ResponseMetadata"]

        assert kind is type(ours.value)
        assert (met["HTTPStatusCode"], met.get("RequestId")) == (
            ours.value.status_code,
            ours.value.request_id,
        )
        assert differs.get("code", told["Code"]) == ours.value.code
        assert differs.get("message", told["Message"]) in ours.value.message
        assert all(
            differs[part] != told[{"code": "Code", "message": "Message"}[part]] for part in differs
        )

    def test_a_dropped_connection(self, sides):
        """
        Both say that no answer came; impasto says that the order may have been taken.
        """
        sides.server.will(Reply(fault="drop"), Reply(fault="drop"))
        with pytest.raises(botocore.exceptions.ConnectionClosedError):
            sides.theirs(ORDERS["Stable Image"])
        with pytest.raises(impasto.APIConnectionError) as ours:
            sides.ours(ORDERS["Stable Image"])

        assert ours.value.maybe_accepted
