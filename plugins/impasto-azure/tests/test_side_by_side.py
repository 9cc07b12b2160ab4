"""The same calls through OpenAI's own SDK and through impasto, over a real socket, compared.

`AzureOpenAI` speaks the classic form, `OpenAI` with the v1 base that of v1.  What differs on
purpose stands in `ALWAYS`, `DIFFERENCES` and `ERRORS`, and nowhere else.
"""

import asyncio
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import openai
import pytest
from attrs import evolve, frozen

import impasto
import impasto_azure
from impasto.errors import (
    APIConnectionError,
    AuthenticationError,
    BadGatewayError,
    BadRequestError,
    ContentPolicyViolationError,
    ImpastoError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServiceUnavailableError,
)
from impasto.testing import FakeServer, FormPart, Received, Reply, png, sample

# The catalogue holds models that are gone; nothing here depends on the day.
pytestmark = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")

KEY = "az-0123456789abcdef"
VERSION = "2025-04-01-preview"
SAMPLES = Path(__file__).parent / "samples"
MODELS = json.loads(Path(impasto_azure.__file__).with_name("models.json").read_text())["models"]
FOX, HAT, MASK = png(8, 8), png(8, 8, (20, 30, 40)), png(8, 8, (0, 0, 0, 0))


@frozen(kw_only=True)
class Always:
    """What differs in every call of a form: what only the SDK sends, and what impasto does."""

    why: str
    theirs: Mapping[str, str]
    ours: Mapping[str, str]


ALWAYS = {
    "classic": Always(
        why="the URL names the deployment; gpt-image-2 is known to refuse the field beside it",
        theirs={"model": "ours"},
        ours={},
    ),
    "v1": Always(
        why="the service's page has a key as api-key, and API Management takes nothing else",
        theirs={"authorization": f"Bearer {KEY}"},
        ours={"api-key": KEY},
    ),
}


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
        return evolve(self, files=tuple(FormPart(file.name, file.data) for file in self.files))

    def without_model(self) -> "Sent":
        """Return it without the deployment's name in the body."""
        if self.json is not None:
            kept = {name: value for name, value in self.json.items() if name != "model"}
            return evolve(self, json=kept)
        return evolve(self, texts=tuple(text for text in self.texts if text.name != "model"))

    def without_key(self) -> "Sent":
        """Return it without the headers that a key may be in."""
        kept = {"accept": self.headers["accept"]}
        return evolve(self, headers=kept)


def sent(received: Received) -> Sent:
    kept = ("accept", "api-key", "authorization", "openai-organization")
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
    """A server, and both ways to it in both forms."""

    def __init__(self, server: FakeServer, classic: openai.AzureOpenAI, v1: openai.OpenAI) -> None:
        self.server = server
        self.sdks = {"classic": classic, "v1": v1}
        self.places = {
            "classic": {"api_base": server.url, "api_version": VERSION, "api_key": KEY},
            "v1": {"api_base": f"{server.url}/openai/v1", "api_key": KEY},
        }

    def theirs(self, call: Mapping[str, Any], form: str = "classic") -> Any:
        images = self.sdks[form].images
        method = images.edit if "image" in call else images.generate
        known = inspect.signature(method).parameters
        given = {name: value for name, value in call.items() if name != "base_model"}
        more = {name: value for name, value in given.items() if name not in known}
        same = {name: value for name, value in given.items() if name in known}
        return method(**same, **({"extra_body": more} if more else {}))

    def ours(self, call: Mapping[str, Any], form: str = "classic") -> impasto.ImageResponse:
        method = impasto.image_edit if "image" in call else impasto.image_generation
        whole = {"max_retries": 0, **self.places[form], **call}
        return method(**whole, custom_llm_provider="azure")

    def sent(
        self,
        call: Mapping[str, Any],
        form: str = "classic",
        ours: Mapping[str, Any] | None = None,
    ) -> list[Sent]:
        """Return what the SDK sends for *call*, then what impasto does."""
        self.server.received.clear()
        self.theirs(call, form)
        self.ours(call if ours is None else ours, form)
        return [sent(received) for received in self.server.received]


@pytest.fixture(scope="module")
def sides() -> Iterator[Sides]:
    with (
        FakeServer() as server,
        openai.AzureOpenAI(
            azure_endpoint=server.url, api_version=VERSION, api_key=KEY, max_retries=0
        ) as classic,
        openai.OpenAI(base_url=f"{server.url}/openai/v1/", api_key=KEY, max_retries=0) as v1,
    ):
        yield Sides(server, classic, v1)


