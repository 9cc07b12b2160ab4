"""The values that hooks take and return, and that calls return to the user."""

from typing import TYPE_CHECKING, Any

from impasto._answer import Attempt, Fate, ImageResponse, Outcome, Partial, Usage
from impasto._call import COMMON, Call, Kind, Params
from impasto._costs import Cost
from impasto._estimates import Estimate
from impasto._explanation import Explanation, Planned
from impasto._http import Json, Request, Response
from impasto._image import Image
from impasto._inputs import ImageFile, Mask
from impasto._models import Catalogue, Grid, Lifecycle, Model, Parameter, Price, Tokens
from impasto._provider import (
    BEARER,
    Auth,
    Credentials,
    Provider,
    Setting,
    Settings,
    header,
    query,
)
from impasto._sizes import AnySize, SizeMatch, Sizes

if TYPE_CHECKING:
    from impasto._jobs import Job

__all__ = [
    "BEARER",
    "COMMON",
    "AnySize",
    "Attempt",
    "Auth",
    "Call",
    "Catalogue",
    "Cost",
    "Credentials",
    "Estimate",
    "Explanation",
    "Fate",
    "Grid",
    "Image",
    "ImageFile",
    "ImageResponse",
    "Job",
    "Json",
    "Kind",
    "Lifecycle",
    "Mask",
    "Model",
    "Outcome",
    "Parameter",
    "Params",
    "Partial",
    "Planned",
    "Price",
    "Provider",
    "Request",
    "Response",
    "Setting",
    "Settings",
    "SizeMatch",
    "Sizes",
    "Tokens",
    "Usage",
    "header",
    "query",
]


if not TYPE_CHECKING:  # else type checkers would believe in every name

    def __getattr__(name: str) -> Any:
        if name != "Job":
            raise AttributeError(f"module 'impasto.types' has no attribute {name!r}")
        from impasto._jobs import Job  # with asyncio, which plugins do without

        globals()[name] = Job
        return Job
