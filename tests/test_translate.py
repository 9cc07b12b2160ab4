"""Rule 1: each parameter ends as sent, mapped, not needed, dropped, unverified or refused."""

import math

import pytest
from attrs import evolve

from impasto._call import COMMON, NEVER_DROPPED
from impasto._catalogues import structure
from impasto.errors import BadRequestError, UnsupportedParamsError
from impasto.rules import (
    Mapped,
    always,
    as_ratio,
    choose,
    one_picture,
    refuse,
    width_and_height,
)
from impasto.testing import PNG
from impasto.types import Call, ImageFile, Mask, Params

IMAGE = ImageFile(data=PNG, mime="image/png", name="image.png", width=8, height=8)
MASK = Mask(data=PNG, mime="image/png", name="mask.png", width=8, height=8)
A_VALUE = {
    "prompt": "a fox",
    "image": (IMAGE,),
    "mask": MASK,
    "n": 2,
    "seed": 7,
    "output_compression": 50,
}


def card(**facts):
    """Return a model's row, read as strictly as from a models.json."""
    return structure([{"name": "oil-2", "kinds": ["generate", "edit"], **facts}]).models[0]


def call(**fields):
    return Call(**{"kind": "generate", "provider": "acme", "model": "oil-2", **fields})


def with_common(name, value):
    return call(**{"images" if name == "image" else name: value})


def fate(params, name):
    (found,) = [one for one in params.fates if one.name == name]
    return found


def outcome(params, name):
    return fate(params, name).outcome, dict(params.values)


def refusal(asked, *same, **rules):
    with pytest.raises(UnsupportedParamsError) as caught:
        asked.translate(*same, **rules)
    return caught.value


class TestSent:
    """As it was, under the caller's name or another."""

    def test_under_its_own_name(self):
        """
        A name alone says that the provider calls it so as well.
        """
        params = call(prompt="a fox", card=card(parameters={"prompt": {}})).translate("prompt")

        assert ("sent", {"prompt": "a fox"}) == outcome(params, "prompt")
        assert {"prompt": "a fox"} == fate(params, "prompt").sent

    def test_under_another_name(self):
        """
        A text as rule is the provider's name for it.
        """
        params = call(n=2, card=card(parameters={}, max_images=4)).translate(n="num_images")

        assert ("sent", {"num_images": 2}) == outcome(params, "n")
        assert (2, {"num_images": 2}) == (fate(params, "n").given, fate(params, "n").sent)

    def test_a_size_that_the_model_lists(self):
        """
        Sizes are facts of their own, beside the parameters.
        """
        sized = card(parameters={}, sizes={"values": ["1x1", "auto"]})

        assert "sent" == outcome(call(size="auto", card=sized).translate("size"), "size")[0]

    def test_pictures(self):
        """
        Pictures are values like others; the fate describes them.
        """
        params = call(images=(IMAGE,), mask=MASK, kind="edit").translate("image", "mask")

        assert {"image": (IMAGE,), "mask": MASK} == dict(params.values)
        assert ["<image/png, 74 bytes>"] == fate(params, "image").given
        assert {"mask": "<image/png, 74 bytes>"} == fate(params, "mask").sent

    def test_the_order_is_that_of_the_vocabulary(self):
        """
        Common parameters come first and in one order, whatever the order of rules.
        """
        asked = call(prompt="a fox", n=2, size="auto", extra={"a": 1})
        params = asked.translate("size", "n", "prompt")

        assert ["prompt", "n", "size", "a"] == [one.name for one in params.fates]

    def test_what_is_not_set_has_no_fate(self):
        """
        None and no pictures are nothing.
        """
        assert Params({}, ()) == call(extra={"a": None}).translate(*COMMON)


