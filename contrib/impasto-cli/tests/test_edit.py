"""``impasto edit``: which word is what."""

from pathlib import Path

import pytest

from impasto.testing import PNG


class TestEdit:
    @pytest.mark.parametrize(
        ("words", "images"),
        [
            (("in.png", "a hat", ...), 1),
            ((..., "in.png", "a hat"), 1),
            (("-i", "in.png", "a hat", ...), 1),
            (("in.png", "a hat", "-i", "in.png", ...), 2),
            (("-i", "in.png", "-i", "in.png", "-i", "in.png", "a hat", ...), 3),
        ],
        ids=["first", "last", "as an option", "one of each", "three options"],
    )
    def test_pictures_and_prompt(self, acme, run, picture, files, words, images):
        """
        The last word is the prompt; pictures stand before it, or after -i.
        """
        at = words.index(...)
        result = run("edit", *words[:at], "-m", "acme/oil-2", *words[at + 1 :])

        assert (0, ["a-hat.png 8x8"]) == (result.exit_code, files(result.stdout)), result.stderr
        assert ("edit", "a hat", [PNG] * images) == (
            acme.seen[0].kind,
            acme.seen[0].prompt,
            [image.data for image in acme.seen[0].images],
        )

    def test_a_mask_goes_along(self, acme, run, picture):
        """
        --mask is what the provider gets as the mask.
        """
        result = run("edit", picture, "a hat", "-m", "acme/oil-2", "--mask", picture)

        assert 0 == result.exit_code, result.stderr
        assert PNG == acme.seen[0].mask.data

    def test_a_dash_is_standard_input(self, acme, run, picture):
        """
        As the prompt, never as the picture.
        """
        run("edit", picture, "-", "-m", "acme/oil-2", stdin="a hat\n")

        assert "a hat" == acme.seen[0].prompt

    @pytest.mark.parametrize(
        ("words", "line"),
        [
            (("in.png",), 'error: a picture and a prompt, please: impasto edit IMAGE "PROMPT"'),
            (
                ("in.png", "a", "hat"),
                'error: one prompt, please; if it is one, put it in quotes: "a',
            ),
            ((), "error: Missing argument 'IMAGE PROMPT'.  Try: impasto edit --help"),
            (("no.png", "a hat"), "no.png"),
        ],
        ids=["no prompt", "no quotes", "nothing", "no file"],
    )
    def test_what_is_missing_is_said(self, acme, run, picture, words, line):
        """
        One line, exit code 2, and nothing is asked for.
        """
        result = run("edit", *words, "-m", "acme/oil-2")

        assert (2, 1) == (result.exit_code, result.stderr.count("\n"))
        assert line in result.stderr
        assert [] == acme.seen

    def test_it_takes_the_options_of_generate(self, acme, run, picture, files):
        """
        Several models, names of files, seeds.
        """
        models = ("-m", "acme/oil-2", "-m", "acme/oil-latest")
        result = run("edit", picture, "a hat", *models, "--seed", "3", "-o", "hat.png")

        assert ["hat-acme-oil-2.png 8x8", "hat-acme-oil-latest.png 8x8", "hat.html"] == files(
            result.stdout
        )
        assert [3, 3] == [call.seed for call in acme.seen]

    def test_a_real_provider_gets_a_form(self, run, server, picture):
        """
        OpenAI's dialect sends edits as multipart/form-data, the picture as it is.
        """
        to = ("-m", "openai/gpt-image-2", "--api-base", server.url, "-p", "api_key=sk-0123456789")
        result = run("edit", picture, "a hat", *to)

        assert 0 == result.exit_code, result.stderr
        assert server.received[0].path.endswith("/images/edits")
        assert PNG in server.received[0].body
        assert Path("a-hat.png").exists()
