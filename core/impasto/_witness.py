"""What may be told of an order while it is on its way, before anything of it can be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from impasto._engine import Conversation
    from impasto._http import Request, Response


class Witness(Protocol):
    """Is told of the moments of an order, each of them before the next thing happens.

    What it raises ends the conversation.  A conversation knows its `call`, its `performance`
    and, once there is one, the `pending` request, from which another process can go on; the
    fourth moment, a picture that was saved, is told to the picture's own `Source`.
    """

    async def ordering(self, conversation: Conversation, request: Request) -> None:
        """Take note that *request*, which buys, is about to be sent: for the first time or again.

        Nothing has gone out yet; what this raises keeps it so.
        """
        ...

    async def taken(self, conversation: Conversation) -> None:
        """Take note that the order was taken: `conversation.pending` will ask what became of it.

        Told again where the conversation goes on to another step, not for each poll.
        """
        ...

    async def answered(
        self, conversation: Conversation, request: Request, response: Response
    ) -> None:
        """Take note of the answer to *request*, with a status below 400, before it is read.

        Of a stream of events it is the last one, the picture or an error, as if nothing had come
        before it; told once, before that is handed on.  One that is cut has no answer: as where a connection
        breaks, nobody knows whether the order was taken.
        """
        ...
