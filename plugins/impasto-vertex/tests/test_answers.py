"""What answers become: pictures, tokens, words beside them; refusals that come with HTTP 200."""

from pathlib import Path

import pytest
from attrs import evolve

import impasto_vertex
from impasto._events import events
from impasto.errors import (
    APIResponseValidationError,
    ContentPolicyViolationError,
    ModelRetiredWarning,
    NotFoundError,
    PartialResultWarning,
    RateLimitError,
)
from impasto.testing import Script, reply, sample
from impasto.testing._stage import Stage
from impasto.types import Partial, Usage

SAMPLES = Path(__file__).parent / "samples"
WHO = {"vertex_project": "my-proj", "access_token": "ya29.0123456789abcdef"}
PICTURE = sample(SAMPLES / "gemini.json")

# Imagen is gone; nothing here depends on the day.
retired = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")


def played(model, *answers, **call):
    script = Script(*answers)
    return script.play({"prompt": "a fox", "model": f"vertex_ai/{model}", **WHO, **call})


def gemini(answer, **call):
    given = sample(SAMPLES / f"{answer}.json") if isinstance(answer, str) else reply(answer)
    return played("gemini-3-pro-image", given, **call)


def imagen(answer, **call):
    given = sample(SAMPLES / f"{answer}.json") if isinstance(answer, str) else reply(answer)
    return played("imagen-4.0-generate-001", given, **call)


def candidate(**fields):
    return {"candidates": [{"index": 0, **fields}]}


class TestGeminisPictures:
    def test_a_picture_and_what_is_said_beside_it(self):
        """
        Words, signature, version and tokens all have their place.
        """
        response = gemini("gemini")
        (image,) = response.data

        assert ("image/png", 2, 2) == (image.mime, image.width, image.height)
        assert {"thought_signature": "c2ln"} == image.provider_specific_fields
        assert {
            "text": "Here it is",
            "finish_reason": "STOP",
            "model_version": "gemini-3-pro-image",
        } == response.provider_specific_fields
        assert "resp-1" == response.request_id
        assert (
            Usage(
                input_tokens=5,
                output_tokens=1290,
                total_tokens=1295,
                output_tokens_details={"image_tokens": 1290},
            )
            == response.usage
        )

    def test_thoughts_are_no_pictures(self):
        """
        A draft is left out; what was thought is told, and its tokens are output.
        """
        response = gemini("gemini-thoughts")

        assert [2] == [image.width for image in response.data]
        assert "a fox, red" == response.provider_specific_fields["thoughts"]
        assert "ON_DEMAND" == response.provider_specific_fields["traffic_type"]
        assert (
            Usage(
                input_tokens=13,
                output_tokens=1320,
                total_tokens=1333,
                input_tokens_details={"text_tokens": 4, "image_tokens": 6, "cached_tokens": 4},
                output_tokens_details={"image_tokens": 1120, "reasoning_tokens": 200},
            )
            == response.usage
        )

    def test_the_type_is_that_of_the_bytes(self):
        """
        Google has been seen to name another.
        """
        assert "image/png" == gemini("gemini-thoughts").data[0].mime

    def test_storage(self):
        """
        A picture in Cloud Storage is an address.
        """
        (image,) = gemini("gemini-storage", output_gcs_uri="gs://b/o/", response_format="url").data

        assert ("gs://b/o/1.png", "image/png") == (image.url, image.mime)

    def test_tokens_of_several_calls_are_added(self):
        """
        Each call counts its own.
        """
        assert 2590 == played("gemini-3-pro-image", PICTURE, PICTURE, n=2).usage.total_tokens

    def test_one_of_two_candidates(self):
        """
        What became of the other one is in the notes.
        """
        answer = candidate(finishReason="IMAGE_SAFETY", finishMessage="Not that one.")
        answer["candidates"] += PICTURE.response("").json()["candidates"]
        response = gemini(answer, candidate_count=2)

        assert (1, ("Not that one.",)) == (len(response.data), response.notes)


