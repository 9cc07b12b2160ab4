"""Images from text, from any provider: install the plugins that you need and call one function.

>>> from impasto import image_generation
>>> image_generation("a lighthouse at dawn", model="sketch/oil-1").data[0].save("out.png")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto import errors
from impasto._api import (
    aexplain,
    aimage_edit,
    aimage_generation,
    aimage_variation,
    configure,
    explain,
    image_edit,
    image_generation,
    image_variation,
    providers,
    register,
    registry,
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
    from impasto._answer import Fate, ImageResponse, Usage
    from impasto._arguments import ImageGenerationRequestQuality
    from impasto._client import Client
    from impasto._costs import Cost
    from impasto._explanation import Explanation
    from impasto._image import Image

drop_params = False
"""Whether every call leaves out what its model does not take, instead of raising."""

__all__ = [
    "CONTRACT",
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "AuthenticationError",
    "BadGatewayError",
    "BadRequestError",
    "BudgetExceededError",
    "Client",
    "ConflictError",
    "ContentPolicyViolationError",
    "Cost",
    "Explanation",
    "Fate",
    "Image",
    "ImageFormatWarning",
    "ImageGenerationRequestQuality",
    "ImageResponse",
    "ImpastoError",
    "ImpastoWarning",
    "InternalServerError",
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
    "Timeout",
    "UnknownProviderError",
    "UnprocessableEntityError",
    "UnsupportedParamsError",
    "Usage",
    "__version__",
    "aexplain",
    "aimage_edit",
    "aimage_generation",
    "aimage_variation",
    "configure",
    "drop_params",
    "errors",
    "explain",
    "hookimpl",
    "image_edit",
    "image_generation",
    "image_variation",
    "providers",
    "register",
    "registry",
    "types",
    "use",
]

# A third of the time that `import impasto` would take: most programs need them only later.
_AT_FIRST_TOUCH = {
    "Client": "impasto._client",
    "Cost": "impasto._costs",
    "Explanation": "impasto._explanation",
    "Fate": "impasto._answer",
    "Image": "impasto._image",
    "ImageGenerationRequestQuality": "impasto._arguments",
    "ImageResponse": "impasto._answer",
    "Usage": "impasto._answer",
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
