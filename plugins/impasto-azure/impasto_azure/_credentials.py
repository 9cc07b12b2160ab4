"""Who is asking: a key, a token of Entra ID, or whatever azure-identity finds."""

from __future__ import annotations

import math
from collections.abc import Awaitable

from impasto.errors import AuthenticationError, MissingCredentialsError
from impasto.types import Credentials, Settings
from impasto_azure._endpoint import endpoint

# In the order in which they count where several are set; openai-python puts a token first too.
_GIVEN = ("azure_ad_token_provider", "azure_ad_token", "api_key")
_INSTALL = 'pip install "impasto-azure[entra]"'
# The scope of the v1 examples on https://learn.microsoft.com/azure/foundry/openai/how-to/dall-e
# (of 2026-04-17), and that of azure-identity's and LiteLLM's examples.
_V1_SCOPE = "https://ai.azure.com/.default"
_CLASSIC_SCOPE = "https://cognitiveservices.azure.com/.default"


def found(settings: Settings) -> Credentials | Awaitable[Credentials]:
    """Return the key or the token that *settings* hold, or get a token from Entra ID."""
    name = next((name for name in _GIVEN if name in settings), None)
    return _from_entra(settings) if name is None else _given(name, settings)


async def _given(name: str, settings: Settings) -> Credentials:
    ends = None if callable(settings[name]) else math.inf
    kind = "key" if name == "api_key" else "token"
    return Credentials({kind: await settings.token(name)}, expires_at=ends)


def _from_entra(settings: Settings) -> Credentials:
    """Return a token for the client secret in *settings*, else for whom the default chain finds."""
    try:
        from azure import identity  # takes 0.3 s, and is optional
        from azure.core.exceptions import ClientAuthenticationError
    except ImportError:
        raise _missing(f"; or sign in with Entra ID: {_INSTALL}") from None
    secret = _client_secret(settings)
    try:
        with (
            identity.ClientSecretCredential(*secret)
            if secret
            else identity.DefaultAzureCredential(**_hints(settings))
        ) as credential:
            token = credential.get_token(_scope(settings))
    except ClientAuthenticationError as error:
        told = f"Entra ID gave no token: {error.message}"
        raise (AuthenticationError(told) if secret else _missing(f".  {told}")) from error
    return Credentials({"token": token.token}, expires_at=token.expires_on)


def _client_secret(settings: Settings) -> tuple[str, str, str] | None:
    """Return tenant, client and secret, or None where there is no secret.

    Raises:
        AuthenticationError: there is one, but not the others.
    """
    if "client_secret" not in settings:
        return None
    for name in ("tenant_id", "client_id"):
        if name not in settings:
            raise AuthenticationError(
                f"client_secret goes with tenant_id and client_id; {name} is missing: pass it or "
                f"set AZURE_{name.upper()}",
                param=name,
            )
    return settings["tenant_id"], settings["client_id"], settings["client_secret"]


def _hints(settings: Settings) -> dict[str, str]:
    """Return what *settings* say about the identity that the default chain is to find."""
    names = {"client_id": "managed_identity_client_id", "tenant_id": "workload_identity_tenant_id"}
    return {theirs: settings[ours] for ours, theirs in names.items() if ours in settings}


def _scope(settings: Settings) -> str:
    own = settings.get("azure_scope")
    return own or (_V1_SCOPE if endpoint(settings).is_v1 else _CLASSIC_SCOPE)


def _missing(why: str) -> MissingCredentialsError:
    variables = ("AZURE_OPENAI_API_KEY", "AZURE_API_KEY", "AZURE_OPENAI_AD_TOKEN", "AZURE_AD_TOKEN")
    return MissingCredentialsError(
        f"Azure OpenAI needs api_key: pass api_key=... or set {' or '.join(variables[:2])}{why}",
        variables=variables,
        param="api_key",
    )
