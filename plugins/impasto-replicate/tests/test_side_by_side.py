"""The same calls through Replicate's own SDK and through impasto, over a real socket, compared.

What differs on purpose stands in `DIFFERENCES`, `ANSWERS` and `ENDS`, and nowhere else.
"""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import replicate
import replicate.exceptions
from attrs import evolve, frozen

import impasto
import impasto_replicate
from impasto.errors import (
    APIError,
    APIResponseValidationError,
    AuthenticationError,
    BadGatewayError,
    BadRequestError,
    ContentPolicyViolationError,
    ImpastoError,
    InternalServerError,
    NotFoundError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    ServiceUnavailableError,
    UnprocessableEntityError,
)
from impasto.testing import FakeServer, FormPart, Received, Reply, png, reply, sample

KEY = "r8_0123456789abcdef0123"
SAMPLES = Path(__file__).parent / "samples"
MODELS = json.loads(Path(impasto_replicate.__file__).with_name("models.json").read_text())["models"]
LISTED = [model for model in MODELS if "parameters" in model]
VERSION = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"
SCHNELL, DEV = "black-forest-labs/flux-schnell", "black-forest-labs/flux-dev"
SDXL = f"stability-ai/sdxl:{VERSION}"
FOX, CLEAR = png(8, 8), png(8, 8, (0, 0, 0, 0))
DONE, STARTING = (sample(SAMPLES / f"{name}.json") for name in ("done", "starting"))


@frozen
class Sent:
    """A request, but for what no answer depends on."""

    method: str
    path: str
    headers: Mapping[str, str]
    json: Any = None
    parts: tuple[FormPart, ...] = ()


def sent(received: Received) -> Sent:
    kept = ("authorization", "prefer")
    headers = {name: received.headers[name] for name in kept if name in received.headers}
    kind = received.headers.get("content-type", "")
    made = Sent(received.method, received.path, headers)
    if kind == "application/json":
        return evolve(made, json=received.json())
    if kind.startswith("multipart/"):
        return evolve(made, parts=received.parts())
    assert b"" == received.body
    return made


def as_replicate(received: Received) -> Reply:
    """Answer as Replicate would."""
    if received.path == "/v1/files":
        return sample(SAMPLES / "uploaded.json")
    if "/versions/" in received.path:
        return sample(SAMPLES / "version-sdxl.json")
    return DONE


class Sides:
    """A server, and both ways to it."""

    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.sdk = replicate.Client(api_token=KEY, base_url=server.url)
        self.sdk.poll_interval = 0.01

    def theirs(self, model: str, inputs: Mapping[str, Any], **options: Any) -> Any:
        return self.sdk.run(model, dict(inputs), use_file_output=False, **options)

    def ours(self, model: str, **call: Any) -> impasto.ImageResponse:
        method = impasto.image_edit if "image" in call else impasto.image_generation
        where = {"api_base": self.server.url, "api_key": KEY, "max_retries": 0}
        call = {"poll_interval": 0.1, **where, **call}
        return method(model=model, custom_llm_provider="replicate", **call)

    def both(self, model: str, inputs: Mapping[str, Any], call: Mapping[str, Any]) -> list[Any]:
        """Return what the SDK sends, but for its look at a version, then what impasto does."""
        self.server.received.clear()
        self.theirs(model, inputs)
        self.server.received[:] = [
            one for one in self.server.received if "/versions/" not in one.path
        ]
        self.ours(model, **call)
        return [sent(received) for received in self.server.received]


@pytest.fixture(scope="module")
def sides() -> Iterator[Sides]:
    with FakeServer(as_replicate) as server:
        both = Sides(server)
        yield both
        both.sdk._client.close()


# --- What goes over the wire ------------------------------------------------------------------


def values_of(parameter: Mapping[str, Any]) -> list[Any]:
    if "values" in parameter:
        return list(parameter["values"])
    match parameter.get("type", "string"):
        case "integer":
            return [parameter.get("minimum", 7)]
        case "number":
            return [parameter["maximum"]]
        case "boolean":
            return [True, False]
    return ['naïve ☃ "quoted"\n&=%']


NOT_INPUTS = frozenset({"prompt", "image", "mask", "size", "response_format"})


def cases(kind: str) -> Iterator[Any]:
    """Yield every listed model with each of its parameters, in its words and in the caller's."""
    for model in LISTED:
        if kind not in model["kinds"]:
            continue
        name = model["name"] if model["facts"]["official"] else f"{model['name']}:{VERSION}"
        yield pytest.param(name, {}, {}, id=name[:40])
        for word, parameter in model["parameters"].items():
            fits = kind in parameter.get("kinds", [kind]) and word not in NOT_INPUTS
            theirs = model["facts"]["names"].get(word, word)
            for value in values_of(parameter) if fits else ():
                own = "jpg" if value == "jpeg" else value
                told = f"{model['name']}-{word}={value!r}"[:60]
                yield pytest.param(name, {theirs: own}, {word: value}, id=told)


