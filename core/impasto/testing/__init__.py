"""For authors of plugins: contracts as test classes, a script of answers, a server that fails.

Needs pytest: `pip install "impasto[testing]"`.
"""

from impasto.testing._contract import ProviderContract
from impasto.testing._faults import FAULTS, Fault
from impasto.testing._forms import FormPart
from impasto.testing._pictures import PNG, png
from impasto.testing._readme import Readme, ReadmeContract
from impasto.testing._reply import Reply, event_stream, html, reply, sample
from impasto.testing._script import Script
from impasto.testing._server import FakeServer, Received

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
