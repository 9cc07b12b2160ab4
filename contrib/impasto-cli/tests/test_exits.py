"""Exit codes, and the one line that goes with them."""

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from impasto.testing import reply
from impasto_cli._exits import MEANINGS

README = Path(__file__).parents[1] / "README.md"


class TestProviderErrors:
    @pytest.mark.parametrize(
        ("status", "code", "exit_code"),
        [
            (400, "invalid_value", 2),
            (400, "moderation_blocked", 4),
            (401, "invalid_api_key", 3),
            (402, None, 5),
            (403, None, 3),
            (404, "model_not_found", 2),
            (409, None, 1),
            (422, None, 2),
            (429, None, 5),
            (429, "insufficient_quota", 5),
            (500, "insufficient_quota", 5),
            (500, None, 6),
            (503, None, 6),
            (599, None, 6),
        ],
    )
    def test_a_status_is_a_kind(self, order, server, status, code, exit_code):
        """
        Programs go by the exit code, people by the line.
        """
        answer = reply({"error": {"message": "because", "code": code}}, status=status)
        result = order(server.will(answer, answer), "-p", "max_retries=0")

        assert (exit_code, "") == (result.exit_code, result.stdout)
        assert result.stderr.startswith("error: openai/gpt-image-2: because")
        assert 1 == result.stderr.count("\n")

    def test_a_nonsensical_answer_is_the_providers_failure(self, order, server):
        """
        A success without a picture is none.
        """
        assert 6 == order(server.will(reply({}))).exit_code

    def test_an_order_that_may_have_been_taken_is_said_to(self, order, server):
        """
        A broken connection may cost money; whoever repeats the command should know.
        """
        result = order(server.will(reply(fault="drop")), "-p", "max_retries=0")

        assert 6 == result.exit_code
        assert result.stderr.endswith(
            "; the order may have been taken all the same, and may cost money\n"
        )

    def test_a_wait_that_the_provider_asks_for_is_said(self, order, server):
        """
        "Retry-After" is the way out of a rate limit.
        """
        full = reply({"error": {"message": "slow"}}, status=429, headers={"Retry-After": "90"})
        result = order(server.will(full))

        assert result.stderr.endswith("slow; the provider asks to wait 90 s\n")


class TestProcesses:
    @pytest.mark.parametrize(
        ("fault", "exit_code"),
        [("rate_limit", 5), ("refusal", 4), ("server_error", 6), ("empty", 6), ("timeout", 6)],
    )
    def test_a_failure_is_one_line(self, process, fault, exit_code):
        """
        No traceback, nothing on standard output.
        """
        result = process(
            *("a fox", "-m", "sketch/oil-1", "--size", "64x64", "--timeout", "1"),
            IMPASTO_SKETCH_FAULT=fault,
        )

        assert (exit_code, b"") == (result.returncode, result.stdout)
        assert result.stderr.startswith(b"error: sketch/oil-1: ")
        assert 1 == result.stderr.count(b"\n")
        assert [] == list(Path().iterdir())

    @pytest.mark.parametrize(
        ("args", "exit_code", "line"),
        [
            (("a fox", "-m", "nope/x"), 2, b"error: no plugin answers to 'nope'"),
            (("a fox", "-m", "openai/gpt-image-2"), 3, b"-p api_key=... or set OPENAI_API_KEY\n"),
            (("a fox", "--sise", "1x1"), 2, b"Try: impasto generate --help\n"),
            (("generate",), 2, b"error: Missing argument 'PROMPT'.  Try: impasto generate --help"),
            (("a fox", "-m", "sketch/oil-1", "--style", "x"), 2, b"; --drop-params goes on"),
        ],
        ids=["provider", "key", "option", "prompt", "parameter"],
    )
    def test_a_mistake_is_told_with_the_way_out(self, process, args, exit_code, line):
        """
        In the words of the command line, not in Python's.
        """
        result = process(*args)

        assert (exit_code, b"") == (result.returncode, result.stdout)
        assert line in result.stderr
        assert 1 == result.stderr.count(b"\n")

    def test_no_connection_is_the_networks_failure(self, run):
        """
        Nobody listens on a port that was just closed; nothing was ordered.
        """
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            base = f"http://127.0.0.1:{closed.getsockname()[1]}"
        key = ("-p", "api_key=sk-0123456789abcdef", "-p", "max_retries=0")
        result = run("a fox", "-m", "openai/gpt-image-2", "--api-base", base, *key)

        assert 6 == result.exit_code
        assert "may cost money" not in result.stderr

    def test_a_broken_plugin_breaks_only_itself(self, process, tmp_path):
        """
        It has an exit code of its own, since neither caller nor provider can help it.
        """
        _install(tmp_path, "cracked", "raise RuntimeError('cracked in the kiln')")
        broken = process("a fox", "-m", "cracked/x", PYTHONPATH=str(tmp_path))
        sound = process(
            *("a fox", "-m", "sketch/oil-1", "--size", "64x64"), PYTHONPATH=str(tmp_path)
        )

        assert (7, 0) == (broken.returncode, sound.returncode)
        assert b"error: impasto-cracked 0.3: cannot be loaded" in broken.stderr
        assert b"cracked in the kiln" in broken.stderr

    def test_a_traceback_is_shown_to_whoever_wants_one(self, process):
        """
        With IMPASTO_TRACEBACK, and not without it: a failed call and a bug alike.
        """
        asked = ("a fox", "-m", "sketch/oil-1", "--size", "64x64")
        shown = process(*asked, IMPASTO_SKETCH_FAULT="refusal", IMPASTO_TRACEBACK="1")
        hidden = process(*asked, IMPASTO_SKETCH_FAULT="refusal")

        assert b"Traceback" in shown.stderr
        assert b"_fail_before_the_work" in shown.stderr
        assert b"Traceback" not in hidden.stderr

    def test_a_reader_that_went_away_is_no_failure_of_ours(self, command):
        """
        `impasto providers | true` shows no traceback.
        """
        with subprocess.Popen(
            [*command, "providers"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as child:
            child.stdout.close()
            complaint = child.stderr.read()

        assert b"" == complaint


class TestTable:
    def test_the_readme_and_the_help_say_the_same(self, run):
        """
        The exit codes are documented in both, and nowhere differently.
        """
        rows = re.findall(r"^\| (\d+) \| (.+?) \|$", README.read_text(), re.MULTILINE)
        shown = run("--help").stdout

        assert MEANINGS == {int(code): meaning for code, meaning in rows}
        for code, meaning in MEANINGS.items():
            assert f"  {code:<4} {meaning}\n" in shown


def _install(folder, name, source):
    """Put a distribution with one provider into *folder*."""
    (folder / f"impasto_{name}.py").write_text(source)
    metadata = folder / f"impasto_{name}-0.3.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: impasto-{name}\nVersion: 0.3\n"
    )
    (metadata / "entry_points.txt").write_text(f"[impasto.providers]\n{name} = impasto_{name}\n")
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
