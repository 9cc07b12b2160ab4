"""``impasto generate``: its options, and what it says."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from impasto.testing import reply


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "field", "value"),
        [
            (("--size", "1024x1536"), "size", "1024x1536"),
            (("--quality", "high"), "quality", "high"),
            (("--background", "opaque"), "background", "opaque"),
            (("--output-format", "webp"), "output_format", "webp"),
            (("-n", "2"), "n", 2),
            (("-p", "moderation=low"), "moderation", "low"),
            (("-p", "zz_words=a=b"), "zz_words", "a=b"),
            (("-p", 'zz_object={"a": [1]}'), "zz_object", {"a": [1]}),
            (("-p", "zz_true=true"), "zz_true", True),
            (("-p", 'zz_text="7"'), "zz_text", "7"),
            (("-p", "zz_odd=NaN"), "zz_odd", "NaN"),
        ],
        ids=lambda one: one[-1] if isinstance(one, tuple) else "",
    )
    def test_an_option_reaches_the_provider(self, order, server, options, field, value):
        """
        Options are the arguments of `image_generation`; -p is the provider's own words.
        """
        result = order(server, "-o", "out.png", *options)

        assert 0 == result.exit_code, result.stderr
        assert value == server.received[0].json()[field]

    def test_the_rest_of_the_options_are_the_arguments_of_their_names(self, run):
        """
        A model that takes none of these names each of them, so each has arrived.
        """
        for option in ("--style", "--negative-prompt"):
            result = run("a fox", "-m", "sketch/oil-1", option, "zz")
            name = option.removeprefix("--").replace("-", "_")

            assert f"{name}='zz': oil-1 does not take {name}" in result.stderr

    def test_a_seed_repeats_the_picture(self, paint):
        """
        The same seed makes the same bytes.
        """
        for name in ("one.png", "two.png"):
            paint("--seed", "7", "-o", name)

        assert Path("one.png").read_bytes() == Path("two.png").read_bytes()

    def test_a_key_of_digits_stays_text(self, run, server):
        """
        A value of -p that reads as a number is one, but a key never is.
        """
        key = ("-p", "api_key=0012345678901234")
        run("a fox", "-m", "openai/gpt-image-2", "--api-base", server.url, *key)

        assert "Bearer 0012345678901234" == server.received[0].headers["authorization"]

    def test_what_is_given_twice_is_refused(self, paint):
        """
        Which of the two was meant is not for us to say.
        """
        result = paint("-n", "1", "-p", "n=2")

        assert (2, "error: n is given twice; give it once\n") == (result.exit_code, result.stderr)

    @pytest.mark.parametrize("word", ["sk-0123456789abcdef", "=sk-0123456789abcdef"])
    def test_a_key_in_the_wrong_place_is_not_shown(self, paint, word):
        """
        What -p cannot read may be a key; messages end up in logs.
        """
        result = paint("-p", word)

        assert 2 == result.exit_code
        assert "sk-" not in result.output

    def test_a_key_is_never_shown(self, order, server):
        """
        Not even by a provider that quotes it.
        """
        quoting = reply({"error": {"message": "bad key sk-0123456789abcdef"}}, status=401)
        result = order(server.will(quoting, quoting))

        assert 3 == result.exit_code
        assert "0123456789abcdef" not in result.output


class TestOutput:
    def test_a_line_is_path_size_and_more(self, process, files):
        """
        Standard output holds one line for each picture; all else is on standard error.
        """
        result = process("a fox", "-m", "sketch/oil-1", "--size", "64x96", "-o", "out.png")

        assert ["out.png 64x96"] == files(result.stdout)
        assert result.stderr.startswith(b"note: painted by impasto-sketch")
        assert b"\r" not in result.stderr

    def test_several_get_numbers(self, order, server, files):
        """
        With -n, "out.png" becomes "out-1.png" and so on.
        """
        result = order(server, "-n", "3", "-o", "out.png")

        assert ["out-1.png 8x8", "out-2.png 8x8", "out-3.png 8x8"] == files(result.stdout)
        assert {"out-1.png", "out-2.png", "out-3.png"} == {path.name for path in Path().iterdir()}

    def test_json_is_all_there_is(self, process):
        """
        With --json, standard output is one object that says everything.
        """
        size = ("--size", "64x96", "--seed", "7")
        result = process("a fox", "-m", "sketch/oil-1", *size, "-n", "2", "-o", "o.png", "--json")
        document = json.loads(result.stdout)
        picture = {"height": 96, "mime": "image/png", "revised_prompt": None, "width": 64}

        assert ["o-1.png", "o-2.png"] == document["paths"]
        assert [
            {"path": "o-1.png", "seed": 7, **picture},
            {"path": "o-2.png", "seed": 8, **picture},
        ] == document["pictures"]
        assert ("sketch", "oil-1", None) == (
            document["provider"],
            document["model"],
            document["request_id"],
        )
        assert ("sketch/oil-1", {"amount": "0", "currency": "USD"}, []) == (
            document["asked"],
            document["cost"],
            document["errors"],
        )
        assert 0 < document["seconds"]
        assert "sent" == document["params"]["size"]["outcome"]
        assert document["notes"][0].startswith("painted by impasto-sketch")
        assert b"" == result.stderr

    def test_json_says_what_failed(self, order, server):
        """
        The object comes all the same, with every error that there was; so does the exit code.
        """
        full = reply(
            {"error": {"message": "slow down", "code": "busy"}},
            status=429,
            headers={"Retry-After": "90"},
        )
        result = order(server.will(full), "--json")
        document = json.loads(result.stdout)

        assert (5, [], []) == (result.exit_code, document["paths"], document["pictures"])
        assert {
            "type": "RateLimitError",
            "exit_code": 5,
            "status_code": 429,
            "code": "busy",
            "retry_after": 90.0,
            "retryable": True,
        }.items() <= document["errors"][0].items()

    def test_json_has_the_errors_of_parts(self, order, server, pictures):
        """
        Of a call that was split, pictures and errors stand side by side.
        """
        server.will(pictures, reply({"error": {"message": "slow down"}}, status=429))
        options = ("-n", "2", "-o", "out.png", "-p", "max_retries=0", "--json")
        document = json.loads(order(server, "-m", "openai/dall-e-3", *options).stdout)

        assert ["out-1.png"] == document["paths"]
        assert ["RateLimitError"] == [error["type"] for error in document["errors"]]

    def test_quiet_is_the_result_alone(self, process, files):
        """
        Neither notes nor progress; errors are still told.
        """
        made = process("a fox", "-m", "sketch/oil-1", "--size", "64x64", "-q")
        failed = process("a fox", "-m", "sketch/oil-1", "--quality", "high", "-q")

        assert (["a-fox.png 64x64"], b"") == (files(made.stdout), made.stderr)
        assert (2, b"") == (failed.returncode, failed.stdout)
        assert failed.stderr.startswith(b"error: sketch/oil-1: quality='high'")

    def test_a_note_is_said_once(self, acme, run):
        """
        However many models have the same to say.
        """
        result = run("a fox", "-m", "acme/oil-2", "-m", "acme/chalk")

        assert "note: dried in the sun\n" == result.stderr

    def test_json_names_the_request(self, order, server):
        """
        The provider's support asks for the id of the request.
        """
        result = order(server, "-o", "out.png", "--json")

        assert json.loads(result.stdout)["request_id"].startswith("req_")

    def test_what_was_dropped_is_said(self, paint):
        """
        With --drop-params nothing goes in silence.
        """
        result = paint("--quality", "high", "--drop-params", "-o", "out.png")

        assert 0 == result.exit_code
        assert "note: quality was dropped: oil-1 does not take quality\n" in result.stderr

    def test_what_was_mapped_is_said(self, order, server):
        """
        A parameter that became something with a note is told of, one that was sent is not.
        """
        result = order(server, "-m", "openai/dall-e-3", "-n", "2", "-o", "out.png")

        assert "note: n: split into 2 requests\n" in result.stderr
        assert "note: prompt" not in result.stderr

    def test_warnings_are_lines(self, process, server):
        """
        Impasto's warnings are for a person, without file and line, even with -W error.
        """
        key = ("-p", "api_key=sk-0123456789abcdef", "--api-base", server.url)
        result = process(
            "a fox", "-m", "openai/dall-e-3", *key, "-o", "out.png", PYTHONWARNINGS="error"
        )

        assert 0 == result.returncode
        assert b"warning: openai/dall-e-3 was retired on 2026-05-12; " in result.stderr
        assert b"ModelRetiredWarning" not in result.stderr

    def test_what_a_provider_says_cannot_steer_the_terminal(self, order, server):
        """
        Escape sequences and line breaks in an answer are taken out of the one line.
        """
        nasty = reply({"error": {"message": "no\n\x1b[2Jerror: \x9b all is well"}}, status=400)
        result = order(server.will(nasty))

        assert 1 == result.stderr.count("\n")
        assert "\x1b" not in result.stderr
        assert "\x9b" not in result.stderr


class TestOpen:
    @pytest.fixture
    def viewer(self, tmp_path, monkeypatch):
        """Put a viewer on the path that writes down what it is to show, and takes its time."""
        script = tmp_path / "bin" / "xdg-open"
        script.parent.mkdir()
        script.write_text(
            f'#!/bin/sh\necho "$1" >> {tmp_path}/shown\nexec sleep 20 >/dev/null 2>&1\n'
        )
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
        return tmp_path / "shown"

    @pytest.mark.skipif(sys.platform != "linux", reason="needs xdg-open to be the viewer")
    @pytest.mark.parametrize(
        ("args", "shown"),
        [
            (("-m", "acme/oil-2", "-n", "2"), ["a-fox-1.png", "a-fox-2.png"]),
            (("-m", "acme/oil-2", "-m", "acme/chalk"), ["a-fox.html"]),
        ],
        ids=["pictures", "sheet"],
    )
    def test_the_viewer_is_not_waited_for(self, acme, run, viewer, monkeypatch, args, shown):
        """
        It is given what was made: the contact sheet, where there is one.
        """
        children = []
        real = subprocess.Popen
        monkeypatch.setattr(
            subprocess, "Popen", lambda *args: children.append(real(*args)) or children[-1]
        )
        result = run("a fox", *args, "--open")
        still = [child.poll() for child in children]
        lines = _lines(viewer, len(shown))
        for child in children:
            child.kill()
            child.wait()

        assert 0 == result.exit_code, result.stderr
        assert [None] * len(shown) == still
        assert shown == sorted(lines)

    @pytest.mark.skipif(sys.platform != "linux", reason="needs xdg-open to be the viewer")
    def test_no_viewer_is_a_note(self, acme, run, monkeypatch):
        """
        The picture is there all the same.
        """
        monkeypatch.setenv("PATH", "")
        result = run("a fox", "-m", "acme/oil-2", "--open")

        assert 0 == result.exit_code
        assert "note: a-fox.png could not be opened; this system names no viewer\n" in result.stderr


def _lines(path, count):
    """Return the lines of *path* once there are *count* of them."""
    until = time.monotonic() + 20
    while not path.exists() or len(path.read_text().splitlines()) < count:
        assert time.monotonic() < until
        time.sleep(0.01)
    return path.read_text().splitlines()


class TestHelp:
    def test_every_command_is_listed(self, process):
        """
        `impasto --help` shows each command with one whole line, also in a narrow terminal.
        """
        shown = process("--help").stdout.decode()

        for line in (
            "  generate    Make pictures of PROMPT.\n",
            "  new-plugin  Write a provider's plugin to start from.\n",
            "  doctor      Look for what is wrong, and say what to do.\n",
        ):
            assert line in shown
        assert 60 >= max(map(len, shown.splitlines()))

    def test_the_version_is_that_of_library_and_command(self, run):
        """
        They are released apart, so both are said.
        """
        assert "impasto 0.1.0 (impasto-cli 0.1.0)\n" == run("--version").stdout
