"""models.json: facts as data, read strictly; an error says where, as a path into the document."""

import datetime as dt
import json
from decimal import Decimal

import pytest

from impasto._catalogues import bare_names, read_catalogue, structure
from impasto.types import AnySize, Catalogue, Lifecycle, Model, Parameter, Price, Sizes

PRICE = {"unit": "image", "amount": "0.04", "source": "https://acme.test", "date": "2026-01-02"}
FULL = {
    "name": "oil-2",
    "aliases": ["oil-2-2026-01-01", "oil-latest"],
    "bare": True,
    "kinds": ["generate", "edit"],
    "max_images": 4,
    "parameters": {
        "prompt": {"required": True, "max_length": 1000},
        "n": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1},
        "guidance": {"type": "number", "minimum": 0.5},
        "image": {"type": "array", "kinds": ["edit"], "note": "one", "source": "a page"},
        "response_format": {"always": "url"},
    },
    "sizes": {
        "values": ["auto"],
        "any": {"multiple_of": 8, "max_ratio": 2.5},
        "ratios": {"16:9": {"1K": "1376x768"}},
    },
    "prices": [{**PRICE, "when": {"quality": "hd"}, "currency": "EUR"}],
    "lifecycle": {"released": "2026-01-01", "retires": "2027-01-01", "successor": "oil-3"},
    "facts": {"endpoint": {"deep": [1, 2.5, None]}},
    "note": "a note",
}


def model(**facts):
    return structure([{"name": "oil-2", **facts}]).models[0]


class TestReading:
    """From JSON to values."""

    def test_everything(self):
        """
        Every field has its type: dates are dates, amounts are exact.
        """
        assert structure([FULL]).models == (
            Model(
                name="oil-2",
                aliases=("oil-2-2026-01-01", "oil-latest"),
                bare=True,
                kinds=("generate", "edit"),
                max_images=4,
                parameters={
                    "prompt": Parameter(required=True, max_length=1000),
                    "n": Parameter(type="integer", minimum=1, maximum=4, default=1),
                    "guidance": Parameter(type="number", minimum=0.5),
                    "image": Parameter(type="array", kinds=("edit",), note="one", source="a page"),
                    "response_format": Parameter(always="url"),
                },
                sizes=Sizes(
                    values=("auto",),
                    any=AnySize(multiple_of=8, max_ratio=2.5),
                    ratios={"16:9": {"1K": "1376x768"}},
                ),
                prices=(
                    Price(
                        unit="image",
                        amount=Decimal("0.04"),
                        source="https://acme.test",
                        date=dt.date(2026, 1, 2),
                        currency="EUR",
                        when={"quality": "hd"},
                    ),
                ),
                lifecycle=Lifecycle(
                    released=dt.date(2026, 1, 1), retires=dt.date(2027, 1, 1), successor="oil-3"
                ),
                facts={"endpoint": {"deep": [1, 2.5, None]}},
                note="a note",
            ),
        )

    def test_nothing_but_a_name(self):
        """
        What is not said is not known: no parameters is None, not "takes none".
        """
        plain = model()

        assert (None, None, None, (), None) == (
            plain.parameters,
            plain.sizes,
            plain.max_images,
            plain.prices,
            plain.lifecycle,
        )
        assert {} == model(parameters={}).parameters

    def test_amounts_are_exact(self):
        """
        A thousand times four cents is forty, not nearly forty.
        """
        price = model(prices=[{**PRICE, "amount": "0.040"}]).prices[0]

        assert (Decimal, Decimal(40)) == (type(price.amount), price.amount * 1000)

    def test_by_name_and_alias(self):
        """
        A row answers to each of its names, and to no other.
        """
        catalogue = structure([FULL, {"name": "oil-1"}])

        assert "oil-2" == catalogue.get("oil-latest").name == catalogue.get("oil-2").name
        assert catalogue.get("OIL-2") is None

    def test_from_a_file(self, tmp_path):
        """
        A file in UTF-8.
        """
        path = tmp_path / "models.json"
        document = {"models": [{"name": "\u00f6l", "bare": True, "aliases": ["oel"]}, FULL]}
        path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")

        assert ["\u00f6l", "oil-2"] == [row.name for row in read_catalogue(path).models]
        assert ["\u00f6l", "oel", "oil-2", "oil-2-2026-01-01", "oil-latest"] == bare_names(path)

    def test_no_file(self):
        """
        A plugin need not list its models.
        """
        assert Catalogue() == read_catalogue(None)