class TestOrders:
    @pytest.mark.parametrize(("model", "inputs", "words"), list(cases("generate")))
    def test_every_parameter(self, sides, model, inputs, words):
        """
        Method, path, key, Prefer and body are the SDK's.
        """
        theirs, ours = sides.both(
            model, {"prompt": "a fox", **inputs}, {"prompt": "a fox", **words}
        )

        assert theirs == ours
        assert {"authorization": f"Bearer {KEY}", "prefer": "wait"} == ours.headers

    @pytest.mark.parametrize(("model", "inputs", "words"), list(cases("edit")))
    def test_every_parameter_of_an_edit(self, sides, model, inputs, words):
        """
        The picture is uploaded as the SDK does it, by its name and type, and its URL is ordered.
        """
        file = io.BytesIO(FOX)
        file.name = "fox.png"
        asked = {"image": ("fox.png", FOX), "file_encoding_strategy": "url", **words}
        up, theirs, our_up, ours = sides.both(
            model, {"prompt": "a hat", "image": file, **inputs}, {"prompt": "a hat", **asked}
        )

        assert up == our_up
        assert (FormPart("content", FOX, "fox.png", "image/png"),) == our_up.parts
        assert theirs == ours

    def test_sizes(self, sides):
        """
        What the caller says in pixels is what the SDK's users say in FLUX's words.
        """
        theirs, ours = sides.both(
            SCHNELL,
            {"prompt": "a fox", "aspect_ratio": "16:9", "megapixels": "0.25"},
            {"prompt": "a fox", "size": "672x384"},
        )

        assert theirs == ours

    @pytest.mark.parametrize("wait", [True, False, 1, 30, 60])
    def test_waiting(self, sides, wait):
        """
        The SDK's own word for it, and its header.
        """
        sides.server.received.clear()
        sides.theirs(SCHNELL, {"prompt": "a fox"}, wait=wait)
        theirs = sides.server.received.copy()
        sides.server.received.clear()
        sides.ours(SCHNELL, prompt="a fox", wait=wait)

        assert sent(theirs[0]) == sent(sides.server.received[0])

    def test_webhooks(self, sides):
        """
        They stand beside the input.
        """
        hook = {"webhook": "https://h.example", "webhook_events_filter": ["completed"]}
        sides.server.received.clear()
        sides.theirs(SCHNELL, {"prompt": "a fox"}, **hook)
        sides.ours(SCHNELL, prompt="a fox", **hook)
        theirs, ours = map(sent, sides.server.received)

        assert theirs == ours

    @pytest.mark.parametrize(
        ("create", "model"),
        [
            pytest.param(
                lambda sdk, given: sdk.predictions.create(VERSION, given, wait=True),
                VERSION,
                id="a bare version",
            ),
            pytest.param(
                lambda sdk, given: sdk.deployments.predictions.create(
                    ("acme", "my-app"), given, wait=True
                ),
                "deployments/acme/my-app",
                id="a deployment",
            ),
            pytest.param(
                lambda sdk, given: sdk.models.predictions.create(DEV, given, wait=True),
                DEV,
                id="an official model",
            ),
        ],
    )
    def test_other_ways_to_order(
        self, sides, create: Callable[[replicate.Client, dict[str, Any]], Any], model
    ):
        """
        The SDK has a function for each; here the model's name says it.
        """
        sides.server.received.clear()
        create(sides.sdk, {"prompt": "a fox", "seed": 7})
        sides.ours(model, prompt="a fox", seed=7)
        theirs, ours = map(sent, sides.server.received)

        assert theirs == ours

    def test_a_data_url(self, sides):
        """
        The SDK makes one where it is asked to; impasto by itself, of a small picture.
        """
        sides.server.received.clear()
        file = io.BytesIO(FOX)
        file.name = "fox.png"
        inputs = {"prompt": "p", "image": file}
        sides.theirs(DEV, inputs, file_encoding_strategy="base64")
        sides.ours(DEV, prompt="p", image=FOX)
        theirs, ours = map(sent, sides.server.received)

        assert theirs == ours

    def test_polls_and_cancels(self, sides):
        """
        A job is asked for, and stopped, where the SDK does it.
        """
        sides.server.received.clear()
        sides.server.will(STARTING)
        sides.theirs(SCHNELL, {"prompt": "a fox"})
        sides.server.will(STARTING)
        sides.ours(SCHNELL, prompt="a fox")
        sides.server.will(DONE)
        sides.sdk.predictions.cancel("pred1")
        polling = impasto.types.Request(url="https://x.example", step="poll", state={"id": "pred1"})
        call = impasto.types.Call(
            kind="generate",
            provider="replicate",
            model=SCHNELL,
            settings={"api_base": sides.server.url},
        )
        cancel = impasto_replicate.build_cancel(call=call, request=polling)
        order, poll, our_order, our_poll, their_cancel = map(sent, sides.server.received)

        assert (order, poll) == (our_order, our_poll)
        assert (their_cancel.method, sides.server.url + their_cancel.path) == (
            cancel.method,
            cancel.url,
        )


