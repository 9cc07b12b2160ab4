"""What is said of a call, under the names of the conventions for generative AI.

https://github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai (read 2026-11-22); what
they have no name for begins with "impasto.".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from impasto import ImageResponse, ImpastoError
from impasto.types import Call

Values: TypeAlias = Mapping[str, str | bool | int | float]

# Of the predefined operations the one for more than text; gen_ai.output.type says that it is
# pictures.  A name of our own would be unknown to whatever draws the diagrams.
OPERATION = "generate_content"
# Names that the conventions have for providers; others go by their own.
_PROVIDERS = {
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "vertex_ai": "gcp.vertex_ai",
    "xai": "x_ai",
}
_PORTS = {"http": 80, "https": 443}
_DETAILS = {"text_tokens": "text", "image_tokens": "image"}


def of_call(call: Call) -> dict[str, str | int]:
    """Return what spans and metrics alike say of *call*: few values, many times the same."""
    return {
        "gen_ai.operation.name": OPERATION,
        "gen_ai.provider.name": provider(call.provider),
        "gen_ai.request.model": call.model,
        "impasto.kind": call.kind,
        **_server(call),
    }


def provider(name: str) -> str:
    """Return what the conventions call the provider *name*."""
    return _PROVIDERS.get(name, name)


def _server(call: Call) -> dict[str, str | int]:
    """Return host and port where a setting says them; where none does, only the plugin knows."""
    base = call.settings.get("api_base")
    parts = urlsplit(base) if isinstance(base, str) else None
    if parts is None or not parts.hostname:
        return {}
    return {
        "server.address": parts.hostname,
        "server.port": parts.port or _PORTS.get(parts.scheme, 443),
    }


def of_parameters(call: Call) -> dict[str, str | bool | int | float]:
    """Return those parameters of *call* that are no text of the user's."""
    said = {
        "gen_ai.output.type": "image",
        "gen_ai.request.choice.count": call.n if call.n != 1 else None,
        "gen_ai.request.seed": call.seed,
        "gen_ai.request.stream": call.stream or None,
        "impasto.size": call.size,
        "impasto.quality": call.quality,
        "impasto.input_images": len(call.images) or None,
        "impasto.mask": call.mask is not None or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def of_response(response: ImageResponse) -> dict[str, str | bool | int | float]:
    """Return what a span says of *response*."""
    cost = response.cost
    hit = is_from_cache(response)
    return {
        **of_drawer(response),
        **({} if hit else _usage(response)),
        **({"impasto.cache.hit": True} if hit else {}),
        **({"impasto.request_id": response.request_id} if response.request_id else {}),
        "impasto.images": len(response.data),
        **({"impasto.images.missing": len(response.errors)} if response.errors else {}),
        **(
            {
                "impasto.cost": float(cost),
                "impasto.cost.currency": cost.currency,
                "impasto.cost.basis": cost.basis,
            }
            if cost is not None
            else {}
        ),
    }


def of_drawer(response: ImageResponse) -> dict[str, str]:
    """Return who drew *response*, which with `fallbacks` may be another than was asked first."""
    said = {
        "gen_ai.response.model": response.model,
        "impasto.response.provider": provider(response.provider or "") if response.attempts else "",
    }
    return {name: value for name, value in said.items() if value}


def is_from_cache(response: ImageResponse) -> bool:
    """Return whether nobody was asked for *response*."""
    return response.cost is not None and response.cost.basis == "cache"


def tokens(response: ImageResponse) -> Iterator[tuple[str, int]]:
    """Yield "input" and "output" with the tokens of *response*, where they are known."""
    usage = response.usage
    if usage is not None and usage.input_tokens is not None:
        yield "input", usage.input_tokens
    if usage is not None and usage.output_tokens is not None:
        yield "output", usage.output_tokens


def _usage(response: ImageResponse) -> dict[str, int]:
    counted = {f"gen_ai.usage.{kind}_tokens": count for kind, count in tokens(response)}
    usage = response.usage
    details: Mapping[str, Any] = (usage.input_tokens_details if usage is not None else None) or {}
    for name, kind in _DETAILS.items():
        if isinstance(details.get(name), int):
            counted[f"gen_ai.usage.{kind}.input_tokens"] = details[name]
    return counted


def of_error(error: BaseException) -> dict[str, str | bool | int | float]:
    """Return what is said of *error*, but for its message, which may quote the prompt."""
    said: dict[str, str | bool | int | float | None] = {"error.type": kind_of(error)}
    if isinstance(error, ImpastoError):
        said |= {
            # the class has one, too, where no answer came
            "http.response.status_code": error.status_code if error.headers else None,
            "impasto.error.code": error.code,
            "impasto.error.maybe_accepted": error.maybe_accepted or None,
            "impasto.error.retry_after": error.retry_after,
            "impasto.request_id": error.request_id,
        }
    return {name: value for name, value in said.items() if value is not None}


def kind_of(error: BaseException) -> str:
    """Return the name of the class of *error*."""
    return type(error).__name__
