"""The prompt: where it may stand, what is none, and what standard input has to do with it."""

from pathlib import Path

import pytest

SKETCH = ("-m", "sketch/oil-1", "--size", "64x64", "-o", "out.png")


class TestBarePrompt:
    @pytest.mark.parametrize(
        ("words", "prompt"),
        [
            (("a fox", ...), "a fox"),
            ((..., "a fox"), "a fox"),
            (("-n", "1", "a fox", ...), "a fox"),
            ((..., "--", "-a fox"), "-a fox"),
            (("fox", ...), "fox"),
            (("generate", "models", ...), "models"),
            (("generate", "help", ...), "help"),
        ],
        ids=[
            "first",
            "last",
            "between",
            "with a dash",
            "one word",
            "a command",
            "a likely command",
        ],
    )
    def test_options_stand_before_or_after_it(self, run, server, files, words, prompt):
        """
        A prompt without a command makes a picture, wherever it stands.
        """
        to = ("-m", "openai/gpt-image-2", "--api-base", server.url, "-p", "api_key=sk-0123456789")
        at = words.index(...)
        result = run(*words[:at], *to, "-o", "out.png", *words[at + 1 :])

        assert (0, ["out.png 8x8"]) == (result.exit_code, files(result.stdout))
        assert prompt == server.received[0].json()["prompt"]

    @pytest.mark.parametrize(
        "word", ["provider", "generat", "new-plugins", "list", "help", "upscale"]
    )
    def test_a_likely_command_is_no_prompt(self, run, word):
        """
        Nobody buys a picture of a typing error, or of a command that another version has.
        """
        result = run(word, *SKETCH)

        assert 2 == result.exit_code
        assert result.stderr.startswith(f"error: no command {word!r}")
        assert result.stderr.endswith(f"impasto generate {word}\n")
        assert not Path("out.png").exists()

    def test_options_before_a_command_are_no_prompt(self, run):
        """
        `impasto --json providers` does not buy a picture of "providers".
        """
        result = run("--json", "providers")

        assert (2, "error: options stand after the command: impasto providers ...\n") == (
            result.exit_code,
            result.stderr,
        )

    def test_several_words_are_to_be_in_quotes(self, run):
        """
        Without quotes a prompt is several arguments; the message shows the one that was meant.
        """
        result = run("a", "red", "fox", *SKETCH)

        assert (2, 'error: one prompt, please; if it is one, put it in quotes: "a red fox"\n') == (
            result.exit_code,
            result.stderr,
        )


class TestStandardInput:
    def test_a_dash_reads_it(self, process, files):
        """
        "-" is what standard input says, as UTF-8 and without the blanks around it.
        """
        result = process("-", *SKETCH[:4], stdin="  une lumière\n".encode())

        assert (0, ["une-lumière.png 64x64"]) == (result.returncode, files(result.stdout))

    @pytest.mark.parametrize(
        ("stdin", "line"),
        [
            (b"a \xff", "error: standard input is not UTF-8, from byte 2 on\n"),
            (b"\n", "error: prompt is empty: what is to be seen?\n"),
        ],
        ids=["not text", "empty"],
    )
    def test_what_is_no_prompt_is_refused(self, run, stdin, line):
        """
        Nothing is sent for what no one can read.
        """
        result = run("-", *SKETCH, stdin=stdin)

        assert (2, line) == (result.exit_code, result.stderr)
