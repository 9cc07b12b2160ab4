"""What can go wrong, by who must act.

ImpastoError
  APIError                          any other status
    BadRequestError 400
      ContentPolicyViolationError   the picture was refused: stage, categories
      UnsupportedParamsError        nothing was sent
      UnknownProviderError          nothing was sent
    AuthenticationError 401
      MissingCredentialsError       nothing was sent; names the variables
    PaymentRequiredError 402
    PermissionDeniedError 403
    NotFoundError 404
      ModelRetiredError             date, successor
    ConflictError 409
    UnprocessableEntityError 422
    RateLimitError 429
      QuotaExceededError            no use retrying
    InternalServerError 500
    BadGatewayError 502
    ServiceUnavailableError 503
    APIResponseValidationError      the answer made no sense
    APIConnectionError
      Timeout
  BudgetExceededError               nothing was sent
  PluginError                       names distribution, version and cause
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decimal import Decimal

    from impasto._answer import Attempt, Partial


class ImpastoError(Exception):
    """Everything that impasto raises on purpose.

    Attributes:
        message: What happened and what to do about it, in one or two sentences.
        provider: Canonical name of the provider, or None before one was found.
        model: The model as it was sent to the provider.
        status_code: HTTP status; the class's own where no answer came.
        code: The provider's own code, such as "moderation_blocked".
        param: The argument that caused it.
        headers: Headers of the answer, names in lower case.
        body: The answer's body, shortened, keys and pixels taken out.
        request_id: What the provider's support asks for.
        retry_after: Seconds after which the provider says that a repeat makes sense.
        retryable: True where the same call may well succeed later.
        maybe_accepted: True where the provider may have taken the order, and its price,
            although no answer came.
        job: The `Job` at the provider that the call waited for, or None.  At the deadline the
            provider is told to stop it; where that came too late, or failed, `job.result()` still
            has the pictures.
        attempts: Further models that were asked, where there are `fallbacks`, and why each failed.
        partials: What was to be seen by then: of each picture that was streamed, the latest.
    """

    status_code: int | None = None
    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        provider: str | None = None,
        model: str | None = None,
        status_code: int | None = None,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        retryable: bool | None = None,
        maybe_accepted: bool = False,
        job: Any = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.provider = provider
        self.model = model
        self.status_code = type(self).status_code if status_code is None else status_code
        self.code = code
        self.param = param
        self.headers = dict(headers or {})
        self.body = body
        self.request_id = request_id
        self.retry_after = retry_after
        self.retryable = type(self).retryable if retryable is None else retryable
        self.maybe_accepted = maybe_accepted
        self.job = job
        self.attempts: tuple[Attempt, ...] = ()
        self.partials: tuple[Partial, ...] = ()

    @property
    def llm_provider(self) -> str | None:
        """The provider, by the name under which LiteLLM's users know it."""
        return self.provider

    def __str__(self) -> str:
        where = "/".join(part for part in (self.provider, self.model) if part)
        request = f" (request {self.request_id})" if self.request_id else ""
        return f"{where}: {self.message}{request}" if where else f"{self.message}{request}"

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own way would call the class with the message alone and lose the rest.
        return _restored, (type(self), self.message, self.__dict__.copy())


def _restored(kind: type[ImpastoError], message: str, state: dict[str, Any]) -> ImpastoError:
    error = kind.__new__(kind, message)
    error.__dict__.update(state)
    return error


class APIError(ImpastoError):
    """A provider's answer that none of the classes below names."""


class BadRequestError(APIError):
    """The call cannot work as it is; change it."""

    status_code = 400


class ContentPolicyViolationError(BadRequestError):
    """The provider refused the prompt, an input or the finished picture.

    Attributes:
        stage: "input", "output" or None where the provider does not say.
        categories: The provider's names for what it objected to.
    """

    def __init__(
        self,
        message: str,
        *,
        stage: str | None = None,
        categories: Sequence[str] = (),
        **fields: Any,
    ) -> None:
        super().__init__(message, **fields)
        self.stage = stage
        self.categories = tuple(categories)


class UnsupportedParamsError(BadRequestError):
    """The model does not take this parameter or this value of it.  Nothing was sent."""


class UnknownProviderError(BadRequestError):
    """No installed plugin answers to this name.  Nothing was sent."""


class AuthenticationError(APIError):
    """The key is wrong, expired or for another place."""

    status_code = 401


