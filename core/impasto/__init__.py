"""Images from text, from any provider: install the plugins that you need and call one function.

>>> from impasto import image_generation
>>> image_generation("a lighthouse at dawn", model="sketch/oil-1").data[0].save("out.png")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto import errors
from impasto._api import (
    abatch,
    aestimate,
    aexplain,
    aimage_edit,
    aimage_generation,
    aimage_variation,
    asubmit,
    batch,
    budget,
    configure,
    estimate,
    explain,
    image_edit,
    image_generation,
    image_variation,
    prices,
    providers,
    register,
    registry,
    submit,
    use,
)
from impasto._registry import ProviderInfo
from impasto._version import __version__
from impasto.errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    AuthenticationError,
    BadGatewayError,
    BadRequestError,
    BudgetExceededError,
    ConflictError,
    ContentPolicyViolationError,
    ImageFormatWarning,
    ImpastoError,
    ImpastoWarning,
    InternalServerError,
    MissingCredentialsError,
    ModelRetiredError,
    ModelRetiredWarning,
    NotFoundError,
    PartialResultWarning,
    PaymentRequiredError,
    PermissionDeniedError,
    PluginError,
    QuotaExceededError,
    RateLimitError,
    ServiceUnavailableError,
    Timeout,
    UnknownProviderError,
    UnprocessableEntityError,
    UnsupportedParamsError,
)
from impasto.hookspecs import CONTRACT, hookimpl

if TYPE_CHECKING:
    from impasto import types
    from impasto._answer import Attempt, Fate, ImageResponse, Usage
    from impasto._arguments import ImageGenerationRequestQuality
    from impasto._batch import AsyncBatch, Batch
    from impasto._budgets import Budget
    from impasto._client import Client
    from impasto._costs import Cost
    from impasto._estimates import Estimate
    from impasto._explanation import Explanation
    from impasto._happening import ImageEvent
    from impasto._image import Image
    from impasto._jobs import Job
    from impasto._journal import Journal, JournalEntry
    from impasto._ledger import Ledger, Standing
    from impasto._limits import Limiter, LocalLimiter
    from impasto._manifest import Manifest
    from impasto._metadata import Metadata, read_metadata
    from impasto._stream import AsyncImageStream, ImageStream
    from impasto._tally import BatchProgress, Done

drop_params = False
"""Whether every call leaves out what its model does not take, instead of raising."""

__all__ = [
    "CONTRACT",
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "AsyncBatch",
    "AsyncImageStream",
    "Attempt",
    "AuthenticationError",
    "BadGatewayError",
    "BadRequestError",
    "Batch",
    "BatchProgress",
    "Budget",
    "BudgetExceededError",
    "Client",
    "ConflictError",
    "ContentPolicyViolationError",
    "Cost",
    "Done",
    "Estimate",
    "Explanation",
    "Fate",
    "Image",
    "ImageEvent",
    "ImageFormatWarning",
    "ImageGenerationRequestQuality",
    "ImageResponse",
    "ImageStream",
    "ImpastoError",
    "ImpastoWarning",
    "InternalServerError",
    "Job",
    "Journal",
    "JournalEntry",
    "Ledger",
    "Limiter",
    "LocalLimiter",
    "Manifest",
    "Metadata",
    "MissingCredentialsError",
    "ModelRetiredError",
    "ModelRetiredWarning",
    "NotFoundError",
    "PartialResultWarning",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "PluginError",
    "ProviderInfo",
    "QuotaExceededError",
    "RateLimitError",
    "ServiceUnavailableError",
    "Standing",
    "Timeout",
    "UnknownProviderError",
    "UnprocessableEntityError",
    "UnsupportedParamsError",
    "Usage",
    "__version__",
    "abatch",
    "aestimate",
    "aexplain",
    "aimage_edit",
    "aimage_generation",
    "aimage_variation",
    "asubmit",
    "batch",
    "budget",
    "configure",
    "drop_params",
    "errors",
    "estimate",
    "explain",
    "hookimpl",
    "image_edit",
    "image_generation",
    "image_variation",
    "prices",
    "providers",
    "read_metadata",
    "register",
    "registry",
    "submit",
    "types",
    "use",
]

# A third of the time that `import impasto` would take: most programs need them only later.
_AT_FIRST_TOUCH = {
    "AsyncBatch": "impasto._batch",
    "AsyncImageStream": "impasto._stream",
    "Attempt": "impasto._answer",
    "Batch": "impasto._batch",
    "BatchProgress": "impasto._tally",
    "Budget": "impasto._budgets",
    "Client": "impasto._client",
    "Cost": "impasto._costs",
    "Done": "impasto._tally",
    "Estimate": "impasto._estimates",
    "Explanation": "impasto._explanation",
    "Fate": "impasto._answer",
    "Image": "impasto._image",
    "ImageEvent": "impasto._happening",
    "ImageGenerationRequestQuality": "impasto._arguments",
    "ImageResponse": "impasto._answer",
    "ImageStream": "impasto._stream",
    "Job": "impasto._jobs",
    "Journal": "impasto._journal",
    "JournalEntry": "impasto._journal",
    "Ledger": "impasto._ledger",
    "Limiter": "impasto._limits",
    "LocalLimiter": "impasto._limits",
    "Manifest": "impasto._manifest",
    "Metadata": "impasto._metadata",
    "Standing": "impasto._ledger",
    "Usage": "impasto._answer",
    "read_metadata": "impasto._metadata",
}


if not TYPE_CHECKING:  # else type checkers would believe in every name

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name == "types":
            return import_module("impasto.types")
        if name not in _AT_FIRST_TOUCH:
            raise AttributeError(f"module 'impasto' has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(_AT_FIRST_TOUCH[name]), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
