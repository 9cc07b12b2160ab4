"""Keys and tokens for Google's services, through google-auth; on a worker thread only."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Mapping
from datetime import UTC
from importlib import import_module
from pathlib import Path
from typing import Any

from impasto.errors import (
    APIConnectionError,
    AuthenticationError,
    BadRequestError,
    ImpastoError,
    MissingCredentialsError,
)
from impasto.types import Credentials, Settings
from impasto_vertex import _resource

# google-auth's service accounts and google-genai 3.4.0 ask for this one
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_MAKERS = {
    "service_account": ("google.oauth2.service_account", "from_service_account_info"),
    "authorized_user": ("google.oauth2.credentials", "from_authorized_user_info"),
    "impersonated_service_account": (
        "google.auth.impersonated_credentials",
        "from_impersonated_service_account_info",
    ),
}
_VARIABLES = (
    "VERTEXAI_CREDENTIALS",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_API_KEY",
)


def find(settings: Settings) -> Credentials | Awaitable[Credentials]:
    """Return what *settings* name: a key, a token, or a token bought with credentials.

    Without any of them the application's default credentials are looked for, but not for a
    server of the user's own: that may need none, and gets nobody's token unasked.

    Raises:
        AuthenticationError: there are none, or Google does not take them.
        APIConnectionError: the token's endpoint cannot be reached.
    """
    if settings.get("api_key"):
        return Credentials({"api_key": settings["api_key"]}, expires_at=math.inf)
    if settings.get("access_token"):
        return _given(settings)
    given = _resource.either(settings, "credentials")
    if given is None and not _resource.is_googles(settings.get("api_base")):
        return Credentials({}, expires_at=math.inf)
    return _fetched(given)


async def _given(settings: Settings) -> Credentials:
    ends = None if callable(settings["access_token"]) else math.inf
    return Credentials({"token": await settings.token("access_token")}, expires_at=ends)


def _fetched(given: Any) -> Credentials:
    """Return a token bought with *given*, or with the default credentials where it is None."""
    # 0.3 s, and nobody with a key or a token needs them
    import requests
    from google.auth import exceptions
    from google.auth.transport.requests import Request

    try:
        with requests.Session() as session:
            request = Request(session=session)
            found, project = _default(request) if given is None else _loaded(given)
            if not found.valid:
                found.refresh(request)
    except exceptions.DefaultCredentialsError as error:
        raise MissingCredentialsError(
            f"no application default credentials: {error}  Or pass vertex_credentials, "
            f"access_token or api_key, or set one of {', '.join(_VARIABLES)}",
            variables=_VARIABLES,
        ) from error
    except exceptions.TransportError as error:
        raise APIConnectionError(
            f"no token, for its endpoint cannot be reached: {error}"
        ) from error
    except exceptions.GoogleAuthError as error:
        raise AuthenticationError(
            f"Google gives no token for these credentials: {error}"
        ) from error
    return _bought(found, project)


def _bought(found: Any, project: str | None) -> Credentials:
    if not found.token:
        raise AuthenticationError("these credentials gave no token")
    expiry = found.expiry  # naive, in UTC
    facts = {"project": project, "quota_project": getattr(found, "quota_project_id", None)}
    return Credentials(
        {"token": found.token},
        expires_at=None if expiry is None else expiry.replace(tzinfo=UTC).timestamp(),
        facts={name: value for name, value in facts.items() if value},
    )


def _default(request: Any) -> tuple[Any, str | None]:
    import google.auth

    return google.auth.default(scopes=_SCOPES, request=request)


def _loaded(given: Any) -> tuple[Any, str | None]:
    """Return the credentials that *given* is, names or describes, and their project."""
    import google.auth.credentials

    scoped: Any = google.auth.credentials.with_scopes_if_required
    if hasattr(given, "refresh"):  # an object of google-auth's own
        return scoped(given, _SCOPES), getattr(given, "project_id", None)
    info = _described(given)
    module, make = _maker(info)
    try:
        found = getattr(import_module(module).Credentials, make)(info)
    except (ValueError, TypeError, KeyError) as error:
        raise _no_good(f"it is incomplete or damaged ({type(error).__name__})") from None
    return scoped(found, _SCOPES), info.get("project_id")


def _maker(info: Mapping[str, Any]) -> tuple[str, str]:
    """Return the module of google-auth for credentials like *info*, and the method that reads it.

    Its own function for any type warns that it is deprecated (2.62.2, `_default.py`).
    """
    kind = info.get("type")
    if kind == "external_account":
        return _of_external_account(info)
    if kind not in _MAKERS:
        raise _no_good(f"its type is {kind!r}, none of external_account, {', '.join(_MAKERS)}")
    return _MAKERS[kind]


def _described(given: Any) -> Mapping[str, Any]:
    """Return the JSON object in *given*: itself, its text, or the file that it names."""
    if isinstance(given, Mapping):
        return given
    text = str(given)
    try:
        if not text.lstrip().startswith("{"):
            text = Path(text).expanduser().read_text(encoding="utf-8")
        info = json.loads(text)
    except OSError as error:
        raise _no_good(f"the file cannot be read: {error.strerror}") from None
    except ValueError:
        raise _no_good("it is no JSON, nor the path of a file with JSON") from None
    if not isinstance(info, dict):
        raise _no_good("it is JSON, but no object")
    return info


def _no_good(why: str) -> ImpastoError:
    """Return the error for credentials that cannot be read; it shows nothing of them."""
    return AuthenticationError(f"vertex_credentials: {why}", param="vertex_credentials")


def _of_external_account(info: Mapping[str, Any]) -> tuple[str, str]:
    """Return where google-auth has the credentials of another cloud, or of a file from there.

    Raises:
        BadRequestError: a program would be run.
    """
    source = info.get("credential_source") or {}
    if "executable" in source:
        raise BadRequestError(
            "vertex_credentials would run a program; set GOOGLE_APPLICATION_CREDENTIALS instead, "
            "where google-auth asks whether it may",
            param="vertex_credentials",
        )
    cloud = "aws" if "environment_id" in source else "identity_pool"
    return f"google.auth.{cloud}", "from_info"
