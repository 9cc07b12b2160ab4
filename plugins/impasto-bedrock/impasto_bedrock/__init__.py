"""Amazon Bedrock: https://docs.aws.amazon.com/bedrock/latest/userguide/inference-invoke.html"""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime

from impasto import hookimpl
from impasto.errors import ImpastoError
from impasto.rules import always
from impasto.types import (
    Call,
    Credentials,
    ImageResponse,
    Model,
    Params,
    Provider,
    Request,
    Response,
    Setting,
    Settings,
)
from impasto_bedrock import _answers, _dialects, _errors, _headers, _keys, _names, _places

CONTRACT = (1, 0)

_REGIONS = ("AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION")  # LiteLLM's, the SDKs', boto3's


@hookimpl
def describe() -> Provider:
    return Provider(
        name="bedrock",
        title="Amazon Bedrock",
        settings={
            "api_key": Setting(
                env=("AWS_BEARER_TOKEN_BEDROCK",),
                secret=True,
                note="a Bedrock API key, or a function that returns one; before all other keys",
            ),
            "aws_access_key_id": Setting(env=("AWS_ACCESS_KEY_ID",), secret=True, group="keys"),
            "aws_secret_access_key": Setting(
                env=("AWS_SECRET_ACCESS_KEY",), secret=True, group="keys"
            ),
            "aws_session_token": Setting(
                env=("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"), secret=True, group="keys"
            ),
            # No variable: botocore reads AWS_PROFILE by itself, after the keys in the environment.
            "aws_profile_name": Setting(group="keys", note="in the files of AWS's own tools"),
            "aws_region_name": Setting(env=_REGIONS, note="else an ARN's, a profile's, us-west-2"),
            "aws_role_name": Setting(note="ARN of a role to take on with these keys"),
            "aws_session_name": Setting(
                default="impasto", note="what the role's session is called"
            ),
            "aws_external_id": Setting(note="what the role's owner asks for"),
            "aws_web_identity_token": Setting(
                secret=True, note="takes on the role, instead of keys"
            ),
            "aws_sts_endpoint": Setting(
                env=("AWS_ENDPOINT_URL_STS",), url=True, note="where roles are taken on"
            ),
            "api_base": Setting(url=True, note="a gateway, or a VPC endpoint"),
            "aws_bedrock_runtime_endpoint": Setting(
                env=(
                    "AWS_BEDROCK_RUNTIME_ENDPOINT",
                    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
                    "AWS_ENDPOINT_URL",
                ),
                url=True,
                note="another name for api_base",
            ),
            "aws_use_fips_endpoint": Setting(env=("AWS_USE_FIPS_ENDPOINT",)),
            "aws_use_dualstack_endpoint": Setting(env=("AWS_USE_DUALSTACK_ENDPOINT",)),
            "model_id": Setting(note="asked instead of the model's own name: an ARN, a profile"),
        },
        auth=None,
        default_model="stability.stable-image-core-v1:1",
        docs="https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-stability-diffusion.html",
    )


@hookimpl
def resolve_model(model: str) -> str:
    return _names.catalogue_name(model)


@hookimpl
def read_card(call: Call) -> Model | None:
    return _dialects.card_of_the_family(call) if call.card is None else None


@hookimpl
def translate_params(call: Call) -> Params:
    rules = _dialects.of(call).rules(call)
    return call.translate(**rules, **_headers.RULES, response_format=always("b64_json"))


@hookimpl
def build_request(call: Call, params: Params) -> Request:
    name = _names.sent(call)
    named = _places.region(call.settings, name)
    region = named or _places.DEFAULT_REGION
    headers, fields = _headers.split(params.values)
    return Request(
        url=f"{_places.home(call.settings, region)}/model/{_names.segment(name)}/invoke",
        headers={"Accept": "application/json", **headers},
        json=_dialects.of(call).body(call, fields),
        state={"region": region, "named": named is not None},
    )


@hookimpl
def get_credentials(settings: Settings) -> Credentials | Awaitable[Credentials]:
    return _keys.found(settings)


@hookimpl
def authorize(request: Request, credentials: Credentials, now: datetime) -> Request:
    if "api_key" in credentials:
        return request.with_headers({"Authorization": f"Bearer {credentials['api_key']}"})
    # It imports botocore.  get_credentials() has done so already, away from the event loop.
    from impasto_bedrock import _signature

    own = credentials.facts.get("region")  # of the profile that the keys are from
    if own is not None and not request.state["named"]:
        request = _places.moved(request, own)
    return _signature.signed(request, credentials, now)


@hookimpl
def parse_response(response: Response) -> ImageResponse:
    return _answers.answer(response)


@hookimpl
def map_error(call: Call, response: Response) -> ImpastoError:
    return _errors.error(call, response)
