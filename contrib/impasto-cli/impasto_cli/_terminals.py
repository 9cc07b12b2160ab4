"""Which terminals show pictures, told from the environment: a question to one may go unanswered."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

_CHUNK = 4096  # bytes of base64, https://sw.kovidgoyal.net/kitty/graphics-protocol/

Draw: TypeAlias = Callable[[bytes, int], str]
"""From a PNG and the lines that it may take to what makes a terminal show it."""


def kitty(png: bytes, lines: int) -> str:
    """Return *png* in kitty's graphics protocol, *lines* high.

    a=T: transmit and display; f=100: a PNG; r: lines, the width follows; q=2: no answer, which
    would appear at the next prompt; m=1: more to come.
    https://sw.kovidgoyal.net/kitty/graphics-protocol/
    """
    return "".join(_kitty_pieces(base64.b64encode(png).decode("ascii"), lines)) + "\n"


def _kitty_pieces(encoded: str, lines: int) -> Iterator[str]:
    for start in range(0, len(encoded), _CHUNK):
        keys = f"a=T,f=100,r={lines},q=2," if start == 0 else ""
        more = int(start + _CHUNK < len(encoded))
        yield f"\x1b_G{keys}m={more};{encoded[start : start + _CHUNK]}\x1b\\"


def iterm2(png: bytes, lines: int) -> str:
    """Return *png* in iTerm2's inline images protocol, *lines* high.

    https://iterm2.com/documentation-images.html
    """
    encoded = base64.b64encode(png).decode("ascii")
    return f"\x1b]1337;File=inline=1;size={len(png)};height={lines}:{encoded}\x07\n"


def is_dumb(environment: Mapping[str, str]) -> bool:
    """Return whether the terminal of *environment* can do nothing but append lines."""
    return environment.get("TERM", "dumb") in ("dumb", "unknown")


def draws(environment: Mapping[str, str]) -> Draw | None:
    """Return how the terminal of *environment* shows pictures, or None where it is not known to."""
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    if environment.get("TMUX") or environment.get("STY") or term.startswith(("screen", "tmux")):
        return None  # they pass on text alone, unless told otherwise
    if term in ("xterm-kitty", "xterm-ghostty") or environment.get("KITTY_WINDOW_ID"):
        return kitty
    if program in ("iTerm.app", "WezTerm") or environment.get("LC_TERMINAL") == "iTerm2":
        return iterm2
    return None