# --- What differs on the wire -----------------------------------------------------------------


@frozen(kw_only=True)
class Difference:
    """One difference: what both send, as method and path, or as the order's input."""

    why: str
    model: str
    inputs: Mapping[str, Any]
    call: Mapping[str, Any]
    theirs: list[Any]
    ours: list[Any]


_ORDER = f"POST /v1/models/{SCHNELL}/predictions"
_OF_DEV = f"POST /v1/models/{DEV}/predictions"
_LOOK = f"GET /v1/models/stability-ai/sdxl/versions/{VERSION}"

DIFFERENCES = {
    "a version": Difference(
        why="the SDK looks at its schema after the prediction, to learn whether to iterate",
        model=SDXL,
        inputs={"prompt": "a fox"},
        call={"prompt": "a fox"},
        theirs=["POST /v1/predictions", _LOOK],
        ours=["POST /v1/predictions"],
    ),
    "a version that nobody listed": Difference(
        why="impasto looks at it before, to check and to translate",
        model=f"me/mine:{VERSION}",
        inputs={"prompt": "a fox"},
        call={"prompt": "a fox"},
        theirs=["POST /v1/predictions", f"GET /v1/models/me/mine/versions/{VERSION}"],
        ours=[f"GET /v1/models/me/mine/versions/{VERSION}", "POST /v1/predictions"],
    ),
    "a small picture": Difference(
        why="up to 256 kB Replicate takes it in the order; the SDK uploads it all the same",
        model=DEV,
        inputs={"prompt": "a fox", "image": io.BytesIO(FOX)},
        call={"prompt": "a fox", "image": FOX},
        theirs=["POST /v1/files", _OF_DEV],
        ours=[_OF_DEV],
    ),
    "more pictures than a request makes": Difference(
        why="they are split; Replicate would answer 422",
        model=SCHNELL,
        inputs={"prompt": "a fox", "num_outputs": 5},
        call={"prompt": "a fox", "n": 5},
        theirs=[_ORDER],
        ours=[_ORDER, _ORDER],
    ),
}


