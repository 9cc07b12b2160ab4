"""What a caller passes is sorted and checked before any provider is asked."""

import enum
import math
from fractions import Fraction

import pytest

from impasto import ImageGenerationRequestQuality
from impasto._arguments import sort
from impasto._freeze import NOTHING
from impasto._steering import DEFAULT_TIMEOUT
from impasto.errors import BadRequestError, UnsupportedParamsError


def sorted_(kind="generate", **arguments):
    return sort(kind, {"prompt": "a fox", **arguments})


class TestSorting:
    """Every argument has one place."""

    def test_a_plain_call(self):
        """
        A prompt alone leaves everything else unset.
        """
        asked = sorted_(model=None, n=None)

        assert ("generate", None, None) == (asked.kind, asked.model, asked.provider)
        assert {"prompt": "a fox"} == asked.common
        assert (DEFAULT_TIMEOUT, None, None) == (
            asked.timeout,
            asked.drop_params,
            asked.max_retries,
        )
        assert asked.additions is NOTHING

    def test_four_shelves(self):
        """
        Common words, words of the provider, pictures, and words that steer the call.
        """
        asked = sorted_(
            "edit", model=" openai/x ", custom_llm_provider="openai", size="auto", image="a.png",
            mask="m.png", api_key="sk-1", strength=0.5, timeout=3, metadata={"who": "me"},
        )  # fmt: skip

        assert ("openai/x", "openai", "a.png", "m.png") == (
            asked.model,
            asked.provider,
            asked.image,
            asked.mask,
        )
        assert {"prompt": "a fox", "size": "auto"} == asked.common
        assert {"api_key": "sk-1", "strength": 0.5} == asked.words
        assert (3.0, {"who": "me"}) == (asked.timeout, asked.metadata)

    @pytest.mark.parametrize(
        "word",
        [
            {"litellm_call_id": "7"},
            {"litellm_metadata": {}},
            {"tags": ["a"]},
            {"model_info": {"id": "7"}},
            {"metadata": {"a": 1}},
            {"base_model": "dall-e-3"},
            {"num_retries": 1},
            {"drop_params": True},
            {"headers": {"A": "b"}},
            {"caching": False},
            {"cache": {}},
            {"client": None},
            {"fallbacks": []},
            {"stream": False},
        ],
        ids=lambda word: next(iter(word)),
    )
    def test_control_words_reach_no_provider(self, word):
        """
        What steers the call, or switches off what is not done, is no parameter of a picture.
        """
        asked = sorted_(**word)

        assert ({"prompt": "a fox"}, {}) == (asked.common, asked.words)

    @pytest.mark.parametrize("word", ["client"])
    def test_what_is_not_done_is_refused(self, word):
        """
        LiteLLM ignores these for pictures; here nothing is ignored in silence.
        """
        with pytest.raises(UnsupportedParamsError, match=word) as caught:
            sorted_(**{word: ["something"]})

        assert word == caught.value.param

    def test_images_is_another_word_for_image(self):
        """
        The plural is understood where the singular is not given.
        """
        assert ["a.png", "b.png"] == sorted_("edit", images=["a.png", "b.png"]).image

    def test_image_and_images_together_are_refused(self):
        """
        One of the two would be lost.
        """
        with pytest.raises(BadRequestError, match="image and images"):
            sorted_("edit", image="a.png", images="b.png")


