"""``impasto show`` and ``impasto again``, and the option that writes what they read."""

import json

import PIL.Image
import pytest

import impasto
from impasto.testing import png
from impasto_cli.commands import LINES

MAKE = ("generate", "a fox", "-m", "sketch/oil-1", "--size", "64x64", "--no-preview")


@pytest.fixture(scope="module")
def painted(tmp_path_factory):
    """Make a picture that says what it was made from, once."""
    image = impasto.image_generation("a fox", model="sketch/oil-1", size="64x64", seed=7).data[0]
    return image.save(tmp_path_factory.mktemp("fox") / "fox.png", metadata=True).read_bytes()


@pytest.fixture
def fox(painted, tmp_path):
    """Have that picture in the folder."""
    (tmp_path / "fox.png").write_bytes(painted)
    return tmp_path / "fox.png"


class TestSaving:
    """--metadata."""

    def test_by_default(self, run, tmp_path):
        """
        A prompt is nobody's business.
        """
        run(*MAKE, "-o", "fox.png")

        assert {} == dict(impasto.read_metadata(tmp_path / "fox.png").call)

    def test_asked_for(self, run, tmp_path):
        """
        It is in the file, where others read it, too.
        """
        run(*MAKE, "--seed", "7", "--metadata", "-o", "fox.png")

        with PIL.Image.open(tmp_path / "fox.png") as picture:
            lines = picture.text["parameters"].splitlines()

        assert "a fox" == lines[0]
        assert "Seed: 7, Size: 64x64, Model: sketch/oil-1" in lines[1]

    @pytest.mark.parametrize(("args", "written"), [((), True), (("--no-metadata",), False)])
    def test_by_the_variable(self, run, tmp_path, monkeypatch, args, written):
        """
        Who wants it always says so once; an option has the last word.
        """
        monkeypatch.setenv("IMPASTO_METADATA", "1")
        run(*MAKE, *args, "-o", "fox.png")

        assert written == bool(impasto.read_metadata(tmp_path / "fox.png").call)

    @pytest.mark.parametrize("args", [("--metadata",), ()])
    def test_of_a_batch(self, run, tmp_path, args):
        """
        Many pictures as one.
        """
        (tmp_path / "prompts.txt").write_text("a fox\n")
        result = run(
            "batch", "prompts.txt", "-m", "sketch/oil-1", "--size", "64x64", "-o", "out", *args
        )

        assert 0 == result.exit_code, result.output
        assert bool(args) == bool(impasto.read_metadata(tmp_path / "out/00001-a-fox.png").call)


class TestShow:
    """impasto show."""

    def test_for_a_person(self, run, fox):
        """
        What it is, and what it was made from.
        """
        result = run("show", "fox.png")

        lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
        assert 0 == result.exit_code
        assert "fox.png" == lines[0]
        for line in ("marks none found", "model sketch/oil-1", "prompt a fox", "seed 7"):
            assert line in lines
        assert any(line.startswith("picture image/png 64x64, ") for line in lines)

    def test_for_a_program(self, run, fox):
        """
        The same as JSON.
        """
        told = json.loads(run("show", "--json", "fox.png").stdout)

        assert ("fox.png", "image/png", 64, []) == tuple(
            told[name] for name in ("path", "mime", "width", "marks")
        )
        assert {"size": "64x64", "seed": 7} == told["call"]["params"]
        assert ("inside", "a fox") == (told["found"], told["call"]["prompt"])

    def test_a_file_that_says_nothing(self, run, tmp_path):
        """
        That is said.
        """
        (tmp_path / "plain.png").write_bytes(png(4, 4))

        assert "the file does not say" in run("show", "plain.png").stdout

    def test_of_other_programs(self, run, tmp_path):
        """
        Their text is shown; nothing in it can move the cursor.
        """
        info = PIL.PngImagePlugin.PngInfo()
        info.add_text("parameters", "a fox\x1b[2J\nSteps: 20")
        PIL.Image.new("RGB", (4, 4)).save(tmp_path / "theirs.png", pnginfo=info)

        shown = run("show", "theirs.png").stdout

        assert "a fox [2J Steps: 20" in " ".join(shown.split())
        assert "\x1b" not in shown

    @pytest.mark.parametrize(
        ("name", "why"),
        [("none.png", "cannot be read (No such file"), ("text.png", "is no picture")],
    )
    def test_what_is_no_picture(self, run, tmp_path, name, why):
        """
        One line, and the code for wrong usage.
        """
        (tmp_path / "text.png").write_text("hello")
        result = run("show", name)

        assert 2 == result.exit_code
        assert why in result.stderr
        assert 1 == len(result.stderr.splitlines())