class TestDifferences:
    @pytest.mark.filterwarnings("ignore::impasto.PartialResultWarning")
    @pytest.mark.parametrize("difference", DIFFERENCES.values(), ids=DIFFERENCES)
    def test_requests(self, sides, difference):
        """
        They differ exactly as the table says.
        """
        sides.server.received.clear()
        sides.theirs(difference.model, difference.inputs)
        theirs = [f"{one.method} {one.path}" for one in sides.server.received]
        sides.server.received.clear()
        sides.ours(difference.model, **difference.call)

        assert difference.theirs == theirs
        assert difference.ours == [f"{one.method} {one.path}" for one in sides.server.received]

    def test_bytes_get_a_name_and_their_type(self, sides):
        """
        The SDK takes no bytes, and of a BytesIO it knows neither.
        """
        with pytest.raises(TypeError):
            sides.theirs(DEV, {"image": FOX})
        sides.server.received.clear()
        sides.theirs(DEV, {"image": io.BytesIO(FOX)})
        sides.ours(DEV, image=FOX, prompt="p", file_encoding_strategy="url")
        up, _, our_up, _ = map(sent, sides.server.received)

        assert FormPart("content", FOX, "file", "application/octet-stream") == up.parts[0]
        assert FormPart("content", FOX, "image.png", "image/png") == our_up.parts[0]

    def test_a_mask_is_white(self, sides):
        """
        The SDK sends what it gets; impasto takes OpenAI's masks everywhere.
        """
        file = io.BytesIO(CLEAR)
        theirs, ours = (
            one.json["input"]["mask"]
            for one in sides.both(
                "black-forest-labs/flux-fill-dev",
                {"prompt": "p", "image": "https://x.example/a.png", "mask": data_url(file)},
                {"prompt": "p", "image": FOX, "mask": CLEAR},
            )
        )

        assert theirs == data_url(file)
        assert theirs != ours

    def test_the_deadline_bounds_the_wait(self, sides):
        """
        The SDK asks for a minute whatever its own timeout is.
        """
        theirs, ours = sides.both(SCHNELL, {"prompt": "a fox"}, {"prompt": "a fox", "timeout": 30})

        assert ("wait", "wait=25") == (theirs.headers["prefer"], ours.headers["prefer"])

    def test_a_base_with_the_version(self, sides):
        """
        The SDK puts its "/v1" behind another one.
        """
        sides.server.received.clear()
        base = f"{sides.server.url}/v1"
        client = replicate.Client(api_token=KEY, base_url=base)
        client.run(SCHNELL, {"prompt": "a fox"})
        client._client.close()
        sides.ours(SCHNELL, prompt="a fox", api_base=base)

        assert [
            f"/v1/v1/models/{SCHNELL}/predictions",
            f"/v1/models/{SCHNELL}/predictions",
        ] == [one.path for one in sides.server.received]

    def test_the_key_stays_at_home(self, sides):
        """
        The SDK sends its token to whatever host a picture lies at.
        """
        with FakeServer() as other:
            said = {**json.loads(DONE.body), "output": f"{other.url}/pictures/0.png"}
            sides.server.will(reply(said, status=201), reply(said, status=201))
            # The SDK makes files of https and data URLs only, so the other host is read directly.
            url = sides.theirs(SCHNELL, {"prompt": "a fox"})
            replicate.helpers.FileOutput(url, sides.sdk).read()
            with pytest.raises(impasto.ImpastoError, match=r"private|loopback|127"):
                sides.ours(SCHNELL, prompt="a fox").data[0].read()

            assert [f"Bearer {KEY}"] == [one.headers["authorization"] for one in other.received]


def data_url(file: io.BytesIO) -> str:
    return replicate.helpers.base64_encode_file(file)


# --- What comes back --------------------------------------------------------------------------


def texts(output: Any) -> list[str]:
    """Return the URLs in what the SDK returns, each once."""
    if isinstance(output, str):
        return [output] if output.startswith(("http", "data:")) else []
    inner = output.values() if isinstance(output, dict) else output or ()
    found = [url for one in inner if not isinstance(one, int) for url in texts(one)]
    return list(dict.fromkeys(found))


ANSWERS = [
    "done",
    "output-text",
    "output-data-url",
    "output-http",
    "output-object",
    "processing-done",
    "seeded",
    "some",
]


class TestAnswers:
    @pytest.mark.parametrize("name", ANSWERS)
    def test_is_read_alike(self, sides, name):
        """
        The URLs are those that the SDK returns, in its order.
        """
        answer = sample(SAMPLES / f"{name}.json")
        sides.server.will(answer, answer)
        theirs, ours = sides.theirs(SCHNELL, {"prompt": "p"}), sides.ours(SCHNELL, prompt="p")

        assert texts(theirs) == [image.url for image in ours.data]

    @pytest.mark.parametrize("name", ["output-null", "removed"])
    def test_nothing(self, sides, name):
        """
        The SDK returns None; impasto says that there is no picture.
        """
        answer = sample(SAMPLES / f"{name}.json")
        sides.server.will(answer, answer)

        assert sides.theirs(SCHNELL, {"prompt": "p"}) is None
        with pytest.raises(APIResponseValidationError):
            sides.ours(SCHNELL, prompt="p")

    def test_before_there_is_anything(self, sides):
        """
        The SDK takes "processing" for the end and returns None; impasto polls on.
        """
        answer = sample(SAMPLES / "processing-without-output.json")
        sides.server.will(answer)

        assert sides.theirs(SCHNELL, {"prompt": "p"}) is None
        sides.server.will(answer)
        assert 1 == len(sides.ours(SCHNELL, prompt="p").data)

    def test_what_is_said_beside(self, sides):
        """
        Id, version, metrics and logs are the SDK's.
        """
        answer = sample(SAMPLES / "some.json")
        sides.server.will(answer, answer)
        theirs = sides.sdk.models.predictions.create(SCHNELL, {"prompt": "p"}, wait=True)
        ours = sides.ours(SCHNELL, prompt="p").provider_specific_fields

        assert ours == {name: getattr(theirs, name) for name in ours}

    def test_progress(self, sides):
        """
        The share of the steps that the SDK reads in the logs.
        """
        answer = sample(SAMPLES / "processing.json")
        sides.server.will(answer)
        theirs = sides.sdk.predictions.get("pred1")
        request = impasto.types.Request(url="-", state={"wanted": 1, "pause": 0.5})
        call = impasto.types.Call(
            kind="generate", provider="replicate", model=SCHNELL, settings={"api_base": "https://x"}
        )
        ours = impasto_replicate.parse_response(
            call=call, request=request, response=answer.response("-")
        )

        assert theirs.progress.percentage == ours.progress