class TestValues:
    """Values become what plugins can rely on."""

    class Words(str, enum.Enum):  # noqa: UP042 - the older way of writing it, which people have
        LOW = "low"
        URL = "url"

    @pytest.mark.parametrize(
        ("name", "value", "plain"),
        [
            ("quality", ImageGenerationRequestQuality.HIGH, "high"),
            ("quality", Words.LOW, "low"),
            ("response_format", Words.URL, "url"),
            ("n", 3, 3),
            ("seed", -1, -1),
            ("size", "16:9", "16:9"),
        ],
    )
    def test_values_are_plain(self, name, value, plain):
        """
        Members of an enum become their text, and nothing else changes.
        """
        found = sorted_(**{name: value}).common[name]

        assert (type(plain), plain) == (type(found), found)

    @pytest.mark.parametrize("timeout", [1, 0.5, Fraction(1, 4)])
    def test_a_timeout_is_seconds(self, timeout):
        """
        Any finite number above zero.
        """
        assert float(timeout) == sorted_(timeout=timeout).timeout

    def test_headers_and_extra_headers_are_both_sent(self):
        """
        LiteLLM's two words for one thing; where both name a header, extra_headers wins.
        """
        asked = sorted_(headers={"A": "1", "B": "1"}, extra_headers={"B": "2", "C": b"3", "D": 4})

        assert {"A": "1", "B": "2", "C": "3", "D": "4"} == asked.additions.headers

    def test_query_values(self):
        """
        Numbers, texts, truth and lists of them, as they stand in a URL.
        """
        query = sorted_(extra_query={"a": 1, "b": True, "c": ["x", "y"]}).additions.query

        assert {"a": [1], "b": ["true"], "c": ["x", "y"]} == query

    @pytest.mark.parametrize("word", ["max_retries", "num_retries"])
    def test_either_word_for_retries(self, word):
        """
        LiteLLM has two words; zero is a number, not "unset".
        """
        assert 0 == sorted_(**{word: 0}).max_retries

    def test_two_equal_words_for_retries(self):
        """
        Both may be said if they say the same.
        """
        assert 2 == sorted_(max_retries=2, num_retries=2).max_retries

    def test_dropped_names(self):
        """
        Any collection of names.
        """
        assert {"size", "style"} == sorted_(additional_drop_params=("size", "style")).dropped


