"""``impasto new-plugin``: what it writes works before it is edited."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

TREE = Path(__file__).parents[3]


@pytest.fixture(scope="class")
def folder(tmp_path_factory):
    """Write a plugin whose name has everything that a name may have."""
    into = tmp_path_factory.mktemp("plugins")
    _python("-m", "impasto_cli", "new-plugin", "black_forest-2", cwd=into)
    return into / "impasto-black-forest-2"


class TestWhatIsWritten:
    def test_its_tests_pass(self, folder):
        """
        The contract holds, and so do the template's own two tests.
        """
        said = _python("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder)

        assert re.search(r"^\d+ passed", said, re.MULTILINE), said

    def test_types_are_strict(self, folder):
        """
        `mypy` is content, with the plugin's own settings: strict.
        """
        cache = TREE / ".mypy_cache" / "new-plugin"
        said = _python("-m", "mypy", "--strict", "--cache-dir", str(cache), ".", cwd=folder)

        assert "Success: no issues found in 2 source files\n" == said

    def test_it_is_tidy(self, folder):
        """
        `ruff` finds nothing to say, nor to format.
        """
        said = [
            _python("-m", "ruff", *command, "--no-cache", ".", cwd=folder)
            for command in (("check",), ("format", "--check"))
        ]

        assert ["All checks passed!\n", "2 files already formatted\n"] == [
            re.sub(r"^\d+ files", "2 files", one) for one in said
        ]

    def test_it_is_a_distribution(self, folder):
        """
        Its metadata names the entry point, core's version and the group for its tests.
        """
        project = tomllib.loads((folder / "pyproject.toml").read_text())

        assert "impasto-black-forest-2" == project["project"]["name"]
        assert ["impasto>=0.1,<0.2"] == project["project"]["dependencies"]
        assert {"black_forest-2": "impasto_black_forest_2"} == project["project"]["entry-points"][
            "impasto.providers"
        ]
        assert {"test": ["impasto[testing]"]} == project["dependency-groups"]
        assert "uv_build" == project["build-system"]["build-backend"]

    def test_nothing_of_the_template_is_left(self, folder):
        """
        Every placeholder is filled in, in names and in texts.
        """
        files = {str(path.relative_to(folder)): path for path in _files(folder)}

        assert {
            "CHANGELOG.md",
            "README.md",
            "impasto_black_forest_2/__init__.py",
            "impasto_black_forest_2/models.json",
            "impasto_black_forest_2/py.typed",
            "pyproject.toml",
            "tests/samples/done.json",
            "tests/samples/failed.json",
            "tests/samples/no_credit.json",
            "tests/samples/refused.json",
            "tests/samples/submitted.json",
            "tests/test_black_forest_2.py",
        } == set(files)
        assert [] == [name for name, path in files.items() if "$" in path.read_text()]

    def test_it_is_found_once_it_is_installed(self, folder, process):
        """
        With its metadata beside it, the provider is one like any other.
        """
        metadata = folder / "impasto_black_forest_2-0.1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: impasto-black-forest-2\nVersion: 0.1.0\n"
        )
        (metadata / "entry_points.txt").write_text(
            "[impasto.providers]\nblack_forest-2 = impasto_black_forest_2\n"
        )
        result = process("a fox", "-m", "black_forest-2/paint-1", PYTHONPATH=str(folder))
        shutil.rmtree(metadata)

        assert 3 == result.returncode
        assert b"set BLACK_FOREST_2_API_KEY\n" in result.stderr


class TestCommand:
    def test_it_says_what_comes_next(self, run, tmp_path):
        """
        The commands that it prints are those to type.
        """
        result = run("new-plugin", "acme", "--into", str(tmp_path))

        assert (
            f"{tmp_path}/impasto-acme is written.  Next:\n"
            f"  cd {tmp_path}/impasto-acme\n"
            '  pip install -e . "impasto[testing]"\n'
            "  pytest\n"
        ) == result.stdout

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("Acme", "is no name for a provider"),
            ("a/b", "is no name for a provider"),
            ("../acme", "is no name for a provider"),
            ("3d", "begins with a letter"),
            ("acme-", "is no name for a provider"),
            ("cli", "is a part of impasto itself"),
            ("impasto-acme", "impasto new-plugin acme"),
            ("sketch", "is installed already, from impasto-sketch"),
            ("taken", "impasto-taken exists"),
        ],
    )
    def test_a_name_that_will_not_do_is_refused(self, run, name, reason):
        """
        Before anything is written, with the reason and a way out.
        """
        Path("impasto-taken").mkdir()
        result = run("new-plugin", name)

        assert 2 == result.exit_code
        assert reason in result.stderr
        assert ["impasto-taken"] == [path.name for path in Path().iterdir()]


def _python(*args, cwd):
    """Return what a Python that sees *cwd* prints."""
    result = subprocess.run(
        [sys.executable, *args],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(cwd), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert 0 == result.returncode, result.stdout + result.stderr
    return result.stdout


def _files(folder):
    return (
        path
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", ".ruff_cache"} & set(path.parts)
    )
