"""What people write for a model: an id, an inference profile, an ARN."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote

from impasto.types import Call

# botocore 1.44.5, bedrock-runtime, InvokeModelIdentifier (read 2026-11-22)
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z]+:([a-z0-9-]{1,20}):\d*:([a-z-]+)/(.+)", re.DOTALL)
_TELLING = frozenset({"foundation-model", "inference-profile"})
# An inference profile is a geography and the model's id: us., eu., apac., us-gov., global. ...
_GEOGRAPHY = re.compile(r"[a-z]{2,6}(-[a-z]{2,6})?\.(?=(amazon|stability)\.)")


def catalogue_name(name: str) -> str:
    """Return the id of the model that *name* tells; *name* itself where it tells none."""
    arn = _ARN.fullmatch(name)
    told = arn[3] if arn and arn[2] in _TELLING else name
    return _GEOGRAPHY.sub("", told, count=1) if _GEOGRAPHY.match(told) else told


def region_of(name: str) -> str | None:
    """Return the region in *name*, an ARN; None where it is none."""
    arn = _ARN.fullmatch(name)
    return arn[1] if arn else None


def sent(call: Call) -> str:
    """Return what is asked for: `model_id`, else the model; an alias is no name that AWS knows."""
    name = str(call.settings.get("model_id") or call.model)
    return call.card.name if call.card is not None and name in call.card.aliases else name


@lru_cache(maxsize=256)  # a program uses few models, and encoding a name takes a while
def segment(name: str) -> str:
    """Return *name* as the one segment of a path that it is, colons and slashes encoded too."""
    return quote(name, safe="")
