"""README.md says what is so: its code runs, and its tables are complete."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import impasto_cache
from impasto._api import dispatch
from impasto_cache import _wishes

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_its_code_runs(monkeypatch, tmp_path, capsys):
    """
    In its order, and prints what it says.
    """
    monkeypatch.setattr(dispatch(), "extras", {})
    monkeypatch.chdir(tmp_path)
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPASTO_SKETCH_LATENCY", "0")
        for code in blocks("python"):
            exec(compile(code, "README.md", "exec"), names)
    said = capsys.readouterr().out

    assert re.match(r"from the cache, made .* UTC: nothing was sent or paid\n", said)
    assert "limits=Limits(size=500000000, age=604800.0)" in said
    assert 0 == impasto_cache.contents().answers


def test_its_command_prints_what_it_says(monkeypatch, tmp_path):
    """
    But for the folder.
    """
    monkeypatch.setenv("IMPASTO_CACHE_DIR", str(tmp_path / "empty"))
    (block,) = blocks("console")
    command, _, rest = block.partition("\n")
    done = subprocess.run(
        [sys.executable, *command.split()[2:]], capture_output=True, text=True, timeout=60
    )

    assert rest.splitlines()[1:] == done.stdout.splitlines()[1:]


def test_every_wish_and_variable_is_in_it():
    """
    Each with its row.
    """
    rows = [line for line in README.splitlines() if line.startswith("|")]
    words = [f'"{name}"' for name in (*_wishes._FLAGS, *_wishes._SECONDS)]
    names = [f"IMPASTO_CACHE_{name}" for name in ("DIR", "SIZE", "AGE")]

    assert [] == [one for one in (*words, *names) if not any(one in row for row in rows)]
