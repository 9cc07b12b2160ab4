"""Several models side by side, and their contact sheet."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

BOTH = ("-m", "acme/oil-2", "-m", "acme/chalk")


class Page(HTMLParser):
    """What a browser would make of a contact sheet."""

    def __init__(self, path):
        super().__init__()
        self.tags = []
        self.text = ""
        self.feed(Path(path).read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag, attribute):
        return [found[attribute] for name, found in self.tags if name == tag and attribute in found]


class TestSideBySide:
    def test_each_model_has_its_files(self, acme, run, files):
        """
        The model is in the name, and a number where it makes several.
        """
        size = ("--size", "1024x1024", "-n", "2")
        result = run("a fox", "-m", "acme/oil-2", "-m", "acme/oil-latest", *size, "-o", "out.png")

        assert 0 == result.exit_code, result.stderr
        assert [
            "out-acme-oil-2-1.png 8x8",
            "out-acme-oil-2-2.png 8x8",
            "out-acme-oil-latest-1.png 8x8",
            "out-acme-oil-latest-2.png 8x8",
            "out.html",
        ] == files(result.stdout)

    def test_they_are_asked_at_once(self, acme, run):
        """
        Both calls are under way before either ends: each waits until the other has come.
        """
        result = run("let them meet", "-m", "acme/oil-2", "-m", "acme/chalk")

        assert 0 == result.exit_code, result.stderr

    def test_one_that_fails_ends_no_other(self, acme, run, files):
        """
        Pictures that came are saved; each failure is a line, and the first has the exit code.
        """
        one, two, three = "openai/gpt-image-2", "nope/x", "acme/oil-2"
        result = run("a fox", "-m", one, "-m", two, "-m", three)

        assert 3 == result.exit_code
        assert ["a-fox-acme-oil-2.png 8x8", "a-fox.html"] == files(result.stdout)
        errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]

        assert 2 == len(errors)
        assert errors[0].startswith("error: openai/gpt-image-2: OpenAI needs api_key")
        assert errors[1].startswith("error: no plugin answers to 'nope'")

    def test_where_nothing_comes_no_sheet_is_written(self, run):
        """
        A page of errors alone would only be in the way.
        """
        result = run("a fox", "-m", "nope/x", "-m", "nope/y")

        assert (2, "") == (result.exit_code, result.stdout)
        assert [] == list(Path().iterdir())

    def test_json_has_one_entry_for_each(self, acme, run):
        """
        In the order of -m, with the errors of those that failed.
        """
        result = run("a fox", "-m", "acme/oil-2", "-m", "openai/gpt-image-2", "--json")
        document = json.loads(result.stdout)
        one, two = document["calls"]

        assert ["a-fox-acme-oil-2.png"] == document["paths"] == one["paths"]
        assert "a-fox.html" == document["sheet"]
        assert ("acme/oil-2", "acme", "oil-2", []) == (
            one["asked"],
            one["provider"],
            one["model"],
            one["errors"],
        )
        assert ("openai/gpt-image-2", None, []) == (two["asked"], two["provider"], two["pictures"])
        assert ("MissingCredentialsError", 3, "api_key") == tuple(
            two["errors"][0][name] for name in ("type", "exit_code", "param")
        )

    def test_a_folder_is_no_file(self, acme, run):
        """
        Neither for pictures nor for the sheet beside them.
        """
        result = run("a fox", *BOTH, "-o", ".")

        assert (2, "error: '.' is a folder; name a file in it\n") == (
            result.exit_code,
            result.stderr,
        )

    @pytest.mark.parametrize(
        "models",
        [("sketch/oil-1", "sketch/oil-1"), ("sketch/oil-1", "sketch-oil/1")],
        ids=["the same", "alike"],
    )
    def test_files_of_one_name_are_refused(self, run, models):
        """
        One picture would replace the other; -n is for more pictures of one model.
        """
        one, two = models
        result = run("a fox", "-m", one, "-m", two, "--overwrite")

        assert 2 == result.exit_code
        assert f"error: {one} and {two} would have the same files; " in result.stderr
        assert "there is -n" in result.stderr

    def test_a_file_that_exists_stops_all_of_them(self, acme, run):
        """
        Nothing is asked of anybody when one of the pictures could not be saved.
        """
        Path("out-acme-chalk.png").write_bytes(b"mine")
        result = run("a fox", *BOTH, "-o", "out.png")

        assert 2 == result.exit_code
        assert [] == acme.seen


class TestSheet:
    def test_it_shows_everything(self, acme, run):
        """
        Pictures, true sizes, seeds, parameters, notes, seconds, and the errors in words.
        """
        models = ("-m", "acme/oil-2", "-m", "acme/chalk", "-m", "openai/gpt-image-2")
        run("a fox", *models, "--seed", "3", "-o", "out.png")
        page = Page("out.html")

        assert ["out-acme-oil-2.png", "out-acme-chalk.png"] == page.all("img", "src")
        assert {"8"} == set(page.all("img", "width"))
        for text in (
            "out-acme-oil-2.png, 8x8, seed 7",
            "acme/oil-2",
            "acme/chalk",
            "dried in the sun",
            "openai/gpt-image-2: OpenAI needs api_key",
            "2 pictures, 3 models",
        ):
            assert text in page.text
        assert re.search(r"time\d+\.\d s", page.text)
        assert re.search(r"seed3 ?", page.text)

    def test_what_others_say_is_escaped(self, acme, run):
        """
        Prompt, revised prompt and messages are text, whatever they look like.
        """
        small = ("-m", "acme/chalk", "-m", "sketch/oil-1", "--size", "64x64")
        run("<script>alert(1)</script>", *BOTH, "-o", "out.png")
        run("refuse <img src=x>", *small, "-o", "no.png")
        one, two = Page("out.html"), Page("no.html")

        assert [] == [tag for tag, _ in [*one.tags, *two.tags] if tag == "script"]
        assert ["no-sketch-oil-1.png"] == two.all("img", "src")
        assert "<script>alert(1)</script>" in one.text
        assert "a <red> fox" in one.text
        assert "not <this> & not" in two.text
        assert "\x1b" not in two.text

    def test_it_needs_nothing_from_elsewhere(self, acme, run):
        """
        No script, no address, light and dark.
        """
        run("a fox", *BOTH, "-o", "out.png")
        text = Path("out.html").read_text()

        assert "http" not in text
        assert "<script" not in text
        assert "url(" not in text
        assert "prefers-color-scheme: dark" in text

    def test_it_may_lie_elsewhere(self, acme, run):
        """
        Pictures are named relative to it, so that the folder can be moved as a whole.
        """
        Path("pages").mkdir()
        Path("art work").mkdir()
        out = ("-o", "art work/100%.png", "--sheet", "pages/one.html")
        result = run("a fox", "-m", "acme/oil-2", *out)

        assert result.stdout.endswith("\npages/one.html\n")
        assert ["../art%20work/100%25.png"] == Page("pages/one.html").all("img", "src")

    @pytest.mark.parametrize(
        ("sheet", "message"),
        [
            ("mine.html", "'mine.html' exists; --overwrite replaces it"),
            ("no/one.html", "folder 'no' does not exist"),
            (".", "'.' is a folder"),
            ("out.png", "'out.png' cannot be both --out and --sheet"),
        ],
        ids=["exists", "no folder", "a folder", "the picture's own"],
    )
    def test_a_place_that_will_not_do_is_refused(self, acme, run, sheet, message):
        """
        Before anything is asked for.
        """
        Path("mine.html").write_text("mine")
        result = run("a fox", "-m", "acme/oil-2", "-o", "out.png", "--sheet", sheet)

        assert 2 == result.exit_code
        assert message in result.stderr
        assert [] == acme.seen

    def test_one_that_cannot_be_written_loses_no_picture(self, acme, run, files):
        """
        Where a file appeared meanwhile, it is kept; the exit code says that something is wrong.
        """
        acme.meanwhile.append(lambda: Path("one.html").write_text("somebody else's"))
        result = run("a fox", "-m", "acme/oil-2", "--sheet", "one.html")

        assert (1, ["a-fox.png 8x8"]) == (result.exit_code, files(result.stdout))
        assert "error: one.html could not be written (File exists)\n" in result.stderr
        assert "somebody else's" == Path("one.html").read_text()

    def test_a_name_that_nobody_chose_replaces_nothing(self, acme, run):
        """
        The next free number is taken, unless --overwrite is given.
        """
        sheets = [
            run("a fox", *BOTH, *more).stdout.splitlines()[-1]
            for more in ((), (), ("--overwrite",))
        ]

        assert ["a-fox.html", "a-fox-2.html", "a-fox.html"] == sheets
