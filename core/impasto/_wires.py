"""What the engine needs of the outside world, so that a test can be the outside world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from impasto._http import Request, Response


class NotSent(Exception):
    """The request never left: no connection was made.

    Attributes:
        hopeless: True where a repeat would fail as well: a bad certificate, a bad URL.
    """

    def __init__(self, message: str, *, hopeless: bool = False) -> None:
        super().__init__(message)
        self.hopeless = hopeless


class Lost(Exception):
    """The connection broke after the request may have arrived."""


class Ear(Protocol):
    """Hears an answer while it arrives."""

    def begins(self, head: Response) -> bool:
        """Return whether the answer that has this *head*, its body empty, is to be heard."""
        ...

    async def hears(self, piece: bytes) -> bool:
        """Take the next piece of the body; return whether to read on.  It raises nothing."""
        ...


class Wires(Protocol):
    """Sends, waits, tells the time."""

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        ...

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    async def send(
        self,
        request: Request,
        begun: Callable[[], None],
        *,
        guarded: bool = False,
        ear: Ear | None = None,
    ) -> Response:
        """Send *request*, whose body is bytes, as it is, and return the whole answer.

        *begun* is called when the connection stands and the first byte goes out.  Where it is
        *guarded*, the URL is somebody else's word, and no private address is followed.  Of an
        answer that *ear* hears, the head alone is returned.

        Raises:
            NotSent: no connection was made.
            Lost: it broke.
            APIResponseValidationError: it is guarded, and leads where it must not.
        """
        ...

    async def fetch(self, url: str, trusted: frozenset[str], timeout: float) -> bytes:
        """Return the picture at *url*, which somebody else chose.

        No credentials go along, and no private address is followed, but for the origins in
        *trusted*, which the user configured.
        """
        ...
