"""From any error to the line and the exit code of a `Failure`."""

from __future__ import annotations

from collections.abc import Mapping

import click

from impasto import errors
from impasto_cli._exits import Failure

# The first that fits counts, so the narrow ones come first.
_CODES: tuple[tuple[type[errors.ImpastoError], int], ...] = (
    (errors.ContentPolicyViolationError, 4),
    (errors.BadRequestError, 2),
    (errors.NotFoundError, 2),
    (errors.UnprocessableEntityError, 2),
    (errors.AuthenticationError, 3),
    (errors.PermissionDeniedError, 3),
    (errors.PaymentRequiredError, 5),
    (errors.RateLimitError, 5),
    (errors.BudgetExceededError, 5),
    (errors.APIConnectionError, 6),
    (errors.APIResponseValidationError, 6),
    (errors.PluginError, 7),
)

# Core's messages speak Python; here the same way out has another name.
_IN_OPTIONS: Mapping[str, str] = {
    "drop_params=True": "--drop-params",
    "pass model='provider/model'": "pass -m provider/model",
    "pass api_key=...": "pass -p api_key=...",
    "fallback_after=": "-p fallback_after=",
    "impasto.prices(...) names a price": "a file that IMPASTO_PRICES names has prices of your own",
    "impasto.budget(..., unknown='allow') allows it": "--unpriced allow allows it",
    "again='ambiguous'": "--again ambiguous",
    "pass journal='path'": "pass --journal PATH",
    "image_edit() with": "impasto edit with",
    "image_edit() takes": "impasto edit takes",
    "so ask another provider": "so ask another provider; impasto models edit and impasto models "
    "vary list who can",
    "and call impasto.use('cache')": "and set IMPASTO_EXTRAS=cache",
    "idempotency_key=": "--idempotency-key ",
    "idempotency_key": "--idempotency-key",
}


def failure(error: BaseException) -> Failure:
    """Return the failure that *error*, which becomes its cause, is for the person at the terminal."""
    found = _failure(error)
    if found is not error:
        found.__cause__ = error
    return found


def _failure(error: BaseException) -> Failure:
    match error:
        case Failure():
            return error
        case errors.ImpastoError():
            return Failure(_told(error), _exit_code(error))
        case click.UsageError():
            return Failure(_usage(error), 2)
        case click.ClickException():
            return Failure(error.format_message(), error.exit_code)
        case KeyboardInterrupt() | click.Abort():
            return Failure("interrupted", 130)
        case OSError():
            return Failure(str(error), 1)
    return Failure(
        f"{type(error).__name__}: {error}; this is a bug in impasto, please report it "
        "with what IMPASTO_TRACEBACK=1 shows",
        1,
    )


def _exit_code(error: errors.ImpastoError) -> int:
    otherwise = 6 if (error.status_code or 0) >= 500 else 1
    return next((code for kind, code in _CODES if isinstance(error, kind)), otherwise)


def in_options(message: str) -> str:
    """Return *message* with the way out as the command line has it."""
    for python, option in _IN_OPTIONS.items():
        message = message.replace(python, option)
    return message


def _told(error: errors.ImpastoError) -> str:
    message = in_options(str(error))
    if error.retry_after:
        message += f"; the provider asks to wait {error.retry_after:g} s"
    if error.maybe_accepted:
        message += "; the order may have been taken all the same, and may cost money"
    return message


def _usage(error: click.UsageError) -> str:
    path = error.ctx.command_path if error.ctx is not None else "impasto"
    return f"{error.format_message()}  Try: {path} --help"
