"""What people wrote, as the conventions want it: JSON of messages, made of parts."""

from __future__ import annotations

import json

from impasto import ImageResponse
from impasto.types import Call


def asked(call: Call) -> str:
    """Return the prompt of *call* as `gen_ai.input.messages`."""
    return json.dumps([{"role": "user", "parts": [_text(call.prompt or "")]}], ensure_ascii=False)


def answered(response: ImageResponse) -> str:
    """Return what was made of the prompt for each picture, as `gen_ai.output.messages`."""
    return json.dumps(
        [
            {
                "role": "assistant",
                "parts": [_text(image.revised_prompt)] if image.revised_prompt else [],
                "finish_reason": "stop",
            }
            for image in response.data
        ],
        ensure_ascii=False,
    )


def _text(content: str) -> dict[str, str]:
    return {"type": "text", "content": content}
