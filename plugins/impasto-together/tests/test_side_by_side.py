"""The same calls through Together's own SDK and through impasto, over a real socket, compared.

What differs on purpose stands in `DIFFERENCES`, `BASES`, `ANSWERS` and `ERRORS`, and nowhere else.
"""

import base64
import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import together
from attrs import frozen

import impasto
import impasto_together
from impasto.errors import (
    AuthenticationError,
    BadGatewayError,
    BadRequestError,
    ConflictError,
    ContentPolicyViolationError,
    ImpastoError,
    InternalServerError,
    NotFoundError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    ServiceUnavailableError,
    Timeout,
    UnprocessableEntityError,
)
from impasto.testing import FakeServer, Received, Reply, png, reply, sample

# The catalogue holds models that are gone; nothing here depends on the day.
pytestmark = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")

KEY = "tgp_v1_0123456789abcdef"
SAMPLES = Path(__file__).parent / "samples"
MODELS = json.loads(Path(impasto_together.__file__).with_name("models.json").read_text())["models"]
PATH = "/v1/images/generations"
SCHNELL = "black-forest-labs/FLUX.1-schnell"
FOX, HAT = png(8, 8), png(8, 8, (20, 30, 40))


def data_url(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


@frozen
class Sent:
    """A request, but for what no answer depends on."""

    method: str
    path: str
    headers: Mapping[str, str]
    json: Any


def sent(received: Received) -> Sent:
    kept = ("accept", "authorization", "content-type")
    headers = {name: received.headers.get(name, "") for name in kept}
    return Sent(received.method, received.path, headers, received.json())


class Sides:
    """A server, and both ways to it."""

    def __init__(self, server: FakeServer, sdk: together.Together) -> None:
        self.server = server
        self.sdk = sdk

    def theirs(self, call: Mapping[str, Any]) -> Any:
        known = inspect.signature(self.sdk.images.generate).parameters
        more = {name: value for name, value in call.items() if name not in known}
        same = {name: value for name, value in call.items() if name in known}
        return self.sdk.images.generate(**same, **({"extra_body": more} if more else {}))

    def ours(self, call: Mapping[str, Any]) -> impasto.ImageResponse:
        method = impasto.image_edit if "image" in call else impasto.image_generation
        where = {"api_base": self.server.url, "api_key": KEY, "max_retries": 0}
        return method(**{**where, **call}, custom_llm_provider="together_ai")

    def sent(self, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[Sent]:
        """Return what the SDK sends for *theirs*, then what impasto does for *ours*."""
        self.server.received.clear()
        self.theirs(theirs)
        self.ours(ours)
        return [sent(received) for received in self.server.received]


@pytest.fixture(scope="module")
def sides() -> Iterator[Sides]:
    with (
        FakeServer() as server,
        together.Together(base_url=server.url, api_key=KEY, max_retries=0) as sdk,
    ):
        yield Sides(server, sdk)


# --- What goes over the wire ------------------------------------------------------------------

LORAS = [{"path": "https://huggingface.co/a/b", "scale": 0.8}]
# What our words are called in the SDK, where that is not the same.
THEIR_WORDS = {"b64_json": "base64", "jpg": "jpeg"}
SAMPLE = {
    "image_loras": LORAS,
    "reference_images": ["https://pictures.example/a.png", data_url(FOX)],
    "image_url": "https://pictures.example/a.png",
    "width": 1024,
    "height": 768,
    "guidance": 7.5,
    "guidance_scale": 3.5,
    "seed": 7,
    "negative_prompt": 'naïve ☃ "quoted"\n&=%',
}


def values_of(name: str, parameter: Mapping[str, Any]) -> list[Any]:
    if name in SAMPLE:
        return [SAMPLE[name]]
    if "values" in parameter:
        return list(parameter["values"])
    if parameter["type"] == "boolean":
        return [True, False]
    return [parameter["minimum"], parameter["maximum"]]


def sizes_of(model: Mapping[str, Any]) -> list[str]:
    ratios = model.get("sizes", {}).get("ratios", {})
    return [size for tiers in ratios.values() for size in tiers.values()] or ["1344x768"]


def edges(size: str) -> dict[str, int]:
    width, _, height = size.partition("x")
    return {"width": int(width), "height": int(height)}


def cases() -> Iterator[Any]:
    """Yield, for every model, each of its parameters with its values, and none."""
    for model in MODELS:
        name = model["name"]
        yield pytest.param(name, {}, {}, id=name)
        for size in sizes_of(model):
            yield pytest.param(name, edges(size), {"size": size}, id=f"{name}-{size}")
        for word, parameter in model.get("parameters", {}).items():
            for value in values_of(word, parameter) if word not in ("prompt", "image") else ():
                theirs = THEIR_WORDS.get(value, value) if isinstance(value, str) else value
                yield pytest.param(
                    name, {word: theirs}, {word: value}, id=f"{name}-{word}={value!r}"[:70]
                )


class TestRequests:
    @pytest.mark.parametrize(("model", "theirs", "ours"), list(cases()))
    def test_every_parameter_of_every_model(self, sides, model, theirs, ours):
        """
        Method, path, headers and JSON are the SDK's.
        """
        both = {"model": model, "prompt": "a red fox"}
        one, other = sides.sent({**both, **theirs}, {**both, **ours})

        assert one == other
        assert f"Bearer {KEY}" == other.headers["authorization"]

    def test_what_nobody_listed(self, sides):
        """
        Whatever the SDK takes for a new model passes, and more besides.
        """
        call = {
            "model": "somebody/new-one",
            "prompt": "a fox",
            "steps": 28,
            "n": 2,
            "seed": 42,
            "negative_prompt": "blurry",
            "image_url": "https://pictures.example/a.png",
            "image_loras": LORAS,
            "guidance_scale": 3.5,
            "reference_images": ["https://pictures.example/b.png"],
            "disable_safety_checker": True,
            "scheduler": {"name": "euler", "shift": [1, 2.5]},
        }
        theirs, ours = sides.sent(
            {**call, "width": 1024, "height": 768, "response_format": "base64"},
            {**call, "size": "1024x768", "response_format": "b64_json"},
        )

        assert theirs == ours

    def test_additions(self, sides):
        """
        `extra_headers`, `extra_query` and `extra_body` are the SDK's.
        """
        sides.server.received.clear()
        additions = {
            "extra_headers": {"X-Together-Debug": "1"},
            "extra_query": {"trace": "a"},
            "extra_body": {"aspect_ratio": "16:9", "nested": {"a": [1]}},
        }
        sides.sdk.images.generate(prompt="a", model=SCHNELL, **additions)
        sides.ours({"prompt": "a", "model": SCHNELL, **additions})
        theirs, ours = sides.server.received

        assert sent(theirs) == sent(ours)
        assert theirs.headers["x-together-debug"] == ours.headers["x-together-debug"]

    @pytest.mark.parametrize(
        ("model", "theirs", "ours"),
        [
            pytest.param(
                "black-forest-labs/FLUX.1-kontext-pro",
                {"image_url": data_url(FOX)},
                FOX,
                id="one to change",
            ),
            pytest.param(
                "google/flash-image-2.5",
                {"reference_images": [data_url(FOX)]},
                FOX,
                id="one reference",
            ),
            pytest.param(
                "black-forest-labs/FLUX.2-pro",
                {"reference_images": [data_url(FOX), data_url(HAT)]},
                [FOX, HAT],
                id="two references",
            ),
        ],
    )
    def test_edits(self, sides, model, theirs, ours):
        """
        The SDK is given data URLs, `image_edit` the pictures; the same goes out.
        """
        both = {"model": model, "prompt": "a hat"}
        one, other = sides.sent({**both, **theirs}, {**both, "image": ours})

        assert one == other


# --- What differs on the wire -----------------------------------------------------------------

_CALL = {"prompt": "a fox", "model": SCHNELL}


@frozen(kw_only=True)
class Difference:
    """One difference: what only the SDK sends, and what impasto sends instead."""

    why: str
    call: Mapping[str, Any]
    theirs: Mapping[str, Any]
    ours: Mapping[str, Any]
    our_call: Mapping[str, Any] | None = None


DIFFERENCES = {
    "b64_json": Difference(
        why="Together's word for it is base64; the SDK sends whatever it is given",
        call={**_CALL, "response_format": "b64_json"},
        theirs={"response_format": "b64_json"},
        ours={"response_format": "base64"},
    ),
    "None": Difference(
        why="a parameter that is None is not set; a null seed breaks some models",
        call={**_CALL, "seed": None, "width": None},
        theirs={"seed": None, "width": None},
        ours={},
    ),
    "jpg": Difference(
        why="the extension is not the format's name; the SDK sends whatever it is given",
        call={**_CALL, "output_format": "jpg"},
        theirs={"output_format": "jpg"},
        ours={"output_format": "jpeg"},
    ),
    "n": Difference(
        why="more than a request makes is split over several, here one each",
        call={**_CALL, "model": "google/gemini-3-pro-image", "n": 2},
        theirs={"n": 2},
        ours={"n": 1},
    ),
    "what the model does not take": Difference(
        why="Gemini refuses a seed; it is dropped where the caller allows that",
        call={**_CALL, "model": "google/gemini-3-pro-image", "seed": 7},
        theirs={"seed": 7},
        ours={},
        our_call={
            **_CALL,
            "model": "google/gemini-3-pro-image",
            "seed": 7,
            "drop_params": True,
        },
    ),
    "a size of the right ratio": Difference(
        why="Gemini makes the sizes of its table only; the smallest that covers it is taken",
        call={**_CALL, "model": "google/gemini-3-pro-image", "width": 1000, "height": 1000},
        theirs={"width": 1000, "height": 1000},
        ours={"width": 1024, "height": 1024},
        our_call={**_CALL, "model": "google/gemini-3-pro-image", "size": "1000x1000"},
    ),
}


def only_in(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of *one* that *other* does not have just so."""
    return {name: value for name, value in one.items() if name not in other or other[name] != value}


# What follows the host: where the SDK goes with it, and where impasto does.
BASES = {
    "host only": ("", PATH, PATH),
    "with a slash": ("/", PATH, PATH),
    "with /v1, as before 3.0": ("/v1", "/v1/v1/images/generations", PATH),
    "with /v1/": ("/v1/", "/v1/v1/images/generations", PATH),
    "the whole URL": (PATH, PATH + PATH, PATH),
    "a gateway's path, whole": ("/together/v1", "/together/v1" + PATH, "/together" + PATH),
    "a gateway's path": ("/together", "/together" + PATH, "/together/images/generations"),
}


class TestDifferences:
    @pytest.mark.parametrize("difference", DIFFERENCES.values(), ids=DIFFERENCES)
    def test_nothing_else_differs(self, sides, difference):
        """
        Fields differ exactly as the table says.
        """
        ours = difference.call if difference.our_call is None else difference.our_call
        one, other, *_ = sides.sent(difference.call, ours)

        assert difference.theirs == only_in(one.json, other.json)
        assert difference.ours == only_in(other.json, one.json)

    @pytest.mark.parametrize(("base", "theirs", "ours"), BASES.values(), ids=BASES)
    def test_base_urls(self, sides, base, theirs, ours):
        """
        The SDK adds "/v1" to every base; here only a host gets it, as in LiteLLM and SDK 1.
        """
        sides.server.received.clear()
        where = sides.server.url + base
        sides.sdk.with_options(base_url=where).images.generate(**_CALL)
        sides.ours({**_CALL, "api_base": where})

        assert [theirs, ours] == [received.path for received in sides.server.received]

    def test_retries(self, sides):
        """
        The SDK asks again after a 500, which may have been billed; impasto does not by itself.
        """
        failed = reply(
            {"error": {"message": "boom", "type": "server_error"}},
            status=500,
            headers={"retry-after-ms": "1"},
        )
        sides.server.received.clear()
        sides.server.will(failed)
        sides.sdk.with_options(max_retries=together.DEFAULT_MAX_RETRIES).images.generate(**_CALL)
        assert 2 == len(sides.server.received)

        sides.server.received.clear()
        sides.server.will(failed)
        with pytest.raises(InternalServerError) as caught:
            sides.ours({**_CALL, "max_retries": None})

        assert 1 == len(sides.server.received)
        assert caught.value.maybe_accepted


# --- What comes back --------------------------------------------------------------------------

ANSWERS = ["url", "base64", "two", "without-type", "unknown-fields"]


def pictures(data: Any) -> list[Any]:
    fields = ("b64_json", "url")
    return [[getattr(one, field, None) for field in fields] for one in data]


class TestAnswers:
    @pytest.mark.parametrize("name", ANSWERS)
    def test_is_read_alike(self, sides, name):
        """
        Pictures and whatever is said of them are what the SDK reads.
        """
        answer = sample(SAMPLES / f"{name}.json")
        sides.server.will(answer, answer)
        theirs, ours = sides.theirs(_CALL), sides.ours(_CALL)

        assert pictures(theirs.data) == pictures(ours.data)
        assert [
            {key: value for key, value in one.to_dict().items() if key not in ("b64_json", "url")}
            for one in theirs.data
        ] == [dict(one.provider_specific_fields) for one in ours.data]
        assert (theirs.id, theirs.object) == (
            ours.provider_specific_fields["id"],
            ours.provider_specific_fields["object"],
        )

    def test_the_order_is_that_of_the_index(self, sides):
        """
        The SDK leaves pictures as they come.
        """
        answer = sample(SAMPLES / "out-of-order.json")
        sides.server.will(answer, answer)
        theirs, ours = sides.theirs(_CALL), sides.ours({**_CALL, "n": 2})

        assert pictures(theirs.data) == pictures(reversed(ours.data))

    def test_no_picture_and_an_error_in_a_success(self, sides):
        """
        The SDK takes both for answers.
        """
        empty, failed = sample(SAMPLES / "no-pictures.json"), sample(SAMPLES / "server-in-200.json")
        sides.server.will(empty, failed, empty, failed)

        assert [] == sides.theirs(_CALL).data
        assert "boom" == sides.theirs(_CALL).error["message"]
        with pytest.raises(impasto.APIResponseValidationError):
            sides.ours(_CALL)
        with pytest.raises(InternalServerError):
            sides.ours(_CALL)


# Each error: the SDK's class, and ours.
ERRORS: dict[str, tuple[type[together.APIStatusError], type[ImpastoError]]] = {
    "steps": (together.BadRequestError, BadRequestError),
    "seed": (together.BadRequestError, BadRequestError),
    "key": (together.AuthenticationError, AuthenticationError),
    "credit": (together.APIStatusError, PaymentRequiredError),
    "forbidden": (together.PermissionDeniedError, PermissionDeniedError),
    "model": (together.NotFoundError, NotFoundError),
    "model-400": (together.BadRequestError, NotFoundError),
    "request-timeout": (together.APIStatusError, Timeout),
    "conflict": (together.ConflictError, ConflictError),
    "nsfw": (together.UnprocessableEntityError, ContentPolicyViolationError),
    "nsfw-400": (together.BadRequestError, ContentPolicyViolationError),
    "unprocessable": (together.UnprocessableEntityError, UnprocessableEntityError),
    "rate-limit": (together.RateLimitError, RateLimitError),
    "server": (together.InternalServerError, InternalServerError),
    "overloaded": (together.InternalServerError, ServiceUnavailableError),
    "overloaded-529": (together.InternalServerError, InternalServerError),
    "html": (together.InternalServerError, BadGatewayError),
    "text": (together.BadRequestError, BadRequestError),
    "list": (together.UnprocessableEntityError, UnprocessableEntityError),
    "trace": (together.InternalServerError, InternalServerError),
}


def said_by(body: Any) -> tuple[str, str | None]:
    """Return message and param in the body that the SDK hands over, whole."""
    if not isinstance(body, dict):
        return str(body), None
    error = body["error"]
    if isinstance(error, dict):
        return error["message"], error["param"]
    return error if isinstance(error, str) else error[0], None


class TestErrors:
    def test_every_sample_is_compared(self):
        """
        A new error needs a row.
        """
        assert {f"error-{name}" for name in ERRORS} == {
            path.stem for path in SAMPLES.glob("error-*.json")
        }

    @pytest.mark.parametrize("name", ERRORS)
    def test_is_read_alike(self, sides, name):
        """
        Status, message and param are what is in the SDK's body; the class says as much, or more.
        """
        answer = sample(SAMPLES / f"error-{name}.json")
        their_class, our_class = ERRORS[name]
        sides.server.will(answer, answer)
        with pytest.raises(together.APIStatusError) as theirs:
            sides.theirs(_CALL)
        with pytest.raises(our_class) as ours:
            sides.ours(_CALL)

        message, param = said_by(theirs.value.body)

        assert (their_class, our_class) == (type(theirs.value), type(ours.value))
        assert (theirs.value.status_code, param) == (ours.value.status_code, ours.value.param)
        assert message in ours.value.message

    def test_a_dropped_connection(self, sides):
        """
        Both raise an `APIConnectionError`.
        """
        sides.server.will(Reply(fault="drop"), Reply(fault="drop"))
        with pytest.raises(together.APIConnectionError):
            sides.theirs(_CALL)
        with pytest.raises(impasto.APIConnectionError) as ours:
            sides.ours(_CALL)

        assert ours.value.maybe_accepted
