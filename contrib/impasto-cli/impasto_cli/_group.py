"""The group of commands: a prompt alone makes a picture, and what fails is one line."""

from __future__ import annotations

import difflib
import os
from typing import Any

import click

from impasto_cli._exits import Failure, failure
from impasto_cli._warnings import shown

# Words that people try as commands because other tools have them.  Nobody buys a picture of
# "models" by mistake; `impasto generate models` paints it.
_COMMANDS_ELSEWHERE = ("help", "version", "models", "list", "edit", "config", "install", "doctor")


class Impasto(click.Group):
    """Takes arguments that begin with none of the commands as those of the command *bare*."""

    def __init__(self, *, bare: click.Command, **settings: Any) -> None:
        super().__init__(**settings)
        self._bare = str(bare.name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in self._own_options(ctx):
            self._refuse_likely_mistake(args)
            args = [self._bare, *args]
        return super().parse_args(ctx, args)

    def _own_options(self, ctx: click.Context) -> set[str]:
        return {name for option in self.get_params(ctx) for name in option.opts}

    def _refuse_likely_mistake(self, args: list[str]) -> None:
        """Refuse what is hardly meant as a prompt, before it costs money."""
        word = args[0]
        late = next((one for one in args if one in self.commands), None)
        if word.startswith("-") and late is not None:
            raise Failure(f"options stand after the command: impasto {late} ...", 2)
        near = difflib.get_close_matches(word, self.commands, 1, cutoff=0.8)
        if near or word in _COMMANDS_ELSEWHERE:
            meant = f"did you mean {near[0]!r}?" if near else "see impasto --help."
            raise Failure(
                f"no command {word!r}; {meant}  To paint the word: impasto generate {word}", 2
            )

    def invoke(self, ctx: click.Context) -> Any:
        with shown():
            try:
                return super().invoke(ctx)
            except (click.exceptions.Exit, click.exceptions.NoArgsIsHelpError, BrokenPipeError):
                raise  # click knows what to do
            except (Exception, KeyboardInterrupt) as error:
                if os.environ.get("IMPASTO_TRACEBACK"):
                    raise
                raise failure(error) from error