UNSOUND = {
    "unknown key": ({"nmae": "x"}, "extra fields found (nmae) @ models[0]"),
    "unknown key, deep": (
        {"parameters": {"n": {"typ": "integer"}}}, "(typ) @ models[0].parameters['n']",
    ),
    "unknown key of a price": ({"prices": [{**PRICE, "usd": 1}]}, "@ models[0].prices[0]"),
    "name that is a number": ({"name": 5}, "5 is not text @ models[0].name"),
    "truth as text": ({"bare": "false"}, "'false' is not true or false @ models[0].bare"),
    "truth as a number": ({"bare": 1}, "1 is not true or false"),
    "number as text": ({"max_images": "4"}, "'4' is not a whole number @ models[0].max_images"),
    "number with a point": ({"max_images": 1.5}, "1.5 is not a whole number"),
    "number as truth": ({"max_images": True}, "True is not a whole number"),
    "no pictures at all": ({"max_images": 0}, "'max_images' must be >= 1"),
    "list as text": ({"aliases": "oil"}, "'oil' is not a list @ models[0].aliases"),
    "list of numbers": ({"aliases": [1]}, "1 is not text @ models[0].aliases[0]"),
    "unknown kind": ({"kinds": ["draw"]}, "@ models[0].kinds[0]"),
    "unknown type": ({"parameters": {"n": {"type": "int"}}}, "@ models[0].parameters['n'].type"),
    "limit as text": (
        {"parameters": {"n": {"minimum": "1"}}},
        "'1' is not a number @ models[0].parameters['n'].minimum",
    ),
    "parameters as a list": ({"parameters": ["n"]}, "expected a mapping @ models[0].parameters"),
    "amount as a float": (
        {"prices": [{**PRICE, "amount": 0.04}]},
        'an amount is text, such as "0.04", not 0.04 @ models[0].prices[0].amount',
    ),
    "amount in words": ({"prices": [{**PRICE, "amount": "four"}]}, "'four' is no amount of money"),
    "amount below zero": ({"prices": [{**PRICE, "amount": "-1"}]}, "'-1' is no amount of money"),
    "amount without end": ({"prices": [{**PRICE, "amount": "Infinity"}]}, "no amount of money"),
    "unknown unit": ({"prices": [{**PRICE, "unit": "imgae"}]}, "@ models[0].prices[0].unit"),
    "price without a date": (
        {"prices": [{"unit": "image", "amount": "1", "source": "a page"}]},
        "required field missing @ models[0].prices[0].date",
    ),
    "no such day": ({"prices": [{**PRICE, "date": "2026-02-30"}]}, "models[0].prices[0].date"),
    "day as a number": ({"lifecycle": {"retires": 2027}}, "models[0].lifecycle.retires"),
    "day in words": ({"lifecycle": {"retires": "soon"}}, "'soon' @ models[0].lifecycle.retires"),
    "one price without a list": ({"prices": PRICE}, "is not a list @ models[0].prices"),
    "no ratio": (
        {"sizes": {"ratios": {"16x9": {}}}}, "'16x9' is no ratio, such as \"16:9\" @ models[0].sizes",
    ),
    "no pixels": ({"sizes": {"ratios": {"1:1": {"1K": "1024"}}}}, "@ models[0].sizes"),
    "a grid of nothing": ({"sizes": {"any": {"multiple_of": 0}}}, "@ models[0].sizes.any"),
    "nothing where text belongs": ({"note": None}, "None is not text @ models[0].note"),
}  # fmt: skip