class TestGeminisRefusals:
    def test_a_real_one(self):
        """
        Content without parts, a sentence, a support code.
        """
        with pytest.raises(ContentPolicyViolationError, match="Responsible AI") as caught:
            gemini("gemini-refused")
        error = caught.value

        assert ("IMAGE_PROHIBITED_CONTENT", "output", ("42876398",), False) == (
            error.code,
            error.stage,
            error.categories,
            error.retryable,
        )

    @pytest.mark.parametrize(
        "reason",
        [
            "SAFETY",
            "RECITATION",
            "BLOCKLIST",
            "PROHIBITED_CONTENT",
            "SPII",
            "MODEL_ARMOR",
            "IMAGE_SAFETY",
            "IMAGE_PROHIBITED_CONTENT",
            "IMAGE_RECITATION",
        ],
    )
    def test_a_picture_that_was_stopped(self, reason):
        """
        Every reason that is a policy is a refusal of what came out.
        """
        rated = [
            {"category": "HARM_CATEGORY_IMAGE_HATE", "blocked": True},
            {"category": "HARM_CATEGORY_HARASSMENT", "probability": "LOW"},
        ]
        with pytest.raises(ContentPolicyViolationError, match=reason) as caught:
            gemini(candidate(content={}, finishReason=reason, safetyRatings=rated))

        assert (reason, "output", ("HARM_CATEGORY_IMAGE_HATE",)) == (
            caught.value.code,
            caught.value.stage,
            caught.value.categories,
        )

    @pytest.mark.parametrize(
        "reason",
        [
            "SAFETY",
            "OTHER",
            "BLOCKLIST",
            "PROHIBITED_CONTENT",
            "MODEL_ARMOR",
            "IMAGE_SAFETY",
            "JAILBREAK",
            "BRAND_NEW",
        ],
    )
    def test_a_prompt_that_was_blocked(self, reason):
        """
        Whatever the reason, known or not, it is a refusal of what went in.
        """
        with pytest.raises(ContentPolicyViolationError, match=reason) as caught:
            gemini({"promptFeedback": {"blockReason": reason}})

        assert (reason, "input", ()) == (
            caught.value.code,
            caught.value.stage,
            caught.value.categories,
        )

    def test_a_prompt_that_was_blocked_in_words(self):
        """
        Google's sentence is the message, the blocked category is told.
        """
        with pytest.raises(ContentPolicyViolationError, match="The prompt was blocked") as caught:
            gemini("gemini-blocked")

        assert ("HARM_CATEGORY_DANGEROUS_CONTENT",) == caught.value.categories

    @pytest.mark.parametrize(
        ("answer", "code", "told"),
        [
            pytest.param(candidate(finishReason="NO_IMAGE"), "NO_IMAGE", "NO_IMAGE", id="none"),
            pytest.param(candidate(finishReason="IMAGE_OTHER"), "IMAGE_OTHER", "OTHER", id="other"),
            pytest.param(candidate(finishReason="BRAND_NEW"), "BRAND_NEW", "BRAND", id="unknown"),
            pytest.param(
                candidate(finishReason="MALFORMED_RESPONSE"),
                "MALFORMED_RESPONSE",
                "MALFORMED",
                id="odd",
            ),
            pytest.param(
                candidate(
                    content={"role": "model", "parts": [{"text": "I cannot draw that."}]},
                    finishReason="STOP",
                ),
                "STOP",
                "the model said: I cannot draw that.",
                id="words only",
            ),
            pytest.param(
                candidate(
                    content={
                        "parts": [{"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}}]
                    }
                ),
                "empty",
                "no reason given",
                id="another kind of data",
            ),
            pytest.param(
                {"usageMetadata": {"totalTokenCount": 0}}, "empty", "no candidates", id="nothing"
            ),
        ],
    )
    def test_no_picture_and_no_refusal(self, answer, code, told):
        """
        The model may do better the next time; it may have been billed.
        """
        with pytest.raises(APIResponseValidationError, match=told) as caught:
            gemini(answer)
        error = caught.value

        assert (code, True, True) == (error.code, error.retryable, error.maybe_accepted)

    def test_it_is_asked_again_where_the_caller_allows_it(self):
        """
        And gives its picture then.
        """
        nothing = reply(candidate(finishReason="NO_IMAGE"))

        assert 1 == len(played("gemini-3-pro-image", nothing, PICTURE, max_retries=1).data)

    def test_a_refusal_is_not_asked_for_again(self):
        """
        It would be refused again.
        """
        refused = sample(SAMPLES / "gemini-refused.json")

        with pytest.raises(ContentPolicyViolationError):
            played("gemini-3-pro-image", refused, PICTURE, max_retries=1)

    def test_an_error_with_the_status_of_a_success(self):
        """
        Its own code decides.
        """
        told = {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}
        with pytest.raises(RateLimitError, match="slow down") as caught:
            gemini({"error": told}, max_retries=0)

        assert (429, "RESOURCE_EXHAUSTED") == (caught.value.status_code, caught.value.code)


@retired
class TestImagensAnswers:
    def test_a_rewritten_prompt(self):
        """
        It is told with its picture.
        """
        response = imagen("imagen-two", n=2)

        assert ["An enhanced fox", None] == [image.revised_prompt for image in response.data]

    def test_ratings(self):
        """
        Of the picture with the picture; of the prompt, whose entry is none, with the answer.
        """
        response = imagen("imagen-rated", include_safety_attributes=True)
        (image,) = response.data

        assert {
            "safety_attributes": {"categories": ["Violence", "Porn"], "scores": [0.1, 0.0]}
        } == image.provider_specific_fields
        assert {
            "prompt_safety_attributes": {"categories": ["Death"], "scores": [0.2]}
        } == response.provider_specific_fields

    def test_storage(self):
        """
        A picture in Cloud Storage is an address.
        """
        (image,) = imagen("imagen-storage", output_gcs_uri="gs://b/o", response_format="url").data

        assert ("gs://b/o/1.png", "image/png") == (image.url, image.mime)

    def test_one_of_two(self):
        """
        What came comes, and the reason for the other is in the notes.
        """
        with pytest.warns(PartialResultWarning, match="1 of 2"):
            response = imagen("imagen-partial", n=2, include_rai_reason=True)

        assert 1 == len(response.data)
        assert ("Unable to show generated images. Support code: 58061214",) == response.notes

    def test_fewer_without_a_reason(self):
        """
        The notes say how to learn it; of Google's own word for the count core knows nothing.
        """
        with pytest.warns(PartialResultWarning, match="1 of 3"):
            responses = [imagen("imagen", n=3)]
        responses.append(imagen("imagen", number_of_images=3))

        for response in responses:
            assert "1 of 3 pictures came" in response.notes[0]
            assert "include_rai_reason=True" in response.notes[0]

    def test_all_filtered_with_a_reason(self):
        """
        Google's sentence is the message, its support code the category.
        """
        with pytest.raises(ContentPolicyViolationError, match="safety filter threshold") as caught:
            imagen("imagen-filtered", include_rai_reason=True)

        assert ("output", ("63429089",), "raiFilteredReason") == (
            caught.value.stage,
            caught.value.categories,
            caught.value.code,
        )

    @pytest.mark.parametrize(
        "answer",
        [
            {},
            {"predictions": []},
            {"deployedModelId": "x"},
            {"predictions": [{"contentType": "Positive Prompt", "safetyAttributes": {}}]},
        ],
        ids=["nothing", "no entry", "no list", "an entry that is no picture"],
    )
    def test_all_filtered_without_a_reason(self, answer):
        """
        That is a refusal as well, and the message says how to learn more.
        """
        with pytest.raises(ContentPolicyViolationError, match="include_rai_reason=True") as caught:
            imagen(answer)

        assert ("output", ()) == (caught.value.stage, caught.value.categories)


class TestRetiredModels:
    def test_it_warns_and_asks(self):
        """
        Who still has it gets pictures.
        """
        script = Script(sample(SAMPLES / "imagen.json"))
        with pytest.warns(ModelRetiredWarning, match="gemini-nano-banana-2.1"):
            script.play({"prompt": "a", "model": "vertex_ai/imagegeneration@006", **WHO})

        assert 1 == len(script.sent)

    def test_models_that_live_do_not_warn(self):
        """
        No test is in the way of a warning here: all of them are errors.
        """
        assert 1 == len(gemini("gemini").data)

    def test_an_unknown_one_is_not_found(self):
        """
        The message is Google's.
        """
        gone = {"code": 404, "message": "Publisher Model was not found", "status": "NOT_FOUND"}

        with pytest.raises(NotFoundError, match="Publisher Model"):
            played("gemini-of-yesterday", reply({"error": gone}, status=404))


class TestStreams:
    """Nobody is asked for a stream, whatever the caller wants; one that comes is read."""

    @pytest.fixture
    def stage(self):
        return Stage(impasto_vertex)

    def call(self, stage, **more):
        asked = {"prompt": "a fox", "model": "vertex_ai/gemini-3.1-flash-image", **WHO, **more}
        return evolve(stage.call(asked), stream=True)

    def events(self):
        return list(events(sample(SAMPLES / "gemini-stream.json").body))

    def test_the_request(self, stage):
        """
        No partial pictures are known to come, and the usage may: the whole answer is asked for.
        """
        call = self.call(stage)

        assert stage.build(call) == stage.build(evolve(call, stream=False))

    def test_the_answer(self, stage):
        """
        Words say nothing yet, a thought is a partial picture, the last one is whole.
        """
        call = self.call(stage)
        said = [
            stage.loaded.hook.parse_event(call=call, request=None, event=one)
            for one in self.events()
        ]

        assert said[0] is None
        assert isinstance(said[1], Partial)
        assert (1, 1) == (said[1].image.width, said[1].image.height)
        assert [2] == [image.width for image in said[2].data]
        assert 1295 == said[2].usage.total_tokens

    def test_it_is_read_by_the_engine(self):
        """
        A server that streams although nobody asked gives its picture.
        """
        assert [2] == [image.width for image in gemini("gemini-stream").data]

    @pytest.mark.parametrize(
        ("chunk", "error"),
        [
            ({"promptFeedback": {"blockReason": "SAFETY"}}, ContentPolicyViolationError),
            (candidate(finishReason="IMAGE_SAFETY"), ContentPolicyViolationError),
            (candidate(finishReason="NO_IMAGE"), APIResponseValidationError),
            ({"error": {"code": 429, "message": "slow", "status": "X"}}, RateLimitError),
        ],
    )
    def test_a_stream_that_ends_badly(self, stage, chunk, error):
        """
        Refusals and errors are what they are in a whole answer.
        """
        with pytest.raises(error):
            stage.loaded.hook.parse_event(
                call=self.call(stage), request=None, event={"event": "message", "data": chunk}
            )

    def test_what_is_no_json(self, stage):
        """
        It says nothing.
        """
        event = {"event": "message", "data": "[DONE]"}

        assert stage.loaded.hook.parse_event(call=None, request=None, event=event) is None
