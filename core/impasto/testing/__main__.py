"""``python -m impasto.testing``: the fake server, for a person to try things against."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Sequence

from impasto.testing._faults import FAULTS
from impasto.testing._reply import Reply
from impasto.testing._server import FakeServer, Handler, Received, as_openai


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until Ctrl-C, and say what arrives."""
    asked = _parser().parse_args(arguments)
    with FakeServer(_answering(asked.fault), port=asked.port) as server:
        _say(f"{server.url} speaks OpenAI's dialect.  Ctrl-C ends it; try, elsewhere:")
        _say(f'  impasto "a fox" -m openai/gpt-image-2 -p api_key=none --api-base {server.url}')
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            _say(f"\n{len(server.received)} requests arrived")


def _parser() -> argparse.ArgumentParser:
    faults = "\n".join(f"  {name:<16}{fault.happens}" for name, fault in FAULTS.items())
    parser = argparse.ArgumentParser(
        "python -m impasto.testing",
        description="A server on this machine that speaks OpenAI's dialect and sends small "
        "pictures, or fails as it is told.",
        epilog=f"what can go wrong:\n{faults}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("port", type=int, nargs="?", default=0, help="by default any that is free")
    parser.add_argument("--fault", choices=FAULTS, metavar="NAME", help="what goes wrong, always")
    return parser


def _answering(fault: str | None) -> Handler:
    def answer(received: Received) -> Reply:
        _say(f"{received.method} {received.path}, {len(received.body):,} bytes")
        return as_openai(received) if fault is None else FAULTS[fault].reply

    return answer


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
