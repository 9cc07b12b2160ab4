"""For authors of plugins: contracts as test classes, a script of answers, a server that fails.

The contracts need pytest: `pip install "impasto[testing]"`.  All else works without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from impasto.testing._faults import FAULTS, Fault
from impasto.testing._forms import FormPart
from impasto.testing._pictures import PNG, png
from impasto.testing._reply import Reply, event_stream, html, reply, sample
from impasto.testing._script import Script
from impasto.testing._server import FakeServer, Received

if TYPE_CHECKING:
    from impasto.testing._contract import ProviderContract
    from impasto.testing._readme import Readme, ReadmeContract

__all__ = [
    "FAULTS",
    "PNG",
    "FakeServer",
    "Fault",
    "FormPart",
    "ProviderContract",
    "Readme",
    "ReadmeContract",
    "Received",
    "Reply",
    "Script",
    "event_stream",
    "html",
    "png",
    "reply",
    "sample",
]

# Those that are made of tests.  Who paints with `png` in a first plugin has no pytest yet.
_OF_TESTS = {"ProviderContract": "_contract", "Readme": "_readme", "ReadmeContract": "_readme"}


def __getattr__(name: str) -> Any:
    """Return the contract *name*, imported when it is first asked for."""
    if name not in _OF_TESTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = getattr(import_module(f"{__name__}.{_OF_TESTS[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name != "pytest":
            raise
        raise ImportError(f'{name} needs pytest: pip install "impasto[testing]"') from error
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return what there is, the contracts included; pages about the module are made of it."""
    return sorted({*globals(), *_OF_TESTS})
