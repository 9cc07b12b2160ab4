"""What the commands say of themselves, and the exit codes."""

from __future__ import annotations

from collections.abc import Mapping

import click

from generators import documents, markdown
from generators.markers import Maker
from impasto_cli import main
from impasto_cli._exits import MEANINGS  # private, but of this project: one list for both
from impasto_cli.commands import LINES, command

_COLUMNS = 88


def pages() -> dict[str, str]:
    """Return the page on the command line: its README, and what each command says."""
    readme = documents.readme("impasto-cli")
    return {"command-line.md": f"{_titled(readme)}\n\n## What each command says\n\n{helps()}\n"}


def _titled(readme: str) -> str:
    _, _, rest = readme.partition("\n")
    return f"# The command line\n{rest.rstrip()}"


def helps() -> str:
    """Return the help of every command, each below its name."""
    shown = [("impasto", _help("impasto", main))]
    shown += [(f"impasto {name}", _help(f"impasto {name}", _found(name))) for name in LINES]
    return "\n\n".join(f"### `{name} --help`\n\n```text\n{said}\n```" for name, said in shown)


def _found(name: str) -> click.Command:
    found = command(name)
    assert found is not None, f"{name} is listed, and is no command"
    return found


def _help(name: str, found: click.Command) -> str:
    settings = {**found.context_settings, "help_option_names": ["-h", "--help"]}
    context = click.Context(found, info_name=name, max_content_width=_COLUMNS, **settings)
    context.terminal_width = _COLUMNS
    return found.get_help(context)


def exit_codes() -> str:
    """Return the table of exit codes."""
    rows = [(markdown.code(number), meaning) for number, meaning in MEANINGS.items()]
    return markdown.table(("exit code", "meaning"), rows)


MADE: Mapping[str, Maker] = {"exit_codes": exit_codes}
