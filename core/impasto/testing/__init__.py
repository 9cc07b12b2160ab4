"""For authors of plugins: the contract as a test class, a script of answers, a server that fails.

Needs pytest: `pip install "impasto[testing]"`.
"""

from impasto.testing._contract import ProviderContract
from impasto.testing._faults import FAULTS, Fault
from impasto.testing._pictures import PNG, png
from impasto.testing._reply import Reply, event_stream, html, reply, sample
from impasto.testing._script import Script
from impasto.testing._server import FakeServer, Received

__all__ = [
    "FAULTS",
    "PNG",
    "FakeServer",
    "Fault",
    "ProviderContract",
    "Received",
    "Reply",
    "Script",
    "event_stream",
    "html",
    "png",
    "reply",
    "sample",
]
