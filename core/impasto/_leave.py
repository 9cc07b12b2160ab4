"""Leave to order: what a call that is one of many waits for before it sends what buys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import define

from impasto._answer import ImageResponse
from impasto._engine import Conversation
from impasto._limits import Limiter
from impasto._repeats import DEFAULT_REPEATS, backoff
from impasto.errors import ImpastoError, RateLimitError


@define(kw_only=True, eq=False)
class Leave:
    """Leave to order.

    Attributes:
        limiter: Whose turn it is.
        begins: Awaited when an order is about to go out; where it raises, none does.
        ordered: Whether the provider may have taken an order that it has not refused.
    """

    limiter: Limiter
    begins: Callable[[], Awaitable[None]]
    ordered: bool = False


@define
class _Patience:
    """How long a call that is told to wait goes on trying.

    Not only twice: so many at once run into the limit together, and nothing is paid.
    """

    most: int | None
    seconds: float
    times: int = 0
    waited: float = 0.0

    def pause(self, error: RateLimitError) -> float:
        """Return how long *error* asks to wait."""
        asked = backoff(self.times) if error.retry_after is None else error.retry_after
        self.times += 1
        self.waited += asked
        return max(asked, 0.1)  # "retry-after: 0" is no leave to hammer

    def is_over(self, error: RateLimitError) -> bool:
        if error.maybe_accepted or (self.most is not None and self.times > self.most):
            return True
        return self.waited > self.seconds


async def with_leave(
    leave: Leave,
    conversation: Conversation,
    ask: Callable[[Conversation], Awaitable[ImageResponse]],
    *,
    is_last: bool,
) -> ImageResponse:
    """Return what *ask* returns for *conversation*, once it has leave to order.

    Waiting for its turn takes nothing from its time.  An order that is refused because there were
    too many waits for another turn, with all others.

    Args:
        leave: What is waited for.
        conversation: One part of a call.
        ask: Makes it; begins anew each time.
        is_last: Whether nobody else can be asked instead.

    Raises:
        ImpastoError: as *ask* does.
    """
    provider, monotonic = conversation.line.loaded.provider, conversation.line.wires.monotonic
    allowed = conversation.policy.max_retries
    most = allowed if allowed is not None or is_last else DEFAULT_REPEATS
    patience = _Patience(most, conversation.timeout)
    conversation.refused = lambda error, buys: _refused(leave.limiter, provider.name, error, buys)
    while True:
        waits_since = monotonic()
        async with leave.limiter.turn(provider.name, provider.concurrency):
            conversation.deadline += monotonic() - waits_since
            performance = conversation.performance  # it may have pictures to fetch afterwards
            performance.deadline = max(performance.deadline, conversation.deadline)
            await leave.begins()
            try:
                return await ask(conversation)
            except RateLimitError as error:
                if not error.retryable:
                    raise
                leave.limiter.hold(provider.name, patience.pause(error))
                if patience.is_over(error):
                    raise
            finally:
                leave.ordered = leave.ordered or conversation.ordered


def _refused(limiter: Limiter, provider: str, error: ImpastoError, buys: bool) -> bool:
    """Return whether what *error* refused waits for another turn, instead of a pause of its own."""
    if isinstance(error, RateLimitError) and buys:
        return True
    is_asked = isinstance(error, RateLimitError) or error.status_code == 503
    if is_asked and error.retryable and error.retry_after:
        limiter.hold(provider, error.retry_after)
    return False
