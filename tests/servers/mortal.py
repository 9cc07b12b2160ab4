"""Lives that end at a given moment: each line on standard input is a call, made in a process of its own.

``python mortal.py`` has everything imported and forks for each line, an object with the function's
name as "call", its "arguments", a "file" for the picture, and "dies", the moment at which the child
kills itself: [what, which], such as ["log", 2], at the second line that impasto logs.  On standard
output it says the child's number, how far it came ("returned", "read", "saved"), and "ended".
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from typing import Any

import impasto
import impasto._transport  # so that no child has to


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Fatal(logging.Handler):
    """Ends the process at a line of the log, counted from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(logging.DEBUG)
        self.left = line

    def emit(self, record: logging.LogRecord) -> None:
        self.left -= 1
        if not self.left:
            die()


def live(life: dict[str, Any]) -> None:
    what, which = life["dies"] or ("", None)
    log = logging.getLogger("impasto")
    log.setLevel(logging.DEBUG)
    log.addHandler(Fatal(which) if what == "log" else logging.NullHandler())
    if what == "open":
        sys.addaudithook(lambda event, found: event == "open" and found[0] == which and die())

    def reached(stage: str) -> None:
        print(stage, flush=True)
        if (what, which) == ("stage", stage):
            die()

    response = getattr(impasto, life["call"])(**life["arguments"])
    reached("returned")
    response.data[0].read()
    reached("read")
    response.data[0].save(life["file"])
    reached("saved")


for line in sys.stdin:
    child = os.fork()
    if not child:
        print(os.getpid(), flush=True)
        try:
            live(json.loads(line))
        except impasto.ImpastoError as error:
            print(f"error {error}", flush=True)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    print("ended", flush=True)
