"""OpenAI's dialect, as any plugin may build on it."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto import openai_wire
from impasto.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ContentPolicyViolationError,
    ImpastoError,
    InternalServerError,
    NotFoundError,
    QuotaExceededError,
    RateLimitError,
)
from impasto.testing import PNG
from impasto.types import ImageFile, ImageResponse, Partial, Response, Usage

B64 = base64.b64encode(PNG).decode()
FOX = ImageFile(data=PNG, mime="image/png", name="fox.png", width=8, height=8)
HAT = ImageFile(data=PNG, mime="image/png", name="hat.png", width=8, height=8)
URL = "https://pictures.example/v1/images/edits"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
SAID = st.fixed_dictionaries(
    {},
    optional={
        "message": JSON,
        "type": JSON | st.just("insufficient_quota"),
        "param": JSON,
        "code": JSON | st.sampled_from(["moderation_blocked", "429", 429]),
        "moderation_details": JSON | st.fixed_dictionaries({"categories": JSON}),
        "inner_error": JSON | st.fixed_dictionaries({"content_filter_results": JSON}),
    },
)
FAILURES = JSON | SAID | st.fixed_dictionaries({"error": JSON | SAID})
quickly = settings(derandomize=True, deadline=None, max_examples=300)


def answered(body: Any, status: int = 200) -> Response:
    return Response(status=status, body=json.dumps(body).encode(), url=URL)


def failing(error: Any, status: int) -> ImpastoError | None:
    return openai_wire.error(answered({"error": error}, status))


class TestUrls:
    @pytest.mark.parametrize(
        ("base", "expected"),
        [
            ("https://a.example", "https://a.example/v1/images/edits"),
            ("https://a.example/", "https://a.example/v1/images/edits"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/images/edits"),
            ("https://a.example/v1", "https://a.example/v1/images/edits"),
            ("https://a.example/v1/", "https://a.example/v1/images/edits"),
            ("https://a.example/v1//", "https://a.example/v1/images/edits"),
            ("https://a.example/api/v3", "https://a.example/api/v3/images/edits"),
            ("https://a.example/v1/images/edits", "https://a.example/v1/images/edits"),
            ("https://a.example/v1/images/generations/", "https://a.example/v1/images/edits"),
            ("https://a.example/images/variations", "https://a.example/v1/images/edits"),
            ("https://a.example/images", "https://a.example/images/images/edits"),
            ("https://a.example/v1?k=1&l=2", "https://a.example/v1/images/edits?k=1&l=2"),
            ("https://a.example?k=1", "https://a.example/v1/images/edits?k=1"),
            (
                "https://a.example/openai/deployments/my%20one?api-version=2",
                "https://a.example/openai/deployments/my%20one/images/edits?api-version=2",
            ),
        ],
    )
    def test_images_url(self, base, expected):
        """
        A host gets its "/v1"; paths, queries and what is encoded stay.
        """
        assert expected == openai_wire.images_url(base, "edits")

    def test_other_paths(self):
        """
        The path is what the plugin says it is.
        """
        assert "https://a.example/v1/images/upscale" == openai_wire.images_url(
            "https://a.example", "upscale"
        )


class TestRequests:
    def test_a_generation_is_json(self):
        """
        Fields go as they are, beside the plugin's own headers.
        """
        fields = {"model": "m", "controls": {"rgb": [0, 255, 0]}, "raw": False}
        request = openai_wire.generation(URL, fields, {"X-Own": "1"})

        assert (fields, None, "POST", True) == (
            request.json,
            request.form,
            request.method,
            request.buys,
        )
        assert {"Accept": "application/json", "X-Own": "1"} == request.headers

    def test_an_edit_is_a_form(self):
        """
        Text goes first, lists as "name[]", objects as "name[key]", and nothing for None.
        """
        request = openai_wire.edit(
            URL,
            {
                "image": (FOX, HAT),
                "mask": HAT,
                "model": "m",
                "n": 2,
                "raw": True,
                "tags": ["a", "b"],
                "svg": {"model": "w", "reasoning": {"effort": "low", "note": None}},
                "nothing": None,
            },
        )

        assert (
            ("model", "m"),
            ("n", 2),
            ("raw", True),
            ("tags[]", "a"),
            ("tags[]", "b"),
            ("svg[model]", "w"),
            ("svg[reasoning][effort]", "low"),
            ("image[]", FOX),
            ("image[]", HAT),
            ("mask", HAT),
        ) == request.form
        assert {"Accept": "application/json"} == request.headers

    @pytest.mark.parametrize("pictures", [(FOX,), [FOX], FOX], ids=["tuple", "list", "itself"])
    def test_one_picture_has_the_plain_name(self, pictures):
        """
        Older servers know "image" only.
        """
        assert (("image", FOX),) == openai_wire.edit(URL, {"image": pictures}).form

    def test_objects_in_lists(self):
        """
        They keep both brackets.
        """
        form = openai_wire.edit(URL, {"loras": [{"path": "p", "scale": 0.5}]}).form

        assert (("loras[][path]", "p"), ("loras[][scale]", 0.5)) == form


class TestAnswers:
    def test_pictures_and_echoes(self):
        """
        What OpenAI sends, at its most talkative.
        """
        response = openai_wire.answer(
            answered(
                {
                    "created": 7,
                    "background": "opaque",
                    "output_format": "jpeg",
                    "quality": "high",
                    "size": "1024x1024",
                    "data": [{"b64_json": B64}, {"url": "https://a/b", "revised_prompt": "p"}],
                    "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
                }
            )
        )

        assert (7, "opaque", "jpeg", "high", "1024x1024") == (
            response.created,
            response.background,
            response.output_format,
            response.quality,
            response.size,
        )
        assert [(B64, None, None), (None, "https://a/b", "p")] == [
            (image.b64_json, image.url, image.revised_prompt) for image in response.data
        ]
        assert Usage(input_tokens=1, output_tokens=2, total_tokens=3) == response.usage

    @pytest.mark.parametrize(
        ("output_format", "mime"),
        [
            ("jpeg", "image/jpeg"),
            ("jpg", "image/jpeg"),
            ("svg", "image/svg+xml"),
            ("webp", "image/webp"),
            (None, None),
            (["png"], None),
        ],
    )
    def test_type_of_what_is_behind_a_url(self, output_format, mime):
        """
        There are no bytes to look at, so the echo says what they are.
        """
        body = {"data": [{"url": "https://a/b"}], "output_format": output_format}

        assert mime == openai_wire.answer(answered(body)).data[0].mime

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param(B64, id="base64"),
            pytest.param(f"data:image/png;base64,{B64}", id="data URL"),
            pytest.param(f"data:;base64,{B64}", id="data URL without a type"),
        ],
    )
    def test_what_is_in_b64_json(self, text):
        """
        Base64 with or without "data:" in front is base64.
        """
        (image,) = openai_wire.answer(answered({"data": [{"b64_json": text}]})).data

        assert (B64, None, "image/png") == (image.b64_json, image.url, image.mime)

    def test_text_in_b64_json(self):
        """
        A data URL may hold a drawing as it is.
        """
        text = "data:image/svg+xml,%3Csvg/%3E"
        (image,) = openai_wire.answer(answered({"data": [{"b64_json": text}]})).data

        assert (b"<svg/>", "image/svg+xml") == (image.read(), image.mime)

    def test_what_else_is_said_of_a_picture(self):
        """
        A seed has its place, the rest is kept beside it.
        """
        item = {"b64_json": B64, "seed": 7, "size": "8x8", "nsfw": False}
        (image,) = openai_wire.answer(answered({"data": [item]})).data

        assert (7, {"size": "8x8", "nsfw": False}) == (
            image.seed,
            image.provider_specific_fields,
        )

    def test_what_else_is_said_of_the_answer(self):
        """
        Such as the tokens of an SVG's author, which are billed apart.
        """
        body = {"data": [{"b64_json": B64}], "svg_usage": {"model": "w"}, "created": 1}

        assert {"svg_usage": {"model": "w"}} == openai_wire.answer(
            answered(body)
        ).provider_specific_fields

    @pytest.mark.parametrize(
        "data", [None, [], [{}], [{"b64_json": None, "url": None}], [{"url": ""}]], ids=repr
    )
    def test_no_pictures(self, data):
        """
        Nothing is what core is told; it knows what that means.
        """
        assert [] == openai_wire.answer(answered({"created": 1, "data": data})).data

    @pytest.mark.parametrize("usage", [None, {}, [], 7, "many"], ids=repr)
    def test_odd_usage_loses_no_picture(self, usage):
        """
        Pictures that were paid for are not lost over their bill.
        """
        response = openai_wire.answer(answered({"data": [{"b64_json": B64}], "usage": usage}))

        assert (1, None) == (len(response.data), response.usage)

    def test_one_of_two_failed(self):
        """
        The other one is returned, and a note says why.
        """
        data = [{"error": {"code": "x", "message": "withheld"}}, {"url": "https://a/b"}]
        response = openai_wire.answer(answered({"data": data}))

        assert (1, ("one picture failed: withheld",)) == (len(response.data), response.notes)

    def test_all_failed(self):
        """
        The first error is raised as what it means.
        """
        refused = {"error": {"code": "content_policy_violation", "message": "no"}}
        with pytest.raises(ContentPolicyViolationError):
            openai_wire.answer(answered({"data": [refused, refused]}))

    @pytest.mark.parametrize(
        "body", [{}, [], None, 7, "done", {"data": [7]}, {"data": 7}, {"data": {"a": 1}}], ids=repr
    )
    def test_nonsense(self, body):
        """
        It raises what core turns into an `APIResponseValidationError`.
        """
        with pytest.raises((LookupError, TypeError, ValueError, AttributeError)):
            openai_wire.answer(answered(body))

    @quickly
    @given(body=JSON | st.fixed_dictionaries({"data": JSON}) | FAILURES)
    def test_whatever_comes(self, body):
        """
        An answer, one of our errors, or what core turns into one; nothing else.
        """
        try:
            response = openai_wire.answer(answered(body))
        except (ImpastoError, LookupError, TypeError, ValueError, AttributeError):
            return

        assert isinstance(response, ImageResponse)


class TestErrorsInASuccess:
    @pytest.mark.parametrize(
        ("said", "kind", "status"),
        [
            ({"code": "rate_limit_exceeded"}, RateLimitError, 429),
            ({"code": 429}, RateLimitError, 429),
            ({"code": "503"}, APIError, 503),
            (
                {"code": "invalid_api_key", "type": "invalid_request_error"},
                AuthenticationError,
                401,
            ),
            ({"code": None, "type": "invalid_request_error"}, BadRequestError, 400),
            ({"code": "model_not_found"}, NotFoundError, 404),
            ({"type": "server_error"}, InternalServerError, 500),
            ({"code": "insufficient_quota"}, QuotaExceededError, 200),
            ({"code": "moderation_blocked"}, ContentPolicyViolationError, 400),
            ({"code": "12345", "message": "odd"}, APIError, 200),
            ({"message": "HTTP 503 and 429"}, APIError, 200),
        ],
    )
    def test_what_it_says_is_what_it_is(self, said, kind, status):
        """
        Code, then type; never words in the message.
        """
        with pytest.raises(ImpastoError) as caught:
            openai_wire.answer(answered({"error": said}))

        assert isinstance(caught.value, kind)
        assert status == caught.value.status_code

    def test_text(self):
        """
        An error may be a text.
        """
        with pytest.raises(APIError, match="out of memory"):
            openai_wire.answer(answered({"error": "out of memory"}))

    def test_pictures_go_before_an_empty_error(self):
        """
        Some servers always send the field.
        """
        body = {"error": None, "data": [{"b64_json": B64}]}

        assert 1 == len(openai_wire.answer(answered(body)).data)


class TestErrors:
    def test_all_that_is_said(self):
        """
        Message, code, param and status.
        """
        said = {"message": "m", "type": "t", "param": "size", "code": "invalid_value"}
        error = failing(said, 400)

        assert (BadRequestError, "m", "invalid_value", "size", 400) == (
            type(error),
            error.message,
            error.code,
            error.param,
            error.status_code,
        )

    def test_a_type_for_a_code(self):
        """
        Where there is no code, the type tells more than nothing; empty is None.
        """
        error = failing({"message": "m", "type": "server_error", "param": "", "code": None}, 500)

        assert ("server_error", None) == (error.code, error.param)

    @pytest.mark.parametrize(
        ("body", "message", "code"),
        [
            ({"error": "plain"}, "plain", None),
            ({"error": "plain", "code": "c"}, "plain", "c"),
            ({"message": "plain", "code": "c"}, "plain", "c"),
            ({"error": {"code": "c"}}, "c", "c"),
            ({"error": {"type": "t"}}, "t", "t"),
            ({"error": {"param": "size"}}, "{'param': 'size'}", None),
            ({"statusCode": 401, "message": "no access"}, "no access", None),
        ],
        ids=repr,
    )
    def test_other_envelopes(self, body, message, code):
        """
        The forms that OpenAI's SDK reads, and a little more.
        """
        error = openai_wire.error(answered(body, 400))

        assert (message, code) == (error.message, error.code)

    @pytest.mark.parametrize(
        "body", [b"", b"<html>", b"null", b"[]", b"7", b"{}", b'{"detail": "x"}', b'{"error": {}}']
    )
    def test_what_is_not_in_the_dialect(self, body):
        """
        It is left to the HTTP status.
        """
        assert openai_wire.error(Response(status=502, body=body)) is None

    @pytest.mark.parametrize(
        "code",
        [
            "moderation_blocked",
            "content_policy_violation",
            "content_filter",
            "contentFilter",
            "ResponsibleAIPolicyViolation",
        ],
    )
    def test_refusals(self, code):
        """
        OpenAI's codes and Azure's.
        """
        error = failing({"message": "no", "code": code}, 400)

        assert (ContentPolicyViolationError, code) == (type(error), error.code)

    def test_a_blocked_account_is_no_refusal(self):
        """
        Azure blocks a whole resource with words about content policy; no prompt helps.
        """
        said = {"code": "Forbidden", "message": "it may violate our content policy"}

        assert not isinstance(failing(said, 403), ContentPolicyViolationError)

    @pytest.mark.parametrize(
        ("more", "stage", "categories"),
        [
            pytest.param({}, None, (), id="nothing"),
            pytest.param({"message": "safety_violations=[a, b]."}, None, ("a", "b"), id="message"),
            pytest.param({"message": "safety_violations=[]."}, None, (), id="empty message"),
            pytest.param(
                {"moderation_details": {"categories": ["a"], "moderation_stage": "input"}},
                "input",
                ("a",),
                id="details",
            ),
            pytest.param(
                {"moderation_details": {"categories": None, "moderation_stage": "unknown"}},
                None,
                (),
                id="details that do not know",
            ),
            pytest.param(
                {
                    "innererror": {
                        "content_filter_results": {
                            "hate": {"filtered": False},
                            "violence": {"filtered": True},
                        }
                    }
                },
                None,
                ("violence",),
                id="Azure's filters",
            ),
            pytest.param(
                {"innererror": {"content_filter_result": {"hate": {"filtered": True}}}},
                None,
                ("hate",),
                id="those of Azure's chat models",
            ),
        ],
    )
    def test_stage_and_categories(self, more, stage, categories):
        """
        Wherever they stand.
        """
        error = failing({"message": "no", "code": "moderation_blocked", **more}, 400)

        assert (stage, categories) == (error.stage, error.categories)

    def test_a_refusal_that_only_the_inside_names(self):
        """
        Azure's inner code counts; the outer one is reported.
        """
        said = {"code": "BadRequest", "inner_error": {"code": "ResponsibleAIPolicyViolation"}}
        error = failing({"message": "no", **said}, 400)

        assert (ContentPolicyViolationError, "BadRequest") == (type(error), error.code)

    @pytest.mark.parametrize(
        ("said", "status"),
        [
            ({"code": "insufficient_quota"}, 429),
            ({"code": None, "type": "insufficient_quota"}, 429),
            ({"code": "billing_hard_limit_reached"}, 400),
        ],
    )
    def test_no_credit(self, said, status):
        """
        Code or type; it is no mere rate limit, and keeps its status.
        """
        error = failing({"message": "no", **said}, status)

        assert (QuotaExceededError, status, False) == (
            type(error),
            error.status_code,
            error.retryable,
        )

    @quickly
    @given(body=FAILURES, status=st.sampled_from([400, 429, 500]))
    def test_whatever_comes(self, body, status):
        """
        An error that can be shown, or None; nothing is raised.
        """
        error = openai_wire.error(answered(body, status))

        assert error is None or (isinstance(error.message, str) and str(error))


class TestEvents:
    PICTURE = {"b64_json": B64, "created_at": 9, "size": "8x8", "output_format": "png"}

    @pytest.mark.parametrize("kind", ["image_generation", "image_edit"])
    def test_partial(self, kind):
        """
        A picture on its way; which of the previews it is stands beside it.
        """
        data = {"type": f"{kind}.partial_image", "partial_image_index": 1, **self.PICTURE}
        said = openai_wire.event({"event": "message", "data": data, "id": None})

        assert isinstance(said, Partial)
        assert (B64, {"partial_image_index": 1}) == (
            said.image.b64_json,
            said.image.provider_specific_fields,
        )

    @pytest.mark.parametrize("kind", ["image_generation", "image_edit"])
    def test_completed(self, kind):
        """
        The picture, and what an answer says.
        """
        data = {"type": f"{kind}.completed", "usage": {"total_tokens": 3}, **self.PICTURE}
        said = openai_wire.event({"event": "message", "data": data, "id": None})

        assert isinstance(said, ImageResponse)
        assert (B64, 9, "8x8", 3, {}) == (
            said.data[0].b64_json,
            said.created,
            said.size,
            said.usage.total_tokens,
            said.data[0].provider_specific_fields,
        )

    def test_a_name_for_a_type(self):
        """
        Where the JSON has no type, the event's name is one.
        """
        said = openai_wire.event(
            {"event": "image_generation.completed", "data": self.PICTURE, "id": None}
        )

        assert isinstance(said, ImageResponse)

    @pytest.mark.parametrize(
        "data",
        [
            "[DONE]",
            None,
            [],
            {},
            {"type": "image_generation.heartbeat", "n": 1},
            {"type": "image_generation.completed"},
            {"type": "response.created", "b64_json": B64},
        ],
        ids=repr,
    )
    def test_what_says_nothing(self, data):
        """
        Events without a picture, and those that nobody knows, are passed over.
        """
        assert openai_wire.event({"event": "message", "data": data, "id": None}) is None

    @pytest.mark.parametrize(
        "data",
        [
            {"error": {"message": "broken", "type": "server_error"}},
            {"type": "error", "message": "broken", "code": "server_error"},
            {"type": "error", "error": {"message": "broken", "code": "server_error"}},
        ],
        ids=repr,
    )
    def test_an_error(self, data):
        """
        It is raised as what it means.
        """
        with pytest.raises(InternalServerError, match="broken"):
            openai_wire.event({"event": "error", "data": data, "id": None})

    def test_a_refusal(self):
        """
        Pictures are refused in the middle of a stream as well.
        """
        data = {"error": {"message": "no", "code": "moderation_blocked"}}
        with pytest.raises(ContentPolicyViolationError):
            openai_wire.event({"event": "error", "data": data, "id": None})

    @quickly
    @given(data=JSON | FAILURES)
    def test_whatever_comes(self, data):
        """
        One of our errors, or nothing.
        """
        try:
            said = openai_wire.event({"event": "message", "data": data, "id": None})
        except ImpastoError:
            return

        assert said is None