class TestMapped:
    """In the provider's words."""

    def test_by_a_function(self):
        """
        A function returns the provider's fields; a None among them is left out.
        """
        params = call(size="64x32").translate(
            size=lambda size: {**width_and_height(size), "depth": None}
        )

        assert ("mapped", {"width": 64, "height": 32}) == outcome(params, "size")
        assert ("64x32", {"width": 64, "height": 32}) == (
            fate(params, "size").given,
            fate(params, "size").sent,
        )

    def test_with_a_note(self):
        """
        A function may have something to say.
        """
        params = call(quality="high").translate(
            quality=lambda value: Mapped({"steps": 50}, f"{value} is 50 steps")
        )

        assert "high is 50 steps" == fate(params, "quality").note

    def test_bytes_where_the_provider_sends_urls(self):
        """
        Core fetches what the provider only points at; nothing is sent.
        """
        params = call(response_format="b64_json").translate(response_format=always("url"))

        assert ("mapped", {}) == outcome(params, "response_format")
        assert "impasto fetches them" in fate(params, "response_format").note

    def test_a_rule_for_a_word_of_the_provider(self):
        """
        A plugin may have rules for names outside the common vocabulary.
        """
        params = call(extra={"loras": ["a"]}).translate(
            loras=lambda names: {"adapters": [{"path": name} for name in names]}
        )

        assert ("mapped", {"adapters": [{"path": "a"}]}) == outcome(params, "loras")


class TestNotNeeded:
    """The provider does that in any case."""

    def test_always_by_rule(self):
        """
        Asking for what is always done is fine, and nothing is sent.
        """
        params = call(output_format="png").translate(output_format=always("png"))

        assert ("not needed", {}) == outcome(params, "output_format")

    def test_always_by_the_catalogue(self):
        """
        The card may say so instead of the plugin.
        """
        facts = card(parameters={"quality": {"always": "high"}})

        assert "not needed" == outcome(call(quality="high", card=facts).translate(), "quality")[0]

    def test_one_picture(self):
        """
        One picture is what a request makes, with a provider that has no word for it.
        """
        assert ("not needed", {}) == outcome(call(n=1).translate(), "n")

    @pytest.mark.parametrize("rules", [{"style": always("vivid")}, {}], ids=["rule", "card"])
    def test_anything_else_is_refused(self, rules):
        """
        What is always so cannot be otherwise; the message says what it is.
        """
        facts = None if rules else card(parameters={"style": {"always": "vivid"}})
        error = refusal(call(style="natural", card=facts), **rules)

        assert ("style", "acme", "oil-2") == (error.param, error.provider, error.model)
        assert "style='natural': with this model it is always 'vivid'" in error.message


class TestDropped:
    """Left out, because the caller allowed that."""

    @pytest.mark.parametrize("name", [name for name in COMMON if name not in NEVER_DROPPED])
    def test_what_has_no_translation(self, name):
        """
        With drop_params the call goes on without it, and the fate says why.
        """
        asked = evolve(with_common(name, A_VALUE.get(name, "x")), drop_params=True)
        params = asked.translate()

        assert ("dropped", {}) == outcome(params, name)
        assert fate(params, name).note
        assert fate(params, name).given is not None

    def test_a_value_that_the_model_does_not_take(self):
        """
        Not only unknown parameters, also values outside of what is allowed.
        """
        facts = card(parameters={"quality": {"values": ["low"]}})
        params = call(quality="high", card=facts, drop_params=True).translate("quality")

        assert ("dropped", {}) == outcome(params, "quality")
        assert "takes 'low'" == fate(params, "quality").note

    @pytest.mark.parametrize("name", sorted(NEVER_DROPPED))
    def test_never_what_makes_the_picture(self, name):
        """
        Without prompt, image or mask it would be a picture of something else.
        """
        error = refusal(evolve(with_common(name, A_VALUE[name]), drop_params=True))

        assert name == error.param
        assert "drop_params" not in error.message


