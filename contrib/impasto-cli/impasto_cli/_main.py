"""The command `impasto`, put together from its commands."""

from __future__ import annotations

import click

import impasto
from impasto_cli._exits import exit_codes
from impasto_cli._group import Impasto
from impasto_cli.commands.generate import generate
from impasto_cli.commands.new_plugin import new_plugin
from impasto_cli.commands.providers import providers


@click.group(
    cls=Impasto,
    commands=[generate, providers, new_plugin],
    bare=generate,
    subcommand_metavar="PROMPT | COMMAND ...",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"\b\nExit codes:\n{exit_codes()}",
)
@click.version_option(
    package_name="impasto-cli",
    message=f"impasto {impasto.__version__} (impasto-cli %(version)s)",
)
def main() -> None:
    """Pictures from text, from any provider.

    A prompt alone makes a picture: impasto "a lighthouse at dawn".  It takes the options of
    `impasto generate`.
    """
