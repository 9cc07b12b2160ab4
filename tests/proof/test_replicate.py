"""A provider that shows its schema, lets wait, polls, cancels and sends URLs keeps the contract."""

import asyncio
import base64
import json
from concurrent.futures import ThreadPoolExecutor

import proof_replicate
import pytest

from impasto.errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    AuthenticationError,
    BadRequestError,
    ContentPolicyViolationError,
    ModelRetiredError,
    ModelRetiredWarning,
    PaymentRequiredError,
    RateLimitError,
    Timeout,
    UnprocessableEntityError,
    UnsupportedParamsError,
)
from impasto.testing import PNG, ProviderContract, Script, html, reply

API = "https://api.replicate.com/v1"
KEY = "r8_0123456789abcdef0123"
CALL = {
    "prompt": "a fox",
    "model": "replicate/black-forest-labs/flux-schnell",
    "api_key": KEY,
}
VERSION = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"
OUT = "https://replicate.delivery/xezq/abc/out-0.webp"
NSFW = "NSFW content detected. Try running it again, or try a different prompt."

# As cog-flux publishes its input, shortened: lists of values stand beside it.
FLUX = {
    "Input": {
        "required": ["prompt"],
        "properties": {
            "prompt": {"type": "string", "x-order": 0},
            "aspect_ratio": {"allOf": [{"$ref": "#/components/schemas/aspect_ratio"}]},
            "num_outputs": {"type": "integer", "minimum": 1, "maximum": 4},
            "num_inference_steps": {"type": "integer", "minimum": 1, "maximum": 4},
            "seed": {"type": "integer"},
            "output_format": {"allOf": [{"$ref": "#/components/schemas/output_format"}]},
            "output_quality": {"type": "integer", "minimum": 0, "maximum": 100},
        },
    },
    "aspect_ratio": {"type": "string", "enum": ["1:1", "16:9", "3:2", "2:3"]},
    "output_format": {"type": "string", "enum": ["webp", "jpg", "png"]},
}
IMAGE = {"type": "string", "format": "uri"}
SDXL = {
    "Input": {
        "properties": {
            "prompt": {"type": "string", "default": "An astronaut"},
            "negative_prompt": {"type": "string"},
            "image": IMAGE,
            "width": {"type": "integer", "minimum": 64, "maximum": 2048},
            "height": {"type": "integer", "minimum": 64, "maximum": 2048},
        },
    },
}


def version(schemas, name=VERSION):
    return {"id": name, "openapi_schema": {"components": {"schemas": schemas}}}


def model(schemas, *, official=True):
    return reply({"is_official": official, "latest_version": version(schemas)})


def prediction(status, output=None, *, error=None, host=API, http=201):
    """Return an answer as Replicate's SDK 1.0.7 was seen to get it, 2026-11-22."""
    urls = {"get": f"{host}/predictions/p1", "cancel": f"{host}/predictions/p1/cancel"}
    body = {"id": "p1", "status": status, "output": output, "error": error, "urls": urls}
    return reply({**body, "logs": "", "data_removed": False}, status=http)


def script(*replies, learned=model(FLUX), **stage):  # noqa: B008 - it is frozen
    return Script(learned, *replies, plugin=proof_replicate, **stage)


EDIT = {**CALL, "model": "replicate/stability-ai/sdxl", "image": PNG}
# The contract knows one schema for all calls, so this one is for both models.
BOTH = {**FLUX, "Input": {"properties": {**FLUX["Input"]["properties"], "image": IMAGE}}}
STARTING = prediction("starting")
DONE = prediction("succeeded", [OUT])
TWO = prediction("succeeded", [OUT, f"{OUT}2"])


class TestContract(ProviderContract):
    """The contract, with a schema to be learned and a job to be polled."""

    plugin = proof_replicate
    call = CALL
    conversation = (STARTING, prediction("processing"), DONE)
    edit_call = EDIT
    edit_conversation = conversation
    refusal = (STARTING, prediction("failed", error=NSFW))
    failed = (STARTING, prediction("failed", error="CUDA out of memory"))
    learned = model(BOTH)


def shown(request):
    return request.method, request.url.removeprefix(API)


def body(request):
    return json.loads(request.body)