# --- What goes over the wire ------------------------------------------------------------------

# What a parameter needs beside it.
COMPANIONS: dict[str, dict[str, Any]] = {"output_compression": {"output_format": "jpeg"}}


def values_of(parameter: Mapping[str, Any]) -> list[Any]:
    if "values" in parameter:
        return list(parameter["values"])
    if parameter.get("type") == "integer":
        return [parameter["minimum"]]
    return [MASK] if parameter.get("type") == "image" else ['naïve ☃ "quoted"\n&=%']


def calls_of(model: Mapping[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the call for each parameter of *model* and each of its values."""
    for name, parameter in model["parameters"].items():
        given = kind in parameter.get("kinds", [kind]) and "always" not in parameter
        if given and name not in ("prompt", "image", "mask", "partial_images"):
            for value in values_of(parameter):
                yield name, {**COMPANIONS.get(name, {}), name: value}
    for size in [*model["sizes"].get("values", ()), *(["1536x864"] * ("any" in model["sizes"]))]:
        yield "size", {"size": size}


def cases(kind: str) -> Iterator[Any]:
    """Yield every model with every one of its parameters, and with none."""
    for model in MODELS:
        if kind not in model.get("kinds", ["generate"]):
            continue
        base = {"model": "ours", "base_model": model["name"]}
        yield pytest.param(base, id=model["name"])
        for name, call in calls_of(model, kind):
            told = f"{model['name']}-{name}={call[name]!r}"
            yield pytest.param({**base, **call}, id=told[:50])


class TestClassic:
    @pytest.mark.parametrize("call", list(cases("generate")))
    def test_generations(self, sides, call):
        """
        Method, path, query, headers and JSON are the SDK's, but for model.
        """
        theirs, ours = sides.sent({"prompt": "a red fox", **call})

        assert theirs.without_model() == ours
        assert "ours" == theirs.json["model"]

    @pytest.mark.parametrize("call", list(cases("edit")))
    def test_edits(self, sides, call):
        """
        The form has the SDK's fields and files, text first, but for model.
        """
        theirs, ours = sides.sent({"prompt": "naïve ☃", "image": FOX, **call})

        assert theirs.bare().without_model() == ours.bare()
        assert FormPart("model", b"ours") in theirs.texts

    @pytest.mark.parametrize(
        "pictures",
        [
            pytest.param({"image": FOX}, id="one"),
            pytest.param({"image": [FOX, HAT]}, id="two"),
            pytest.param({"image": FOX, "mask": MASK}, id="one and a mask"),
            pytest.param({"image": [FOX, HAT], "mask": MASK}, id="two and a mask"),
        ],
    )
    def test_pictures(self, sides, pictures):
        """
        One is "image", several are "image[]" each, in the given order.
        """
        theirs, ours = sides.sent({"prompt": "p", "model": "ours", **pictures})

        assert theirs.bare().without_model() == ours.bare()

    def test_all_together(self, sides):
        """
        Parameters do not disturb each other.
        """
        theirs, ours = sides.sent(
            {
                "prompt": "a red fox",
                "model": "our-pictures",
                "base_model": "gpt-image-2",
                "n": 2,
                "size": "3840x2160",
                "quality": "high",
                "background": "opaque",
                "output_format": "jpeg",
                "output_compression": 80,
                "moderation": "low",
                "user": "u-1",
                "novelty": {"a": [1]},
            }
        )

        assert theirs.without_model() == ours

    @pytest.mark.parametrize("name", ["my-gpt-image", "my dép/x:1", "a?b#c%d&e", "x+y@z,$!'()*;="])
    def test_names_are_encoded_alike(self, sides, name):
        """
        A name is one segment of the path, encoded as the SDK does.
        """
        theirs, ours = sides.sent({"prompt": "a", "model": name})

        assert theirs.path == ours.path

    def test_without_a_model_nothing_differs(self, sides):
        """
        With azure_deployment the SDK can do without model, and then the body is ours.
        """
        sides.server.received.clear()
        with openai.AzureOpenAI(
            azure_endpoint=sides.server.url,
            azure_deployment="ours",
            api_version=VERSION,
            api_key=KEY,
            max_retries=0,
        ) as sdk:
            sdk.images.generate(prompt="a")
        sides.ours({"prompt": "a", "model": "ours"})
        theirs, ours = map(sent, sides.server.received)

        assert theirs == ours

    def test_a_base_with_a_deployment(self, sides):
        """
        It stays, whatever the model is called.
        """
        sides.server.received.clear()
        base = f"{sides.server.url}/openai/deployments/d9"
        with openai.AzureOpenAI(base_url=base, api_version=VERSION, api_key=KEY) as sdk:
            sdk.images.generate(prompt="a", model="m")
        sides.ours({"prompt": "a", "model": "m", "api_base": base})
        theirs, ours = map(sent, sides.server.received)

        assert theirs.without_model() == ours


class TestV1:
    @pytest.mark.parametrize("call", list(cases("generate")))
    def test_generations(self, sides, call):
        """
        Method, path and JSON are the SDK's, model included; the key has another header.
        """
        theirs, ours = sides.sent({"prompt": "a red fox", **call}, "v1")

        assert theirs.without_key() == ours.without_key()
        assert "ours" == ours.json["model"]

    def test_edits(self, sides):
        """
        The form is the SDK's.
        """
        call = {"prompt": "p", "model": "ours", "image": [FOX, HAT], "mask": MASK, "n": 1}
        theirs, ours = sides.sent(call, "v1")

        assert theirs.bare().without_key() == ours.bare().without_key()


class TestKeys:
    def test_a_key(self, sides):
        """
        In the classic form both send it as api-key.
        """
        theirs, ours = sides.sent({"prompt": "a", "model": "ours"})

        assert theirs.headers == ours.headers
        assert {"accept": "application/json", "api-key": KEY} == ours.headers

    @pytest.mark.parametrize(
        "key",
        [
            pytest.param({"azure_ad_token": "eyJ.1"}, id="token"),
            pytest.param({"azure_ad_token_provider": lambda: "eyJ.1"}, id="provider"),
        ],
    )
    def test_tokens(self, sides, key):
        """
        They are a bearer's, in both forms.
        """
        sides.server.received.clear()
        place = {"azure_endpoint": sides.server.url, "api_version": VERSION, "max_retries": 0}
        with openai.AzureOpenAI(**place, **key) as sdk:
            sdk.images.generate(prompt="a", model="ours")
        call = {"prompt": "a", "model": "ours", "api_key": None, **key}
        sides.ours(call)
        sides.ours(call, "v1")
        theirs, classic, v1 = map(sent, sides.server.received)

        assert theirs.without_model() == classic
        assert theirs.headers == v1.headers

    def test_an_async_provider(self, sides):
        """
        Both await it.
        """

        async def provider() -> str:
            return "eyJ.awaited"

        async def both() -> None:
            call = {"prompt": "a", "model": "ours"}
            async with openai.AsyncAzureOpenAI(
                azure_endpoint=sides.server.url,
                api_version=VERSION,
                azure_ad_token_provider=provider,
            ) as sdk:
                await sdk.images.generate(**call)
            await impasto.aimage_generation(
                **call,
                custom_llm_provider="azure",
                api_base=sides.server.url,
                api_version=VERSION,
                azure_ad_token_provider=provider,
            )

        sides.server.received.clear()
        asyncio.run(both())
        theirs, ours = map(sent, sides.server.received)

        assert theirs.without_model() == ours
        assert "Bearer eyJ.awaited" == ours.headers["authorization"]

    @pytest.mark.parametrize(
        "variables",
        [
            pytest.param({"AZURE_OPENAI_API_KEY": "az-1"}, id="key"),
            pytest.param({"AZURE_OPENAI_AD_TOKEN": "eyJ.1"}, id="token"),
            pytest.param(
                {"AZURE_OPENAI_API_KEY": "az-1", "AZURE_OPENAI_AD_TOKEN": "eyJ.1"}, id="both"
            ),
        ],
    )
    def test_variables(self, sides, monkeypatch, variables):
        """
        The SDK's own, in its order.
        """
        place = {"AZURE_OPENAI_ENDPOINT": sides.server.url, "OPENAI_API_VERSION": "2024-10-21"}
        for name, value in {**place, **variables}.items():
            monkeypatch.setenv(name, value)
        sides.server.received.clear()
        with openai.AzureOpenAI() as sdk:
            sdk.images.generate(prompt="a", model="ours")
        impasto.image_generation(prompt="a", model="azure/ours")
        theirs, ours = map(sent, sides.server.received)

        assert theirs.without_model() == ours


# --- What differs on the wire -----------------------------------------------------------------

_PLAIN = {"prompt": "a fox", "model": "ours"}
_GENERATE = {"prompt": "a fox", "model": "ours", "base_model": "gpt-image-2"}
_EDIT = {**_GENERATE, "image": FOX}


@frozen(kw_only=True)
class Difference:
    """One difference: what only the SDK sends, and what impasto sends instead."""

    why: str
    call: Mapping[str, Any]
    theirs: Any
    ours: Any
    our_call: Mapping[str, Any] | None = None


DIFFERENCES = {
    "response_format": Difference(
        why="GPT Image sends base64 in any case, and does not support the field",
        call={**_GENERATE, "response_format": "b64_json"},
        theirs={"response_format": "b64_json"},
        ours={},
    ),
    "None": Difference(
        why="a parameter that is None is not set; the SDK sends null in JSON",
        call={**_GENERATE, "size": None, "quality": None},
        theirs={"size": None, "quality": None},
        ours={},
    ),
    "n": Difference(
        why="more than a request makes is split over several, here dall-e-3's one each",
        call={"prompt": "a fox", "model": "ours", "base_model": "dall-e-3", "n": 2},
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
        why='"image" is what the service takes for one picture, and one form is enough',
        call={**_EDIT, "image": [FOX]},
        theirs=[("image[]", FOX)],
        ours=[("image", FOX)],
    ),
}


def only_in(one: Sent, other: Sent) -> Any:
    """Return the fields of *one* that *other* does not have just so, but for model."""
    if one.json is not None:
        return {
            name: value
            for name, value in one.without_model().json.items()
            if name not in other.json or other.json[name] != value
        }
    fields, others = (
        [(part.name, part.data) for part in (*side.without_model().texts, *side.files)]
        for side in (one, other)
    )
    return [part for part in fields if part not in others]


class TestDifferences:
    @pytest.mark.parametrize("form", ALWAYS)
    def test_what_always_differs(self, sides, form):
        """
        One field of the body in the classic form, one header in that of v1.
        """
        theirs, ours = ({**one.headers, **one.json} for one in sides.sent(_PLAIN, form))

        assert ALWAYS[form].theirs == {name: theirs[name] for name in theirs.keys() - ours}
        assert ALWAYS[form].ours == {name: ours[name] for name in ours.keys() - theirs}

    @pytest.mark.parametrize("difference", DIFFERENCES.values(), ids=DIFFERENCES)
    def test_nothing_else_differs(self, sides, difference):
        """
        Fields differ exactly as the table says.
        """
        theirs, ours, *_ = sides.sent(difference.call, ours=difference.our_call)

        assert difference.theirs == only_in(theirs, ours)
        assert difference.ours == only_in(ours, theirs)

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

    def test_a_slash_in_azure_deployment(self, sides):
        """
        The SDK encodes it in model alone; here a name is one segment wherever it is said.
        """
        sides.server.received.clear()
        with openai.AzureOpenAI(
            azure_endpoint=sides.server.url,
            azure_deployment="a/b",
            api_version=VERSION,
            api_key=KEY,
        ) as sdk:
            sdk.images.generate(prompt="a")
        sides.ours({"prompt": "a", "model": "x", "azure_deployment": "a/b"})
        theirs, ours = (received.path for received in sides.server.received)

        assert f"/openai/deployments/a/b/images/generations?api-version={VERSION}" == theirs
        assert f"/openai/deployments/a%2Fb/images/generations?api-version={VERSION}" == ours

    def test_an_organization_is_openais(self, sides, monkeypatch):
        """
        The SDK tells Azure what OPENAI_ORG_ID holds.
        """
        monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
        sides.server.received.clear()
        with openai.AzureOpenAI(
            azure_endpoint=sides.server.url, api_version=VERSION, api_key=KEY
        ) as sdk:
            sdk.images.generate(prompt="a", model="ours")
        sides.ours({"prompt": "a", "model": "ours"})
        theirs, ours = map(sent, sides.server.received)

        assert "org-1" == theirs.headers["openai-organization"]
        assert "openai-organization" not in ours.headers

    def test_a_key_beside_a_token(self, sides):
        """
        The SDK refuses two arguments; here a token goes first, as in the SDK's environment.
        """
        with pytest.raises(openai.OpenAIError, match="mutually exclusive"):
            openai.AzureOpenAI(
                azure_endpoint=sides.server.url,
                api_version=VERSION,
                api_key=KEY,
                azure_ad_token="eyJ.1",
            )
        sides.server.received.clear()
        sides.ours({"prompt": "a", "model": "ours", "azure_ad_token": "eyJ.1"})
        (ours,) = map(sent, sides.server.received)

        assert {"accept": "application/json", "authorization": "Bearer eyJ.1"} == ours.headers


# --- What comes back --------------------------------------------------------------------------

ANSWERS = ["gpt-image", "gpt-image-two", "gpt-image-edit", "gpt-image-plain", "dall-e-3"]


class TestAnswers:
    @pytest.mark.parametrize("name", ANSWERS)
    def test_is_read_alike(self, sides, name):
        """
        Pictures, tokens and echoes are what the SDK reads.
        """
        answer = sample(SAMPLES / f"{name}.json")
        sides.server.will(answer, answer)
        theirs, ours = sides.theirs(_GENERATE), sides.ours(_GENERATE)

        assert [(one.b64_json, one.url, one.revised_prompt) for one in theirs.data] == [
            (one.b64_json, one.url, one.revised_prompt) for one in ours.data
        ]
        assert [one.model_extra for one in theirs.data] == [
            one.provider_specific_fields for one in ours.data
        ]
        assert (theirs.usage and theirs.usage.model_dump()) == (
            ours.usage and ours.usage.model_dump()
        )
        for echo in ("created", "size", "quality", "background", "output_format"):
            assert getattr(theirs, echo) == ours[echo]


# Each recorded error, the class that it becomes, and what the SDK does not read but impasto does.
ERRORS: dict[str, tuple[type[ImpastoError], dict[str, Any]]] = {
    "prompt-filtered": (ContentPolicyViolationError, {}),
    "picture-filtered": (ContentPolicyViolationError, {}),
    "filters": (ContentPolicyViolationError, {"request_id": "g-1"}),
    "filters-of-chat": (ContentPolicyViolationError, {}),
    "moderation": (ContentPolicyViolationError, {}),
    "blocked": (PermissionDeniedError, {}),
    "token": (AuthenticationError, {}),
    "subscription": (AuthenticationError, {}),
    "key": (AuthenticationError, {}),
    "deployment": (NotFoundError, {}),
    "resource": (NotFoundError, {}),
    "rate-limit": (RateLimitError, {}),
    "invalid-value": (BadRequestError, {}),
    "server": (InternalServerError, {}),
    "unavailable": (ServiceUnavailableError, {}),
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
        assert {path.stem for path in SAMPLES.glob("error-*.json")} == {
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


def seen(events: Any) -> list[tuple[str, str]]:
    """Return the pictures in *events*, the SDK's or ours, and whether they are whole."""
    return [
        ("picture" if one.type.endswith(("completed", "picture")) else "partial", one.b64_json)
        for one in events
        if one.type not in ("queued", "done")
    ]


class TestStreams:
    @pytest.mark.parametrize("form", ALWAYS)
    @pytest.mark.parametrize("name", ["stream", "stream-edit"])
    @pytest.mark.parametrize("partial_images", [None, 0, 3])
    def test_the_request_is_the_sdks(self, sides, form, name, partial_images):
        """
        In both forms, but for what always differs; and what is to be seen is the same.
        """
        call = {**(_EDIT if name == "stream-edit" else _GENERATE), "stream": True}
        call |= {"partial_images": partial_images} if partial_images is not None else {}
        answer = sample(SAMPLES / f"{name}.json")
        sides.server.will(answer, answer)
        sides.server.received.clear()
        theirs, ours = seen(sides.theirs(call, form)), seen(sides.ours(call, form))
        one, other = (
            sent(received).bare().without_model().without_key()
            for received in sides.server.received
        )

        assert one == other
        assert theirs == ours

    @pytest.mark.parametrize("model", STREAMED)
    def test_every_model_that_streams(self, sides, model):
        """
        Its events come as events.
        """
        sides.server.will(sample(SAMPLES / "stream.json"))
        call = {"prompt": "a fox", "model": "ours", "base_model": model, "stream": True}
        events = list(sides.ours({**call, "partial_images": 2}))

        assert any(one.native for one in events)
        assert sides.server.received[-1].json()["stream"] is True

    def test_a_deployment_whose_model_nobody_knows(self, sides):
        """
        It is taken for a GPT Image, which streams.
        """
        sides.server.will(sample(SAMPLES / "stream.json"))
        events = list(sides.ours({"prompt": "a fox", "model": "whatever", "stream": True}))

        assert any(one.native for one in events)

    def test_an_error_among_the_events(self, sides):
        """
        It is raised as what it is.
        """
        sides.server.will(sample(SAMPLES / "stream-error.json"))
        with pytest.raises(ImpastoError) as caught:
            list(sides.ours({**_GENERATE, "stream": True}))

        assert not isinstance(caught.value, APIConnectionError)
