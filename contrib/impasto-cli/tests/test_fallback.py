"""``--fallback``: another model where one fails, and who drew."""

import json

import pytest

from impasto.testing import FakeServer, reply

FIRST = ("-m", "openai/gpt-image-2")


class TestFallback:
    def test_a_note_says_who_drew(self, acme, run, files):
        """
        The line of the picture bears the true model, and a note says why it is not the first.
        """
        result = run("a fox", *FIRST, "--fallback", "acme/oil-2", "-o", "out.png")

        assert 0 == result.exit_code, result.stderr
        assert ["out.png 8x8"] == files(result.stdout)
        assert "  acme/oil-2  " in result.stdout
        assert (
            "note: drawn by acme/oil-2: openai/gpt-image-2 failed: OpenAI needs api_key: "
            "pass -p api_key=... or set OPENAI_API_KEY"
        ) in result.stderr

    def test_several(self, acme, run):
        """
        They are asked in the order in which they stand.
        """
        others = ("--fallback", "openai/gpt-image-1", "--fallback", "acme/oil-2")
        result = run("a fox", *FIRST, *others, "--json")
        call = json.loads(result.stdout)

        assert ("acme", "oil-2") == (call["provider"], call["model"])
        assert ["openai/gpt-image-2", "openai/gpt-image-1"] == [
            one["model"] for one in call["attempts"]
        ]

    @pytest.mark.parametrize("command", ["edit", "vary"])
    def test_pictures_to_work_on(self, acme, run, picture, command):
        """
        Edits and variations go on as well.
        """
        prompt = ["a hat"] if command == "edit" else []
        result = run(command, picture, *prompt, *FIRST, "--fallback", "acme/oil-2")

        assert (0, 1) == (result.exit_code, len(acme.seen)), result.stderr

    def test_not_after_a_refusal(self, acme, run):
        """
        The line says how that is allowed; then it is done.
        """
        order = ("please refuse", "-m", "acme/oil-2", "--fallback", "sketch/oil-1")
        told = run(*order)
        done = run(*order, "-p", "fallback_after=refusal", "--size", "64x64")

        assert (4, 0) == (told.exit_code, done.exit_code)
        assert "sketch/oil-1 not asked: that was a refusal; -p fallback_after=" in told.stderr

    def test_one_that_is_not_installed(self, acme, run):
        """
        It is said before anything is asked for.
        """
        result = run("a fox", "-m", "acme/oil-2", "--fallback", "nope/x")

        assert (2, []) == (result.exit_code, acme.seen)
        assert "pip install impasto-nope" in result.stderr

    def test_a_key_stays_with_its_provider(self, acme, run):
        """
        What -p gives is for the first model alone, and a note says so without showing it.
        """
        with FakeServer(lambda _: reply({"error": {"message": "no"}}, status=429)) as server:
            key = ("-p", "api_key=sk-0123456789abcdef", "-p", "max_retries=0")
            base = ("--api-base", server.url)
            result = run("a fox", *FIRST, *key, *base, "--fallback", "acme/oil-2")

        assert 0 == result.exit_code, result.stderr
        assert "note: api_key was dropped: meant for openai/gpt-image-2" in result.stderr
        assert "0123456789" not in result.stderr + result.stdout
