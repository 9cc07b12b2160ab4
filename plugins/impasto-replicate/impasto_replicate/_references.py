"""What a model's name says, and where on Replicate that is."""

from __future__ import annotations

import re
from typing import Any

from attrs import frozen

from impasto.errors import BadRequestError
from impasto.types import Call, Request
from impasto_replicate import _options

_NAME = r"[A-Za-z0-9][\w.-]*"  # neither "." nor "..", which would lead elsewhere in a path
_REFERENCE = re.compile(
    rf"(?P<model>{_NAME}/{_NAME})(:(?P<version>{_NAME}))?"
    rf"|deployments/(?P<deployment>{_NAME}/{_NAME})"
    r"|(?P<bare>[0-9a-f]{64})",
    re.ASCII,
)


@frozen
class Reference:
    """What a model's name says; one of *model*, *deployment* and *version* at least is known.

    Attributes:
        model: "owner/name".
        version: The id of one of its versions, or of whatever model's.
        deployment: "owner/name" of somebody's deployment.
    """

    model: str | None = None
    version: str | None = None
    deployment: str | None = None


def reference(call: Call) -> Reference:
    """Return what the name of *call*'s model says.

    Raises:
        BadRequestError: it is none of the forms that Replicate has.
    """
    match = _REFERENCE.fullmatch(call.model)
    if match is None:
        raise BadRequestError(
            f"{call.model[:200]!r} is no model of Replicate; write 'owner/name', "
            "'owner/name:version', a version's 64 hexadecimal digits, or "
            "'deployments/owner/name'",
            param="model",
        )
    return Reference(match["model"], match["version"] or match["bare"], match["deployment"])


def url(call: Call, path: str) -> str:
    """Return the URL of *path* below the base, which may end in "/v1" or not."""
    return f"{call.settings['api_base'].removesuffix('/v1')}/v1{path}"


def schema_request(call: Call) -> Request | None:
    """Return the request for the schema of *call*'s model, or None where none is needed."""
    path = _schema_path(call) if _options.looks_up(call) else None
    return None if path is None else Request(url=url(call, path), method="GET")


def _schema_path(call: Call) -> str | None:
    asked = reference(call)
    if asked.model is None:  # only the caller can say whose inputs these are
        stated = _REFERENCE.fullmatch(call.catalogue_name)
        of_model = stated is not None and stated["model"] is not None
        return f"/models/{call.catalogue_name}" if of_model and not _is_listed(call) else None
    if call.catalogue_name == asked.model and _is_listed(call) and _runs_as_it_is(call, asked):
        return None
    version = f"/versions/{asked.version}" if asked.version else ""
    return f"/models/{asked.model}{version}"


def _is_listed(call: Call) -> bool:
    return call.card is not None and call.card.parameters is not None


def _runs_as_it_is(call: Call, asked: Reference) -> bool:
    """Return whether nothing need be looked up to run the model: it is official, or a version."""
    return asked.version is not None or bool(facts(call).get("official"))


def facts(call: Call) -> dict[str, Any]:
    """Return what the card says of Replicate's own, nothing where there is no card."""
    return dict(call.card.facts) if call.card is not None else {}


def where_to_order(call: Call) -> tuple[str, dict[str, str]]:
    """Return the URL for an order, and the field that says which version is meant.

    Official models have a path of their own and refuse a version; all others run by version.
    """
    asked = reference(call)
    if asked.deployment is not None:
        return url(call, f"/deployments/{asked.deployment}/predictions"), {}
    version = asked.version or facts(call).get("version")
    if version is not None:
        return url(call, "/predictions"), {"version": version}
    return url(call, f"/models/{asked.model}/predictions"), {}