class TestStrictness:
    """A mistake in a catalogue is found when it is read, and its place is told."""

    @pytest.mark.parametrize("case", UNSOUND)
    def test_is_found(self, case):
        """
        The message says what is wrong, and where, as a path into the document.
        """
        facts, says = UNSOUND[case]
        with pytest.raises(ValueError) as caught:
            model(**facts)

        assert says in str(caught.value)

    def test_all_at_once(self):
        """
        Several mistakes are told together.
        """
        with pytest.raises(ValueError) as caught:
            structure([{"name": "a", "bare": "no"}, {"name": "b", "max_images": "4"}, {}])

        assert "models[0].bare" in str(caught.value)
        assert "models[1].max_images" in str(caught.value)
        assert "models[2].name" in str(caught.value)

    @pytest.mark.parametrize(
        "rows",
        [
            [{"name": "a"}, {"name": "a"}],
            [{"name": "a", "aliases": ["b"]}, {"name": "b"}],
            [{"name": "a", "aliases": ["a"]}],
        ],
        ids=["name", "alias", "itself"],
    )
    def test_a_name_given_twice(self, rows):
        """
        Which of two rows is meant would be a guess.
        """
        with pytest.raises(ValueError, match=r"named more than once: [ab]"):
            structure(rows)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("[]", '{"models": [...]}'),
            ("{}", '{"models": [...]}'),
            ('{"models": {}}', '{"models": [...]}'),
            ('{"models": [], "modles": []}', "nothing beside it"),
            ('{"models": [', "Expecting value"),
            ('{"models": [{"name": "a", "name": "b"}]}', "'name' stands twice"),
            ('{"models": [5]}', "models[0]"),
            ("\ufeff{}", "BOM"),
        ],
        ids=["list", "empty", "no list", "beside", "cut", "twice", "number", "mark"],
    )
    def test_a_document_of_another_form(self, tmp_path, text, says):
        """
        The document as a whole is looked at as strictly.
        """
        path = tmp_path / "models.json"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError) as caught:
            read_catalogue(path)

        assert says in str(caught.value)


class TestObjections:
    """What a parameter's limits say to a value."""

    @pytest.mark.parametrize(
        ("limits", "value", "says"),
        [
            ({}, "text", None),
            ({}, 5, "takes string, not int"),
            ({"type": "integer"}, 5, None),
            ({"type": "integer"}, 5.0, "takes integer, not float"),
            ({"type": "integer"}, True, "takes integer, not bool"),
            ({"type": "number"}, 5, None),
            ({"type": "number"}, 0.5, None),
            ({"type": "number"}, False, "takes number, not bool"),
            ({"type": "boolean"}, False, None),
            ({"type": "boolean"}, 0, "takes boolean, not int"),
            ({"type": "array"}, [], None),
            ({"type": "array"}, "ab", "takes array, not str"),
            ({"type": "object"}, {}, None),
            ({"type": "object"}, [], "takes object, not list"),
            ({"type": "any"}, True, None),
            ({"type": "any"}, [None], None),
            ({"type": "any", "values": (1, "a")}, "b", "takes 1, 'a'"),
            ({"values": ("a", "b")}, "a", None),
            ({"values": ("a", "b")}, "c", "takes 'a', 'b'"),
            ({"type": "integer", "minimum": 1}, 1, None),
            ({"type": "integer", "minimum": 1}, 0, "takes at least 1"),
            ({"type": "number", "maximum": 0.5}, 0.5, None),
            ({"type": "number", "maximum": 0.5}, 0.6, "takes at most 0.5"),
            ({"max_length": 3}, "fox", None),
            ({"max_length": 3}, "a fox", "takes at most 3 characters or items; these are 5"),
            ({"type": "array", "max_length": 1}, [1, 2], "these are 2"),
        ],
    )
    def test_objection(self, limits, value, says):
        """
        None where the value is fine, else what is allowed.
        """
        objection = Parameter(**limits).objection(value)

        assert objection is None if says is None else says in objection