class TestUnverified:
    """Passed in the caller's words, unchecked."""

    def test_outside_the_vocabulary(self):
        """
        A word that nobody listed goes as it is.
        """
        params = call(extra={"guidance": 3.5}, card=card(parameters={})).translate()

        assert ("unverified", {"guidance": 3.5}) == outcome(params, "guidance")

    def test_outside_the_vocabulary_but_listed(self):
        """
        A word that the catalogue lists is checked, and then sent.
        """
        facts = card(parameters={"guidance": {"type": "number", "maximum": 10}})
        params = call(extra={"guidance": 3.5}, card=facts).translate()

        assert ("sent", {"guidance": 3.5}) == outcome(params, "guidance")

    @pytest.mark.parametrize("facts", [None, card()], ids=["unknown model", "nothing known"])
    def test_of_a_model_that_nobody_knows(self, facts):
        """
        An unknown model gets what the plugin translates, marked as unchecked.
        """
        asked = call(prompt="a fox", n=3, size="big", quality="superb", card=facts)
        params = asked.translate("prompt", "n", "size", "quality")

        assert {"unverified"} == {one.outcome for one in params.fates}
        assert {"prompt": "a fox", "n": 3, "size": "big", "quality": "superb"} == dict(
            params.values
        )

    def test_of_a_model_whose_sizes_alone_are_known(self):
        """
        What is known counts, also where the rest is not.
        """
        facts = card(sizes={"values": ["1x1"]})
        params = call(size="1x1", quality="x", card=facts).translate("size", "quality")

        assert ("sent", "unverified") == (
            fate(params, "size").outcome,
            fate(params, "quality").outcome,
        )
        assert "1x1" in refusal(call(size="2x2", card=facts), "size").message


REFUSED = {
    "not listed": ({"style": "vivid"}, {}, "oil-2 does not take style"),
    "not among the values": (
        {"quality": "x"}, {"quality": {"values": ["low", "high"]}}, "takes 'low', 'high'",
    ),
    "too small": ({"seed": -1}, {"seed": {"type": "integer", "minimum": 0}}, "at least 0"),
    "too large": (
        {"output_compression": 101},
        {"output_compression": {"type": "integer", "maximum": 100}},
        "at most 100",
    ),
    "too long": ({"prompt": "a fox"}, {"prompt": {"max_length": 4}}, "at most 4 characters"),
    "of another type": ({"extra": {"tiling": 1}}, {"tiling": {"type": "boolean"}}, "boolean, not int"),
    "true is no number": ({"extra": {"steps": True}}, {"steps": {"type": "number"}}, "not bool"),
    "too many": ({"extra": {"tags": ["a", "b"]}}, {"tags": {"type": "array", "max_length": 1}}, "2"),
    "for edits only": (
        {"quality": "low"}, {"quality": {"kinds": ["edit"]}}, "takes quality to edit, not to gen",
    ),
    "too many pictures": ({"n": 3}, {}, "takes at most 2"),
    "a size among the parameters": (
        {"size": "3K"}, {"size": {"values": ["1K", "2K"]}}, "takes '1K', '2K'",
    ),
}  # fmt: skip


class TestRefused:
    """Before anything is sent, with what would do."""

    @pytest.mark.parametrize("case", REFUSED)
    def test_by_the_catalogue(self, case):
        """
        The error names the parameter, its value, and what the model takes.
        """
        fields, parameters, says = REFUSED[case]
        asked = call(**fields, card=card(parameters=parameters, max_images=2))
        error = refusal(asked, *COMMON)
        name = next(iter(fields.get("extra") or fields))

        assert (name, "acme", "oil-2") == (error.param, error.provider, error.model)
        assert error.message.startswith(f"{name}=")
        assert says in error.message

    def test_without_a_translation(self):
        """
        A plugin that does not know a common parameter never passes it on unseen.
        """
        error = refusal(call(negative_prompt="rain"))

        assert "negative_prompt='rain': this provider's plugin has no translation" in error.message
        assert error.message.endswith("; drop_params=True goes on without it")

    def test_by_a_rule(self):
        """
        What a rule refuses is told under the caller's name for it.
        """
        error = refusal(call(size="big"), size=width_and_height)

        assert """size='big': 'big' is not "WxH" in pixels""" in error.message
        assert "size" == error.param

    def test_several_pictures_without_a_word_for_it(self):
        """
        Two pictures from a provider that has no such parameter are not one picture.
        """
        assert "n" == refusal(call(n=2)).param

    def test_two_parameters_that_claim_one_field(self):
        """
        One of the two would be lost, whichever came first.
        """
        asked = call(size="64x32", extra={"width": 100})
        with pytest.raises(BadRequestError, match="width, which another parameter set") as caught:
            asked.translate(size=width_and_height)

        assert "width" == caught.value.param

    def test_long_values_are_shown_in_brief(self):
        """
        The message stays short whatever the value is.
        """
        error = refusal(
            call(prompt="fox " * 1000, card=card(parameters={"prompt": {"max_length": 9}}))
        )

        assert len(error.message) < 250
        assert "(4,000 characters)" in error.message