class TestAgain:
    """impasto again."""

    def test_the_same_call(self, run, fox, tmp_path):
        """
        The same model, prompt and parameters: with a seed it is the same picture.
        """
        result = run("again", "fox.png", "-o", "again.png", "--no-preview")

        assert 0 == result.exit_code, result.output
        with PIL.Image.open(fox) as old, PIL.Image.open(tmp_path / "again.png") as new:
            assert old.tobytes() == new.tobytes()
        assert "note: again sketch/oil-1, 'a fox', size=64x64, seed=7" in result.stderr

    def test_options_stand_in(self, run, fox, tmp_path):
        """
        What is given takes the place of what the file says.
        """
        options = ("--seed", "8", "--size", "96x64", "--prompt", "a dog", "--metadata")
        result = run("again", "fox.png", "-o", "again.png", "--no-preview", *options)

        assert 0 == result.exit_code, result.output
        found = impasto.read_metadata(tmp_path / "again.png").call
        assert ("a dog", {"size": "96x64", "seed": 8}) == (found["prompt"], found["params"])

    def test_the_provider_s_own_words(self, run, fox):
        """
        -p does as well.
        """
        result = run("again", "fox.png", "-p", "size=96x64", "--json")

        assert 96 == json.loads(result.stdout)["pictures"][0]["width"]

    def test_a_file_that_says_nothing(self, run, tmp_path):
        """
        Nothing is made up.
        """
        (tmp_path / "plain.png").write_bytes(png(4, 4))
        result = run("again", "plain.png")

        assert 2 == result.exit_code
        assert "plain.png does not say how it was made" in result.stderr

    def test_pictures_that_went_in(self, run, tmp_path, said):
        """
        They are told, with the way out.
        """
        said(kind="edit", inputs=[{"as": "image", "mime": "image/png", "sha256": "ab" * 32}])
        result = run("again", "said.png")

        assert 2 == result.exit_code
        assert "image (image/png, abababababab...)" in result.stderr
        assert "impasto edit" in result.stderr

    def test_a_stranger_s_file(self, run, tmp_path, said):
        """
        It neither chooses files nor steers the command.
        """
        evil = {"out": "/tmp/x.png", "overwrite": True, "opened": True, "api_base": "http://a.b"}
        said(params={**evil, "size": "64x64"})
        result = run("again", "said.png", "--drop-params", "-o", "mine.png", "--no-preview")

        assert "api_base" not in result.stderr
        assert 0 == result.exit_code, result.output
        assert {"said.png", "mine.png"} == {one.name for one in tmp_path.iterdir()}


@pytest.fixture
def said(tmp_path):
    """Write a picture that says of itself what a stranger wrote."""

    def said(**call):
        told = {"impasto": "0.1.0", "model": "sketch/oil-1", "prompt": "a fox", **call}
        info = PIL.PngImagePlugin.PngInfo()
        info.add_itxt("impasto", json.dumps(told))
        PIL.Image.new("RGB", (4, 4)).save(tmp_path / "said.png", pnginfo=info)

    return said


def test_they_are_commands():
    """
    Both are listed.
    """
    assert {"show", "again"} <= LINES.keys()
