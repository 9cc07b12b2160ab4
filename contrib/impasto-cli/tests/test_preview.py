"""Pictures in the terminal: which terminals show them, how, and what is said where none can."""

import base64
import io
import re
import sys

import PIL.Image
import pytest

from impasto_cli._terminals import draws, is_dumb, iterm2, kitty

KITTY = re.compile(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\")
BLOCK = "\N{UPPER HALF BLOCK}"


class Screen(io.StringIO):
    """Standard error that is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def shown(acme, monkeypatch):
    """Return what `impasto generate` writes to a terminal with *environment*."""
    from impasto_cli import main

    def shown(*args, model="acme/chalk", **environment):
        screen = Screen()
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", screen)
            with pytest.raises(SystemExit) as ended:
                main(["a fox", "-m", model, *args])
        assert not ended.value.code, screen.getvalue()
        return screen.getvalue()

    return shown


def decoded(text):
    """Return the picture that *text* shows in kitty's protocol."""
    encoded = "".join(payload for _, payload in KITTY.findall(text))
    return PIL.Image.open(io.BytesIO(base64.b64decode(encoded)))


class TestTerminals:
    @pytest.mark.parametrize(
        ("environment", "expected"),
        [
            ({"TERM": "xterm-kitty"}, kitty),
            ({"TERM": "xterm-ghostty"}, kitty),
            ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, kitty),
            ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, iterm2),
            ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, iterm2),
            ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, iterm2),
            ({"TERM": "xterm-256color"}, None),
            ({"TERM": "dumb"}, None),
            ({}, None),
            ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}, None),
            ({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux-0"}, None),
            ({"TERM": "screen", "TERM_PROGRAM": "iTerm.app"}, None),
        ],
        ids=lambda value: getattr(value, "__name__", str(value)),
    )
    def test_they_are_told_by_the_environment(self, environment, expected):
        """
        No question is sent that a terminal might leave without an answer.
        """
        assert expected is draws(environment)

    @pytest.mark.parametrize(
        ("term", "expected"), [("dumb", True), ("unknown", True), ("xterm", False), (None, True)]
    )
    def test_dumb_ones_are_known(self, term, expected):
        """
        Without TERM nothing is known of a terminal.
        """
        assert expected == is_dumb({} if term is None else {"TERM": term})


class TestProtocols:
    def test_kitty_gets_chunks(self):
        """
        The first carries the keys, each says whether more follows, and none asks for an answer.
        """
        pieces = KITTY.findall(kitty(b"x" * 8000, 12))

        assert [
            "a=T,f=100,r=12,q=2,m=1",
            "m=1",
            "m=0",
        ] == [keys for keys, _ in pieces]
        assert [4096, 4096, 2476] == [len(payload) for _, payload in pieces]
        assert b"x" * 8000 == base64.b64decode("".join(payload for _, payload in pieces))

    def test_iterm2_gets_a_file(self):
        """
        Inline, with its size in bytes and its height in lines.
        """
        assert "\x1b]1337;File=inline=1;size=3;height=12:YWJj\x07\n" == iterm2(b"abc", 12)


class TestPreview:
    def test_a_terminal_that_can_is_shown_them(self, shown):
        """
        Without being asked to, since it costs nothing there.
        """
        text = shown(TERM="xterm-kitty")

        assert (8, 8) == decoded(text).size

    def test_no_preview_is_none(self, shown):
        """
        --no-preview, --quiet and --json are honoured.
        """
        for option in ("--no-preview", "--quiet", "--json"):
            assert "\x1b_G" not in shown(option, TERM="xterm-kitty")

    def test_other_terminals_show_blocks_when_asked(self, shown):
        """
        Each half block is two pixels; without --preview nothing is shown there.
        """
        asked = shown("--preview", TERM="xterm-256color", COLORTERM="truecolor")
        not_asked = shown(TERM="xterm-256color")

        assert BLOCK in asked
        assert re.search(r"\x1b\[38;2;\d+;\d+;\d+;48;2;\d+;\d+;\d+m" + BLOCK, asked)
        assert BLOCK not in not_asked

    def test_a_large_picture_is_made_smaller(self, shown, monkeypatch):
        """
        A terminal is sent no more than it can show.
        """
        monkeypatch.setenv("LINES", "20")
        text = shown("--size", "1200x600", model="sketch/oil-1", TERM="xterm-kitty")
        width, height = decoded(text).size

        assert width == 2 * height
        assert 20 / 2 * 40 >= height

    @pytest.mark.parametrize(
        ("environment", "why"),
        [
            ({"NO_COLOR": "1"}, "this terminal shows neither pictures nor colours"),
            ({"TERM": "dumb"}, "this terminal shows neither pictures nor colours"),
        ],
        ids=["no colour", "dumb"],
    )
    def test_where_none_can_be_the_reason_is_a_note(self, shown, environment, why):
        """
        The picture is made and saved all the same.
        """
        assert f"note: no preview: {why}\n" in shown("--preview", **environment)

    def test_a_file_gets_none(self, acme, run):
        """
        What is not a terminal shows nothing.
        """
        result = run("a fox", "-m", "acme/chalk", "--preview")

        assert 0 == result.exit_code
        assert "note: no preview: standard error is not a terminal\n" in result.stderr

    def test_a_picture_that_pillow_cannot_read_is_a_note(self, shown, monkeypatch, acme):
        """
        It is saved, and that is what matters.
        """
        monkeypatch.setattr(acme, "PNG", b"\x89PNG\r\n\x1a\nbroken")
        text = shown("--preview", TERM="xterm-kitty")

        assert "note: no preview of a-fox.png: " in text


class TestPillow:
    def test_without_it_nothing_is_bought(self, acme, run, monkeypatch):
        """
        Who asks for a preview is told what to install, before money is spent.
        """
        monkeypatch.setitem(sys.modules, "PIL", None)
        result = run("a fox", "-m", "acme/chalk", "--preview")

        assert (2, "error: --preview needs Pillow: pip install 'impasto-cli[preview]'\n") == (
            result.exit_code,
            result.stderr,
        )
        assert [] == acme.seen

    def test_without_it_nobody_who_did_not_ask_is_bothered(self, shown, monkeypatch):
        """
        A terminal that could show pictures then shows none.
        """
        monkeypatch.setitem(sys.modules, "PIL", None)

        assert "\x1b_G" not in shown(TERM="xterm-kitty")
