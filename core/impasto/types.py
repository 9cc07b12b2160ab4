"""The values that hooks take and return, and that calls return to the user."""

from impasto._answer import Fate, ImageResponse, Outcome, Partial, Usage
from impasto._call import COMMON, Call, Kind, Params
from impasto._costs import Cost
from impasto._explanation import Explanation, Planned
from impasto._http import Json, Request, Response
from impasto._image import Image
from impasto._inputs import ImageFile, Mask
from impasto._models import Catalogue, Lifecycle, Model, Parameter, Price
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

__all__ = [
    "BEARER",
    "COMMON",
    "AnySize",
    "Auth",
    "Call",
    "Catalogue",
    "Cost",
    "Credentials",
    "Explanation",
    "Fate",
    "Image",
    "ImageFile",
    "ImageResponse",
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
    "Usage",
    "header",
    "query",
]