class TestRoutes:
    """Where a prediction is ordered."""

    def test_an_official_model_has_a_path_of_its_own(self):
        """The schema first, then one request that waits for the picture."""
        stage = script(DONE)
        response = stage.play(CALL)

        assert [
            ("GET", "/models/black-forest-labs/flux-schnell"),
            ("POST", "/models/black-forest-labs/flux-schnell/predictions"),
        ] == [shown(request) for request in stage.sent]
        assert {"input": {"prompt": "a fox"}} == body(stage.sent[1])
        assert "wait" == stage.sent[1].headers["Prefer"]
        assert [OUT] == [image.url for image in response.data]
        assert () == response.notes

    def test_a_community_model_runs_by_its_latest_version(self):
        """Only what was learned tells the two kinds of models apart."""
        stage = script(DONE, learned=model(SDXL, official=False))
        stage.play({**CALL, "model": "replicate/stability-ai/sdxl"})

        assert ("POST", "/predictions") == shown(stage.sent[1])
        assert {"version": VERSION, "input": {"prompt": "a fox"}} == body(stage.sent[1])

    def test_a_named_version_is_learned_and_run(self):
        """It is that version's schema that counts, not the latest one's."""
        stage = script(DONE, learned=reply(version(SDXL)))
        stage.play({**CALL, "model": f"replicate/stability-ai/sdxl:{VERSION}"})

        assert [
            ("GET", f"/models/stability-ai/sdxl/versions/{VERSION}"),
            ("POST", "/predictions"),
        ] == [shown(request) for request in stage.sent]
        assert {"version": VERSION, "input": {"prompt": "a fox"}} == body(stage.sent[1])

    def test_a_bare_version_runs_unverified(self):
        """Nothing says whose version it is: no schema, and the answer says so."""
        stage = Script(DONE, plugin=proof_replicate)
        response = stage.play({**CALL, "model": f"replicate/{VERSION}", "seed": 7})

        assert {"version": VERSION, "input": {"prompt": "a fox", "seed": 7}} == body(stage.sent[0])
        assert "unverified" == response.params["seed"].outcome
        assert (
            (
                "nothing says of which model this is a version, so nothing was checked against "
                "its schema"
            ),
        ) == response.notes

    @pytest.mark.parametrize("base", ["https://gw.example", "https://gw.example/v1/"])
    def test_a_gateway_is_asked_instead(self, base):
        """With and without the version in its path."""
        stage = script(DONE)
        stage.play({**CALL, "api_base": base})

        assert [
            "https://gw.example/v1/models/black-forest-labs/flux-schnell",
            "https://gw.example/v1/models/black-forest-labs/flux-schnell/predictions",
        ] == [request.url for request in stage.sent]


