"""`--stream`, `--partials` and `--keep-partials`: pictures on their way."""

import base64
import io
import json
import re
import sys
from pathlib import Path

import pytest

from impasto.testing import PNG, FakeServer, event_stream, png
from impasto_cli import main

KITTY = re.compile(r"\x1b_Ga=T")
SMALL = png(2, 2)
OPENAI = ("-m", "openai/gpt-image-2", "-p", "api_key=sk-0123456789abcdef")


def event(kind, picture, **more):
    return {"type": kind, "b64_json": base64.b64encode(picture).decode(), **more}


STREAM = event_stream(
    event("image_generation.partial_image", SMALL, partial_image_index=0),
    event("image_generation.partial_image", SMALL, partial_image_index=1),
    event("image_generation.completed", PNG),
)


class Screen(io.StringIO):
    """Standard error that is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def seen(acme, monkeypatch):
    """Return what `impasto generate` writes to kitty."""

    def seen(*args):
        screen = Screen()
        monkeypatch.setenv("TERM", "xterm-kitty")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", screen)
            with pytest.raises(SystemExit) as ended:
                main(["a sketchy fox", "-m", "acme/chalk", *args])
        assert not ended.value.code, screen.getvalue()
        return screen.getvalue()

    return seen


def test_a_terminal_that_shows_pictures_shows_them_on_their_way(seen):
    """
    The partial one, and the finished one behind it.
    """
    assert 2 == len(KITTY.findall(seen("--stream")))


def test_nobody_sees_them_who_does_not_want_to(seen):
    """
    Neither on their way nor at the end.
    """
    assert [] == KITTY.findall(seen("--stream", "--no-preview"))


def test_nothing_but_the_picture_is_written(run, acme, files):
    """
    Unless it is asked for.
    """
    done = run("a sketchy fox", "-m", "acme/chalk", "--stream")

    assert 0 == done.exit_code
    assert ["a-sketchy-fox.png 8x8"] == files(done.stdout)
    assert ["a-sketchy-fox.png"] == [path.name for path in Path().iterdir()]


def test_partial_pictures_are_kept(run, files):
    """
    Each in a file of its own, in the order in which they came; a second run replaces none.
    """
    with FakeServer().will(STREAM, STREAM) as server:
        words = (*OPENAI, "--api-base", server.url, "--partials", "2", "-o", "fox.png")
        done = run("a fox", *words, "--keep-partials", "sketches")
        run("a fox", *words, "--overwrite", "--keep-partials", "sketches")

    name = "a-fox-openai-gpt-image-2-1-partial"
    assert (0, ["fox.png 8x8"]) == (done.exit_code, files(done.stdout)), done.stderr
    assert PNG == Path("fox.png").read_bytes()
    assert {f"{name}{number}.png" for number in ("", "-2", "-3", "-4")} == {
        path.name for path in Path("sketches").iterdir()
    }
    assert SMALL == Path("sketches", f"{name}.png").read_bytes()
    assert {"model": "gpt-image-2", "prompt": "a fox", "partial_images": 2, "stream": True} == (
        server.received[0].json()
    )


def test_as_json(run):
    """
    The response is the one that it would be without a stream.
    """
    with FakeServer().will(STREAM) as server:
        done = run("a fox", *OPENAI, "--api-base", server.url, "--stream", "--json")

    assert 0 == done.exit_code, done.stderr
    assert json.loads(done.stdout)


def test_a_stream_that_is_cut_leaves_what_was_to_be_seen(run):
    """
    The partial pictures are kept, and the exit code says that it failed.
    """
    cut = event_stream(event("image_generation.partial_image", SMALL))
    with FakeServer().will(cut) as server:
        words = (*OPENAI, "--api-base", server.url, "--keep-partials", "sketches")
        done = run("a fox", *words)

    assert done.exit_code
    assert "ended before a picture came" in done.stderr
    assert 1 == len([*Path("sketches").iterdir()])


def test_a_folder_that_cannot_be_made(run):
    """
    It is said before anything is asked for.
    """
    Path("file").touch()
    done = run("a fox", "-m", "sketch/oil-1", "--keep-partials", "file/sketches")

    assert 2 == done.exit_code
    assert "file/sketches cannot be made: Not a directory" in done.stderr
