"""``impasto completion``: what makes a shell complete the command line."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_SHELLS = ("bash", "zsh", "fish")


@click.command
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what completes commands in your shell.

    Models and providers are completed too, without a plugin's code being run.

    \b
      bash  echo 'eval "$(impasto completion bash)"' >> ~/.bashrc
      zsh   echo 'eval "$(impasto completion zsh)"' >> ~/.zshrc
      fish  impasto completion fish > ~/.config/fish/completions/impasto.fish
    """  # noqa: D301 - click wants the character itself
    found = get_completion_class(shell)
    assert found is not None
    root = ctx.find_root().command
    click.echo(found(root, {}, "impasto", "_IMPASTO_COMPLETE").source())
