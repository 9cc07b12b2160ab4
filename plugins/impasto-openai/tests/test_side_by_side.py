"""The same calls through OpenAI's own SDK and through impasto, over a real socket, compared.

What differs on purpose stands in `DIFFERENCES`, `ANSWERS` and `ERRORS`, and nowhere else.
"""

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import openai
import pytest
from attrs import frozen

import impasto
import impasto_openai
from impasto.errors import (
    APIConnectionError,
    AuthenticationError,
    BadGatewayError,
    BadRequestError,
    ConflictError,
    ContentPolicyViolationError,
    ImpastoError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServiceUnavailableError,
    Timeout,
    UnprocessableEntityError,
)
from impasto.testing import FakeServer, FormPart, Received, Reply, png, sample

# The catalogue holds models that are gone; nothing here depends on the day.
pytestmark = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")

KEY = "sk-0123456789abcdef"
SAMPLES = Path(__file__).parent / "samples"
MODELS = json.loads(Path(impasto_openai.__file__).with_name("models.json").read_text())["models"]
FOX, HAT, MASK = png(8, 8), png(8, 8, (20, 30, 40)), png(8, 8, (0, 0, 0, 0))


@frozen
class Sent:
    """A request, but for what no answer depends on."""

    method: str
    path: str
    headers: Mapping[str, str]
    json: Any = None
    texts: tuple[FormPart, ...] = ()
    files: tuple[FormPart, ...] = ()

    def bare(self) -> "Sent":
        """Return it without the names and types of files, which the SDK does not know."""
        files = tuple(FormPart(file.name, file.data) for file in self.files)
        return Sent(self.method, self.path, self.headers, self.json, self.texts, files)


def sent(received: Received) -> Sent:
    kept = ("accept", "authorization", "openai-organization", "openai-project")
    headers = {name: received.headers[name] for name in kept if name in received.headers}
    kind = received.headers["content-type"]
    if kind == "application/json":
        return Sent(received.method, received.path, headers, received.json())
    parts = received.parts()
    files = tuple(part for part in parts if part.filename is not None)
    assert parts[len(parts) - len(files) :] == files, "text comes first, then the files"
    texts = sorted(parts[: len(parts) - len(files)], key=lambda part: (part.name, part.data))
    return Sent(received.method, received.path, headers, None, tuple(texts), files)


class Sides:
    """A server, and both ways to it."""

    def __init__(self, server: FakeServer, sdk: openai.OpenAI) -> None:
        self.server = server
        self.sdk = sdk

    def theirs(self, call: Mapping[str, Any]) -> Any:
        method = self.sdk.images.edit if "image" in call else self.sdk.images.generate
        known = inspect.signature(method).parameters
        more = {name: value for name, value in call.items() if name not in known}
        same = {name: value for name, value in call.items() if name in known}
        return method(**same, **({"extra_body": more} if more else {}))

    def ours(self, call: Mapping[str, Any]) -> impasto.ImageResponse:
        method = impasto.image_edit if "image" in call else impasto.image_generation
        where = {"api_base": f"{self.server.url}/v1", "api_key": KEY, "max_retries": 0}
        return method(**{**where, **call}, custom_llm_provider="openai")

    def sent(self, call: Mapping[str, Any], ours: Mapping[str, Any] | None = None) -> list[Sent]:
        """Return what the SDK sends for *call*, then what impasto does."""
        self.server.received.clear()
        self.theirs(call)
        self.ours(call if ours is None else ours)
        return [sent(received) for received in self.server.received]


@pytest.fixture(scope="module")
def sides() -> Iterator[Sides]:
    with (
        FakeServer() as server,
        openai.OpenAI(base_url=f"{server.url}/v1", api_key=KEY, max_retries=0) as sdk,
    ):
        yield Sides(server, sdk)


# --- What goes over the wire ------------------------------------------------------------------

# Parameters that `DIFFERENCES` shows, by the models that they differ for.
DIFFERENT = {
    "user": "gpt-image",
    "response_format": "gpt-image",
    "input_fidelity": "gpt-image-2",
    "partial_images": "gpt-image",
}
# What a parameter needs beside it.
COMPANIONS: dict[str, dict[str, Any]] = {
    "output_compression": {"output_format": "webp"},
    "frame_count": {"output_format": "gif"},
    "frame_duration_ms": {"output_format": "gif"},
    "svg": {"output_format": "svg"},
}
SVG = {"model": "gpt-6", "reasoning": {"effort": "low"}}


