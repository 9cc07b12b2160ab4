"""The same calls through Google's own SDK and through impasto, over a real socket, compared.

What differs on purpose stands in `DIFFERENCES`, `ANSWERS` and `ERRORS`, and nowhere else.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import google.genai
import google.oauth2.credentials
import pytest
from attrs import frozen
from google.genai import errors, types

import impasto
import impasto_vertex
from impasto.errors import (
    APIResponseValidationError,
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
    Timeout,
    UnprocessableEntityError,
)
from impasto.testing import FakeServer, Received, Reply, html, png, reply, sample

pytestmark = [
    # Imagen is gone, and its functions in the SDK are deprecated; nothing here depends on the day.
    pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning"),
    pytest.mark.filterwarnings("ignore:The .* method is deprecated"),
    # One picture is the answer to whatever was asked.
    pytest.mark.filterwarnings("ignore::impasto.PartialResultWarning"),
]

TOKEN = "ya29.0123456789abcdef"
SAMPLES = Path(__file__).parent / "samples"
IMAGEN, GEMINI = sample(SAMPLES / "imagen.json"), sample(SAMPLES / "gemini.json")
MODELS = json.loads(Path(impasto_vertex.__file__).with_name("models.json").read_text())["models"]
FOX, HAT = png(8, 8), png(8, 8, (20, 30, 40))


@frozen
class Sent:
    """A request, but for what no answer depends on."""

    method: str
    path: str
    headers: Mapping[str, str]
    json: Any


def sent(received: Received) -> Sent:
    kept = ("authorization", "content-type", "x-goog-api-key", "x-goog-user-project")
    headers = {name: received.headers[name] for name in kept if name in received.headers}
    return Sent(received.method, received.path, headers, received.json())


def answering(received: Received) -> Reply:
    return IMAGEN if received.path.endswith(":predict") else GEMINI


class Sides:
    """A server, and both ways to it."""

    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.sdk = self.client()

    def client(self, **more: Any) -> google.genai.Client:
        options = {"base_url": self.server.url, **more.pop("http_options", {})}
        who = {
            "project": "my-proj",
            "location": "us-central1",
            "credentials": google.oauth2.credentials.Credentials(TOKEN),
        }
        given = more or who
        return google.genai.Client(vertexai=True, http_options=options, **given)

    def ours(self, call: Mapping[str, Any]) -> impasto.ImageResponse:
        method = impasto.image_edit if "image" in call else impasto.image_generation
        who = {} if "api_key" in call else {"vertex_project": "my-proj", "access_token": TOKEN}
        where = {"vertex_location": "us-central1", "api_base": self.server.url, "max_retries": 0}
        return method(**{**who, **where, **call}, custom_llm_provider="vertex_ai")

    def both(self, theirs: Any, ours: Mapping[str, Any]) -> list[Sent]:
        """Return what the SDK sends when *theirs* is called, then what impasto does."""
        self.server.received.clear()
        theirs()
        self.ours(ours)
        return [sent(received) for received in self.server.received]


@pytest.fixture(scope="module")
def sides() -> Iterator[Sides]:
    with FakeServer(answering) as server:
        yield Sides(server)


# --- What goes over the wire ------------------------------------------------------------------

# Values for parameters of which models.json does not say enough to make one up.
SOME: dict[str, Any] = {
    "labels": {"team": "a"},
    "output_gcs_uri": "gs://b/o/",
    "safety_filter_level": "block_only_high",
    "safety_settings": [{"category": "HARM_CATEGORY_IMAGE_HATE", "threshold": "OFF"}],
    "stop_sequences": ["X"],
    "tools": [{"googleSearch": {}}],
    "tool_config": {"functionCallingConfig": {"mode": "NONE"}},
    "system_instruction": "be brief",
    "temperature": 0.7,
    "top_p": 0.9,
    "top_k": 20,
    "guidance_scale": 7.5,
    "max_output_tokens": 1000,
    "candidate_count": 2,
    "seed": 42,
    "negative_prompt": "blurry",
    "cached_content": "projects/my-proj/locations/us-central1/cachedContents/7",
    "media_resolution": "MEDIA_RESOLUTION_LOW",
}


def values_of(name: str, parameter: Mapping[str, Any]) -> list[Any]:
    if name in SOME:
        return [SOME[name]]
    if "values" in parameter:
        return list(parameter["values"])
    if parameter.get("type") == "boolean":
        return [True, False]
    return [parameter.get("minimum", 1)]


def cases(fields: set[str], kind: str, prefix: tuple[str, ...]) -> list[Any]:
    """Return calls of each model with all of its parameters, and with each that is new."""
    found, seen = [], set[str]()
    for model in MODELS:
        if not model["name"].startswith(prefix) or kind not in model["kinds"] or "facts" in model:
            continue
        listed = {name: one for name, one in model["parameters"].items() if name in fields}
        everything = {name: values_of(name, one)[0] for name, one in listed.items()}
        found.append(pytest.param(model["name"], everything, id=model["name"]))
        for name, parameter in listed.items():
            for value in values_of(name, parameter):
                told = f"{name}={value!r}"[:50]
                if told not in seen:
                    found.append(pytest.param(model["name"], {name: value}, id=told))
                seen.add(told)
    return found


IMAGENS = ("imagen", "imagegeneration")
OF_IMAGEN = set(types.GenerateImagesConfig.model_fields)
OF_EDITS = set(types.EditImageConfig.model_fields)
# The first two have tests of their own; inside the others the SDK lets its own words through.
OF_GEMINI = set(types.GenerateContentConfig.model_fields) - {
    "response_modalities",
    "image_config",
    "thinking_config",
    "model_armor_config",
}
OF_PICTURES = set(types.ImageConfig.model_fields)


class TestImagen:
    @pytest.mark.parametrize(("model", "config"), cases(OF_IMAGEN, "generate", IMAGENS))
    def test_every_parameter_of_every_model(self, sides, model, config):
        """
        Method, path, headers and JSON are the SDK's.
        """
        theirs, ours = sides.both(
            lambda: sides.sdk.models.generate_images(model=model, prompt="naïve ☃", config=config),
            {"model": model, "prompt": "naïve ☃", **config},
        )

        assert theirs == ours

    @pytest.mark.parametrize(("model", "config"), cases(OF_EDITS, "edit", IMAGENS))
    def test_every_parameter_of_an_edit(self, sides, model, config):
        """
        The same for edits.
        """
        raw = types.RawReferenceImage(reference_id=1, reference_image=picture(FOX))
        theirs, ours = sides.both(
            lambda: sides.sdk.models.edit_image(
                model=model, prompt="a", reference_images=[raw], config=config
            ),
            {"model": model, "prompt": "a", "image": FOX, **config},
        )

        assert theirs == ours

    def test_references_of_every_kind(self, sides):
        """
        Pictures with what they are, and one that lies in storage.
        """
        theirs, ours = sides.both(
            lambda: sides.sdk.models.edit_image(
                model="imagen-3.0-capability-001",
                prompt="a",
                reference_images=[
                    types.RawReferenceImage(reference_id=1, reference_image=picture(FOX)),
                    types.MaskReferenceImage(
                        reference_id=2,
                        config={"mask_mode": "MASK_MODE_SEMANTIC", "segmentation_classes": [40]},
                    ),
                    types.ControlReferenceImage(
                        reference_id=3,
                        reference_image=picture(HAT),
                        config={"control_type": "CONTROL_TYPE_CANNY"},
                    ),
                    types.StyleReferenceImage(
                        reference_id=4,
                        reference_image={"gcs_uri": "gs://b/c.png"},
                        config={"style_description": "glass"},
                    ),
                ],
                config={"number_of_images": 1},
            ),
            {
                "model": "imagen-3.0-capability-001",
                "prompt": "a",
                "image": [FOX, HAT],
                "mask_mode": "MASK_MODE_SEMANTIC",
                "segmentation_classes": [40],
                "reference_images": [
                    {"referenceType": "REFERENCE_TYPE_RAW"},
                    {
                        "referenceType": "REFERENCE_TYPE_CONTROL",
                        "controlImageConfig": {"controlType": "CONTROL_TYPE_CANNY"},
                    },
                    {
                        "referenceType": "REFERENCE_TYPE_STYLE",
                        "referenceImage": {"gcsUri": "gs://b/c.png"},
                        "styleImageConfig": {"style_description": "glass"},
                    },
                ],
                "n": 1,
            },
        )

        assert theirs == ours

    def test_upscaling(self, sides):
        """
        Mode and count come by themselves.
        """
        theirs, ours = sides.both(
            lambda: sides.sdk.models.upscale_image(
                model="imagen-4.0-upscale-preview", image=picture(FOX), upscale_factor="x2"
            ),
            {"model": "imagen-4.0-upscale-preview", "image": FOX, "upscale_factor": "x2"},
        )

        assert theirs == ours

    def test_trying_on(self, sides):
        """
        A person and what is to be worn.
        """
        source = types.RecontextImageSource(
            person_image=picture(FOX),
            product_images=[types.ProductImage(product_image=picture(HAT))],
        )
        theirs, ours = sides.both(
            lambda: sides.sdk.models.recontext_image(
                model="virtual-try-on-001", source=source, config={"number_of_images": 1}
            ),
            {"model": "virtual-try-on-001", "image": HAT, "person_image": FOX, "n": 1},
        )

        assert theirs == ours


def picture(data: bytes) -> types.Image:
    return types.Image(image_bytes=data, mime_type="image/png")


class TestGemini:
    @pytest.mark.parametrize(("model", "config"), cases(OF_GEMINI, "generate", ("gemini",)))
    def test_every_parameter_of_every_model(self, sides, model, config):
        """
        Method, path, headers and JSON are the SDK's.
        """
        theirs, ours = sides.both(
            lambda: sides.sdk.models.generate_content(
                model=model,
                contents="naïve ☃",
                config={"response_modalities": ["IMAGE"], **config},
            ),
            {"model": model, "prompt": "naïve ☃", **config},
        )

        assert theirs == ours

    @pytest.mark.parametrize(("model", "config"), cases(OF_PICTURES, "generate", ("gemini",)))
    def test_every_word_about_the_picture(self, sides, model, config):
        """
        The same for what is in the SDK's ImageConfig.
        """
        theirs, ours = sides.both(
            lambda: sides.sdk.models.generate_content(
                model=model,
                contents="a fox",
                config={"response_modalities": ["TEXT", "IMAGE"], "image_config": config},
            ),
            {
                "model": model,
                "prompt": "a fox",
                "response_modalities": ["TEXT", "IMAGE"],
                **config,
            },
        )

        assert theirs == ours

    def test_modalities_left_to_the_model(self, sides):
        """
        An empty list is what the SDK does by itself: nothing at all.
        """
        theirs, ours = sides.both(
            lambda: sides.sdk.models.generate_content(model="gemini-3-pro-image", contents="a fox"),
            {"model": "gemini-3-pro-image", "prompt": "a fox", "response_modalities": []},
        )

        assert theirs == ours


class TestWhoAsks:
    def test_a_quota_project(self, sides):
        """
        Who pays is in Google's header.
        """
        own = google.oauth2.credentials.Credentials(TOKEN, quota_project_id="payer")
        client = sides.client(project="my-proj", location="us-central1", credentials=own)
        call = {"model": "gemini-3-pro-image", "prompt": "a", "response_modalities": []}
        theirs, ours = sides.both(
            lambda: client.models.generate_content(model="gemini-3-pro-image", contents="a"),
            {**call, "vertex_credentials": own, "access_token": None},
        )

        assert theirs == ours
        assert "payer" == ours.headers["x-goog-user-project"]

    def test_express_mode(self, sides):
        """
        A key has its own header and a short path.
        """
        client = sides.client(api_key="AQ.0123456789abcdef")
        theirs, ours = sides.both(
            lambda: client.models.generate_content(model="gemini-3-pro-image", contents="a"),
            {
                "model": "gemini-3-pro-image",
                "prompt": "a",
                "response_modalities": [],
                "api_key": "AQ.0123456789abcdef",
            },
        )

        assert theirs == ours

    @pytest.mark.parametrize(
        "model",
        [
            "google/gemini-3-pro-image",
            "publishers/google/models/gemini-3-pro-image",
            "models/gemini-3-pro-image",
            "projects/p2/locations/us-east1/publishers/google/models/gemini-3-pro-image",
            "black-forest/gemini-like",
        ],
    )
    def test_resource_names(self, sides, model):
        """
        They become the same path.
        """
        theirs, ours = sides.both(
            lambda: sides.sdk.models.generate_content(model=model, contents="a"),
            {"model": model, "prompt": "a", "response_modalities": []},
        )

        assert theirs == ours

    def test_another_version_and_additions(self, sides):
        """
        The version is in the path, what the caller adds is in the body.
        """
        options = {"api_version": "v1", "extra_body": {"labels": {"a": "b"}}}
        client = sides.client(
            project="my-proj",
            location="us-central1",
            credentials=google.oauth2.credentials.Credentials(TOKEN),
            http_options=options,
        )
        theirs, ours = sides.both(
            lambda: client.models.generate_content(model="gemini-3-pro-image", contents="a"),
            {
                "model": "gemini-3-pro-image",
                "prompt": "a",
                "response_modalities": [],
                "api_version": "v1",
                "extra_body": {"labels": {"a": "b"}},
            },
        )

        assert theirs == ours


@frozen
class Difference:
    """One difference on purpose.

    Attributes:
        model: Whom to ask.
        theirs: How the SDK is asked.
        ours: How impasto is.
        where: A path into the body, or "path" for that of the URL.
        sent: What the SDK sends there, then what impasto does; None for nothing.
        why: The reason.
    """

    model: str
    theirs: Mapping[str, Any]
    ours: Mapping[str, Any]
    where: str
    sent: tuple[Any, Any]
    why: str


WITHIN = "/v1beta1/projects/my-proj/locations/us-central1"
PART = "contents.0.parts.0.inlineData"
DIFFERENCES = {
    "modalities": Difference(
        "gemini-3-pro-image",
        {"contents": "a"},
        {"prompt": "a"},
        "generationConfig",
        (None, {"responseModalities": ["IMAGE"]}),
        "pictures are what is wanted; left to itself a model may answer in prose only",
    ),
    "the type of a picture": Difference(
        "gemini-3-pro-image",
        {"contents": [types.Part.from_bytes(data=FOX, mime_type="image/png"), "a"]},
        {"prompt": "a", "image": FOX},
        f"{PART}.mimeType",
        (None, "image/png"),
        "the documented name; the SDK lets its own through, which the API takes as well",
    ),
    "the same as the SDK writes it": Difference(
        "gemini-3-pro-image",
        {"contents": [types.Part.from_bytes(data=FOX, mime_type="image/png"), "a"]},
        {"prompt": "a", "image": FOX},
        f"{PART}.mime_type",
        ("image/png", None),
        "the documented name; the SDK lets its own through, which the API takes as well",
    ),
    "thinking": Difference(
        "gemini-3-pro-image",
        {"contents": "a", "config": {"thinking_config": {"thinking_level": "HIGH"}}},
        {"prompt": "a", "thinking_level": "HIGH"},
        "generationConfig.thinkingConfig.thinkingLevel",
        (None, "HIGH"),
        "the documented name; the SDK lets its own through, which the API takes as well",
    ),
    "armor": Difference(
        "gemini-3-pro-image",
        {"contents": "a", "config": {"model_armor_config": {"prompt_template_name": "t"}}},
        {"prompt": "a", "model_armor_config": {"promptTemplateName": "t"}},
        "modelArmorConfig.promptTemplateName",
        (None, "t"),
        "objects pass as the caller writes them: in the documented names",
    ),
    "an endpoint": Difference(
        "endpoints/7",
        {"contents": "a"},
        {"prompt": "a", "base_model": "gemini-3-pro-image"},
        "path",
        (
            f"{WITHIN}/publishers/endpoints/models/7:generateContent",
            f"{WITHIN}/endpoints/7:generateContent",
        ),
        "the SDK takes the word for a publisher's",
    ),
}


def found(request: Sent, where: str) -> Any:
    if where == "path":
        return request.path
    value: Any = request.json
    for step in where.split("."):
        value = value[int(step)] if isinstance(value, list) else value.get(step)
        if value is None:
            return None
    return value


class TestDifferences:
    @pytest.mark.parametrize("name", DIFFERENCES)
    def test_it_exists(self, sides, name):
        """
        What the table says differs does, and as it says.
        """
        one = DIFFERENCES[name]
        theirs, ours = sides.both(
            lambda: sides.sdk.models.generate_content(model=one.model, **one.theirs),
            {"model": one.model, **one.ours},
        )

        assert one.why
        assert one.sent == (found(theirs, one.where), found(ours, one.where))

    def test_a_deadline_is_not_told_to_the_server(self, sides):
        """
        The SDK's timeout is one of each request, and told in a header; impasto's is that of the
        whole call, and not what a server should count.
        """
        client = sides.client(
            project="my-proj",
            location="us-central1",
            credentials=google.oauth2.credentials.Credentials(TOKEN),
            http_options={"timeout": 5000},
        )
        call = {"model": "gemini-3-pro-image", "prompt": "a", "timeout": 5}
        sides.both(
            lambda: client.models.generate_content(model="gemini-3-pro-image", contents="a"), call
        )

        assert ["5", None] == [
            received.headers.get("x-server-timeout") for received in sides.server.received
        ]


# --- What comes back --------------------------------------------------------------------------


class TestAnswers:
    def test_a_picture_of_geminis(self, sides):
        """
        Bytes, type, signature and tokens are the SDK's.
        """
        theirs = sides.sdk.models.generate_content(model="gemini-3-pro-image", contents="a")
        ours = sides.ours({"model": "gemini-3-pro-image", "prompt": "a"})
        (part,) = [one for one in theirs.candidates[0].content.parts if one.inline_data]
        (image,) = ours.data

        assert part.inline_data.data == image.read()
        assert part.inline_data.mime_type == image.mime
        assert theirs.text == ours.provider_specific_fields["text"]
        assert theirs.usage_metadata.total_token_count == ours.usage.total_tokens
        assert theirs.response_id == ours.request_id

    @pytest.mark.parametrize("name", ["imagen-two", "imagen-partial", "imagen-rated"])
    def test_pictures_of_imagens(self, sides, name):
        """
        Those that came are the SDK's, in its order, with what it knows of each.
        """
        answer = sample(SAMPLES / f"{name}.json")
        sides.server.will(answer, answer)
        theirs = sides.sdk.models.generate_images(model="imagen-4.0-generate-001", prompt="a")
        ours = sides.ours({"model": "imagen-4.0-generate-001", "prompt": "a"})
        came = [one for one in theirs.generated_images if one.image.image_bytes]

        assert [one.image.image_bytes for one in came] == [one.read() for one in ours.data]
        assert [one.enhanced_prompt for one in came] == [one.revised_prompt for one in ours.data]
        filtered = [
            one.rai_filtered_reason for one in theirs.generated_images if one.rai_filtered_reason
        ]
        assert filtered == list(ours.notes)


# Answers that the SDK returns like any other, by what they become here.
ANSWERS: dict[str, tuple[str, type[ImpastoError], str]] = {
    "gemini-refused": (
        "gemini-3-pro-image",
        ContentPolicyViolationError,
        "a refusal is no picture",
    ),
    "gemini-blocked": (
        "gemini-3-pro-image",
        ContentPolicyViolationError,
        "a refusal is no picture",
    ),
    "imagen-filtered": (
        "imagen-4.0-generate-001",
        ContentPolicyViolationError,
        "an entry without bytes is no picture",
    ),
    "imagen-nothing": (
        "imagen-4.0-generate-001",
        ContentPolicyViolationError,
        "that is how Vertex AI says that all were filtered",
    ),
    "words": ("gemini-3-pro-image", APIResponseValidationError, "prose is no picture"),
}
WORDS = reply({"candidates": [{"content": {"parts": [{"text": "no"}]}, "finishReason": "STOP"}]})


class TestAnswersThatDiffer:
    @pytest.mark.parametrize("name", ANSWERS)
    def test_it_is_an_error(self, sides, name):
        """
        The SDK raises nothing.
        """
        model, kind, why = ANSWERS[name]
        answer = WORDS if name == "words" else sample(SAMPLES / f"{name}.json")
        sides.server.will(answer, answer)
        if model.startswith("imagen"):
            sides.sdk.models.generate_images(model=model, prompt="a")
        else:
            sides.sdk.models.generate_content(model=model, contents="a")

        with pytest.raises(kind):
            sides.ours({"model": model, "prompt": "a"})
        assert why


# --- What goes wrong --------------------------------------------------------------------------


def said(code: int, status: str, **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": "what Google says", "status": status, **more}}


KINDS = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    422: UnprocessableEntityError,
    429: RateLimitError,
    500: InternalServerError,
    503: ServiceUnavailableError,
    504: Timeout,
}
# Where the class is another one than that of the status.
ERRORS: dict[str, tuple[dict[str, Any], type[ImpastoError], str]] = {
    "a wrong key": (
        said(400, "INVALID_ARGUMENT", details=[{"reason": "API_KEY_INVALID"}]),
        AuthenticationError,
        "it is the key that must change, not the call",
    ),
    "a refused prompt": (
        {
            "error": {
                "code": 400,
                "message": "This violates Google's Responsible AI practices. Support codes: 1",
                "status": "INVALID_ARGUMENT",
            }
        },
        ContentPolicyViolationError,
        "it is what people catch",
    ),
}


def both_fail(sides: Sides, answer: Reply) -> tuple[errors.APIError, ImpastoError]:
    sides.server.will(answer, answer)
    with pytest.raises(errors.APIError) as theirs:
        sides.sdk.models.generate_content(model="gemini-3-pro-image", contents="a")
    with pytest.raises(ImpastoError) as ours:
        sides.ours({"model": "gemini-3-pro-image", "prompt": "a"})
    return theirs.value, ours.value


class TestErrors:
    @pytest.mark.parametrize("listed", [False, True], ids=["an object", "a list of one"])
    @pytest.mark.parametrize("status", KINDS)
    def test_the_same_meaning(self, sides, status, listed):
        """
        Status, Google's word and its sentence are those in the SDK's exception.
        """
        body = said(status, f"WORD_{status}")
        theirs, ours = both_fail(sides, reply([body] if listed else body, status=status))

        assert KINDS[status] is type(ours)
        assert (theirs.code, theirs.status, theirs.message) == (
            ours.status_code,
            ours.code,
            ours.message,
        )
        assert isinstance(theirs, errors.ServerError) == (status >= 500)

    def test_a_page(self, sides):
        """
        What is not Google's goes by its status.
        """
        theirs, ours = both_fail(sides, html(502))

        assert (BadGatewayError, theirs.code) == (type(ours), ours.status_code)

    @pytest.mark.parametrize("name", ERRORS)
    def test_another_class(self, sides, name):
        """
        The SDK has one class for all of them.
        """
        body, kind, why = ERRORS[name]
        theirs, ours = both_fail(sides, reply(body, status=400))

        assert why
        assert errors.ClientError is type(theirs)
        assert (kind, theirs.message) == (type(ours), ours.message)

    @pytest.mark.parametrize("model", ["bad model?x=1", "../evil"])
    def test_names_that_cannot_be_one(self, sides, model):
        """
        Neither sends anything.
        """
        sides.server.received.clear()
        with pytest.raises(ValueError, match="invalid model"):
            sides.sdk.models.generate_content(model=model, contents="a")
        with pytest.raises(BadRequestError, match="cannot be a model"):
            sides.ours({"model": model, "prompt": "a"})

        assert [] == sides.server.received
