"""The command `impasto`, put together from its commands."""

from __future__ import annotations

import click

from impasto_cli._exits import exit_codes
from impasto_cli._group import Impasto


def _tell_versions(ctx: click.Context, param: click.Parameter, asked: bool) -> None:
    if not asked or ctx.resilient_parsing:
        return
    from importlib.metadata import version  # only here, and slower than all the rest of this file

    click.echo(f"impasto {version('impasto')} (impasto-cli {version('impasto-cli')})")
    ctx.exit()


@click.group(
    cls=Impasto,
    subcommand_metavar="PROMPT | COMMAND ...",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"\b\nExit codes:\n{exit_codes()}",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_versions,
    help="Show the versions and exit.",
)
def main() -> None:
    """Pictures from text, from any provider.

    A prompt alone makes a picture: impasto "a lighthouse at dawn".  It takes the options of
    `impasto generate`.
    """