class TestParameters:
    """The model's own schema decides what its parameters are called, and what they may be."""

    def test_common_words_become_the_models(self):
        """Each by the first name that the schema has; its own words pass as they are."""
        stage = script(TWO)
        response = stage.play(
            {
                **CALL,
                "n": 2,
                "size": "1536x1024",
                "output_format": "png",
                "output_compression": 90,
                "num_inference_steps": 2,
            }
        )

        assert {
            "prompt": "a fox",
            "num_outputs": 2,
            "aspect_ratio": "3:2",
            "output_format": "png",
            "output_quality": 90,
            "num_inference_steps": 2,
        } == body(stage.sent[1])["input"]
        assert {"sent", "mapped"} == {fate.outcome for fate in response.params.values()}

    def test_pixels_stay_pixels_where_the_model_takes_them(self):
        """Width and height win over a ratio."""
        stage = script(DONE, learned=model(SDXL))
        stage.play({**CALL, "size": "1152x896", "negative_prompt": "rain"})

        assert {
            "prompt": "a fox",
            "negative_prompt": "rain",
            "width": 1152,
            "height": 896,
        } == body(stage.sent[1])["input"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            pytest.param("negative_prompt", "rain", id="not in the schema"),
            pytest.param("output_format", "tiff", id="not among the values"),
            pytest.param("output_compression", 101, id="above the maximum"),
            pytest.param("size", "1000x300", id="no such ratio"),
            pytest.param("num_inference_steps", "four", id="an own word of the wrong type"),
        ],
    )
    def test_what_the_schema_forbids_is_not_sent(self, name, value):
        """After the free request for the schema nothing goes out."""
        stage = script()
        with pytest.raises(UnsupportedParamsError) as caught:
            stage.play({**CALL, name: value})

        assert (name, 1) == (caught.value.param, len(stage.sent))

    def test_what_the_schema_needs_is_asked_for(self):
        """A model that works on pictures says so before anything is bought."""
        schemas = {"Input": {**SDXL["Input"], "required": ["image"]}}
        stage = script(learned=model(schemas))
        with pytest.raises(BadRequestError) as caught:
            stage.play(CALL)

        assert ("image", 1) == (caught.value.param, len(stage.sent))

    def test_more_pictures_than_a_request_makes_are_split(self):
        """The most that one request makes is in the schema too."""
        stage = script(prediction("succeeded", [f"{OUT}?{i}" for i in range(4)]), DONE)
        response = stage.play({**CALL, "n": 5, "seed": 7})

        inputs = [body(request)["input"] for request in stage.sent[1:]]
        assert [(4, 7), (1, 11)] == [(one["num_outputs"], one["seed"]) for one in inputs]
        assert 5 == len(response.data)

    def test_a_model_that_makes_one_is_asked_several_times(self):
        """No field for a number means one picture in each request."""
        stage = script(DONE, DONE, learned=model(SDXL))
        response = stage.play({**CALL, "n": 2})

        assert [{"prompt": "a fox"}] * 2 == [body(one)["input"] for one in stage.sent[1:]]
        assert 2 == len(response.data)

    def test_a_picture_goes_as_a_data_url(self):
        """A JSON body holds no files."""
        stage = script(DONE, learned=model(SDXL))
        stage.play({**CALL, "image": PNG})

        assert body(stage.sent[1])["input"]["image"].startswith("data:image/png;base64,iVBORw")

    @pytest.mark.parametrize("learned", [model(SDXL), html(502)], ids=["learned", "unverified"])
    def test_a_second_picture_is_refused(self, learned):
        """With or without the schema: it would be lost."""
        stage = script(learned=learned)
        with pytest.raises(UnsupportedParamsError) as caught:
            stage.play({**EDIT, "image": [PNG, PNG]})

        assert ("image", 1) == (caught.value.param, len(stage.sent))

    def test_a_large_picture_is_uploaded_before_anything_is_bought(self):
        """Two requests for one order: the first is free, and repeated like a poll."""
        uploaded = reply({"id": "f1", "urls": {"get": f"{API}/files/f1"}}, status=201)
        stage = script(html(502), uploaded, DONE, learned=model(SDXL))
        stage.play({**EDIT, "image": PNG + bytes(256_000)})

        assert [
            ("GET", "/models/stability-ai/sdxl"),
            ("POST", "/files"),
            ("POST", "/files"),
            ("POST", "/models/stability-ai/sdxl/predictions"),
        ] == [shown(request) for request in stage.sent]
        assert b'name="content"; filename="image.png"' in stage.sent[1].body
        assert {"input": {"prompt": "a fox", "image": f"{API}/files/f1"}} == body(stage.sent[3])
        assert [False, False, False, True] == [request.buys for request in stage.sent]

    def test_an_upload_that_fails_has_bought_nothing(self):
        """The error says so."""
        stage = script(reply({"detail": "too large"}, status=413), learned=model(SDXL))
        with pytest.raises(BadRequestError) as caught:
            stage.play({**EDIT, "image": PNG + bytes(256_000)})

        assert (2, False) == (len(stage.sent), caught.value.maybe_accepted)

    @pytest.mark.parametrize(
        "unreadable",
        [
            pytest.param(html(502), id="an error"),
            pytest.param(reply({"detail": "Sign in"}), id="another object"),
            pytest.param(reply([]), id="a list"),
            pytest.param(reply(fault="drop"), id="no answer"),
        ],
    )
    def test_without_a_schema_parameters_pass_unverified(self, unreadable):
        """They go by the names that most models have; the answer says that nobody checked."""
        stage = script(TWO, learned=unreadable)
        response = stage.play({**CALL, "seed": 7, "n": 2})

        assert {"prompt": "a fox", "seed": 7, "num_outputs": 2} == body(stage.sent[1])["input"]
        assert {"unverified"} == {fate.outcome for fate in response.params.values()}
        assert "nothing was checked against it" in response.notes[0]

    def test_the_schema_is_asked_for_once(self):
        """For the life of the process; a version of a model does not change."""
        stage = script(DONE, DONE)
        stage.play(CALL)
        stage.play({**CALL, "prompt": "an owl"})

        assert ["GET", "POST", "POST"] == [request.method for request in stage.sent]

    def test_many_first_calls_ask_once(self):
        """Whoever comes while the schema is on its way waits for it with the others."""
        stage = script(*[DONE] * 6)
        with ThreadPoolExecutor(6) as threads:
            responses = list(threads.map(stage.play, [CALL] * 6))

        assert ["GET", *["POST"] * 6] == [request.method for request in stage.sent]
        assert 6 == len(responses)

    @pytest.mark.parametrize("steps", range(12))
    def test_a_call_that_comes_as_the_answer_does_asks_no_more(self, steps):
        """However many steps of the event loop later: what came is known at once."""
        stage = script(DONE, DONE)

        async def both():
            first = asyncio.ensure_future(stage._perform("generate", CALL))
            while not stage.sent:
                await asyncio.sleep(0)
            for _ in range(steps):
                await asyncio.sleep(0)
            await asyncio.gather(first, stage._perform("generate", CALL))

        asyncio.run(both())

        assert ["GET", "POST", "POST"] == [request.method for request in stage.sent]

    def test_what_only_the_catalogue_knows_stays(self, tmp_path):
        """A schema says nothing of dates: a listed model that is gone is still known to be."""
        gone = {"retires": "2025-01-01", "successor": "acme/oil-3", "source": "a letter"}
        models = tmp_path / "models.json"
        models.write_text(json.dumps({"models": [{"name": "acme/oil-2", "lifecycle": gone}]}))
        stage = script(reply({"detail": "not found"}, status=404), models=models)
        with (
            pytest.warns(ModelRetiredWarning, match="2025-01-01"),
            pytest.raises(ModelRetiredError) as caught,
        ):
            stage.play({**CALL, "model": "replicate/acme/oil-2"})

        assert "acme/oil-3" == caught.value.successor

    def test_a_schema_that_could_not_be_read_is_asked_for_again(self):
        """A bad minute does not leave the process without it."""
        stage = script(DONE, model(FLUX), DONE, learned=html(502))
        stage.play(CALL)
        response = stage.play(CALL)

        assert ["GET", "POST"] * 2 == [request.method for request in stage.sent]
        assert () == response.notes


