"""The command `impasto`."""

from impasto_cli._main import main

__all__ = ["main"]
