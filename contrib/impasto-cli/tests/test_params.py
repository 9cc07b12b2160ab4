"""``impasto params``: all that one model takes."""

import json

import pytest


class TestText:
    def test_it_says_everything(self, acme, run, monkeypatch):
        """
        What the model is, its parameters, and its provider's settings with their variables.
        """
        monkeypatch.setenv("COLUMNS", "80")
        result = run("params", "acme/oil-2")

        assert 0 == result.exit_code, result.stderr
        assert (
            """\
acme/oil-2
  does generate, edit, vary; at most 4 pictures a request
  also acme/oil-latest, oil-2, oil-latest
  released 2026-01-02; retires 2999-01-01
  $0.04/image
  $0.211/image with size 1024x1536
  paints in oil

PARAMETER        DEFAULT  TAKES
prompt                    required; generate and edit only; text of at most
                          4,000 characters
size                      auto, 1024x1024, 1024x1536; square is best
image                     required; edit and vary only; at most 16 pictures
mask                      edit only; picture
n                1        integer from 1 to 4
seed                      integer from -2147483648 to 2147483647
strength         0.5      number from 0 to 1; of the brush
output_format    png      png, webp
response_format           always b64_json
colours          ["red"]  list

SETTING   DEFAULT             VARIABLES
api_key                       ACME_API_KEY, ACME_TOKEN; required
api_base  http://127.0.0.1:9  ACME_BASE_URL
studio                        none; -p studio=...; which of them paints
"""
        ) == result.stdout

    def test_verbose_says_where_it_is_from(self, acme, run):
        """
        Dates, prices, sizes and parameters have their sources.
        """
        shown = " ".join(run("params", "acme/oil-2", "-v").stdout.split())

        for text in (
            "retires 2999-01-01 [a letter]",
            "$0.04/image [the price list, 2026-11-22]",
            "square is best [the page on sizes]",
            "png, webp [the page on formats]",
        ):
            assert text in shown

    @pytest.mark.parametrize("width", [20, 60, 120, 200])
    def test_no_line_is_too_wide(self, acme, run, monkeypatch, width):
        """
        Whatever the width, nothing is folded by the terminal.
        """
        monkeypatch.setenv("COLUMNS", str(width))

        assert width >= max(map(len, run("params", "acme/oil-2", "-v").stdout.splitlines()))

    def test_a_model_without_a_list_says_so(self, acme, run):
        """
        Then parameters pass in the caller's words.
        """
        assert "in your words, unverified" in " ".join(run("params", "acme/chalk").stdout.split())

    def test_a_retired_one_says_so(self, acme, run):
        """
        With the day and what is to take its place.
        """
        shown = run("params", "acme/old-1").stdout

        assert "retired 1999-12-31; its successor: oil-2" in " ".join(shown.split())


class TestNames:
    @pytest.mark.parametrize("name", ["acme/oil-2", "ACME/oil-latest", "oil-2", "oil-latest"])
    def test_every_name_of_a_model_works(self, acme, run, name):
        """
        Aliases, and bare names where the catalogue allows them.
        """
        assert run("params", name).stdout.startswith("acme/oil-2\n")

    def test_a_provider_that_resolves_names_is_asked(self, run):
        """
        What a gateway writes in front is none of the model's name.
        """
        assert run("params", "openai/openai/gpt-image-2").stdout.startswith("openai/gpt-image-2\n")

    @pytest.mark.parametrize(
        ("name", "messages"),
        [
            ("acme/oil-3", ["no catalogue lists 'acme/oil-3'", "unverified", "Near: acme/oil-2"]),
            ("oil-3", ["no installed catalogue answers to 'oil-3'", "acme/oil-2"]),
            ("acme", ["acme is a provider; name one of its models: acme/old-1, acme/oil-2"]),
            ("nope/oil-2", ["no plugin answers to 'nope'", "Near: acme/oil-2"]),
        ],
        ids=["no model", "no bare name", "a provider", "no provider"],
    )
    def test_an_unknown_one_is_told_with_its_neighbours(self, acme, run, name, messages):
        """
        Exit code 2, one line, and what was probably meant.
        """
        result = run("params", name)

        assert (2, "", 1) == (result.exit_code, result.stdout, result.stderr.count("\n"))
        for message in messages:
            assert message in result.stderr


class TestJson:
    def test_it_is_the_card_and_the_settings(self, acme, run):
        """
        One object; no value of a setting is in it, and no default of a secret.
        """
        document = json.loads(run("params", "oil-2", "--json").stdout)

        assert ["acme/oil-2", "acme/oil-latest", "oil-2", "oil-latest"] == document["names"]
        assert ["png", "webp"] == document["parameters"]["output_format"]["values"]
        assert {
            "variables": ["ACME_API_KEY", "ACME_TOKEN"],
            "default": None,
            "required": True,
            "secret": True,
            "note": "",
        } == document["settings"]["api_key"]
        assert "0123456789abcdef" not in json.dumps(document)
