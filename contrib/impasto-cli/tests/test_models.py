"""``impasto models``: what can be asked for, at any width."""

import json
import subprocess
import sys

import pytest


@pytest.fixture
def shown(acme, run, monkeypatch):
    """Return what the command prints in a terminal so many columns wide."""

    def shown(*args, width=100):
        monkeypatch.setenv("COLUMNS", str(width))
        result = run("models", "--provider", "acme", *args)
        assert 0 == result.exit_code, result.stderr
        return result.stdout

    return shown


class TestTable:
    def test_it_is_a_table_where_there_is_room(self, shown):
        """
        One line for each model, and no blanks at its end.
        """
        assert (
            """\
MODEL       DOES                              N  FORMATS    PRICE                         RETIRES     SIZES
acme/oil-2  generate, edit, vary, mask, seed  4  png, webp  $0.04 to $0.211/image         2999-01-01  1024x1024, 1024x1536, auto
acme/chalk  generate                                        $30.00/M output image tokens              any 64 to 2048 by 16, 1:1, 16:9, 9:16, 2 more
"""
        ) == shown(width=200)

    def test_it_is_paragraphs_where_there_is_none(self, shown):
        """
        60 columns are enough for all of it.
        """
        assert (
            """\
acme/oil-2
  does generate, edit, vary, mask, seed; n 4; formats png,
  webp; price $0.04 to $0.211/image; retires 2999-01-01;
  sizes 1024x1024, 1024x1536, auto
acme/chalk
  does generate; price $30.00/M output image tokens; sizes
  any 64 to 2048 by 16, 1:1, 16:9, 9:16, 2 more
"""
        ) == shown(width=60)

    @pytest.mark.parametrize("width", [20, 60, 80, 120, 160, 200])
    def test_no_line_is_too_wide(self, shown, width):
        """
        Whatever the width, nothing is folded by the terminal.
        """
        assert width >= max(map(len, shown("--all", width=width).splitlines()))

    def test_a_pipe_gets_a_line_for_each(self, command, monkeypatch):
        """
        Where nobody says how wide it is, a model is one line: for grep.
        """
        monkeypatch.delenv("COLUMNS")
        result = subprocess.run(
            [*command, "models", "--provider", "openai"], capture_output=True, timeout=30
        )
        lines = result.stdout.decode().splitlines()

        assert all(line.startswith("openai/") for line in lines[1:])
        assert "\x1b" not in result.stdout.decode()


class TestQuery:
    @pytest.mark.parametrize(
        ("words", "names"),
        [
            (("oil",), ["acme/oil-2"]),
            (("OIL-LATEST",), ["acme/oil-2"]),
            (("edit",), ["acme/oil-2"]),
            (("mask", "seed", "vary"), ["acme/oil-2"]),
            (("webp",), ["acme/oil-2"]),
            (("strength",), ["acme/oil-2"]),
            (("1024x1536",), ["acme/oil-2", "acme/chalk"]),
            (("1024x64",), ["acme/chalk"]),
            (("16:9",), ["acme/chalk"]),
            (("generate",), ["acme/oil-2", "acme/chalk"]),
            (("generate", "chalk"), ["acme/chalk"]),
            (("edit", "chalk"), []),
            (("retired",), ["acme/old-1"]),
        ],
        ids=" ".join,
    )
    def test_all_words_are_to_fit(self, shown, words, names):
        """
        A part of a name, an ability, a parameter, a value, a size.
        """
        assert names == [one["id"] for one in json.loads(shown(*words, "--json"))]

    def test_nothing_found_is_said(self, acme, run):
        """
        On standard error, with exit code 0: it is an answer.
        """
        result = run("models", "nothing-like-it")

        assert (0, "") == (result.exit_code, result.stdout)
        assert "note: no model of an installed provider fits\n" in result.stderr


class TestRetired:
    def test_they_are_hidden_and_counted(self, acme, run):
        """
        Nobody chooses one by mistake; that there are some is said.
        """
        result = run("models", "--provider", "acme")

        assert "old-1" not in result.stdout
        assert "note: 1 retired and not shown; --all shows them\n" == result.stderr

    def test_all_shows_them_last(self, shown):
        """
        With the day, since no colour tells it in a pipe.
        """
        lines = shown("--all", width=200).splitlines()

        assert lines[-1].startswith("acme/old-1")
        assert "retired 1999-12-31" in lines[-1]


class TestSources:
    def test_json_has_the_whole_card(self, shown):
        """
        Parameters with their limits, prices with source and date; amounts stay exact.
        """
        one = json.loads(shown("oil", "--json"))[0]

        assert ("acme", "oil-2", False) == (one["provider"], one["name"], one["retired"])
        assert 4000 == one["parameters"]["prompt"]["max_length"]
        assert ("0.211", "2026-11-22") == (one["prices"][1]["amount"], one["prices"][1]["date"])
        assert "2999-01-01" == one["lifecycle"]["retires"]

    def test_no_plugin_is_imported(self, command):
        """
        Catalogues are read as files, so nobody's code can break the list.
        """
        code = (
            "import sys; from impasto_cli import main\n"
            "try: main(['models'])\n"
            "finally: print([one for one in sys.modules if one.startswith('impasto_')"
            " and not one.startswith('impasto_cli')])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30)

        assert b"\n[]\n" in done.stdout

    def test_an_unsound_catalogue_is_a_note(self, process, tmp_path):
        """
        The others are listed all the same.
        """
        package = tmp_path / "impasto_cracked"
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "models.json").write_text('{"models": [{"nam": "x"}]}')
        metadata = tmp_path / "impasto_cracked-0.3.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: impasto-cracked\nVersion: 0.3\n"
        )
        (metadata / "entry_points.txt").write_text("[impasto.providers]\ncracked=impasto_cracked\n")
        result = process("models", "oil-1", PYTHONPATH=str(tmp_path))

        assert 0 == result.returncode
        assert b"sketch/oil-1" in result.stdout
        assert b"note: impasto-cracked" in result.stderr
        assert b"is unsound" in result.stderr

    def test_an_unknown_provider_is_refused(self, run):
        """
        With those that there are.
        """
        result = run("models", "--provider", "nope")

        assert 2 == result.exit_code
        assert result.stderr.startswith("error: no plugin answers to 'nope'; installed: ")