# Each recorded error of the interface, and the class that it becomes; the SDK has one for all.
ERRORS: dict[str, type[ImpastoError]] = {
    "400": BadRequestError,
    "401": AuthenticationError,
    "none": AuthenticationError,
    "402": PaymentRequiredError,
    "403": PermissionDeniedError,
    "404": NotFoundError,
    "422-version": UnprocessableEntityError,
    "422-input": UnprocessableEntityError,
    "429": RateLimitError,
    "500": InternalServerError,
    "503": ServiceUnavailableError,
    "html": BadGatewayError,
}
# Each recorded end of a prediction, and what it becomes here and there.
ENDS: dict[str, tuple[type[ImpastoError], type[Exception] | None]] = {
    "failed-nsfw": (ContentPolicyViolationError, replicate.exceptions.ModelError),
    "failed-nsfw-flux": (ContentPolicyViolationError, replicate.exceptions.ModelError),
    "failed-sensitive": (ContentPolicyViolationError, replicate.exceptions.ModelError),
    "failed-memory": (APIError, replicate.exceptions.ModelError),
    "canceled": (APIError, None),  # the SDK returns None
    "aborted": (APIError, ValueError),  # pydantic's: the SDK does not know the word
}


class TestErrors:
    def test_every_sample_is_compared(self):
        """
        A new recording of an error needs a row.
        """
        assert {path.stem for path in SAMPLES.glob("error-*.json")} == {
            f"error-{name}" for name in ERRORS
        }
        assert {
            path.stem
            for pattern in ("failed-*", "canceled", "aborted")
            for path in SAMPLES.glob(f"{pattern}.json")
        } == set(ENDS)

    @pytest.mark.parametrize("name", ERRORS)
    def test_is_read_alike(self, sides, name):
        """
        Status and words are what the SDK reads.
        """
        answer = sample(SAMPLES / f"error-{name}.json")
        sides.server.will(answer, answer)
        with pytest.raises(replicate.exceptions.ReplicateError) as theirs:
            sides.theirs(SDXL, {"prompt": "p"})
        with pytest.raises(ERRORS[name]) as ours:
            sides.ours(SDXL, prompt="p")

        assert ERRORS[name] is type(ours.value)
        assert theirs.value.status == ours.value.status_code
        assert theirs.value.detail in (ours.value.message, None)
        assert ours.value.message

    @pytest.mark.parametrize("name", ENDS)
    def test_an_end_without_pictures(self, sides, name):
        """
        Where the SDK raises, the words are its words; where it does not, impasto does.
        """
        answer, (kind, raised) = sample(SAMPLES / f"{name}.json"), ENDS[name]
        sides.server.will(answer, answer)
        said = their_end(sides, raised)
        with pytest.raises(kind) as ours:
            sides.ours(SCHNELL, prompt="p")

        assert kind is type(ours.value)
        if raised is replicate.exceptions.ModelError:
            assert said == ours.value.message

    def test_a_list_for_a_body(self, sides):
        """
        The SDK breaks on it; impasto goes by the status.
        """
        odd = reply([{"detail": "odd"}], status=400)
        sides.server.will(odd, odd)
        with pytest.raises(AttributeError):
            sides.theirs(SCHNELL, {"prompt": "p"})
        with pytest.raises(BadRequestError):
            sides.ours(SCHNELL, prompt="p")

    def test_a_model_that_is_no_model(self, sides):
        """
        Both refuse the name before anything is sent.
        """
        sides.server.received.clear()
        with pytest.raises(ValueError, match="owner/name:version"):
            sides.theirs("nonsense", {"prompt": "p"})
        with pytest.raises(BadRequestError, match="owner/name:version"):
            sides.ours("nonsense", prompt="p")

        assert [] == sides.server.received


def their_end(sides: Sides, raised: type[Exception] | None) -> str | None:
    """Return what the SDK's exception says, None where it raises none."""
    if raised is None:
        assert sides.theirs(SCHNELL, {"prompt": "p"}) is None
        return None
    with pytest.raises(raised) as caught:
        sides.theirs(SCHNELL, {"prompt": "p"})
    return str(caught.value)