class TestOutputs:
    """Models answer as they like."""

    @pytest.mark.parametrize(
        ("output", "urls"),
        [
            pytest.param(OUT, [OUT], id="a text"),
            pytest.param([OUT, f"{OUT}2"], [OUT, f"{OUT}2"], id="a list"),
            pytest.param({"image": OUT, "seed": 3, "list": [OUT, "text"]}, [OUT], id="an object"),
        ],
    )
    def test_urls_are_found(self, output, urls):
        """Wherever they are, each once."""
        response = script(prediction("succeeded", output)).play(CALL)

        assert urls == [image.url for image in response.data]

    def test_a_data_url_is_a_picture_already(self):
        """Nothing has to be fetched."""
        encoded = base64.b64encode(PNG).decode()
        stage = script(prediction("succeeded", f"data:image/png;base64,{encoded}"))
        (image,) = stage.play({**CALL, "response_format": "b64_json"}).data

        assert ([], encoded, "image/png") == (stage.fetched, image.b64_json, image.mime)

    def test_an_output_is_done_whatever_the_status(self):
        """After a wait the status may lag behind."""
        response = script(prediction("processing", [OUT])).play(CALL)

        assert [OUT] == [image.url for image in response.data]

    def test_pictures_are_fetched_for_who_wants_bytes(self):
        """By core, from where the provider put them, with nothing but the URL."""
        stage = script(DONE, pictures={OUT: PNG})
        response = stage.play({**CALL, "response_format": "b64_json"})

        assert [OUT] == stage.fetched
        assert PNG == response.data[0].read()
        assert 2 == len(stage.sent)

    def test_an_output_that_was_removed_is_no_success(self):
        """Replicate deletes after an hour; what is left says "succeeded"."""
        with pytest.raises(APIResponseValidationError) as caught:
            script(prediction("succeeded")).play(CALL)

        assert ("empty", True) == (caught.value.code, caught.value.maybe_accepted)