REFUSED = {
    "no prompt": ({"prompt": None}, "prompt", "prompt is missing"),
    "empty prompt": ({"prompt": "  \n"}, "prompt", "prompt is empty"),
    "prompt of another type": ({"prompt": ["a fox"]}, "prompt", "prompt is list"),
    "half a character": ({"prompt": "a \ud83d fox"}, "prompt", "position 2"),
    "half a character elsewhere": ({"user": "\ud83d"}, "user", "user holds half a character"),
    "half a character in the model": ({"model": "openai/\ud83d"}, "model", "position 7"),
    "n is zero": ({"n": 0}, "n", "n=0; it takes a whole number of at least 1"),
    "n is negative": ({"n": -1}, "n", "n=-1"),
    "n is a word": ({"n": "four"}, "n", "n='four'"),
    "n is a fraction": ({"n": 1.5}, "n", "n=1.5"),
    "n is a truth": ({"n": True}, "n", "n=True"),
    "size without extent": ({"size": "0x0"}, "size", "size='0x0'"),
    "size with another cross": ({"size": "1024\u00d71024"}, "size", "with a plain x"),
    "size with a star": ({"size": "1024*1024"}, "size", "with a plain x"),
    "size with blanks": ({"size": "1024 x 1024"}, "size", "with a plain x"),
    "size in other digits": ({"size": "\u0661x\u0661"}, "size", "with a plain x"),
    "size beyond measure": ({"size": "1000000x1"}, "size", "from 1 to 999999"),
    "size as a pair": ({"size": (1024, 1024)}, "size", 'size=(1024, 1024); it takes text'),
    "empty size": ({"size": ""}, "size", "size=''"),
    "quality is a number": ({"quality": 5}, "quality", "quality=5; it takes text"),
    "empty quality": ({"quality": ""}, "quality", "quality=''"),
    "unknown response_format": (
        {"response_format": "png"}, "response_format", "'url' or 'b64_json'",
    ),
    "response_format of another type": (
        {"response_format": ["url"]}, "response_format", "'url' or 'b64_json'",
    ),
    "seed is a word": ({"seed": "seven"}, "seed", "seed='seven'; it takes a whole number"),
    "seed is a fraction": ({"seed": 7.0}, "seed", "seed=7.0"),
    "compression is a truth": ({"output_compression": True}, "output_compression", "=True"),
    "empty model": ({"model": " "}, "model", "model=' '; it takes text"),
    "model of another type": ({"model": 3}, "model", "model=3"),
    "empty provider": ({"custom_llm_provider": ""}, "custom_llm_provider", "it takes text"),
    "no time": ({"timeout": 0}, "timeout", "timeout=0; it takes seconds"),
    "negative time": ({"timeout": -1}, "timeout", "timeout=-1"),
    "time is a word": ({"timeout": "x"}, "timeout", "timeout='x'"),
    "time is a truth": ({"timeout": True}, "timeout", "timeout=True"),
    "time is not a number": ({"timeout": math.nan}, "timeout", "timeout=nan"),
    "time without end": ({"timeout": math.inf}, "timeout", "timeout=inf"),
    "time beyond floats": ({"timeout": 10**400}, "timeout", "at most a year"),
    "negative retries": ({"max_retries": -1}, "max_retries", "max_retries=-1"),
    "retries is a word": ({"num_retries": "2"}, "num_retries", "num_retries='2'"),
    "two counts of retries": (
        {"max_retries": 1, "num_retries": 2}, "num_retries", "give one of the two",
    ),
    "drop_params is a word": ({"drop_params": "no"}, "drop_params", "True or False"),
    "names as one text": (
        {"additional_drop_params": "size"}, "additional_drop_params", "a list of names",
    ),
    "names that are a number": (
        {"additional_drop_params": 5}, "additional_drop_params", "a list of names",
    ),
    "names of other types": (
        {"additional_drop_params": [5]}, "additional_drop_params", "a list of names",
    ),
    "dropping the prompt": (
        {"additional_drop_params": ["size", "prompt"]}, "additional_drop_params", "prompt",
    ),
    "headers as a list": ({"extra_headers": ["A: b"]}, "extra_headers", "takes a dict"),
    "a header with a line break": (
        {"extra_headers": {"A": "b\r\nC: d"}}, "extra_headers", "line break",
    ),
    "a header's name with a line break": (
        {"headers": {"A\n": "b"}}, "headers", "line break",
    ),
    "a header that is None": ({"extra_headers": {"A": None}}, "extra_headers", "takes text"),
    "a header with half a character": (
        {"extra_headers": {"A": "\ud83d"}}, "extra_headers", "half a character",
    ),
    "query as text": ({"extra_query": "a=b"}, "extra_query", "takes a dict"),
    "query with a dict in it": ({"extra_query": {"a": {}}}, "extra_query", "extra_query['a']"),
    "query with a None in it": ({"extra_query": {"a": None}}, "extra_query", "extra_query['a']"),
    "body as a list": ({"extra_body": [1]}, "extra_body", "takes a dict"),
    "body with a number that is none": (
        {"extra_body": {"a": math.nan}}, "extra_body", "extra_body['a']",
    ),
    "body with an object": ({"extra_body": {"a": object()}}, "extra_body", "extra_body['a']"),
    "body with a name that is no text": ({"extra_body": {1: 2}}, "extra_body", "not text"),
    "metadata as text": ({"metadata": "me"}, "metadata", "takes a dict"),
}  # fmt: skip


class TestRefusals:
    """A value that cannot be right, whatever the provider, is refused by name."""

    @pytest.mark.parametrize("case", REFUSED)
    def test_the_error_names_argument_and_way_out(self, case):
        """
        The error says which argument it was, what was wrong with it, and what it takes.
        """
        arguments, param, says = REFUSED[case]
        with pytest.raises(BadRequestError) as caught:
            sorted_(**arguments)

        assert param == caught.value.param
        assert says in caught.value.message

    @pytest.mark.parametrize("image", [None, [], ()], ids=["none", "list", "tuple"])
    def test_an_edit_needs_a_picture(self, image):
        """
        Nothing, in whatever form, is no picture.
        """
        with pytest.raises(BadRequestError, match="image is missing") as caught:
            sorted_("edit", image=image)

        assert "image" == caught.value.param

    def test_an_object_that_compares_oddly_is_left_alone(self):
        """
        An array compares item by item; looking whether it is empty must not ask it.
        """

        class Array:
            def __eq__(self, other):
                raise ValueError("the truth value of an array is ambiguous")

            __hash__ = None

        array = Array()

        assert sorted_("edit", image=array).image is array

    def test_values_are_shown_in_brief(self):
        """
        A picture passed as *n* does not fill the screen.
        """
        with pytest.raises(BadRequestError) as caught:
            sorted_(n=b"\x89PNG" * 10_000)

        assert len(caught.value.message) < 200
