"""Where Bedrock is: the region, and the host that is asked there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve

from impasto.errors import BadRequestError
from impasto.types import Request
from impasto_bedrock import _names

# The only one with Stability's models on demand (a user's report, July 2026: secondary)
DEFAULT_REGION = "us-west-2"
_REGION = re.compile(r"[a-z0-9]{1,20}(-[a-z0-9]{1,20}){1,5}")
_PLAIN, _FIPS = "bedrock-runtime", "bedrock-runtime-fips"
# By partition: botocore 1.44.5, partitions.json (read 2026-11-22)
_DOMAIN, _DOMAIN_OF_CHINA = "amazonaws.com", "amazonaws.com.cn"
_DUAL_STACK, _DUAL_STACK_OF_CHINA = "api.aws", "api.amazonwebservices.com.cn"


def region(settings: Mapping[str, Any], name: str = "") -> str | None:
    """Return the region that is asked for: by setting, else by *name* where it is an ARN.

    Raises:
        BadRequestError: it is none; it becomes a part of the host to which the keys go.
    """
    chosen = settings.get("aws_region_name") or _names.region_of(name)
    return None if chosen is None else _checked(chosen)


def _checked(region: Any) -> str:
    if not isinstance(region, str) or not _REGION.fullmatch(region):
        raise BadRequestError(
            f"aws_region_name={region!r} is no region; it takes one such as 'us-west-2'",
            param="aws_region_name",
        )
    return region


def home(settings: Mapping[str, Any], region: str) -> str:
    """Return the URL in front of "/model": the user's own, else that of AWS in *region*."""
    own = settings.get("api_base") or settings.get("aws_bedrock_runtime_endpoint")
    if own:
        return str(own)
    fips = _is_on(settings.get("aws_use_fips_endpoint"))
    dual_stack = _is_on(settings.get("aws_use_dualstack_endpoint"))
    return f"https://{_host(region, fips=fips, dual_stack=dual_stack)}"


def moved(request: Request, region: str) -> Request:
    """Return *request*, for which nobody named a region, as it goes to *region*."""
    host = urlsplit(request.url).netloc
    begins, _, rest = host.partition(f".{DEFAULT_REGION}.")
    state = {**request.state, "region": _checked(region)}
    if begins not in (_PLAIN, _FIPS) or rest not in (_DOMAIN, _DUAL_STACK):
        return evolve(request, state=state)  # the user's own place
    there = _host(region, fips=begins == _FIPS, dual_stack=rest == _DUAL_STACK)
    return evolve(request, url=request.url.replace(host, there, 1), state=state)


def _host(region: str, *, fips: bool, dual_stack: bool) -> str:
    domains = (_DOMAIN_OF_CHINA, _DUAL_STACK_OF_CHINA)
    plain, both = domains if region.startswith("cn-") else (_DOMAIN, _DUAL_STACK)
    return f"{_FIPS if fips else _PLAIN}.{region}.{both if dual_stack else plain}"


def _is_on(setting: Any) -> bool:
    """Return whether a setting that a variable may hold as text is true, as botocore reads it."""
    return str(setting).lower() == "true"