class TestWaiting:
    """What happens between the order and the pictures."""

    def test_a_job_is_polled_until_it_is_done(self):
        """With growing pauses; what was asked for once is not asked for again."""
        stage = script(*[STARTING] * 3, prediction("processing"), DONE)
        stage.play(CALL)

        assert [("GET", "/predictions/p1")] * 4 == [shown(request) for request in stage.sent[2:]]
        assert [0.5, 0.75, 1.125, 1.6875] == stage.slept
        assert [False] * 4 == [request.buys for request in stage.sent[2:]]

    def test_the_job_is_canceled_at_the_deadline(self):
        """The error carries what still waits for the job, and says that it may cost."""
        stage = script(STARTING, prediction("processing"), repeat=True)
        with pytest.raises(Timeout) as caught:
            stage.play({**CALL, "timeout": 60})

        error = caught.value
        assert ("POST", "/predictions/p1/cancel") == shown(stage.sent[-1])
        assert f"Bearer {KEY}" == stage.sent[-1].headers["Authorization"]
        asked = json.loads(error.job.to_json())["orders"][0]["request"]
        assert ("GET", f"{API}/predictions/p1") == (asked["method"], asked["url"])
        assert error.maybe_accepted
        assert KEY not in repr(error.job) + error.job.to_json()
        assert 60 == pytest.approx(sum(stage.slept))

    def test_a_job_that_cannot_be_canceled_is_still_a_timeout(self):
        """The caller hears of the deadline, not of the cancel request's own trouble."""
        polls = [STARTING, *[prediction("processing")] * 4]
        stage = script(*polls, reply(fault="drop"), repeat=True)
        with pytest.raises(Timeout) as caught:
            stage.play({**CALL, "timeout": 4})

        assert "cancel" == stage.sent[-1].step
        assert caught.value.job is not None

    def test_a_poll_is_repeated_through_bad_gateways(self):
        """A poll buys nothing, so its repeats cost nothing."""
        stage = script(STARTING, html(502), html(502), DONE)
        response = stage.play(CALL)

        assert [("GET", "/predictions/p1")] * 3 == [shown(request) for request in stage.sent[2:]]
        assert [OUT] == [image.url for image in response.data]

    def test_a_dropped_poll_is_repeated(self):
        """Likewise where no answer came at all."""
        stage = script(STARTING, reply(fault="drop"), reply(fault="refuse"), DONE)
        response = stage.play(CALL)

        assert (5, 1) == (len(stage.sent), len(response.data))

    def test_a_poll_never_becomes_a_second_order(self):
        """When it fails for good the error carries the job."""
        stage = script(STARTING, reply({"detail": "gone"}, status=404))
        with pytest.raises(APIError) as caught:
            stage.play({**CALL, "max_retries": 5})

        assert ["GET", "POST", "GET"] == [request.method for request in stage.sent]
        assert 404 == caught.value.status_code

    def test_a_throttled_order_waits_as_it_is_told(self):
        """429 with Retry-After bought nothing: the same order goes out again."""
        throttled = reply(
            {"detail": "Request was throttled. Expected available in 7 seconds."},
            status=429,
            headers={"Retry-After": "7"},
        )
        stage = script(throttled, DONE)
        stage.play(CALL)

        assert [7] == stage.slept
        assert stage.sent[1] == stage.sent[2]

    def test_a_throttled_order_does_not_wait_for_ever(self):
        """Above a minute the caller decides."""
        throttled = reply({"detail": "throttled"}, status=429, headers={"Retry-After": "61"})
        stage = script(throttled)
        with pytest.raises(RateLimitError) as caught:
            stage.play(CALL)

        assert (61, []) == (caught.value.retry_after, stage.slept)

    @pytest.mark.parametrize("answer", [reply(fault="drop"), html(502), html(504)])
    def test_an_order_that_may_have_arrived_is_not_repeated(self, answer):
        """Nobody pays twice; the error says that it may have cost something."""
        stage = script(answer)
        with pytest.raises(APIError) as caught:
            stage.play(CALL)

        assert ["GET", "POST"] == [request.method for request in stage.sent]
        assert (True, None) == (caught.value.maybe_accepted, caught.value.job)

    def test_a_job_is_taken_up_elsewhere(self):
        """What was learned and ordered here is only asked for there."""
        text = script(STARTING).submit({**CALL, "seed": 7}).to_json()
        other = Script(prediction("processing"), DONE, plugin=proof_replicate)
        response = other.resume(text, api_key=KEY).result()

        assert [("GET", "/predictions/p1")] * 2 == [shown(request) for request in other.sent]
        assert [OUT] == [image.url for image in response.data]
        assert {"prompt", "seed"} == {*response.params}

    def test_an_order_that_never_left_is_repeated(self):
        """A refused connection bought nothing."""
        stage = script(reply(fault="refuse"), DONE)
        stage.play(CALL)

        assert ["GET", "POST", "POST"] == [request.method for request in stage.sent]

    def test_a_broken_order_says_where_it_went(self):
        """The connection is named, the key is not."""
        with pytest.raises(APIConnectionError) as caught:
            script(reply(fault="drop")).play(CALL)

        assert "https://api.replicate.com:443" in caught.value.message
        assert KEY not in str(caught.value)

    def test_a_poll_off_the_origin_carries_no_key(self):
        """The URL came out of an answer: it is followed, but it is not home."""
        elsewhere = prediction("starting", host="https://elsewhere.example/v1")
        stage = script(elsewhere, elsewhere, DONE)
        stage.play(CALL)

        assert [True, True, False, False] == [
            "Authorization" in request.headers for request in stage.sent
        ]
        assert "https://elsewhere.example/v1/predictions/p1" == stage.sent[2].url