class MissingCredentialsError(AuthenticationError):
    """No key was given.  Nothing was sent.

    Attributes:
        variables: Environment variables that would have been read.
    """

    def __init__(self, message: str, *, variables: Sequence[str] = (), **fields: Any) -> None:
        super().__init__(message, **fields)
        self.variables = tuple(variables)


class PaymentRequiredError(APIError):
    """The account has no credit left, or no way to pay."""

    status_code = 402


class PermissionDeniedError(APIError):
    """The key is good, but may not do this."""

    status_code = 403


class NotFoundError(APIError):
    """No such model, deployment or job."""

    status_code = 404


class ModelRetiredError(NotFoundError):
    """The provider no longer serves this model.

    Attributes:
        date: The day on which it went, "YYYY-MM-DD", or None.
        successor: What the provider names instead, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        date: str | None = None,
        successor: str | None = None,
        **fields: Any,
    ) -> None:
        super().__init__(message, **fields)
        self.date = date
        self.successor = successor


class ConflictError(APIError):
    """The state of things does not allow this now: the provider's, or a journal's in which a
    process that lives is at the same call.
    """

    status_code = 409


class UnprocessableEntityError(APIError):
    """The provider understood the form of the request, but not its content."""

    status_code = 422


class RateLimitError(APIError):
    """Too many calls at once; wait for `retry_after` seconds."""

    status_code = 429
    retryable = True


class QuotaExceededError(RateLimitError):
    """The quota is used up: waiting does not help, the account must change."""

    retryable = False


class InternalServerError(APIError):
    """The provider failed."""

    status_code = 500
    retryable = True


class BadGatewayError(APIError):
    """Something between here and the provider failed."""

    status_code = 502
    retryable = True


class ServiceUnavailableError(APIError):
    """The provider is overloaded or down."""

    status_code = 503
    retryable = True


class APIResponseValidationError(APIError):
    """The answer made no sense, or held no picture; `body` shows how it began."""


class APIConnectionError(APIError):
    """No answer came: the connection was never made, or broke."""

    retryable = True


class Timeout(APIConnectionError):
    """The deadline of the whole call passed."""

    status_code = 408


class BudgetExceededError(ImpastoError):
    """The call may cost more than is left of a budget.  Nothing was sent.

    Attributes:
        total: What the budget was at the beginning.
        spent: What calls have cost since.
        reserved: What is laid aside for calls under way.
        cost: The most that this call may cost; None where that is unknown, and `code` is
            "unknown_price".
        currency: Of all of these.
    """

    def __init__(
        self,
        message: str,
        *,
        total: Decimal | None = None,
        spent: Decimal | None = None,
        reserved: Decimal | None = None,
        cost: Decimal | None = None,
        currency: str | None = None,
        **fields: Any,
    ) -> None:
        super().__init__(message, **fields)
        self.total = total
        self.spent = spent
        self.reserved = reserved
        self.cost = cost
        self.currency = currency


class PluginError(ImpastoError):
    """A plugin is broken, does not fit this version of impasto, or clashes with another.

    Attributes:
        distribution: The plugin's distribution, or None for one registered by the program.
        version: Its version.
    """

    def __init__(
        self,
        message: str,
        *,
        distribution: str | None = None,
        version: str | None = None,
        **fields: Any,
    ) -> None:
        super().__init__(message, **fields)
        self.distribution = distribution
        self.version = version


class ImpastoWarning(UserWarning):
    """Something worth knowing that did not stop the call."""


class ModelRetiredWarning(ImpastoWarning):
    """The model is past the day on which its provider retires it, or near that day."""


class PartialResultWarning(ImpastoWarning):
    """Fewer pictures came than were asked for; `response.errors` or `.notes` says why."""


class ImageFormatWarning(ImpastoWarning):
    """A file's extension and its bytes disagree."""


_CLASS_OF_STATUS: Mapping[int, type[APIError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: PaymentRequiredError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: Timeout,
    409: ConflictError,
    413: BadRequestError,
    422: UnprocessableEntityError,
    429: RateLimitError,
    500: InternalServerError,
    502: BadGatewayError,
    503: ServiceUnavailableError,
    504: Timeout,
}


def class_of_status(status: int) -> type[APIError]:
    """Return the class for an HTTP status of 400 and above."""
    fallback = InternalServerError if status >= 500 else APIError
    return _CLASS_OF_STATUS.get(status, fallback)
