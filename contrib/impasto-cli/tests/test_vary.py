"""``impasto vary``: variations of a picture."""

import pytest

from impasto.testing import PNG


class TestVary:
    def test_a_picture_makes_others(self, acme, run, picture, files):
        """
        Without a prompt; the files are named after the picture.
        """
        result = run("vary", picture, "-m", "acme/oil-2", "-n", "2")

        assert 0 == result.exit_code, result.stderr
        assert ["in-variation-1.png 8x8", "in-variation-2.png 8x8"] == files(result.stdout)
        assert ("vary", None, 2, PNG) == (
            acme.seen[0].kind,
            acme.seen[0].prompt,
            acme.seen[0].n,
            acme.seen[0].images[0].data,
        )

    def test_several_models_get_a_sheet(self, acme, run, picture, files):
        """
        As with `impasto generate`.
        """
        result = run("vary", picture, "-m", "acme/oil-2", "-m", "acme/oil-latest")

        assert "in-variation.html" == files(result.stdout)[-1]

    @pytest.mark.parametrize("option", ["--quality", "--style", "--negative-prompt"])
    def test_it_has_no_options_for_prompts(self, run, picture, option):
        """
        There is no prompt that they could belong to.
        """
        assert 2 == run("vary", picture, option, "x", "-m", "acme/oil-2").exit_code

    def test_a_model_that_does_not_vary_says_so(self, acme, run, picture):
        """
        Nothing is asked for, and the line has a way out.
        """
        result = run("vary", picture, "-m", "sketch/oil-1")

        assert (2, 1) == (result.exit_code, result.stderr.count("\n"))
        assert "impasto edit with a prompt does nearly the same" in result.stderr
        assert "impasto models vary list who can" in result.stderr
