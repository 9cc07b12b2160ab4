"""What a call returns: OpenAI's form, with what became of each parameter, and never pixels."""

import base64
import copy
import datetime as dt
import decimal
import enum
import json
import pickle

import pytest
from attrs import evolve

import impasto
from impasto import Fate, Image, ImageResponse, Usage
from impasto.errors import APIConnectionError, RateLimitError
from impasto.testing import PNG, Script, png, reply
from impasto.types import Call, ImageFile, Mask, Request

LARGE = png(200, 200, (1, 2, 3, 4)) + bytes(50_000)
ENCODED = base64.b64encode(LARGE).decode()
FILE = ImageFile(data=LARGE, mime="image/png", name="fox.png")


def response(**fields):
    return ImageResponse(
        created=1_780_000_000,
        data=[Image(b64_json=ENCODED), Image(url="https://host/2.png", seed=7)],
        usage=Usage(input_tokens=3, output_tokens=4, total_tokens=7),
        model="oil-2",
        provider="acme",
        params={"n": Fate("n", "sent", 2, {"n": 2})},
        **fields,
    )


class TestReading:
    """As an object and as a dict."""

    @pytest.mark.parametrize(
        "key", ["created", "data", "usage", "model", "provider", "params", "errors", "request_id"]
    )
    def test_by_attribute_and_by_key(self, key):
        """
        Each public field answers to both.
        """
        answer = response(request_id="req_7")

        assert getattr(answer, key) is answer[key]
        assert key in answer

    def test_inner_values_too(self):
        """
        Usage and fates are read the same way.
        """
        answer = response()

        assert (7, "sent", 2) == (
            answer["usage"]["total_tokens"],
            answer["params"]["n"]["outcome"],
            answer.params["n"].given,
        )

    def test_as_a_mapping(self):
        """
        It can be unpacked, and `get()` has a default for what is unknown or not said.
        """
        answer = response()

        assert "acme" == dict(answer)["provider"] == {**answer}["provider"]
        assert list(answer) == list(answer.keys())
        assert (None, 5, 5) == (
            answer.get("request_id"),
            answer.get("request_id", 5),
            answer.get("nope", 5),
        )

    @pytest.mark.parametrize("key", ["nope", "_settings", "headers", 0])
    def test_other_keys(self, key):
        """
        What is no field of the answer is a `KeyError`.
        """
        with pytest.raises(KeyError):
            response()[key]

        assert key not in response()


class TestDump:
    """`model_dump()` is data that JSON can hold, whatever is in the response."""

    def test_plain(self):
        """
        Dicts, lists, texts and numbers.
        """
        dumped = response().model_dump()

        assert dumped == json.loads(json.dumps(dumped))
        assert [ENCODED, None] == [one["b64_json"] for one in dumped["data"]]
        assert [(200, 200), (None, None)] == [
            (one["width"], one["height"]) for one in dumped["data"]
        ]
        assert {
            "outcome": "sent",
            "given": 2,
            "sent": {"n": 2},
            "name": "n",
            "note": "",
            "came": None,
        } == (dumped["params"]["n"])

    def test_without_what_is_not_known(self):
        """
        `exclude_none` leaves out what is None, at every depth.
        """
        dumped = response().model_dump(exclude_none=True)

        assert {"url", "seed", "provider_specific_fields"} == dumped["data"][1].keys()
        assert "request_id" not in dumped
        assert {"input_tokens", "output_tokens", "total_tokens"} == dumped["usage"].keys()

    def test_with_errors_inside(self):
        """
        Why a part failed is told in words.
        """
        answer = response(errors=(RateLimitError("slow down", provider="acme"),))
        dumped = answer.model_dump()

        assert ["RateLimitError: acme: slow down"] == dumped["errors"]
        assert dumped == json.loads(json.dumps(dumped))

    class Word(enum.Enum):
        LOW = "low"

    @pytest.mark.parametrize(
        ("odd", "plain"),
        [
            (decimal.Decimal("0.04"), "0.04"),
            (dt.date(2026, 1, 2), "2026-01-02"),
            (Word.LOW, "low"),
            ((1, {2}), [1, [2]]),
            ({1: None}, {"1": None}),
            (Usage(input_tokens=1), Usage(input_tokens=1).model_dump()),
        ],
        ids=["decimal", "date", "enum", "tuple and set", "numbered", "usage"],
    )
    def test_with_odd_values_inside(self, odd, plain):
        """
        What a plugin puts into its own fields becomes plain as well.
        """
        dumped = Image(content=PNG, provider_specific_fields={"odd": odd}).model_dump()

        assert {"odd": plain} == dumped["provider_specific_fields"]
        assert json.dumps(dumped)

    def test_as_text(self):
        """
        `model_dump_json()` is the same as JSON.
        """
        answer = response()

        assert answer.model_dump() == json.loads(answer.model_dump_json())
        assert answer.json() == json.loads(answer.model_dump_json(indent=2))
        assert "request_id" not in answer.model_dump_json(exclude_none=True)


