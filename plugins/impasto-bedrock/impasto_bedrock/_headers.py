"""What InvokeModel takes beside the body, by boto3's names: guardrails, tracing, tiers.

All of it is from botocore 1.44.5, bedrock-runtime, InvokeModelRequest (read 2026-11-22).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from impasto.errors import UnsupportedParamsError
from impasto.rules import Rule, always
from impasto.types import Parameter

_HEADERS = {
    "accept": ("Accept", Parameter()),
    "trace": (
        "X-Amzn-Bedrock-Trace",
        Parameter(values=("ENABLED", "DISABLED", "ENABLED_FULL")),
    ),
    "guardrailIdentifier": ("X-Amzn-Bedrock-GuardrailIdentifier", Parameter(max_length=2048)),
    "guardrailVersion": ("X-Amzn-Bedrock-GuardrailVersion", Parameter(max_length=8)),
    "performanceConfigLatency": (
        "X-Amzn-Bedrock-PerformanceConfig-Latency",
        Parameter(values=("standard", "optimized")),
    ),
    "serviceTier": (
        "X-Amzn-Bedrock-Service-Tier",
        Parameter(values=("priority", "default", "flex", "reserved")),
    ),
    "requestMetadata": ("X-Amzn-Bedrock-Request-Metadata", Parameter(max_length=8500)),
}
_NAMES = frozenset(header for header, _ in _HEADERS.values())


def _in_header(header: str, parameter: Parameter) -> Callable[[Any], dict[str, str]]:
    """Return the rule that puts a text into *header*; an object goes as JSON."""

    def put(value: Any) -> dict[str, str]:
        text = json.dumps(value) if isinstance(value, Mapping) else value
        objection = parameter.objection(text)
        if objection is None and not (text.isascii() and text.isprintable()):
            objection = "takes characters that a header can carry"
        if objection is not None:
            raise UnsupportedParamsError(objection)
        return {header: text}

    return put


RULES: Mapping[str, Rule] = {
    **{name: _in_header(*into) for name, into in _HEADERS.items()},
    "contentType": always("application/json"),
}


def split(values: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return those of *values* that are headers, and those that belong into the body."""
    headers = {name: value for name, value in values.items() if name in _NAMES}
    return headers, {name: value for name, value in values.items() if name not in _NAMES}
