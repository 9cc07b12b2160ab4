"""``impasto providers``: what is installed."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

import impasto
from impasto import ProviderInfo

_HEADINGS = ("NAME", "STATE", "VERSION", "DISTRIBUTION")
_NONE = """\
No provider is installed.  Try one of these:
  pip install impasto-openai    OpenAI; needs OPENAI_API_KEY
  pip install impasto-sketch    offline, without a key"""


@click.command
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def providers(as_json: bool) -> None:
    """List the installed providers.

    None of them is imported for that; `impasto doctor` does, and says what is wrong.
    """
    found = impasto.providers()
    if as_json:
        click.echo(_document(found))
    else:
        tell(found)


def _document(found: Sequence[ProviderInfo]) -> str:
    names = ("name", "distribution", "version", "state", "cause")
    return json.dumps([{name: getattr(info, name) for name in names} for info in found])


def tell(found: Sequence[ProviderInfo]) -> None:
    """Print *found* as a table; what is wrong stands below its row."""
    if not found:
        click.echo(_NONE)
        return
    from impasto_cli._tables import Row, show  # rich; not for --json

    show(_HEADINGS, [Row(_cells(info), below=info.cause) for info in found])


def _cells(info: ProviderInfo) -> tuple[str, str, str, str]:
    return info.name, info.state, info.version or "-", info.distribution or "this program"
