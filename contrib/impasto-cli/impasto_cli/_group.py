"""The group of commands: a prompt alone makes a picture, and what fails is one line."""

from __future__ import annotations

import difflib
import os
from typing import Any

import click

from impasto_cli._exits import Failure
from impasto_cli.commands import LINES, command

# Words that people try as commands because other tools have them.  Nobody buys a picture of
# "config" by mistake; `impasto generate config` paints it.
_COMMANDS_ELSEWHERE = frozenset(
    {
        *("help", "version", "info", "status", "test", "demo", "init", "list", "ls"),
        *("config", "configure", "settings", "keys", "auth", "login", "logout", "cost", "usage"),
        *("estimate", "budget", "prices", "journal", "resume", "cancel", "submit", "cache"),
        *("install", "uninstall", "update", "upgrade", "plugins", "search", "logs", "history"),
        *("run", "serve", "chat", "image", "images", "variations", "upscale", "inpaint"),
    }
)
_BARE = "generate"


class Impasto(click.Group):
    """Takes arguments that begin with no command as those of `impasto generate`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(LINES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return command(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(LINES.items()))

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        from click.shell_completion import CompletionItem  # a shell's completion alone needs it

        found = [
            CompletionItem(name, help=line)
            for name, line in LINES.items()
            if name.startswith(incomplete)
        ]
        bare = command(_BARE) if incomplete.startswith("-") else None
        options = bare.shell_complete(ctx, incomplete) if bare is not None else []
        return [*found, *options, *click.Command.shell_complete(self, ctx, incomplete)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in LINES and args[0] not in self._own_options(ctx):
            if not ctx.resilient_parsing:  # a line that is being completed may still change
                self._refuse_likely_mistake(args)
            args = [_BARE, *args]
        return super().parse_args(ctx, args)

    def _own_options(self, ctx: click.Context) -> set[str]:
        return {name for option in self.get_params(ctx) for name in option.opts}

    def _refuse_likely_mistake(self, args: list[str]) -> None:
        """Refuse what is hardly meant as a prompt, before it costs money."""
        word = args[0]
        late = next((one for one in args if one in LINES), None)
        if word.startswith("-") and late is not None:
            raise Failure(f"options stand after the command: impasto {late} ...", 2)
        near = difflib.get_close_matches(word, LINES, 1, cutoff=0.8)
        if near or word in _COMMANDS_ELSEWHERE:
            meant = f"did you mean {near[0]!r}?" if near else "see impasto --help."
            raise Failure(
                f"no command {word!r}; {meant}  To paint the word: impasto generate {word}", 2
            )

    def invoke(self, ctx: click.Context) -> Any:
        # Impasto itself, of which `impasto --help` needs nothing.
        from impasto_cli._failures import failure
        from impasto_cli._warnings import shown

        with shown():
            try:
                return super().invoke(ctx)
            except (click.exceptions.Exit, click.exceptions.NoArgsIsHelpError, BrokenPipeError):
                raise  # click knows what to do
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - raised as one of ours
                found = failure(error)
                if os.environ.get("IMPASTO_TRACEBACK") and found.__cause__ is not None:
                    raise found.__cause__  # noqa: B904 - with the cause that it has itself
                raise found from found.__cause__
