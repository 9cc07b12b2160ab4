"""AWS's Signature Version 4, as botocore makes it, at the time that core tells."""

from __future__ import annotations

from datetime import datetime

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import ReadOnlyCredentials  # type: ignore[import-untyped]

from impasto.types import Credentials, Request

_SERVICE = "bedrock"  # of bedrock-runtime too: botocore 1.44.5, "signingName"


def signed(request: Request, credentials: Credentials, now: datetime) -> Request:
    """Return *request* signed for the region in its state.

    The steps of `SigV4Auth.add_auth()`, which would look at the clock by itself.
    """
    added = {"X-Amz-Date": now.strftime(SIGV4_TIMESTAMP)}
    if "session_token" in credentials:
        added["X-Amz-Security-Token"] = credentials["session_token"]
    request = request.with_headers(added)
    keys = ReadOnlyCredentials(
        credentials["access_key"], credentials["secret_key"], credentials.get("session_token")
    )
    signer = SigV4Auth(keys, _SERVICE, request.state["region"])
    whole = AWSRequest(request.method, request.url, dict(request.headers), request.body)
    whole.context["timestamp"] = added["X-Amz-Date"]
    text = signer.string_to_sign(whole, signer.canonical_request(whole))
    fields = {
        "AWS4-HMAC-SHA256 Credential": signer.scope(whole),
        "SignedHeaders": signer.signed_headers(signer.headers_to_sign(whole)),
        "Signature": signer.signature(text, whole),
    }
    authorization = ", ".join(f"{name}={value}" for name, value in fields.items())
    return request.with_headers({"Authorization": authorization})
