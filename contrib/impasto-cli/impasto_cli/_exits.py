"""Exit codes, one for each kind of thing that goes wrong, and the line that says what did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import click

from impasto import errors
from impasto_cli._lines import one_line, say

MEANINGS: Mapping[int, str] = {
    0: "fine",
    1: "anything else",
    2: "wrong usage, or the call cannot work as it is",
    3: "the key is missing, wrong or not allowed to do this",
    4: "refused by the provider's content policy",
    5: "rate limit, quota, or no credit",
    6: "the provider or the network failed",
    7: "a plugin is broken",
    130: "Ctrl-C",
}

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
    (errors.APIConnectionError, 6),
    (errors.APIResponseValidationError, 6),
    (errors.PluginError, 7),
)

# Core's messages speak Python; here the same way out has another name.
_IN_OPTIONS: Mapping[str, str] = {
    "drop_params=True": "--drop-params",
    "pass model='provider/model'": "pass -m provider/model",
    "pass api_key=...": "pass -p api_key=...",
}


class Failure(click.ClickException):
    """Ends the command with one line on standard error and an exit code of `MEANINGS`."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(one_line(message))
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it off the instance

    def show(self, file: IO[Any] | None = None) -> None:
        say(f"error: {self.message}", file)


def failure(error: BaseException) -> Failure:
    """Return the failure that *error* is for the person at the terminal."""
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


def exit_codes() -> str:
    """Return the table for `impasto --help`."""
    return "\n".join(f"  {code:<4} {meaning}" for code, meaning in MEANINGS.items())


def _exit_code(error: errors.ImpastoError) -> int:
    otherwise = 6 if (error.status_code or 0) >= 500 else 1
    return next((code for kind, code in _CODES if isinstance(error, kind)), otherwise)


def _told(error: errors.ImpastoError) -> str:
    message = str(error)
    for python, option in _IN_OPTIONS.items():
        message = message.replace(python, option)
    if error.retry_after:
        message += f"; the provider asks to wait {error.retry_after:g} s"
    if error.maybe_accepted:
        message += "; the order may have been taken all the same, and may cost money"
    return message


def _usage(error: click.UsageError) -> str:
    path = error.ctx.command_path if error.ctx is not None else "impasto"
    return f"{error.format_message()}  Try: {path} --help"
