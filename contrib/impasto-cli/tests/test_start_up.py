"""What starting the command costs: each part is imported only where it is used."""

import subprocess
import sys

import pytest

from impasto_cli.commands import LINES, command

LOADED = """
import sys
from impasto_cli import main
try:
    main({args!r}, prog_name="impasto")
finally:
    top = {{name.partition(".")[0] for name in sys.modules}}
    print("loaded:", *sorted(top & {{"impasto", "attrs", "aiohttp", "rich", "cattrs", "PIL"}}),
          *sorted(one for one in top if one.startswith("impasto_") and one != "impasto_cli"))
"""


@pytest.mark.parametrize(
    ("args", "loaded"),
    [
        (["--help"], ""),
        (["--version"], ""),
        (["completion", "fish"], "attrs impasto"),
        (["generate", "--help"], "attrs impasto"),
        (["providers", "--json"], "attrs impasto"),
        (["models", "--json"], "attrs cattrs impasto"),
    ],
    ids=" ".join,
)
def test_nothing_is_imported_in_vain(args, loaded):
    """
    Help draws nothing and asks nobody; JSON needs no rich; only a call needs aiohttp and a plugin.
    """
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(args=args)], capture_output=True, timeout=30
    )

    assert f"loaded: {loaded}".rstrip() == done.stdout.decode().splitlines()[-1].rstrip()


@pytest.mark.parametrize("name", LINES)
def test_the_lines_of_help_are_the_commands_own(name):
    """
    `impasto --help` shows them without importing the commands.
    """
    assert command(name).get_short_help_str(100) == LINES[name]
    assert name == command(name).name