def values_of(parameter: Mapping[str, Any]) -> list[Any]:
    if "values" in parameter:
        return list(parameter["values"])
    if parameter.get("type") == "integer":
        return [parameter["minimum"]]
    if parameter.get("type") == "image":
        return [MASK]
    return [SVG] if parameter.get("type") == "object" else ['naïve ☃ "quoted"\n&=%']


def differs(model: str, name: str) -> bool:
    family = DIFFERENT.get(name, "-")
    return model == family or (family == "gpt-image" and "gpt-image" in model)


def calls_of(model: Mapping[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the call for each parameter of *model* and each of its values."""
    for name, parameter in model["parameters"].items():
        given = kind in parameter.get("kinds", [kind]) and name not in ("prompt", "image", "mask")
        for value in values_of(parameter) if given and not differs(model["name"], name) else ():
            yield name, {**COMPANIONS.get(name, {}), name: value}
    for size in [*model["sizes"].get("values", ()), *(["1536x864"] * ("any" in model["sizes"]))]:
        yield "size", {"size": size}


def cases(kind: str) -> Iterator[Any]:
    """Yield every model with every one of its parameters, and with none."""
    for model in MODELS:
        if kind not in model.get("kinds", ["generate"]):
            continue
        for alias in (model["name"], *model.get("aliases", ())):
            yield pytest.param({"model": alias}, id=alias)
        for name, call in calls_of(model, kind):
            told = f"{model['name']}-{name}={call[name]!r}"
            yield pytest.param({"model": model["name"], **call}, id=told[:50])


class TestGenerations:
    @pytest.mark.parametrize("call", list(cases("generate")))
    def test_every_parameter_of_every_model(self, sides, call):
        """
        Method, path, headers and JSON are the SDK's.
        """
        theirs, ours = sides.sent({"prompt": "a red fox", **call})

        assert theirs == ours

    def test_all_together(self, sides):
        """
        Parameters do not disturb each other.
        """
        theirs, ours = sides.sent(
            {
                "prompt": "a red fox",
                "model": "gpt-image-2.6-sunburst",
                "n": 2,
                "size": "3840x2160",
                "quality": "xhigh",
                "background": "transparent",
                "output_format": "webp",
                "output_compression": 80,
                "moderation": "low",
                "complexity": "high",
                "safety_identifier": "hash-1",
            }
        )

        assert theirs == ours

    def test_what_nobody_listed(self, sides):
        """
        A server's own words pass, objects and lists included.
        """
        theirs, ours = sides.sent(
            {
                "prompt": "a fox",
                "model": "recraftv3",
                "style": "digital_illustration",
                "response_format": "b64_json",
                "negative_prompt": "blurry",
                "seed": 7,
                "substyle": "hand_drawn",
                "controls": {"colors": [{"rgb": [0, 255, 0]}], "no_text": True},
            }
        )

        assert theirs == ours

    def test_additions(self, sides):
        """
        `extra_headers`, `extra_query` and `extra_body` are the SDK's.
        """
        sides.server.received.clear()
        additions = {
            "extra_headers": {"X-Trace": "1", "OpenAI-Project": "proj_2"},
            "extra_query": {"trace": "a b"},
            "extra_body": {"seed": 7, "nested": {"a": [1]}},
        }
        sides.sdk.images.generate(prompt="a", model="gpt-image-2", **additions)
        sides.ours({"prompt": "a", "model": "gpt-image-2", **additions})
        theirs, ours = sides.server.received

        assert (sent(theirs).json, sent(theirs).headers) == (sent(ours).json, sent(ours).headers)
        assert theirs.headers["x-trace"] == ours.headers["x-trace"]
        assert ("/v1/images/generations?trace=a%20b", "/v1/images/generations?trace=a+b") == (
            theirs.path.replace("+", "%20"),
            ours.path.replace("%20", "+"),
        )

    def test_organization_and_project(self, sides):
        """
        They go into the SDK's headers.
        """
        sides.server.received.clear()
        account = {"organization": "org-1", "project": "proj_1"}
        sides.sdk.with_options(**account).images.generate(prompt="a", model="gpt-image-2")
        sides.ours({"prompt": "a", "model": "gpt-image-2", **account})
        theirs, ours = map(sent, sides.server.received)

        assert theirs == ours
        assert ("org-1", "proj_1") == (
            ours.headers["openai-organization"],
            ours.headers["openai-project"],
        )


class TestEdits:
    @pytest.mark.parametrize("call", list(cases("edit")))
    def test_every_parameter_of_every_model(self, sides, call):
        """
        The form has the SDK's fields and files, text first.
        """
        theirs, ours = sides.sent({"prompt": "naïve ☃", "image": FOX, **call})

        assert theirs.bare() == ours.bare()

    @pytest.mark.parametrize(
        "pictures",
        [
            pytest.param({"image": FOX}, id="one"),
            pytest.param({"image": [FOX, HAT]}, id="two"),
            pytest.param({"image": [FOX] * 16}, id="sixteen"),
            pytest.param({"image": FOX, "mask": MASK}, id="one and a mask"),
            pytest.param({"image": [FOX, HAT], "mask": MASK}, id="two and a mask"),
        ],
    )
    def test_pictures(self, sides, pictures):
        """
        One is "image", several are "image[]" each, in the given order.
        """
        theirs, ours = sides.sent({"prompt": "p", "model": "gpt-image-2", **pictures})

        assert theirs.bare() == ours.bare()

    @pytest.mark.parametrize("source", ["named bytes", "path", "open file"])
    def test_names_and_types_of_files(self, sides, tmp_path, source):
        """
        Where the SDK knows name and type, they are the same.
        """
        path = tmp_path / "fox.png"
        path.write_bytes(FOX)
        with path.open("rb") as file:
            image = {"path": path, "open file": file, "named bytes": ("fox.png", FOX, "image/png")}
            call = {"prompt": "p", "model": "gpt-image-2", "image": image[source]}
            theirs, ours = sides.sent(call)

        assert theirs == ours
        assert (FormPart("image", FOX, "fox.png", "image/png"),) == ours.files

    def test_all_together(self, sides):
        """
        Numbers are decimal, truth is "true", objects are "name[key]", lists "name[]".
        """
        theirs, ours = sides.sent(
            {
                "prompt": "p",
                "model": "gpt-image-2.6-flare",
                "image": [FOX, HAT],
                "output_format": "svg",
                "n": 1,
                "svg": SVG,
                "flag": True,
                "off": False,
                "looks": ["a", "b"],
                "deep": {"k": 1.5},
            }
        )

        assert theirs.bare() == ours.bare()
        assert [
            ("deep[k]", b"1.5"),
            ("flag", b"true"),
            ("looks[]", b"a"),
            ("looks[]", b"b"),
            ("model", b"gpt-image-2.6-flare"),
            ("n", b"1"),
            ("off", b"false"),
            ("output_format", b"svg"),
            ("prompt", b"p"),
            ("svg[model]", b"gpt-6"),
            ("svg[reasoning][effort]", b"low"),
        ] == [(text.name, text.data) for text in ours.texts]


# --- What differs on the wire -----------------------------------------------------------------

_GENERATE = {"prompt": "a fox", "model": "gpt-image-2"}
_EDIT = {"prompt": "a fox", "model": "gpt-image-2", "image": FOX}
_PATH = "/v1/images/generations"


@frozen(kw_only=True)
class Difference:
    """One difference: what only the SDK sends, and what impasto sends instead."""

    why: str
    call: Mapping[str, Any]
    theirs: Any
    ours: Any
    our_call: Mapping[str, Any] | None = None


DIFFERENCES = {
    "user": Difference(
        why="safety_identifier replaced it in GPT Image; the server reads user as the fallback",
        call={**_GENERATE, "user": "u-1"},
        theirs={"user": "u-1"},
        ours={"safety_identifier": "u-1"},
    ),
    "response_format": Difference(
        why="GPT Image answers 400 to it and sends base64 in any case",
        call={**_GENERATE, "response_format": "b64_json"},
        theirs={"response_format": "b64_json"},
        ours={},
    ),
    "None": Difference(
        why="a parameter that is None is not set; the SDK sends null in JSON, but not in forms",
        call={**_GENERATE, "size": None, "quality": None},
        theirs={"size": None, "quality": None},
        ours={},
    ),
    "n": Difference(
        why="more than a request makes is split over several, here dall-e-3's one each",
        call={"prompt": "a fox", "model": "dall-e-3", "n": 2},
        theirs={"n": 2},
        ours={"n": 1},
    ),
    "partial_images": Difference(
        why="without streaming nobody would see them, and they cost tokens",
        call={**_GENERATE, "partial_images": 2},
        theirs={"partial_images": 2},
        ours={},
        our_call={**_GENERATE, "partial_images": 2, "drop_params": True},
    ),
    "input_fidelity": Difference(
        why="gpt-image-2 always works with high fidelity and refuses the field",
        call={**_EDIT, "input_fidelity": "high"},
        theirs=[("input_fidelity", b"high")],
        ours=[],
    ),
    "a list of one": Difference(
        why='"image" is what every server understands, DALL-E\'s among them',
        call={**_EDIT, "image": [FOX]},
        theirs=[("image[]", FOX)],
        ours=[("image", FOX)],
    ),
}


def only_in(one: Sent, other: Sent) -> Any:
    """Return the fields of *one* that *other* does not have just so."""
    if one.json is not None:
        return {
            name: value
            for name, value in one.json.items()
            if name not in other.json or other.json[name] != value
        }
    fields, others = (
        [(part.name, part.data) for part in (*side.texts, *side.files)] for side in (one, other)
    )
    return [part for part in fields if part not in others]


class TestDifferences:
    @pytest.mark.parametrize("difference", DIFFERENCES.values(), ids=DIFFERENCES)
    def test_nothing_else_differs(self, sides, difference):
        """
        Fields differ exactly as the table says.
        """
        theirs, ours, *_ = sides.sent(difference.call, difference.our_call)

        assert difference.theirs == only_in(theirs, ours)
        assert difference.ours == only_in(ours, theirs)

    def test_n_is_split(self, sides):
        """
        Two pictures of dall-e-3 are two requests, and one answer.
        """
        sides.server.received.clear()
        response = sides.ours({"prompt": "a fox", "model": "dall-e-3", "n": 2})

        assert [1, 1] == [received.json()["n"] for received in sides.server.received]
        assert 2 == len(response.data)

    def test_bytes_get_a_name_and_their_type(self, sides):
        """
        The SDK calls bytes "upload" and does not look at what they are.
        """
        theirs, ours = sides.sent({**_EDIT, "mask": MASK})

        assert [("upload", "application/octet-stream")] * 2 == [
            (file.filename, file.mime) for file in theirs.files
        ]
        assert [("image.png", "image/png"), ("mask.png", "image/png")] == [
            (file.filename, file.mime) for file in ours.files
        ]

    @pytest.mark.parametrize(
        ("base", "theirs", "ours"),
        [
            pytest.param("", "/images/generations", _PATH, id="host only"),
            pytest.param("/v1", _PATH, _PATH, id="with /v1"),
            pytest.param("/v1/", _PATH, _PATH, id="with /v1/"),
            pytest.param("/a/b", "/a/b/images/generations", "/a/b/images/generations", id="a path"),
            pytest.param(_PATH, _PATH + "/images/generations", _PATH, id="the whole URL"),
            pytest.param("/v1?k=1", "/v1/?k=1images/generations", _PATH + "?k=1", id="a query"),
        ],
    )
    def test_base_urls(self, sides, base, theirs, ours):
        """
        A host gets its "/v1", a whole URL stays itself, a query stays behind the path.
        """
        sides.server.received.clear()
        where = sides.server.url + base
        sides.sdk.with_options(base_url=where).images.generate(**_GENERATE)
        sides.ours({**_GENERATE, "api_base": where})

        assert [theirs, ours] == [received.path for received in sides.server.received]


# --- What comes back --------------------------------------------------------------------------

ANSWERS = [
    "gpt-image",
    "gpt-image-two",
    "gpt-image-edit",
    "gpt-image-svg",
    "dall-e-3",
    "dall-e-2",
    "unknown-fields",
]


class TestAnswers:
    @pytest.mark.parametrize("name", ANSWERS)
    def test_is_read_alike(self, sides, name):
        """
        Pictures, tokens, echoes and request id are what the SDK reads.
        """
        answer = sample(SAMPLES / f"{name}.json")
        call = {"prompt": "a fox", "model": "gpt-image-2"}
        sides.server.will(answer, answer)
        theirs, ours = sides.theirs(call), sides.ours(call)

        assert [(one.b64_json, one.url, one.revised_prompt) for one in theirs.data] == [
            (one.b64_json, one.url, one.revised_prompt) for one in ours.data
        ]
        assert (theirs.usage and theirs.usage.model_dump()) == (
            ours.usage and ours.usage.model_dump()
        )
        for echo in ("created", "size", "quality", "background", "output_format"):
            assert getattr(theirs, echo) == ours[echo]
        assert theirs._request_id == ours.request_id

    def test_unknown_fields_are_kept(self, sides):
        """
        What the SDK keeps as extras is in `provider_specific_fields`.
        """
        answer = sample(SAMPLES / "unknown-fields.json")
        sides.server.will(answer, answer)
        theirs, ours = sides.theirs(_GENERATE), sides.ours(_GENERATE)

        assert theirs.data[0].model_extra == ours.data[0].provider_specific_fields
        assert theirs.model_extra == ours.provider_specific_fields

    def test_tokens_of_an_svgs_author(self, sides):
        """
        They are billed apart, so they are not lost.
        """
        answer = sample(SAMPLES / "gpt-image-svg.json")
        sides.server.will(answer, answer)
        theirs, ours = sides.theirs(_GENERATE), sides.ours(_GENERATE)

        assert theirs.svg_usage.model_dump() == ours.provider_specific_fields["svg_usage"]


# Each recorded error, the class that it becomes, and what the SDK does not read but impasto does.
ERRORS: dict[str, tuple[type[ImpastoError], dict[str, Any]]] = {
    "moderation": (ContentPolicyViolationError, {}),
    "moderation-details": (ContentPolicyViolationError, {}),
    "content-policy": (ContentPolicyViolationError, {}),
    "content-filter": (ContentPolicyViolationError, {}),
    "invalid-value": (BadRequestError, {}),
    "unknown-parameter": (BadRequestError, {}),
    "billing": (QuotaExceededError, {}),
    "key": (AuthenticationError, {}),
    "verification": (PermissionDeniedError, {}),
    "retired": (NotFoundError, {}),
    "conflict": (ConflictError, {}),
    "unprocessable": (UnprocessableEntityError, {}),
    "rate-limit": (RateLimitError, {}),
    "quota": (QuotaExceededError, {}),
    "server": (InternalServerError, {}),
    "overloaded": (ServiceUnavailableError, {}),
    "request-timeout": (Timeout, {}),
    "without-envelope": (BadRequestError, {}),
    "text": (BadRequestError, {"message": "plain string"}),
    "text-with-code": (
        BadRequestError,
        {
            "message": "Generated image rejected by content moderation.",
            "code": "Client specified an invalid argument",
        },
    ),
    "gateway": (BadGatewayError, {"message": "<html>Bad Gateway</html>"}),
    "empty": (InternalServerError, {}),
}


def as_ours(error: openai.APIStatusError) -> dict[str, Any]:
    """Return the SDK's error as impasto puts it: no status in the message, a type for a code."""
    told = re.sub(r"^Error code: \d+( - )?", "", error.message)
    return {
        **({"message": told} if told else {}),
        "status_code": error.status_code,
        "code": error.code or error.type,
        "param": error.param or None,
        "request_id": error.request_id,
    }


class TestErrors:
    def test_every_sample_is_compared(self):
        """
        A new recording of an error needs a row.
        """
        assert {path.stem for path in SAMPLES.glob("error-*.json")} - {"error-in-200"} == {
            f"error-{name}" for name in ERRORS
        }

    @pytest.mark.parametrize("name", ERRORS)
    def test_is_read_alike(self, sides, name):
        """
        Status, code, param, message and request id are what the SDK reads, or more.
        """
        answer = sample(SAMPLES / f"error-{name}.json")
        kind, more = ERRORS[name]
        sides.server.will(answer, answer)
        with pytest.raises(openai.APIStatusError) as theirs:
            sides.theirs(_GENERATE)
        with pytest.raises(kind) as ours:
            sides.ours(_GENERATE)

        expected = {**as_ours(theirs.value), **more}

        assert kind is type(ours.value)
        assert expected == {part: getattr(ours.value, part) for part in expected}
        assert ours.value.message

    def test_a_dropped_connection(self, sides):
        """
        Both raise an `APIConnectionError`.
        """
        sides.server.will(Reply(fault="drop"), Reply(fault="drop"))
        with pytest.raises(openai.APIConnectionError):
            sides.theirs(_GENERATE)
        with pytest.raises(impasto.APIConnectionError) as ours:
            sides.ours(_GENERATE)

        assert ours.value.maybe_accepted


# --- Streams ----------------------------------------------------------------------------------

STREAMED = [model["name"] for model in MODELS if model.get("streams")]
CALLS = {"generate": (_GENERATE, "stream"), "edit": ({**_EDIT, "image": FOX}, "stream-edit")}


def seen(events: Any) -> list[tuple[str, str, int | None]]:
    """Return the pictures in *events*, the SDK's or ours: whether they are whole, and which."""
    return [
        (
            "picture" if one.type.endswith(("completed", "picture")) else "partial",
            one.b64_json,
            getattr(one, "partial_image_index", None),
        )
        for one in events
        if one.type not in ("queued", "done")
    ]


class TestStreams:
    @pytest.mark.parametrize("kind", CALLS)
    @pytest.mark.parametrize("partial_images", [None, 0, 1, 2, 3])
    def test_the_request_is_the_sdks(self, sides, kind, partial_images):
        """
        With and without partial pictures, of new pictures and of edits.
        """
        call, name = CALLS[kind]
        asked = {"partial_images": partial_images} if partial_images is not None else {}
        answer = sample(SAMPLES / f"{name}.json")
        sides.server.will(answer, answer)
        sides.server.received.clear()
        theirs = seen(sides.theirs({**call, **asked, "stream": True}))
        ours = seen(sides.ours({**call, **asked, "stream": True}))
        one, other = (sent(received) for received in sides.server.received)

        assert one.bare() == other.bare()
        assert theirs == ours

    @pytest.mark.parametrize("model", STREAMED)
    def test_every_model_that_streams(self, sides, model):
        """
        The same request for each, and its events come as events.
        """
        answer = sample(SAMPLES / "stream.json")
        sides.server.will(answer, answer)
        sides.server.received.clear()
        call = {"prompt": "a fox", "model": model, "partial_images": 2, "stream": True}
        theirs, ours = seen(sides.theirs(call)), seen(sides.ours(call))
        one, other = (sent(received) for received in sides.server.received)

        assert one == other
        assert theirs == ours
        assert other.json["stream"] is True

    def test_usage(self, sides):
        """
        What the last event counts is what both say.
        """
        answer = sample(SAMPLES / "stream.json")
        sides.server.will(answer, answer)
        *_, theirs = sides.theirs({**_GENERATE, "stream": True})
        *_, ours = sides.ours({**_GENERATE, "stream": True})

        assert theirs.usage.total_tokens == ours.usage.total_tokens
        assert (
            theirs.usage.input_tokens_details.image_tokens
            == (ours.usage.input_tokens_details["image_tokens"])
        )

    def test_a_stream_that_is_cut(self, sides):
        """
        The SDK's ends in silence; ours is an error, with what was to be seen.
        """
        answer = sample(SAMPLES / "stream-cut.json")
        sides.server.will(answer, answer)
        theirs = list(sides.theirs({**_GENERATE, "stream": True}))
        with pytest.raises(APIConnectionError) as caught:
            list(sides.ours({**_GENERATE, "stream": True}))

        assert ["image_generation.partial_image"] == [one.type for one in theirs]
        assert [theirs[0].b64_json] == [one.image.b64_json for one in caught.value.partials]
        assert caught.value.maybe_accepted

    def test_an_error_among_the_events(self, sides):
        """
        The SDK's has no status; ours is of the class that the status would mean.
        """
        answer = sample(SAMPLES / "stream-error.json")
        sides.server.will(answer, answer)
        with pytest.raises(openai.APIError) as theirs:
            list(sides.theirs({**_GENERATE, "stream": True}))
        with pytest.raises(InternalServerError) as ours:
            list(sides.ours({**_GENERATE, "stream": True}))

        assert theirs.value.message == ours.value.message
        assert "server_error" == ours.value.code

    def test_several_pictures_are_streamed_each_alone(self, sides):
        """
        The last event of a stream holds one picture, so two are two streams.
        """
        answer = sample(SAMPLES / "stream.json")
        sides.server.will(answer, answer)
        sides.server.received.clear()
        events = list(sides.ours({**_GENERATE, "n": 2, "partial_images": 1, "stream": True}))

        assert [1, 1] == [received.json()["n"] for received in sides.server.received]
        assert {0, 1} == {one.index for one in events if one.type == "picture"}
        assert 200 == events[-1].usage.total_tokens
