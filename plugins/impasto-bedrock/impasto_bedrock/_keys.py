"""Keys from wherever people keep them: a token, arguments, a role, what botocore finds."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any

from impasto.errors import AuthenticationError, MissingCredentialsError
from impasto.types import Credentials, Settings
from impasto_bedrock import _places

if TYPE_CHECKING:
    from botocore.session import Session  # type: ignore[import-untyped]

_PAIR = {
    "aws_access_key_id": "AWS_ACCESS_KEY_ID",
    "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
}
_VARIABLES = ("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE")


def found(settings: Settings) -> Credentials | Awaitable[Credentials]:
    """Return a token, else AWS's keys; it may ask files, programs and other services for them.

    Raises:
        MissingCredentialsError: there are none.
        AuthenticationError: what there is cannot be used.
    """
    if "api_key" in settings:  # before keys that are given as well, as in boto3
        return _token(settings)
    # All that authorize() needs is imported here, on a thread of its own.
    from impasto_bedrock import _signature  # noqa: F401

    if "aws_role_name" in settings:
        return _of_role(settings)
    _refuse_without_role(settings)
    if _are_given(settings):
        return _credentials(
            settings["aws_access_key_id"],
            settings["aws_secret_access_key"],
            settings.get("aws_session_token"),
            expires_at=math.inf,
        )
    return _of_chain(_session(settings))


def _refuse_without_role(settings: Mapping[str, Any]) -> None:
    for name in ("aws_web_identity_token", "aws_external_id"):
        if name in settings:
            raise AuthenticationError(
                f"{name} is for taking on a role: pass aws_role_name=... as well", param=name
            )


async def _token(settings: Settings) -> Credentials:
    ends = None if callable(settings["api_key"]) else math.inf
    return Credentials({"api_key": await settings.token("api_key")}, expires_at=ends)


def _credentials(
    access_key: str, secret_key: str, session_token: str | None, **more: Any
) -> Credentials:
    keys = {"access_key": access_key, "secret_key": secret_key, "session_token": session_token}
    return Credentials({name: key for name, key in keys.items() if key}, **more)


def _are_given(settings: Mapping[str, Any]) -> bool:
    """Return whether there are an access key and its secret.

    Raises:
        MissingCredentialsError: there is one without the other.
    """
    missing = [name for name in _PAIR if name not in settings]
    if len(missing) == 1:
        raise MissingCredentialsError(
            f"half a key was given: pass {missing[0]}=... or set {_PAIR[missing[0]]} as well",
            variables=(_PAIR[missing[0]],),
            param=missing[0],
        )
    return not missing


def _session(settings: Mapping[str, Any]) -> Session:
    import botocore.session  # type: ignore[import-untyped]  # 140 ms: only where it is needed

    session = botocore.session.Session(profile=settings.get("aws_profile_name"))
    region = _places.region(settings)
    if region is not None:
        session.set_config_variable("region", region)
    return session


def _of_chain(session: Session) -> Credentials:
    """Return the keys of whatever AWS's own tools would use: files, SSO, containers, machines."""
    keys = session.get_credentials()
    if keys is None:
        raise MissingCredentialsError(
            "Amazon Bedrock needs keys: pass api_key=... or aws_access_key_id=... and "
            f"aws_secret_access_key=..., or set {' or '.join(_VARIABLES)}",
            variables=_VARIABLES,
        )
    frozen = keys.get_frozen_credentials()
    ends = getattr(keys, "_expiry_time", None)  # botocore has no public word for it
    return _credentials(
        frozen.access_key,
        frozen.secret_key,
        frozen.token,
        expires_at=ends.timestamp() if ends else None,
        facts={"region": session.get_config_variable("region")},
    )


def _of_role(settings: Mapping[str, Any]) -> Credentials:
    """Return the keys that STS gives out for the role, for an identity's token or for keys."""
    session = _session(settings)
    role = {
        "RoleArn": settings["aws_role_name"],
        "RoleSessionName": settings["aws_session_name"],
    }
    token = settings.get("aws_web_identity_token")
    if token is not None:
        answer = _sts(session, settings, signed=False).assume_role_with_web_identity(
            **role, WebIdentityToken=token
        )
    else:
        outer = settings.get("aws_external_id")
        answer = _sts(session, settings, signed=True).assume_role(
            **role, **({"ExternalId": outer} if outer else {})
        )
    keys = answer["Credentials"]
    return _credentials(
        keys["AccessKeyId"],
        keys["SecretAccessKey"],
        keys["SessionToken"],
        expires_at=keys["Expiration"].timestamp(),
        facts={"region": session.get_config_variable("region")},
    )


def _sts(session: Session, settings: Mapping[str, Any], *, signed: bool) -> Any:
    """Return botocore's client of STS, which signs with the given keys, else with those it finds."""
    import botocore.config  # type: ignore[import-untyped]

    if signed and _are_given(settings):
        names = (*_PAIR, "aws_session_token")
        session.set_credentials(*(settings.get(name) for name in names))
    unsigned = None if signed else botocore.config.Config(signature_version=botocore.UNSIGNED)
    return session.create_client(
        "sts",
        region_name=session.get_config_variable("region") or _places.DEFAULT_REGION,
        endpoint_url=settings.get("aws_sts_endpoint"),
        config=unsigned,
    )
