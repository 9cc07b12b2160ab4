"""``python -m impasto_cli`` is the command `impasto`."""

from impasto_cli import main

main(prog_name="impasto")