class TestFailures:
    """What ends a job without a picture."""

    @pytest.mark.parametrize(
        "said",
        [
            NSFW,
            "All generated images contained NSFW content. Try running it again.",
            "The input or output was flagged as sensitive. Please try again.",
            "Prediction failed. (E005)",
        ],
    )
    def test_a_refusal_is_told_by_its_words(self, said):
        """The HTTP status is that of a success, and there is no code."""
        with pytest.raises(ContentPolicyViolationError) as caught:
            script(STARTING, prediction("failed", error=said, http=200)).play(CALL)

        assert said == caught.value.message

    @pytest.mark.parametrize(
        ("status", "error", "message"),
        [
            ("failed", "CUDA out of memory", "CUDA out of memory"),
            ("canceled", None, "the prediction is canceled"),
            ("aborted", None, "the prediction is aborted"),
        ],
    )
    def test_a_job_that_ends_otherwise_is_an_error(self, status, error, message):
        """Nothing is polled for ever; "aborted" is a word that older SDKs do not know."""
        stage = script(STARTING, prediction(status, error=error, http=200))
        with pytest.raises(APIError) as caught:
            stage.play(CALL)

        assert (status, message) == (caught.value.code, caught.value.message)
        assert 3 == len(stage.sent)

    def test_a_status_that_nobody_knows_is_an_error(self):
        """Rather than a poll without end."""
        with pytest.raises(APIError) as caught:
            script(prediction("hibernating")).play(CALL)

        assert "hibernating" == caught.value.code

    @pytest.mark.parametrize(
        ("status", "title", "kind"),
        [
            (401, "You did not pass a valid authentication token", AuthenticationError),
            (402, "You have insufficient credit to run this model.", PaymentRequiredError),
            (422, "- input: prompt is required\n", UnprocessableEntityError),
        ],
    )
    def test_problems_need_no_code_in_the_plugin(self, status, title, kind):
        """Core finds the words where Replicate puts them."""
        answer = reply({"title": "Problem", "detail": title, "status": status}, status=status)
        with pytest.raises(kind) as caught:
            script(answer).play(CALL)

        assert title == caught.value.message
