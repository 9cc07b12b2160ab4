"""In a real terminal: what is seen while it waits, what is left of it, and Ctrl-C."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time

import pytest

ENDLESS = ("-m", "sketch/oil-1", "--size", "64x64", "-p", "latency=30")
QUICK = ("a slow fox", "-m", "acme/chalk")  # half a second
NOTE = "note: dried in the sun"
REWRITTEN = "\r\x1b[2K"  # how rich begins to draw anew
SEQUENCE = re.compile(r"\x1b\[\??([0-9;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]+")


def screen(text):
    """Return the lines that *text* leaves in a terminal which knows what rich uses of it."""
    lines, row, column = [""], 0, 0
    for match in SEQUENCE.finditer(text):
        piece, number, action = match[0], match[1], match[2]
        if piece == "\r":
            column = 0
        elif piece == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif action == "A":
            row = max(0, row - int(number or 1))
        elif action == "K":
            lines[row] = ""
        elif action is None:
            before = lines[row].ljust(column)
            lines[row] = before[:column] + piece + before[column + len(piece) :]
            column += len(piece)
    return [line.rstrip() for line in lines]


class Terminal:
    """A command whose output, and input, is a terminal of its own."""

    def __init__(self, command, columns, environment):
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        clean = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
        self.child = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env={**clean, **environment}
        )
        os.close(theirs)
        self.text = ""

    def read(self, *until):
        """Read until each of *until* is on the screen, or to the end, and return its lines."""
        whole = ""
        while not (until and all(text in whole for text in until)):
            try:
                found = os.read(self.ours, 65536)
            except OSError:  # what Linux says where others say that it is the end
                found = b""
            if not found:
                return screen(self.text)
            self.text += found.decode(errors="replace")
            whole = self.text.rpartition(REWRITTEN)[0]  # what follows may be half of a line
        return screen(whole)

    def end(self):
        """Read to the end, and return the exit code and the lines that are left."""
        lines = self.read()
        return self.child.wait(30), lines

    def close(self):
        self.child.kill()
        self.child.wait()
        os.close(self.ours)


@pytest.fixture
def terminal(command, request, acme_path):
    """Start the command in a terminal."""

    def terminal(*args, columns=60, **environment):
        environment = {"PYTHONPATH": acme_path, **environment}
        made = Terminal([*command, *args], columns, environment)
        request.addfinalizer(made.close)
        return made

    return terminal


class TestWaiting:
    @pytest.mark.parametrize("columns", [60, 200])
    def test_a_line_says_who_what_and_how_long(self, terminal, columns):
        """
        The model, the provider's own word, and the time, within the width.
        """
        lines = terminal("a fox", *ENDLESS, columns=columns).read("waiting", "0:00:01")
        (line,) = filter(None, lines)

        assert re.fullmatch(r"\S sketch/oil-1 .* waiting +0:00:01", line)
        assert columns >= len(line)

    def test_each_picture_has_a_line(self, terminal):
        """
        With -n they are counted.
        """
        lines = terminal("a fox", *ENDLESS, "-n", "3").read("waiting", "3/3")

        assert ["1/3", "2/3", "3/3"] == [line.split()[2] for line in lines if line]

    def test_each_model_has_a_line(self, terminal):
        """
        One is done while the other still waits.
        """
        models = ("-m", "acme/chalk", *ENDLESS)
        lines = terminal("a fox", *models).read("waiting", "done")
        said = [line.split() for line in lines if line]

        assert ["acme/chalk", "sketch/oil-1"] == [words[1] for words in said]
        assert ["done", "waiting"] == [words[-2] for words in said]

    def test_a_providers_word_cannot_steer_the_terminal(self, terminal):
        """
        What it says of its progress is shown without its escape sequences.
        """
        ended = terminal(*QUICK)
        ended.end()

        assert "mixing [2J" in ended.text
        assert "\x1b[2J" not in ended.text

    @pytest.mark.parametrize("columns", [60, 200])
    def test_nothing_is_left_of_it(self, terminal, columns):
        """
        Only what a file would get as well.
        """
        code, lines = terminal(*QUICK, columns=columns).end()
        left = [line for line in lines if line]

        assert 0 == code
        assert NOTE == left[0]
        assert re.fullmatch(r"a-slow-fox.png 8x8  seed 7  acme/chalk  \d+\.\d s", left[1])
        assert 2 == len(left)

    def test_without_colour_it_has_none(self, terminal):
        """
        NO_COLOR is honoured: https://no-color.org
        """
        ended = terminal(*QUICK, NO_COLOR="1")
        ended.end()

        assert "mixing" in ended.text
        assert [] == re.findall(r"\x1b\[[0-9;]*m", ended.text)

    @pytest.mark.parametrize(
        ("options", "environment"),
        [((), {"TERM": "dumb"}), (("--quiet",), {}), (("--json",), {})],
        ids=["dumb", "quiet", "json"],
    )
    def test_nothing_moves_where_nobody_looks(self, terminal, options, environment):
        """
        A terminal that can only append lines, --quiet and --json: not one escape sequence.
        """
        ended = terminal(*QUICK, *options, **environment)
        code, lines = ended.end()

        assert 0 == code
        assert "\x1b" not in ended.text
        assert (NOTE in lines[0]) == (options == ())

    def test_a_file_gets_no_progress(self, process, acme_path):
        """
        Where standard error is no terminal, there is nothing but notes.
        """
        assert f"{NOTE}\n".encode() == process(*QUICK, PYTHONPATH=acme_path).stderr


class TestInterrupt:
    def test_ctrl_c_ends_it_at_once(self, terminal):
        """
        Exit code 130, one line, no traceback, and not after the 30 seconds of the picture.
        """
        waiting = terminal("a fox", *ENDLESS)
        waiting.read("waiting")
        begun = time.monotonic()
        waiting.child.send_signal(signal.SIGINT)
        code, lines = waiting.end()

        assert 130 == code
        assert ["error: interrupted; if the order was on its way, it may cost money"] == [
            line for line in lines if line
        ]
        assert 20 > time.monotonic() - begun

    def test_what_had_come_by_then_is_saved(self, terminal, tmp_path):
        """
        Of several models, the pictures of those that were done are in files.
        """
        models = ("-m", "acme/chalk", *ENDLESS)
        waiting = terminal("a fox", *models)
        waiting.read("waiting", "done")
        waiting.child.send_signal(signal.SIGINT)
        code, lines = waiting.end()

        assert 130 == code
        assert any(line.startswith("a-fox-acme-chalk.png 8x8") for line in lines)
        assert {"a-fox-acme-chalk.png", "a-fox.html"} == {
            path.name for path in tmp_path.iterdir() if path.suffix in (".png", ".html")
        }


class TestLists:
    @pytest.mark.parametrize("columns", [60, 200])
    @pytest.mark.parametrize(
        "args",
        [("models",), ("params", "openai/gpt-image-2"), ("doctor",), ("providers",)],
        ids=" ".join,
    )
    def test_a_list_fits_the_terminal(self, terminal, args, columns):
        """
        The terminal's own width counts, and headings stand out.
        """
        shown = terminal(*args, columns=columns)
        code, lines = shown.end()

        assert 0 == code
        assert columns >= max(map(len, lines))
        assert "\x1b[1m" in shown.text

    def test_json_is_plain_in_a_terminal_too(self, terminal):
        """
        Neither colours nor line breaks.
        """
        shown = terminal("models", "--provider", "sketch", "--json")
        shown.end()

        assert "sketch/oil-1" == json.loads(shown.text)[0]["id"]
