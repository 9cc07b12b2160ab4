"""``impasto new-plugin``: a folder to begin a provider's plugin with."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import click

import impasto
from impasto_cli._exits import Failure
from impasto_cli._template import files

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
# Distributions of impasto itself that are no providers.
_RESERVED = frozenset({"batch", "cache", "cli", "core", "gateway", "telemetry", "testing"})


@click.command
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="Folder to put it in; by default the current one.",
)
def new_plugin(name: str, into: Path) -> None:
    """Write a provider's plugin to start from.

    The folder impasto-NAME passes its tests as it is; then the vendor's real API takes the place
    of the invented one.
    """
    _check(name)
    folder = into / f"impasto-{name.replace('_', '-')}"
    if folder.exists():
        raise Failure(f"{folder} exists; remove it, or put the new one elsewhere with --into", 2)
    for path, text in files(name).items():
        _write(folder / path, text)
    click.echo(
        f"{folder} is written.  Next:\n"
        f"  cd {folder}\n"
        '  pip install -e . "impasto[testing]"\n'
        "  pytest"
    )


def _check(name: str) -> None:
    """Raise `Failure` if no provider's plugin can have this name."""
    if not _NAME.fullmatch(name):
        raise Failure(
            f"{name!r} is no name for a provider: it takes lower-case letters, digits, - and _, "
            "and begins with a letter, such as acme or black_forest",
            2,
        )
    if name.startswith(("impasto-", "impasto_")):
        raise Failure(f"leave out the beginning: impasto new-plugin {name[len('impasto-') :]}", 2)
    if name in _RESERVED:
        raise Failure(f"impasto-{name} is a part of impasto itself; take another name", 2)
    _check_not_installed(name)


def _check_not_installed(name: str) -> None:
    module = name.replace("-", "_")
    for info in impasto.providers():
        if info.name.replace("-", "_") == module:
            raise Failure(
                f"{info.name!r} is installed already, from {info.distribution}; take another "
                f"name, or: pip uninstall {info.distribution}",
                2,
            )
    if importlib.util.find_spec(f"impasto_{module}") is not None:
        raise Failure(f"a module impasto_{module} is installed already; take another name", 2)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
