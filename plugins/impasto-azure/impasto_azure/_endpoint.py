"""Where a request goes: the URL of a deployment, in the classic form or in that of v1.

https://learn.microsoft.com/azure/foundry/openai/how-to/dall-e (of 2026-04-17) has both forms; the
classic one is also what openai-python 3.54.0, lib/azure.py, makes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from attrs import frozen

from impasto.errors import BadRequestError

_CLASSIC_VERSION = "2025-04-01-preview"  # that of the page's classic examples
_V1_VERSIONS = frozenset({"v1", "preview", "latest"})  # those by which LiteLLM knows v1
_OPERATION = re.compile(r"/images/(generations|edits)$")
_DEPLOYMENT = re.compile(r"/deployments/[^/]+$")
# One label of a host's name, RFC 1123: nothing in it can lead to another host.
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_SAFE = "!$&'()*+,;=:@"  # what RFC 3986 allows in a segment of a path, but for the slash


@frozen(kw_only=True)
class Endpoint:
    """What the settings say about the place.

    Attributes:
        base: Scheme, host and path, up to "/openai", "/openai/v1" or "/deployments/NAME".
        query: Of the base, with the version in it.
        is_v1: Whether the deployment's name goes into the body.
    """

    base: str
    query: str
    is_v1: bool

    def url(self, operation: str, deployment: str) -> str:
        """Return the URL of *operation*, "generations" or "edits", with *deployment*.

        A base that names a deployment itself keeps it.
        """
        parts = urlsplit(self.base)
        path = parts.path
        if not self.is_v1 and not _DEPLOYMENT.search(path):
            path += f"/deployments/{_segment(deployment)}"
        return urlunsplit(parts._replace(path=f"{path}/images/{operation}", query=self.query))


def endpoint(settings: Mapping[str, Any]) -> Endpoint:
    """Return the place that *settings* say.

    Raises:
        BadRequestError: they say none, or one that cannot be.
    """
    return _of(_base(settings), settings.get("api_version"))


@lru_cache(maxsize=64)  # asked for each call, and most programs have one place
def _of(base: str, version: str | None) -> Endpoint:
    parts = urlsplit(base)
    path = _OPERATION.sub("", parts.path.rstrip("/"))
    if not re.search("/openai(/v1|/deployments/[^/]+)?$", path):
        path += "/openai"
    if path.endswith("/openai") and version in _V1_VERSIONS:
        path += "/v1"
    is_v1 = path.endswith("/openai/v1")
    return Endpoint(
        base=urlunsplit(parts._replace(path=path, query="", fragment="")),
        query=_query(parts.query, version, is_v1=is_v1),
        is_v1=is_v1,
    )


def _base(settings: Mapping[str, Any]) -> str:
    given = [settings[name] for name in ("azure_endpoint", "api_base") if name in settings]
    if len(given) > 1:
        raise BadRequestError(
            "azure_endpoint and api_base mean the same; give one of the two", param="azure_endpoint"
        )
    if given:
        return str(given[0])
    name = settings.get("azure_resource_name")
    if not name:
        raise BadRequestError(
            "Azure OpenAI needs the resource's URL: pass api_base='https://NAME.openai.azure.com' "
            "or set AZURE_OPENAI_ENDPOINT or AZURE_API_BASE",
            param="api_base",
        )
    if not isinstance(name, str) or not _LABEL.fullmatch(name):
        raise BadRequestError(
            f"azure_resource_name={name!r} is no resource's name; it takes letters, digits and "
            "hyphens, such as 'my-resource'; a whole URL is given as api_base",
            param="azure_resource_name",
        )
    return f"https://{name}.openai.azure.com"


def _query(own: str, version: str | None, *, is_v1: bool) -> str:
    """Return the query, in which the version that the base brings along goes before the setting.

    v1 knows no dated versions; one that the environment holds for other programs is left out.
    """
    if "api-version" in dict(parse_qsl(own)):
        return own
    if is_v1 and version not in _V1_VERSIONS:
        return own
    more = urlencode({"api-version": version or _CLASSIC_VERSION})
    return f"{own}&{more}" if own else more


def _segment(deployment: str) -> str:
    if deployment in (".", ".."):  # which servers and clients take for another path
        raise BadRequestError(f"{deployment!r} is no deployment's name", param="model")
    return quote(deployment, safe=_SAFE)
