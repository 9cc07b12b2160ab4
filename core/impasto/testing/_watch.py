"""Watches a plugin's hooks: what pure functions do not do is noted, and stopped where it can be."""

from __future__ import annotations

import copy
import gc
import os
import random
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

from attrs import evolve

from impasto._call import Call, Params
from impasto._http import Request, Response
from impasto._plugin import Loaded

_MAY_DO_ANYTHING = frozenset({"get_credentials", "render"})  # as hookspecs.py says
_COMPARED = (Call, Params, Request, Response, dict)  # what a hook could change behind core's back

_WAITED = "waited; say how long in Request.follow(..., after=seconds) and core waits"
_NETWORK = "used the network; return a Request and core sends it"
_PROGRAM = "started a program; only get_credentials() and render() may"
_THREAD = "started a thread; only get_credentials() and render() may"
# Audit events, https://docs.python.org/3/library/audit_events.html, by how their names begin.
_EVENTS: Mapping[str, str] = {
    "socket.": _NETWORK,
    "http.client.": _NETWORK,
    "urllib.Request": _NETWORK,
    "subprocess.": _PROGRAM,
    "os.system": _PROGRAM,
    "os.exec": _PROGRAM,
    "os.fork": _PROGRAM,
    "os.posix_spawn": _PROGRAM,
    "os.putenv": "changed the environment",
    "os.unsetenv": "changed the environment",
}
# Functions for which Python 3.11 has no such event.
_STOPPED: Mapping[str, str] = {
    "time.sleep": _WAITED,
    "_thread.start_new_thread": _THREAD,
    "_thread.start_joinable_thread": _THREAD,
}
_CLOCK = "asked the clock; core alone tells the time, and gives it to authorize() as *now*"
_DICE = "threw dice; the same call makes the same request, or a repeat buys another picture"
_ENVIRONMENT = "read the environment; declare Setting(env=...) in describe() and core reads it"
_NOTED: Mapping[str, str] = {
    "time.time": _CLOCK,
    "time.time_ns": _CLOCK,
    "time.monotonic": _CLOCK,
    "time.monotonic_ns": _CLOCK,
    "time.perf_counter": _CLOCK,
    "time.perf_counter_ns": _CLOCK,
    "datetime.now": _CLOCK,
    "datetime.utcnow": _CLOCK,
    "date.today": _CLOCK,
    "urandom": _DICE,
    "generate_time_safe": _DICE,  # uuid.uuid1
}
_READS_ENVIRONMENT = frozenset(
    {type(os.environ).__getitem__.__code__, type(os.environ).__iter__.__code__}
)
# What every `random.random()` of a program is a method of.
_COMMON_DICE = random._inst


class Stopped(AssertionError):
    """Raised into a hook in place of what it was about to do."""


class Watched:
    """A plugin's relay of which every hook is watched.

    Attributes:
        asked: Each hook that was asked, with what it returned.
        objections: What hooks did that pure functions do not do, in sentences.
    """

    def __init__(self, relay: Any) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.objections: list[str] = []
        self._relay = relay

    def __getattr__(self, hook: str) -> Any:
        return partial(self._ask, hook, getattr(self._relay, hook))

    def _ask(self, hook: str, ask: Callable[..., Any], **arguments: Any) -> Any:
        if hook in _MAY_DO_ANYTHING:
            outcome = ask(**arguments)
        else:
            outcome = self._ask_watched(hook, ask, arguments)
        self.asked.append((hook, outcome))
        return outcome

    def _ask_watched(self, hook: str, ask: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        before = {
            name: copy.deepcopy(value)
            for name, value in arguments.items()
            if isinstance(value, _COMPARED)
        }
        seen: list[str] = []
        try:
            with _watching(seen):
                return ask(**arguments)
        finally:
            seen += [
                f"changed its argument *{name}*; work on a copy"
                for name, value in before.items()
                if value != arguments[name]
            ]
            self.objections += [f"{hook}() {what}" for what in dict.fromkeys(seen)]


def watched(loaded: Loaded) -> tuple[Loaded, Watched]:
    """Return *loaded* with its relay watched, and the watch."""
    watch = Watched(loaded.hook)
    return evolve(loaded, hook=watch), watch


_thread = threading.local()
_lock = threading.Lock()
_installed: list[Callable[..., None]] = []


@contextmanager
def _watching(seen: list[str]) -> Iterator[None]:
    """Add to *seen* what this thread does that pure functions do not do."""
    with _lock:
        if not _installed:  # an audit hook can never be removed, so there is one
            _installed.append(_on_event)
            sys.addaudithook(_on_event)
    _thread.seen = seen
    collecting = gc.isenabled()
    gc.disable()  # a collection in mid-hook runs what others put into gc.callbacks, clocks included
    free = sys.getprofile() is None  # else somebody measures, and what is only noted goes unseen
    if free:
        sys.setprofile(partial(_on_call, seen))
    try:
        yield
    finally:
        if free:
            sys.setprofile(None)
        _thread.seen = None
        if collecting:
            gc.enable()


def _on_event(event: str, _: tuple[Any, ...]) -> None:
    """Stop what reaches out of this process, as an audit hook."""
    seen = getattr(_thread, "seen", None)
    if seen is None:
        return
    for name, what in _EVENTS.items():
        if event.startswith(name) and not _incidental(sys._getframe(1)):
            _stop(seen, what)


def _on_call(seen: list[str], frame: FrameType, event: str, argument: Any) -> None:
    """Note what looks at the world, and stop what waits, as a profile function."""
    noted = stopped = None
    if event == "call" and frame.f_code in _READS_ENVIRONMENT:
        noted = _ENVIRONMENT
    elif event == "c_call":
        noted, stopped = _noted(argument), _STOPPED.get(_name(argument))
    if (noted or stopped) and not _incidental(frame):
        seen.extend([noted] if noted else [])
        if stopped:
            _stop(seen, stopped)


def _stop(seen: list[str], what: str) -> None:
    seen.append(what)
    raise Stopped(f"a hook {what}")


def _noted(function: Any) -> str | None:
    if getattr(function, "__self__", None) is _COMMON_DICE:
        return _DICE
    name = _name(function)
    return _NOTED.get(name) or _NOTED.get(name.partition(".")[2])


def _name(function: Any) -> str:
    return f"{function.__module__ or ''}.{function.__qualname__}"


def _incidental(frame: FrameType | None) -> bool:
    """Return whether it is an import or a log record that does it, not the hook."""
    while frame is not None and frame.f_globals.get("__name__") != __name__:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        if frame.f_globals.get("__name__") == "logging":
            return True
        frame = frame.f_back
    return False
