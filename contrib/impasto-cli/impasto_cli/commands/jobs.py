"""``impasto jobs``: what a journal knows of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from impasto_cli._exits import Failure
from impasto_cli._lines import say
from impasto_cli._options import JOURNAL, resumed

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_KEYS = click.argument("keys", nargs=-1, metavar="KEY...")


@click.group(invoke_without_command=True)
@JOURNAL
@_AS_JSON
@click.pass_context
def jobs(ctx: click.Context, journal: Path | None, as_json: bool) -> None:
    """List, resume and forget the calls of a journal.

    A call is written in a journal where it is made with --journal, or while IMPASTO_JOURNAL is
    set.  Without a command, they are listed.
    """
    if ctx.invoked_subcommand is None:
        _list(_path(ctx, journal), as_json=as_json)


@jobs.command("list")
@JOURNAL
@_AS_JSON
@click.pass_context
def list_(ctx: click.Context, journal: Path | None, as_json: bool) -> None:
    """List the calls, the latest first.

    A call is "running" where a process that lives is at it, "done", "resumable" where the
    provider can be asked for it or its answer is here, "ambiguous" where it may have been paid
    for and nothing came, or "failed" where it cost nothing.
    """
    _list(_path(ctx, journal), as_json=as_json)


@jobs.command
@click.argument("key")
@JOURNAL
@_AS_JSON
@click.pass_context
def show(ctx: click.Context, key: str, journal: Path | None, as_json: bool) -> None:
    """Show all that is known of the call KEY."""
    from impasto_cli._journals import document, opened, tell

    entry = opened(_path(ctx, journal)).entry(key)
    if as_json:
        click.echo(json.dumps(document(entry), ensure_ascii=False))
    else:
        tell(entry)


@jobs.command(short_help="Ask for what is at a provider, and save it.")
@_KEYS
@resumed
@click.pass_context
def resume(ctx: click.Context, /, keys: tuple[str, ...], **options: Any) -> None:
    """Ask for the calls KEY..., and save their pictures; without a KEY, for all that can be resumed.

    Nothing is ordered, whatever comes of it.
    """
    from impasto_cli._journals import opened, save

    journal = opened(_path(ctx, options.pop("journal")))
    wanted = list(keys) or [one.key for one in journal.jobs() if one.state == "resumable"]
    if not wanted:
        say("note: nothing is left to be resumed")
        return
    save(journal, wanted, **options)


@jobs.command(short_help="Save once more what has come.")
@_KEYS
@resumed
@click.pass_context
def download(ctx: click.Context, /, keys: tuple[str, ...], **options: Any) -> None:
    """Save the pictures of the calls KEY..., which have come, once more.

    Those of which the journal has the bytes need no network.
    """
    from impasto_cli._journals import opened, save

    journal = opened(_path(ctx, options.pop("journal")))
    _refuse_none(keys)
    for key in keys:
        entry = journal.entry(key)
        if entry.state not in ("done", "resumable"):
            raise Failure(f"{key} is {entry.state}; impasto jobs show {key} says why", 2)
    save(journal, keys, **options)


@jobs.command
@_KEYS
@JOURNAL
@click.option("--done", is_flag=True, help="Those that are done, or cost nothing.")
@click.option(
    "--older-than",
    metavar="AGE",
    default="30d",
    show_default=True,
    help="With --done: those of which nothing was written for so long, as 30d, 12h or 0d.",
)
@click.option("--force", is_flag=True, help="Also what may have been paid for and did not come.")
@click.pass_context
def forget(
    ctx: click.Context,
    keys: tuple[str, ...],
    journal: Path | None,
    done: bool,
    older_than: str,
    force: bool,
) -> None:
    """Remove the calls KEY... from the journal; files stay."""
    from impasto_cli._journals import age, forget_all, opened

    found = opened(_path(ctx, journal))
    if done:
        count = found.forget_done(age(older_than))
        say(f"note: {count:,} forgotten")
    if keys or not done:
        _refuse_none(keys)
        forget_all(found, keys, force=force)


def _list(path: Path, *, as_json: bool) -> None:
    from impasto_cli._journals import document, opened, tell_all

    found = opened(path).jobs()
    if as_json:
        click.echo(json.dumps([document(one) for one in found], ensure_ascii=False))
    else:
        tell_all(found)


def _path(ctx: click.Context, journal: Path | None) -> Path:
    """Return the journal, which may be named before the command or after it."""
    before = ctx.parent.params.get("journal") if ctx.parent is not None else None
    found: Path | None = journal or before
    if found is None:
        raise Failure("which journal?  --journal PATH, or set IMPASTO_JOURNAL", 2)
    return found


def _refuse_none(keys: Sequence[str]) -> None:
    if not keys:
        raise Failure("which call?  impasto jobs lists them by their keys", 2)
