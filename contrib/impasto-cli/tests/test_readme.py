"""README.md says what is so: its commands are run, and print what stands below them."""

import re
import subprocess
import sys
from pathlib import Path

from impasto_cli.commands import LINES

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def steps(block):
    """Return each command of *block* with what it prints."""
    for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = step.partition("\n")
        yield command, output


def without_seconds(text):
    return re.sub(r"  \d+\.\d s  ", "  0.4 s  ", text)


def test_every_command_prints_what_it_says(installed, tmp_path):
    """
    In one folder, in their order, with only openai and sketch installed; seconds may differ.
    """
    environment = installed("impasto_openai", "impasto_sketch").environment
    program = tmp_path / "bin" / "impasto"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -m impasto_cli "$@"\n')
    program.chmod(0o755)
    environment |= {"PATH": f"{program.parent}:{environment['PATH']}", "COLUMNS": "100"}
    ran = 0
    for command, output in [step for block in BLOCKS for step in steps(block)]:
        if command.startswith("pip "):  # there is no network; what it would install is there
            continue
        done = subprocess.run(
            ["sh", "-c", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            timeout=60,
        )
        ran += 1

        assert without_seconds(output) == without_seconds(done.stdout.decode()), command
    assert ran >= 11


def test_every_command_is_in_it():
    """
    The table and a chapter name each of them.
    """
    for name in LINES:
        assert re.search(
            rf"^\| `impasto.*`impasto {name}|^\| `impasto {name}", README, re.MULTILINE
        )
        assert re.search(rf"^## .*`impasto {name}`", README, re.MULTILINE)