class TestRequired:
    """What a call cannot work without."""

    @pytest.mark.parametrize(
        ("name", "kind"), [("prompt", "generate"), ("image", "edit"), ("strength", "edit")]
    )
    def test_is_missing(self, name, kind):
        """
        The error names it.
        """
        facts = card(parameters={name: {"required": True, "kinds": [kind]}})
        with pytest.raises(BadRequestError, match=f"oil-2 needs {name}") as caught:
            call(kind=kind, card=facts).translate()

        assert (name, "acme", "oil-2") == (
            caught.value.param,
            caught.value.provider,
            caught.value.model,
        )

    def test_for_another_kind_of_call(self):
        """
        What edits need, new pictures do not.
        """
        facts = card(parameters={"image": {"required": True, "kinds": ["edit"], "type": "array"}})

        assert {} == dict(call(card=facts).translate("image").values)

    @pytest.mark.parametrize(
        ("fields", "parameter"),
        [({"seed": 0}, {"type": "integer"}), ({"extra": {"tiling": False}}, {"type": "boolean"})],
        ids=["zero", "false"],
    )
    def test_is_given_as_nothing_much(self, fields, parameter):
        """
        Zero and False are values.
        """
        name = next(iter(fields.get("extra") or fields))
        facts = card(parameters={name: {**parameter, "required": True}})

        assert [name] == list(call(**fields, card=facts).translate("seed").values)

    def test_a_name_that_calls_have_for_something_else(self):
        """
        A parameter "model" of the provider is not the call's model.
        """
        facts = card(parameters={"model": {"required": True}})
        with pytest.raises(BadRequestError, match="needs model"):
            call(card=facts).translate()


class TestExtra:
    """Words of the provider end in JSON, so they are what JSON can hold."""

    @pytest.mark.parametrize(
        "value",
        [math.nan, -math.inf, object(), b"bytes", {1, 2}, {"a": [math.nan]}, "\ud83d", {(1,): 2}],
        ids=["nan", "inf", "object", "bytes", "set", "deep", "half a character", "odd key"],
    )
    def test_what_json_cannot_hold(self, value):
        """
        The error names the word, provider and model; nothing was built yet.
        """
        with pytest.raises(BadRequestError, match="reference cannot be put into") as caught:
            call(extra={"fine": 1, "reference": value})

        assert ("reference", "acme", "oil-2") == (
            caught.value.param,
            caught.value.provider,
            caught.value.model,
        )

    def test_what_is_nested_without_end(self):
        """
        A list that holds itself is refused as well.
        """
        endless = []
        endless.append(endless)
        with pytest.raises(BadRequestError, match="loras"):
            call(extra={"loras": endless})

    def test_what_json_can_hold(self):
        """
        Texts, numbers, truth, None, and lists and dicts of them.
        """
        extra = {"a": [1, 2.5, True, None, "\u00e9"], "b": {"c": ()}}

        assert extra == dict(call(extra=extra).translate().values)


