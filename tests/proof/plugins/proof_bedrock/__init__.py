"""AWS Bedrock: https://docs.aws.amazon.com/bedrock/latest/userguide/inference-invoke.html"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import zip_longest
from typing import Any
from urllib.parse import quote

# Here and not in the hooks: core imports a plugin on a worker thread, and this takes 0.3 s.
import botocore.session
from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from impasto import hookimpl
from impasto.errors import (
    AuthenticationError,
    BadRequestError,
    ContentPolicyViolationError,
    ImpastoError,
    InternalServerError,
    MissingCredentialsError,
    QuotaExceededError,
    class_of_status,
)
from impasto.rules import Rule, always, as_ratio, choose, width_and_height
from impasto.types import (
    Call,
    Credentials,
    Image,
    ImageResponse,
    Model,
    Params,
    Provider,
    Request,
    Response,
    Setting,
)

CONTRACT = (1, 0)

_ABOUT_KEYS = {
    "ExpiredTokenException",
    "InvalidSignatureException",
    "UnrecognizedClientException",
}
_GEOGRAPHIES = re.compile(r"^(us|us-gov|eu|apac|jp|au|ca|global)\.")
_QUALITIES = {"standard": "standard", "premium": "premium", "hd": "premium"}


@hookimpl
def describe() -> Provider:
    return Provider(
        name="bedrock",
        settings={
            "api_key": Setting(env=("AWS_BEARER_TOKEN_BEDROCK",), secret=True),
            # No variables for these: botocore reads them, so that keys are never mixed.
            "aws_access_key_id": Setting(secret=True),
            "aws_secret_access_key": Setting(secret=True),
            "aws_session_token": Setting(secret=True),
            "aws_profile_name": Setting(),
            "aws_region_name": Setting(
                env=("AWS_REGION", "AWS_DEFAULT_REGION"), default="us-west-2"
            ),
            "api_base": Setting(env=("AWS_ENDPOINT_URL_BEDROCK_RUNTIME",), url=True),
        },
        auth=None,
        default_model="stability.stable-image-core-v1:1",
    )


@hookimpl
def resolve_model(model: str) -> str:
    name = model.rpartition("/")[2] if model.startswith("arn:") else model
    return _GEOGRAPHIES.sub("", name, count=1)


@hookimpl
def read_card(call: Call) -> Model | None:
    if call.card is not None:
        return None
    for maker, form, most in (("stability.", "stable", 1), ("amazon.", "titan", 5)):
        if call.catalogue_name.startswith(maker):
            return Model(name=call.model, max_images=most, facts={"body": form})
    raise BadRequestError(
        f"{call.model} does not say which model stands behind it; pass base_model=...",
        param="base_model",
    )


@hookimpl
def translate_params(call: Call) -> Params:
    rules: dict[str, Rule] = {"seed": "seed", "size": width_and_height, "style": "style_preset"}
    if _form(call) == "titan":
        rules |= {"prompt": "text", "negative_prompt": "negativeText", "n": "numberOfImages"}
        rules["quality"] = choose("quality", _QUALITIES)
    else:
        rules |= {"prompt": "prompt", "negative_prompt": "negative_prompt"}
    if _form(call) == "stable":
        rules |= {"size": as_ratio(call, "aspect_ratio"), "output_format": "output_format"}
    return call.translate(**rules, response_format=always("b64_json"))


def _form(call: Call) -> str:
    """Return the name of the body that the model takes."""
    assert call.card is not None
    return str(call.card.facts["body"])


@hookimpl
def build_request(call: Call, params: Params) -> Request:
    region = call.settings["aws_region_name"]
    china = ".cn" if region.startswith("cn-") else ""
    home = call.settings.get("api_base", f"https://bedrock-runtime.{region}.amazonaws.com{china}")
    assert call.card is not None
    # An alias is how people write it, not a name that AWS knows.
    model = call.card.name if call.model in call.card.aliases else call.model
    return Request(
        url=f"{home}/model/{quote(model, safe='')}/invoke",
        json=_BODIES[_form(call)](dict(params.values)),
        headers={"Accept": "application/json"},
        state={"region": region},
    )


# All else is in imageGenerationConfig.
_OF_TEXT = ("text", "negativeText", "style", "conditionImage", "controlMode", "controlStrength")


def _titan(values: dict[str, Any]) -> dict[str, Any]:
    text = {name: values.pop(name) for name in _OF_TEXT if name in values}
    body = {"taskType": "TEXT_IMAGE", "textToImageParams": text}
    return {**body, "imageGenerationConfig": values} if values else body


def _sdxl(values: dict[str, Any]) -> dict[str, Any]:
    prompts = [{"text": values.pop("prompt"), "weight": 1.0}]
    if "negative_prompt" in values:
        prompts.append({"text": values.pop("negative_prompt"), "weight": -1.0})
    return {"text_prompts": prompts, **values}


_BODIES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "stable": dict,
    "titan": _titan,
    "sdxl": _sdxl,
}


@hookimpl
def get_credentials(settings: Mapping[str, Any]) -> Credentials:
    if "api_key" in settings:  # wins over all other keys, as in boto3
        return Credentials({"api_key": settings["api_key"]})
    session = botocore.session.Session(profile=settings.get("aws_profile_name"))
    if "aws_access_key_id" in settings:
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        session.set_credentials(*map(settings.get, names))
    found = session.get_credentials()
    if found is None:
        names = ("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE")
        raise MissingCredentialsError(f"no AWS keys; set one of {names}", variables=names)
    keys = found.get_frozen_credentials()
    ends = getattr(found, "_expiry_time", None)  # botocore has no public word for it
    return Credentials(
        {"access": keys.access_key, "secret": keys.secret_key, "session": keys.token},
        expires_at=ends.timestamp() if ends is not None else None,
    )


@hookimpl
def authorize(request: Request, credentials: Credentials, now: datetime) -> Request:
    if "api_key" in credentials:
        return request.with_headers({"Authorization": f"Bearer {credentials['api_key']}"})
    added = {"X-Amz-Date": now.strftime(SIGV4_TIMESTAMP)}
    if credentials["session"]:
        added["X-Amz-Security-Token"] = credentials["session"]
    request = request.with_headers(added)
    # SigV4Auth.add_auth() would look at the clock by itself.
    keys = ReadOnlyCredentials(credentials["access"], credentials["secret"], credentials["session"])
    signer = SigV4Auth(keys, "bedrock", request.state["region"])
    signed = AWSRequest(request.method, request.url, dict(request.headers), request.body)
    signed.context["timestamp"] = added["X-Amz-Date"]
    text = signer.string_to_sign(signed, signer.canonical_request(signed))
    fields = {
        "AWS4-HMAC-SHA256 Credential": signer.scope(signed),
        "SignedHeaders": signer.signed_headers(signer.headers_to_sign(signed)),
        "Signature": signer.signature(text, signed),
    }
    signature = ", ".join(f"{name}={value}" for name, value in fields.items())
    return request.with_headers({"Authorization": signature})


@hookimpl
def parse_response(response: Response) -> ImageResponse:
    body = response.json()
    images, seeds = body.get("images") or (), body.get("seeds") or ()
    reasons = body.get("finish_reasons") or [body.get("error")]
    for artifact in body.get("artifacts", ()):  # SDXL alone
        fine = artifact["finishReason"] == "SUCCESS"
        images = (*images, artifact["base64"] if fine else None)
        seeds = (*seeds, artifact.get("seed"))
        reasons = [*reasons, None if fine else artifact["finishReason"]]
    data = [
        Image(b64_json=image, seed=int(seed) if seed is not None else None)
        for image, seed in zip_longest(images, seeds)
        if image
    ]
    why = tuple(reason for reason in reasons if reason)
    if data or not why:
        return ImageResponse(data=data, notes=why)
    if why[0] == "Inference error":
        raise InternalServerError(why[0], maybe_accepted=True)  # AWS does not say what it bills
    output = "output" in why[0] or "generated" in why[0] or "CONTENT_FILTERED" in why[0]
    raise ContentPolicyViolationError(why[0], stage="output" if output else "input")


@hookimpl
def map_error(response: Response) -> ImpastoError:
    code = response.headers.get("x-amzn-errortype", "").partition(":")[0] or None
    kind = class_of_status(response.status)
    if response.status == 400 and "content filter" in response.message:
        return ContentPolicyViolationError(response.message, code=code, stage="input")
    if code == "ServiceQuotaExceededException":
        kind = QuotaExceededError
    elif code in _ABOUT_KEYS:  # with 403, as what the keys may not do
        kind = AuthenticationError
    later = response.headers.get("x-amz-retry-after")  # in milliseconds
    return kind(response.message, code=code, retry_after=int(later) / 1000 if later else None)
