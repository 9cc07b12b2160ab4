"""Where a model lives: its resource name, its host, the URL of its methods.

Names and hosts as google-genai 3.4.0 makes them (recorded 2026-11-22; `_transformers.t_model()` and
`_api_client.py`), but for endpoints without a project in front, which it takes for publishers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from impasto.errors import BadRequestError

# What ends in a host name or a path is checked, so that nobody can lead the key elsewhere.
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*(/[A-Za-z0-9][A-Za-z0-9._@:-]*)*")
_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")  # "example.com:project" is one
_LOCATION = re.compile(r"[a-z][a-z0-9-]{0,62}")
_VERSION = re.compile(r"v\d+(alpha\d*|beta\d*)?")
_ENDPOINT = re.compile(r"(.*/)?endpoints/[^/]+")
_LOCATED = re.compile(r"projects/[^/]+/locations/([^/]+)/.+")
_MULTI_REGIONS = frozenset({"us", "eu"})
# What stands in a URL for a project that only the credentials know.
_UNKNOWN = re.compile(r"projects/-/locations/[^/]+/")


def catalogue_name(model: str) -> str | None:
    """Return the last word of a resource name; None for an endpoint, which has only a number."""
    return None if _ENDPOINT.fullmatch(model) else model.rpartition("/")[2]


def is_endpoint(model: str) -> bool:
    """Return whether *model* is an endpoint's name, which does not say what stands behind it."""
    return _ENDPOINT.fullmatch(model) is not None


def url(settings: Mapping[str, Any], model: str, method: str) -> str:
    """Return the URL of *method*, such as "predict", of *model*.

    Where no setting says the project, "-" stands in its place; see `completed()`.

    Raises:
        BadRequestError: the model, the project or the location cannot be one.
    """
    resource = _resource(model)
    base = settings.get("api_base", "")
    if ":" in urlsplit(base).path.rpartition("/")[2]:  # LiteLLM's users give the URL of the method
        return str(base)
    location = either(settings, "location") or _location_of(resource) or "global"
    if not resource.startswith("projects/"):
        project = either(settings, "project")
        within = f"projects/{_checked('vertex_project', project, _PROJECT) if project else '-'}"
        resource = f"{within}/locations/{_checked_location(location)}/{resource}"
    parts = urlsplit(base or _home(_checked_location(location)))
    path, version = _split_version(parts.path, settings["api_version"])
    return urlunsplit(parts._replace(path=f"{path}/{version}/{resource}:{method}"))


def completed(url: str, project: str | None) -> str | None:
    """Return *url* with *project* where "-" stands, None where it is needed and not known."""
    found = _UNKNOWN.search(url)
    if found is None:
        return url
    if project is None:
        return None
    known = found[0].replace("-", _checked("vertex_project", project, _PROJECT), 1)
    return url[: found.start()] + known + url[found.end() :]


def without_project(url: str) -> str:
    """Return *url* without project and location where "-" stands: keys know their project."""
    return _UNKNOWN.sub("", url, count=1)


def is_googles(api_base: str | None) -> bool:
    """Return whether calls go to Google itself, not to a server of the user's own."""
    host = urlsplit(api_base).hostname if api_base else None
    return host is None or host.endswith(".googleapis.com")


def either(settings: Mapping[str, Any], what: str) -> Any:
    """Return the setting vertex_*what*, or vertex_ai_*what*, as LiteLLM calls it as well.

    Raises:
        BadRequestError: both are given, and differ.
    """
    names = (f"vertex_{what}", f"vertex_ai_{what}")
    given = [settings[name] for name in names if settings.get(name) is not None]
    if len(given) == 2 and given[0] != given[1]:
        raise BadRequestError(
            f"{names[0]} and {names[1]} differ, and mean the same; give one of the two",
            param=names[1],
        )
    return given[0] if given else None


def _resource(model: str) -> str:
    if not _MODEL.fullmatch(model) or ".." in model:
        raise BadRequestError(
            f"{model!r} cannot be a model: it takes a name such as 'gemini-3-pro-image', or a "
            "resource name, 'projects/P/locations/L/publishers/google/models/M'",
            param="model",
        )
    if model.startswith(("projects/", "publishers/", "models/", "endpoints/")):
        return model
    publisher, _, name = model.rpartition("/")
    return f"publishers/{publisher or 'google'}/models/{name}"


def _location_of(resource: str) -> str | None:
    located = _LOCATED.fullmatch(resource)
    return located[1] if located else None


def _home(location: str) -> str:
    if location == "global":
        return "https://aiplatform.googleapis.com"
    if location in _MULTI_REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"


def _checked_location(location: str) -> str:
    return _checked("vertex_location", location, _LOCATION)


def _checked(name: str, value: Any, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise BadRequestError(f"{name}={value!r:.100} cannot be one", param=name)
    return value


def _split_version(path: str, version: Any) -> tuple[str, str]:
    """Return the path without the API's version at its end, and the version."""
    before, _, last = path.rpartition("/")
    if _VERSION.fullmatch(last):
        return before, last
    beta = "v1beta1" if version == "beta" else version  # as the SDK reads its variable
    return path, _checked("api_version", beta, _VERSION)