class TestNoPixels:
    """No repr prints pixels: of answers, of calls with pictures in them, of fates."""

    @pytest.mark.parametrize(
        "value",
        [
            response(),
            response(errors=(APIConnectionError("broke"),)),
            ImageResponse(data=[Image(url=f"data:image/png;base64,{ENCODED}")]),
            Call(
                kind="edit", provider="acme", model="oil-2", prompt="a hat", images=(FILE, FILE),
                mask=Mask(data=LARGE, mime="image/png", name="mask.png"),
            ),
            Fate("image", "sent", (FILE, FILE), {"image": (FILE, FILE)}),
            Fate("reference", "unverified", ENCODED, {"reference": ENCODED}),
            Fate("extra", "mapped", {"a": [ENCODED]}, {"deep": {"b": LARGE}}),
            Request(url="https://host", form=[("image", FILE)]),
            Request(url="https://host", body=LARGE),
        ],
        ids=["answer", "with errors", "data URL", "call", "pictures", "text", "deep", "form", "body"],
    )  # fmt: skip
    def test_of_anything(self, value):
        """
        A few hundred characters, and none of the bytes.
        """
        for text in (repr(value), str(value)):
            assert len(text) < 900
            assert ENCODED[100:140] not in text
            assert repr(LARGE[-40:])[2:-1] not in text

    def test_says_who_and_what(self):
        """
        Provider, model and a word on each picture.
        """
        answer = response(errors=(APIConnectionError("broke"),))

        assert repr(answer) == (
            "<ImageResponse acme/oil-2: [<Image image/png, 200x200>, "
            "<Image seed=7, url='https://host/2.png'>], errors=1>"
        )

    def test_the_fates_of_a_call(self):
        """
        What the caller put into a body by hand is only described as well.
        """
        script = Script(reply({"data": [{"b64_json": base64.b64encode(PNG).decode()}]}))
        answer = script.play(
            {
                "prompt": "a hat" * 50,
                "model": "openai/some-model",
                "api_key": "sk-0123456789abcdef",
                "image": LARGE,
                "init_image": ENCODED,
                "extra_body": {"control": ENCODED},
            }
        )

        assert {"prompt", "image", "init_image", "extra_body.control"} == answer.params.keys()
        assert len(repr(answer.params)) < 1500
        assert "(250 characters)" in answer.params["prompt"].given
        assert [f"<image/png, {len(LARGE):,} bytes>"] == answer.params["image"].given
        assert answer.params["init_image"].given.startswith("iVBOR")


class TestFate:
    """What became of one parameter."""

    def test_long_lists_are_cut(self):
        """
        A list is told by its beginning and its length.
        """
        fate = Fate("loras", "sent", list(range(100)))

        assert [*range(16), "... (84 more)"] == fate.given

    @pytest.mark.parametrize("value", [None, True, 0, 0.5, "low", ["a", 1], {"a": {"b": [None]}}])
    def test_short_values_are_told_as_they_are(self, value):
        """
        What is short and plain is not touched.
        """
        fate = Fate("x", "sent", value, {"y": value})

        assert (value, {"y": value}) == (fate.given, fate.sent)

    def test_objects_are_told_in_words(self):
        """
        What JSON cannot hold, dropped before it was sent, is described.
        """
        fate = Fate("x", "dropped", object())

        assert fate.given.startswith("<object object")
        assert json.dumps(fate.model_dump())


class TestUsage:
    """Tokens add up over the parts of a split call."""

    def test_sums(self):
        """
        What one part does not say does not spoil the sum of the others.
        """
        one = Usage(input_tokens=1, total_tokens=5, input_tokens_details={"text_tokens": 1})
        two = Usage(input_tokens=2, output_tokens=3, input_tokens_details={"image_tokens": 2})

        assert Usage(
            input_tokens=3,
            output_tokens=3,
            total_tokens=5,
            input_tokens_details={"text_tokens": 1, "image_tokens": 2},
        ) == (one + two)

    def test_nothing_said(self):
        """
        Unknown stays unknown: it is never a zero.
        """
        assert Usage() == Usage() + Usage()


class TestNotebook:
    """Shown in a notebook."""

    def test_one_picture(self):
        """
        One picture is shown as itself.
        """
        answer = ImageResponse(data=[Image(content=PNG)])

        assert base64.b64encode(PNG).decode() == answer._repr_mimebundle_()["image/png"]

    def test_several(self):
        """
        Several stand in a row, those with bytes and those with URLs.
        """
        shown = response()._repr_mimebundle_()["text/html"]

        assert 2 == shown.count("<img ")
        assert f"data:image/png;base64,{ENCODED}" in shown
        assert 'src="https://host/2.png"' in shown

    def test_none(self):
        """
        An answer without pictures is told in words.
        """
        assert {"text/plain": "<ImageResponse : []>"} == ImageResponse()._repr_mimebundle_()


class TestValue:
    """A response is a value."""

    @pytest.mark.parametrize(
        "duplicate",
        [copy.copy, copy.deepcopy, lambda answer: pickle.loads(pickle.dumps(answer))],
        ids=["copy", "deepcopy", "pickle"],
    )
    def test_copies(self, duplicate):
        """
        It can be copied and stored, also once it was looked at.
        """
        answer = response(headers={"x-request-id": "req_7"})
        hidden = answer._hidden_params
        other = duplicate(answer)

        assert answer == other
        assert hidden == other._hidden_params
        assert answer.model_dump() == other.model_dump()

    def test_with_errors_inside(self):
        """
        The errors of a split call survive the pickle with their fields.
        """
        error = RateLimitError("slow", provider="acme", retry_after=7.0)
        other = pickle.loads(pickle.dumps(response(errors=(error,))))

        assert [vars(error)] == [vars(one) for one in other.errors]

    def test_evolve(self):
        """
        A changed copy has hidden params of its own.
        """
        answer = response()
        assert "oil-2" == answer._hidden_params["model"]

        assert "oil-3" == evolve(answer, model="oil-3")._hidden_params["model"]

    def test_is_what_the_public_name_says(self):
        """
        Names for type annotations are exported.
        """
        assert (ImageResponse, Image, Usage, Fate) == (
            impasto.ImageResponse,
            impasto.Image,
            impasto.Usage,
            impasto.Fate,
        )
