"""``impasto doctor``: what is wrong, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click

import impasto
from impasto_cli import _clock, _machine
from impasto_cli._catalogues import names
from impasto_cli._completing import provider_option
from impasto_cli._findings import Finding
from impasto_cli._plugins import DEFAULT, UNUSED, Plugin, examined

_MARKS = {"fine": "ok", "open": "--", "wrong": "!!"}


@click.command
@provider_option
@click.option(
    "--online", is_flag=True, help="Ask the providers for the time; without it no network is used."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def doctor(ctx: click.Context, provider: str | None, online: bool, as_json: bool) -> None:
    """Look for what is wrong, and say what to do.

    Loads each installed plugin as a call would, and looks at its settings, naming the variable
    that each is read from and never a value; then at Python, versions, proxies, certificates and
    extras.  Exit code 7 where a plugin is broken, 3 where PROVIDER lacks a setting, else 0.
    """
    plugins = [examined(name) for name in _wanted(provider)]
    machine = [*_machine.findings(), *(_clocks(plugins) if online else [])]
    todo = [*_todo(plugins, machine)]
    code = _exit_code(plugins, provider)
    if as_json:
        click.echo(json.dumps(_document(plugins, machine, todo, code), ensure_ascii=False))
    else:
        _show(plugins, machine, todo)
    ctx.exit(code)


def _wanted(provider: str | None) -> list[str]:
    """Return the providers to look at.

    Raises:
        UnknownProviderError: there is no such *provider*.
    """
    if provider is None:
        return names()
    if provider.lower() not in impasto.registry.names():
        impasto.registry.plugin(provider)  # it says what there is
    return [provider.lower()]


def _clocks(plugins: Sequence[Plugin]) -> list[Finding]:
    return _clock.compared([one.provider for one in plugins if one.provider is not None])


def _exit_code(plugins: Sequence[Plugin], provider: str | None) -> int:
    if any(one.broken for one in plugins):
        return 7
    return 3 if provider is not None and plugins[0].lacks else 0


def _todo(plugins: Sequence[Plugin], machine: Sequence[Finding]) -> Iterator[str]:
    """Yield what to do, the most urgent first: what breaks all, one plugin, or one provider's use."""
    yield from dict.fromkeys(one.todo for one in machine if one.todo is not None)
    for one in plugins:
        if one.broken:
            yield f"{one.name}: {_remedy(one)}"
    for one in plugins:
        if one.lacks:
            yield f"to use {one.name}: {one.lacks}"
    if not plugins:
        yield "install a provider: pip install impasto-openai, or impasto-sketch to try it offline"


def _remedy(plugin: Plugin) -> str:
    if plugin.info.state == "clash":
        return str(plugin.info.cause)
    return f"pip install --upgrade {plugin.info.distribution or plugin.name}, or report it there"


def _show(plugins: Sequence[Plugin], machine: Sequence[Finding], todo: Sequence[str]) -> None:
    from impasto_cli._tables import Row, show, standard_output, write  # rich; not for --json

    console = standard_output()
    for plugin in plugins:
        write(console, _title(plugin), lead=f"{_MARKS[_state(plugin)]}  ", style="bold")
        for line in _lines(plugin):
            write(console, line, lead="    ")
    console.print()
    show(("", "MACHINE", ""), [Row((_MARKS[one.state], one.about, one.told)) for one in machine])
    console.print()
    if not todo:
        write(console, "Nothing to do.")
    for number, line in enumerate(todo, 1):
        write(console, line, lead=f"{number}. ")


def _state(plugin: Plugin) -> str:
    return "wrong" if plugin.broken else "open" if plugin.lacks else "fine"


def _title(plugin: Plugin) -> str:
    version = f" {plugin.info.version}" if plugin.info.version else ""
    return f"{plugin.name}  {plugin.info.distribution or 'this program'}{version}"


def _lines(plugin: Plugin) -> Iterator[str]:
    """Yield what there is to say of *plugin*: what is wrong, then where its settings are from."""
    if plugin.broken:
        yield plugin.broken
    if plugin.lacks:
        yield plugin.lacks
    for name, source in plugin.settings.items():
        if source not in (UNUSED, DEFAULT):
            yield f"{name} from {source}"
    for source in (DEFAULT, UNUSED):
        named = [name for name, one in plugin.settings.items() if one == source]
        if named:
            yield f"{source}: {', '.join(named)}"


def _document(
    plugins: Sequence[Plugin], machine: Sequence[Finding], todo: Sequence[str], code: int
) -> dict[str, Any]:
    return {
        "plugins": [
            {
                "name": one.name,
                "distribution": one.info.distribution,
                "version": one.info.version,
                "state": _state(one),
                "broken": one.broken,
                "lacks": one.lacks,
                "settings": dict(one.settings),
            }
            for one in plugins
        ],
        "machine": [vars(one) for one in machine],
        "todo": list(todo),
        "exit_code": code,
    }