class TestRules:
    """The ready-made rules."""

    def test_choose(self):
        """
        A table from the caller's values to the provider's.
        """
        rule = choose("steps", {"low": 10, "high": 50})

        assert {"steps": 50} == rule("high")

    @pytest.mark.parametrize("value", ["x", ["low"], None, {}])
    def test_choose_what_the_table_lacks(self, value):
        """
        A value without an entry is refused, whatever its type, and the entries are named.
        """
        with pytest.raises(UnsupportedParamsError, match="'low', 'high' have"):
            choose("steps", {"low": 10, "high": 50})(value)

    def test_refuse(self):
        """
        A rule for what never works, with what would.
        """
        error = refusal(call(style="vivid"), style=refuse("say it in the prompt"))

        assert "style='vivid': say it in the prompt; drop_params=True" in error.message

    def test_one_picture(self):
        """
        For providers that take one: in the form that they take it.
        """
        params = call(kind="edit", images=(IMAGE,)).translate(
            image=one_picture("init", lambda file: file.data_url)
        )

        assert {"init": IMAGE.data_url} == dict(params.values)

    def test_one_picture_of_two(self):
        """
        The second is not left out in silence, whatever the caller allowed to drop.
        """
        asked = call(kind="edit", images=(IMAGE, IMAGE), drop_params=True)
        error = refusal(asked, image=one_picture("init", lambda file: file.data_url))

        assert "takes one picture, not 2" in error.message

    @pytest.mark.parametrize("size", ["auto", "16:9", "0x5", "5X5", "5x5 ", ""])
    def test_width_and_height_of_what_is_no_size(self, size):
        """
        Nothing but "WxH" is taken apart.
        """
        with pytest.raises(UnsupportedParamsError, match="WxH"):
            width_and_height(size)

    RATIOS = card(
        parameters={},
        sizes={
            "ratios": {
                "1:1": {"1K": "1024x1024", "2K": "2048x2048"},
                "16:9": {"1K": "1376x768", "2K": "2752x1536"},
                "4:3": {},
            }
        },
    )

    @pytest.mark.parametrize(
        ("size", "fields", "note"),
        [
            ("1024x1024", {"ratio": "1:1", "tier": "1K"}, ""),
            ("1376x768", {"ratio": "16:9", "tier": "1K"}, ""),
            ("512x512", {"ratio": "1:1", "tier": "1K"}, "the picture has 1024x1024"),
            ("1920x1080", {"ratio": "16:9", "tier": "2K"}, "the picture has 2752x1536"),
            ("800x600", {"ratio": "4:3"}, "the provider does not say how many pixels that has"),
        ],
    )
    def test_as_ratio(self, size, fields, note):
        """
        The smallest tier that covers the size, and the fate tells the true pixels.
        """
        asked = call(size=size, card=self.RATIOS)
        params = asked.translate(size=as_ratio(asked, "ratio", "tier"))

        assert ("mapped", fields) == outcome(params, "size")
        assert note == fate(params, "size").note

    def test_as_ratio_without_tiers(self):
        """
        A provider that has no word for the tier gets the ratio alone.
        """
        asked = call(size="1024x1024", card=self.RATIOS)

        assert {"ratio": "1:1"} == dict(asked.translate(size=as_ratio(asked, "ratio")).values)

    @pytest.mark.parametrize("size", ["16:9", "big", "4096x4096", "1000x700", "auto"])
    def test_as_ratio_of_another_size(self, size):
        """
        A ratio, a word or a size that no tier covers is refused with the sizes that would do.
        """
        asked = call(size=size, card=self.RATIOS)
        error = refusal(asked, size=as_ratio(asked, "ratio", "tier"))

        assert "1024x1024; 2048x2048; 1376x768; 2752x1536; 4:3" in error.message

    @pytest.mark.parametrize("facts", [None, card()], ids=["unknown model", "no sizes"])
    def test_as_ratio_without_a_table(self, facts):
        """
        Without a table there is nothing to be sure of.
        """
        asked = call(size="1024x1024", card=facts)

        assert "size" == refusal(asked, size=as_ratio(asked, "ratio")).param
