"""The commands, each in a module of its name, with its line in `impasto --help`.

Neither `impasto --help` nor the shell's completion imports a command that it does not show.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click

LINES: Mapping[str, str] = {
    "generate": "Make pictures of PROMPT.",
    "edit": "Change a picture as PROMPT says.",
    "vary": "Make variations of a picture.",
    "batch": "Make pictures of every prompt in FILE.",
    "show": "Show what a picture is, and what it was made from.",
    "again": "Make the call that a picture came from again.",
    "jobs": "List, resume and forget the calls of a journal.",
    "explain": "Show what a call would do, and send nothing.",
    "models": "List what can be asked for.",
    "params": "Show everything a model takes.",
    "providers": "List the installed providers.",
    "doctor": "Look for what is wrong, and say what to do.",
    "completion": "Print what completes commands in your shell.",
    "new-plugin": "Write a provider's plugin to start from.",
}


def command(name: str) -> click.Command | None:
    """Return the command *name*, imported now, or None where there is none."""
    if name not in LINES:
        return None
    function = name.replace("-", "_")
    found: click.Command = getattr(import_module(f"{__name__}.{function}"), function)
    return found
