"""`impasto batch`: every prompt of a file, told as it comes, and gone on with where it was."""

import base64
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import impasto
from impasto.testing import PNG, FakeServer, reply

from .test_terminal import Terminal

ERROR = {"error": {"message": "no", "type": "error", "param": None, "code": "moderation_blocked"}}
REFUSED = reply(ERROR, status=400)
BROKEN = reply({"error": {"message": "oh"}}, status=500)


@pytest.fixture
def listed():
    """Write a file of prompts, and return its name."""

    def listed(*lines, name="prompts.txt"):
        Path(name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return name

    return listed


@pytest.fixture
def paint(run):
    """Paint every prompt of a file, small, one after the other."""

    def paint(file, *args, **more):
        model = ("-m", "sketch/oil-1", "--size", "64x64", "--concurrency", "1", "-o", "out")
        return run("batch", file, *model, *args, **more)

    return paint


def at(server):
    """Return the options that lead to *server*."""
    key = ("-p", "api_key=sk-0123456789abcdef")
    return ("-m", "openai/gpt-image-2", "--api-base", server.url, *key, "-o", "out")


def prompts_of(server):
    return [received.json()["prompt"] for received in server.received]


class TestFiles:
    def test_texts(self, paint, listed, files):
        """
        One in each line; blank lines are none.
        """
        result = paint(listed("a fox", "", "a hen "))

        assert 0 == result.exit_code, result.stderr
        assert [
            "out/00001-a-fox.png 64x64",
            "out/00002-a-hen.png 64x64",
            "out/contact-sheet.html",
        ] == files(result.stdout)

    def test_json_lines(self, paint, listed, files):
        """
        Texts, or objects with arguments, which go before the options.
        """
        lines = ('"a fox"', '{"prompt": "a hen", "size": "80x64", "n": 2}')
        result = paint(listed(*lines, name="prompts.jsonl"))

        assert [
            "out/00001-a-fox.png 64x64",
            "out/00002-a-hen-1.png 80x64",
            "out/00002-a-hen-2.png 80x64",
        ] == files(result.stdout)[:-1]

    def test_a_table(self, paint, listed, files):
        """
        The first line names the arguments; what is empty is not given.
        """
        lines = ("prompt,size,seed", '"a fox, asleep",80x64,', "7,,5")
        result = paint(listed(*lines, name="prompts.csv"))

        assert ["out/00001-a-fox-asleep.png 80x64", "out/00002-7.png 64x64"] == (
            files(result.stdout)[:-1]
        )
        assert "seed 5  " in result.stdout

    @pytest.mark.parametrize(
        ("text", "name"),
        [("a fox\na hen\n", "a-fox"), ('{"prompt": "an owl"}\n"a hen"\n', "an-owl")],
        ids=["texts", "JSON lines"],
    )
    def test_standard_input(self, paint, files, text, name):
        """
        Its first line says what it holds.
        """
        result = paint("-", stdin=text)

        assert [f"out/00001-{name}.png 64x64", "out/00002-a-hen.png 64x64"] == (
            files(result.stdout)[:-1]
        )

    @pytest.mark.parametrize(
        ("name", "content", "says"),
        [
            ("prompts.doc", b"a fox", "ends in .jsonl, .txt or .csv"),
            ("missing.txt", None, "cannot be read: No such file"),
            ("prompts.txt", b"\xff\xfe", "is not UTF-8"),
            ("prompts.csv", b"text,size\na,b\n", "one of them is 'prompt'"),
            ("prompts.csv", b'prompt\n"a\n', "is no CSV"),
        ],
        ids=["name", "missing", "bytes", "columns", "quotes"],
    )
    def test_a_file_that_will_not_do(self, paint, name, content, says):
        """
        It is told before anything is asked for.
        """
        if content is not None:
            Path(name).write_bytes(content)
        result = paint(name)

        assert 2 == result.exit_code
        assert says in result.stderr
        assert not Path("out").exists()

    def test_all_bad_lines_are_told_before_anything_is_spent(self, run, listed, server):
        """
        Each with its number: those of no form, and those that the model does not take.
        """
        lines = (
            '"a fox"',
            "{",
            "5",
            '{"prompt": ""}',
            '{"prompt": "a", "n": "x"}',
            '{"prompt": "a", "style": "vivid"}',
            '{"prompt": "a", "image": "missing.png"}',
            '{"prompt": "a", "key": 5}',
            '{"prompt": "a", "model": "nope/x"}',
            '"a hen"',
        )
        result = run("batch", listed(*lines, name="prompts.jsonl"), *at(server))
        told = re.findall(r"^error: line (\d+): (.*)$", result.stderr, re.MULTILINE)

        assert 2 == result.exit_code
        assert [str(number) for number in range(2, 10)] == [number for number, _ in told]
        assert "--drop-params goes on without it" in told[4][1]
        assert "8 lines are wrong; nothing was asked for" in result.stderr
        assert [] == server.received


class TestTelling:
    def test_what_came(self, paint, listed):
        """
        As for a single picture; what is said of every one of them is said once.
        """
        result = paint(listed("a fox", "a hen"))

        assert re.fullmatch(
            r"out/00001-a-fox\.png 64x64  seed \d+  sketch/oil-1  \d+\.\d s  \$0\.00\n"
            r"out/00002-a-hen\.png 64x64  seed \d+  sketch/oil-1  \d+\.\d s  \$0\.00\n"
            r"out/contact-sheet\.html\n",
            result.stdout,
        )
        assert re.fullmatch(
            r"note: painted by impasto-sketch.*\nnote: 2 came  \d+\.\d s  \$0\.00\n",
            result.stderr,
        )

    def test_quiet(self, paint, listed):
        """
        No notes; the pictures are still named.
        """
        result = paint(listed("a fox"), "--quiet", "--no-sheet")

        assert ("", 1) == (result.stderr, len(result.stdout.splitlines()))
        assert not Path("out/contact-sheet.html").exists()

    def test_json(self, run, listed):
        """
        One object, with what failed by line.
        """
        with FakeServer().will(REFUSED) as server:
            file = listed("a fox", "a hen")
            result = run("batch", file, *at(server), "--concurrency", "1", "--json")
        told = json.loads(result.stdout)

        assert (1, 1, 0, 0, 2) == tuple(
            told[name] for name in ("done", "failed", "skipped", "ambiguous", "total")
        )
        assert ("out/manifest.jsonl", "out/contact-sheet.html") == (told["manifest"], told["sheet"])
        (error,) = told["errors"]
        assert (1, "a fox", "failed", "ContentPolicyViolationError", 4) == tuple(
            error[name] for name in ("line", "prompt", "status", "type", "exit_code")
        )

    def test_a_warning_comes_once(self, run, listed, acme):
        """
        Not with each of ten thousand prompts.
        """
        file = listed("a fox", "a hen", "an owl")
        result = run("batch", file, "-m", "acme/old-1", "-o", "out")

        assert 0 == result.exit_code, result.stderr
        assert 1 == result.stderr.count("warning: acme/old-1 was retired on 1999-12-31")


class TestFailures:
    def test_one_ends_no_other(self, run, listed, files):
        """
        The exit code is that of the first; the same command makes what is missing.
        """
        file = listed("a fox", "a hen", "an owl")
        with FakeServer().will(REFUSED) as server:
            first = run("batch", file, *at(server), "--concurrency", "1")
            second = run("batch", file, *at(server), "--concurrency", "1")

        assert (4, 0) == (first.exit_code, second.exit_code)
        assert ["out/00002-a-hen.png 8x8", "out/00003-an-owl.png 8x8"] == files(first.stdout)[:-1]
        assert "error: line 1: openai/gpt-image-2: no" in first.stderr
        assert "error: 1 of 3 did not come; the same command goes on from there" in first.stderr
        assert ["out/00001-a-fox.png 8x8"] == files(second.stdout)[:-1]
        assert "note: 1 came, 2 there before" in second.stderr
        assert ["a fox", "a hen", "an owl", "a fox"] == prompts_of(server)

    def test_those_alike_are_told_once(self, run, listed):
        """
        A missing key is missing for all.
        """
        file = listed(*[f"fox {number}" for number in range(20)])
        result = run("batch", file, "-m", "openai/gpt-image-2", "-o", "out")

        assert 3 == result.exit_code
        assert 1 == len(re.findall(r"error: line \d+: openai/gpt-image-2: .* needs", result.stderr))
        assert "error: 19 more lines: openai/gpt-image-2: " in result.stderr

    def test_what_may_have_been_paid_for(self, run, listed):
        """
        It is asked for again only with --again ambiguous.
        """
        file = listed("a fox")
        with FakeServer().will(BROKEN) as server:
            first = run("batch", file, *at(server))
            second = run("batch", file, *at(server))
            asked = len(server.received)
            third = run("batch", file, *at(server), "--again", "ambiguous")

        assert (6, 1, 0) == (first.exit_code, second.exit_code, third.exit_code)
        assert (1, 2) == (asked, len(server.received))
        assert "1 that may have been paid for: --again ambiguous asks" in first.stderr
        assert "--again ambiguous asks all the same" in second.stderr

    def test_a_picture_whose_place_will_not_do(self, run, listed, server, monkeypatch, tmp_path):
        """
        It is paid for, and so it is kept where there is room.
        """
        plain = impasto.Image.save

        def save(image, path, **more):
            if "out" in Path(path).parts:
                raise OSError(28, "No space left on device")
            return plain(image, path, **more)

        monkeypatch.setattr(impasto.Image, "save", save)
        monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
        result = run("batch", listed("a fox"), *at(server))

        assert 1 == result.exit_code
        assert "No space left on device" in result.stderr
        assert f"note: a picture of line 1 is in {tmp_path}/impasto-1.png" in result.stderr
        assert PNG == (tmp_path / "impasto-1.png").read_bytes()


class TestSheet:
    def test_shows_all_that_came_in_all_runs(self, run, listed):
        """
        In the order of the prompts, with what failed; nothing in it is taken for HTML.
        """
        file = listed("a <b>fox</b>", "a hen", name="prompts & more.txt")
        with FakeServer().will(REFUSED) as server:
            run("batch", file, *at(server), "--concurrency", "1")
            listed("a <b>fox</b>", "a hen", "an owl", name=file)
            server.will(REFUSED)
            run("batch", file, *at(server), "--concurrency", "1")
        page = Path("out/contact-sheet.html").read_text(encoding="utf-8")

        assert "<h1>prompts &amp; more.txt</h1>" in page
        assert "<p>2 pictures</p>" in page
        assert ["a &lt;b&gt;fox&lt;/b&gt;", "a hen", "an owl"] == re.findall("<h2>(.*)</h2>", page)
        assert ["00002-a-hen.png", "00003-an-owl.png"] == re.findall('<img src="(.*?)"', page)
        assert 1 == page.count('class="error"')


SLOW = reply({"created": 1, "data": [{"b64_json": base64.b64encode(PNG).decode()}]}, delay=0.4)


class TestCtrlC:
    def start(self, command, file, server):
        args = ("batch", file, *at(server), "--concurrency", "2")
        return subprocess.Popen([*command, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_once(self, command, listed):
        """
        What is ordered still comes, and nothing more is; the same command goes on.
        """
        file = listed(*[f"fox {number}" for number in range(20)])
        with FakeServer(lambda received: SLOW) as server:
            child = self.start(command, file, server)
            _until(lambda: len(server.received) >= 2)
            child.send_signal(signal.SIGINT)
            output, errors = child.communicate(timeout=30)
            ordered = len(server.received)

        assert 130 == child.returncode
        assert ordered == output.decode().count("fox-") <= 4
        assert "note: stopping; what is ordered is waited for" in errors.decode()
        assert re.search(
            r"error: stopped at \d of 20; the same command goes on from there", errors.decode()
        )
        assert "ambiguous" not in Path("out/manifest.jsonl").read_text()

    def test_twice(self, command, listed):
        """
        It ends at once, and says what may have been paid for.
        """
        hanging = reply({}, fault="hang")
        with FakeServer(lambda received: hanging) as server:
            child = self.start(command, listed("a fox", "a hen", "an owl"), server)
            _until(lambda: len(server.received) >= 2)
            child.send_signal(signal.SIGINT)
            while b"stopping" not in child.stderr.readline():
                pass
            child.send_signal(signal.SIGINT)
            _, errors = child.communicate(timeout=30)

        assert 130 == child.returncode
        assert "Traceback" not in errors.decode()
        assert 2 == Path("out/manifest.jsonl").read_text().count('"ambiguous"')


def _until(holds):
    while not holds():
        time.sleep(0.01)


class TestTerminal:
    @pytest.mark.parametrize("columns", [60, 200])
    def test_a_line_says_how_far_it_is(self, command, listed, request, columns):
        """
        How many of how many, how long still and how fast, within the width; at the end it is gone.
        """
        slow = ("-p", "latency=0.3", "--size", "64x64", "--concurrency", "1")
        args = (
            "batch",
            listed("a fox", "a hen", "an owl"),
            "-m",
            "sketch/oil-1",
            "-o",
            "out",
            *slow,
        )
        terminal = Terminal([*command, *args], columns, {"TERM": "xterm-256color"})
        request.addfinalizer(terminal.close)
        drawn = [line for line in terminal.read("2/3", "left", "/min") if "/min" in line]
        code, left = terminal.end()

        assert (0, 1) == (code, len(drawn))
        assert columns >= len(drawn[0])
        assert not any("/min" in line for line in left)
        assert 3 == sum(".png 64x64" in line for line in left)

    def test_without_one_nothing_is_drawn(self, process, listed):
        """
        A log holds lines.
        """
        done = process("batch", listed("a fox"), "-m", "sketch/oil-1", "--size", "64x64", "-o", "o")

        assert 0 == done.returncode
        assert b"\x1b" not in done.stdout + done.stderr
        assert b"/min" not in done.stderr


def test_the_help_needs_nothing_heavy():
    """
    As for every command.
    """
    code = "import sys; from impasto_cli.commands import batch; print('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30)

    assert b"False" == done.stdout.strip()
