"""PLUGIN_GUIDE.md holds: its files are written, its commands run, its hooks are those there are."""

import inspect
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from impasto import hookspecs

GUIDE = (Path(__file__).parent.parent / "PLUGIN_GUIDE.md").read_text(encoding="utf-8")
# A file, or a command with what it prints; later pieces of one file go below the earlier ones.
BLOCKS = re.compile(
    r"(?:<!-- file: (?P<file>\S+) -->\n```\w+\n(?P<content>.*?)^```$)"
    r"|(?:^```console\n\$ (?P<command>[^\n]*)\n(?P<output>.*?)^```$)",
    re.DOTALL | re.MULTILINE,
)


def install(folder):
    """Do what `pip install -e .` does, from the guide's own pyproject.toml, without a network."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = project["entry-points"]["impasto.providers"]
    lines = "".join(f"{name} = {module}\n" for name, module in points.items())
    (info / "entry_points.txt").write_text(f"[impasto.providers]\n{lines}")


def run(command, folder):
    """Run a console line in *folder* as its reader would, with the plugin installed."""
    program, *arguments = command.split()
    assert program == "python", "the guide's commands are Python's"
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def write(folder, name, content):
    """Write a file of the guide, or add to it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(content if not path.stat().st_size else f"\n\n{content}")
    if name == "pyproject.toml":
        install(folder)


def test_every_block_does_what_the_guide_says(tmp_path):
    """
    From an empty folder to a tested plugin: each file is written as it comes, and each command
    prints what stands below it.
    """
    ran = 0
    for block in BLOCKS.finditer(GUIDE):
        if block["file"]:
            write(tmp_path, block["file"], block["content"])
            continue
        done = run(block["command"], tmp_path)
        ran += 1

        assert 0 == done.returncode, f"{block['command']}\n{done.stdout}\n{done.stderr}"
        if block["output"]:
            assert block["output"] == done.stdout
    assert ran >= 6


def hooks():
    return {
        name: function
        for name, function in vars(hookspecs).items()
        if inspect.isfunction(function) and hasattr(function, "impasto_spec")
    }


@pytest.mark.parametrize("name", hooks())
def test_every_hook_is_in_the_guide_with_its_signature(name):
    """
    The table at the end lists each hook as it is specified.
    """
    signature = str(inspect.signature(hooks()[name])).replace("'", "")

    assert f"`{name}{signature}`" in GUIDE


def test_no_block_goes_unnoticed():
    """
    Every fenced block is a file or a command, so that none can go stale.
    """
    fences = len(re.findall(r"^```", GUIDE, re.MULTILINE)) // 2

    assert fences == len(list(BLOCKS.finditer(GUIDE)))


def test_its_contents_lead_to_its_chapters():
    """
    The links at the top are the headings below.
    """
    links = re.findall(r"^\d+\. \[(.+?)\]\(#(.+?)\)$", GUIDE, re.MULTILINE)
    headings = re.findall(r"^## \d+\. (.+)$", GUIDE, re.MULTILINE)

    assert headings == [title for title, _ in links]
