"""generateContent, the dialect of Gemini's image models.  No host, no path, no key.

Fields and answers as google-genai 3.4.0 and 1.75.0 put them on the wire (recorded 2026-11-22) and
as the discovery document of aiplatform v1, revision 20261106, describes them.  That document calls
`imageConfig` deprecated in favour of `responseFormat`; every client read still sends the former.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from impasto.errors import (
    APIResponseValidationError,
    ContentPolicyViolationError,
    UnsupportedParamsError,
)
from impasto.rules import Mapped, Rule, as_ratio, refuse
from impasto.types import (
    Call,
    Image,
    ImageFile,
    ImageResponse,
    Json,
    Params,
    Partial,
    Response,
    Sizes,
    Usage,
)
from impasto_vertex import _errors, _words
from impasto_vertex._paths import placed

_CONFIG = "generationConfig"
_IMAGE = f"{_CONFIG}.imageConfig"
_OUTPUT = f"{_IMAGE}.imageOutputOptions"
_THINKING = f"{_CONFIG}.thinkingConfig"
_MODALITIES = f"{_CONFIG}.responseModalities"

# The SDK's word: where it goes
_PLACES = {
    "aspect_ratio": f"{_IMAGE}.aspectRatio",
    "image_size": f"{_IMAGE}.imageSize",
    "person_generation": f"{_IMAGE}.personGeneration",
    "prominent_people": f"{_IMAGE}.prominentPeople",
    "output_mime_type": f"{_OUTPUT}.mimeType",
    "output_compression_quality": f"{_OUTPUT}.compressionQuality",
    "seed": f"{_CONFIG}.seed",
    "temperature": f"{_CONFIG}.temperature",
    "top_p": f"{_CONFIG}.topP",
    "top_k": f"{_CONFIG}.topK",
    "candidate_count": f"{_CONFIG}.candidateCount",
    "max_output_tokens": f"{_CONFIG}.maxOutputTokens",
    "stop_sequences": f"{_CONFIG}.stopSequences",
    "presence_penalty": f"{_CONFIG}.presencePenalty",
    "frequency_penalty": f"{_CONFIG}.frequencyPenalty",
    "media_resolution": f"{_CONFIG}.mediaResolution",
    "thinking_level": f"{_THINKING}.thinkingLevel",
    "thinking_budget": f"{_THINKING}.thinkingBudget",
    "include_thoughts": f"{_THINKING}.includeThoughts",
    "output_gcs_uri": "outputConfig.outputUriPrefix",
    "safety_settings": "safetySettings",
    "labels": "labels",
    "tools": "tools",
    "tool_config": "toolConfig",
    "cached_content": "cachedContent",
    "model_armor_config": "modelArmorConfig",
}
_WORDS = _words.Places.of(_PLACES)
_AT_THE_TOP = frozenset({*_PLACES.values(), "systemInstruction"})

# finishReason, from the discovery document: those by which Google's policy stopped a picture
_REFUSALS = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "MODEL_ARMOR",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
    }
)

# Of models that no catalogue lists: the ratios in the discovery document's own list.
_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
SIZES = Sizes(ratios={ratio: {} for ratio in _RATIOS})


# --- Requests ---------------------------------------------------------------------------------


def translate(call: Call) -> Params:
    """Return the parameters by the paths of their fields."""
    return call.translate(
        "prompt",
        "image",
        **{**_words.rules(call, _WORDS), **_rules(call)},
    )


def _rules(call: Call) -> dict[str, Rule]:
    return {
        "size": as_ratio(call, f"{_IMAGE}.aspectRatio", f"{_IMAGE}.imageSize"),
        "mask": refuse("Gemini takes no masks; say in the prompt which part is to change"),
        "output_format": _words.output_format(f"{_OUTPUT}.mimeType"),
        "output_compression": f"{_OUTPUT}.compressionQuality",
        "response_format": _words.response_format(call),
        "response_modalities": _listed(_MODALITIES),
        "responseModalities": _listed(_MODALITIES),
        "contents": _listed("contents"),
        "file_data": _listed("file_data"),
        "system_instruction": _system_instruction,
        "systemInstruction": _system_instruction,
        "image_config": _words.parts_of(_IMAGE),
        "thinking_config": _words.parts_of(_THINKING),
        "web_search_options": _web_search,
    }


def _listed(path: str) -> Rule:
    """Return the rule for a list, which a text would be taken apart for."""

    def listed(given: Json) -> dict[str, Json]:
        if not isinstance(given, (list, tuple)):
            raise UnsupportedParamsError(f"takes a list, not {type(given).__name__}")
        return {path: list(given)}

    return listed


def _system_instruction(given: Json) -> dict[str, Json]:
    if isinstance(given, str):
        given = {"role": "user", "parts": [{"text": given}]}
    return {"systemInstruction": given}


def _web_search(options: Json) -> Mapped:
    """Return the tool that LiteLLM's word for a search means."""
    if options != {}:
        raise UnsupportedParamsError("takes {} only; write what more you want as tools=[...]")
    return Mapped({"tools": [{"googleSearch": {}}]})


def body(params: Params) -> dict[str, Json]:
    """Return the body: the turns so far, then one of the user's with pictures first, then text."""
    fields = dict(params.values)
    turns = fields.pop("contents", ())
    parts = [_inline(file) for file in fields.pop("image", ())]
    parts += [{"fileData": address} for address in fields.pop("file_data", ())]
    parts += [{"text": fields.pop("prompt")}] if "prompt" in fields else []
    # Without it models answer in prose as well, or only; an empty list leaves it to the model.
    modalities = fields.pop(_MODALITIES, ["IMAGE"])
    if modalities:
        fields[_MODALITIES] = modalities
    whole = {_home(name): value for name, value in fields.items()}
    return {"contents": [*turns, {"role": "user", "parts": parts}], **placed(whole)}


def _inline(file: ImageFile) -> dict[str, Json]:
    return {"inlineData": {"mimeType": file.mime, "data": file.base64}}


def _home(name: str) -> str:
    """Return the path of *name*; what nobody here knows is about the generation."""
    return name if name in _AT_THE_TOP or "." in name else f"{_CONFIG}.{name}"


# --- Answers ----------------------------------------------------------------------------------


def answer(response: Response) -> ImageResponse:
    """Return the pictures in *response*; its notes say what became of those that failed.

    Raises:
        ImpastoError: it is an error or a refusal with the status of a success, or holds none.
        LookupError, TypeError, ValueError, AttributeError: it makes no sense.
    """
    return _whole(response.json_with_pictures("data"))


def event(said: Mapping[str, Json]) -> Partial | ImageResponse | None:
    """Return what one event of a stream says, or None for one that says nothing yet.

    Raises:
        ImpastoError: it is an error or a refusal, or the last of a stream without pictures.
    """
    chunk = said["data"]
    if not isinstance(chunk, dict):
        return None
    candidates = chunk.get("candidates") or ()
    drafts = [image for one in candidates for image in _images(one, thought=True)]
    ended = any(one.get("finishReason") for one in candidates)
    if ended or _pictures(chunk) or "promptFeedback" in chunk or "error" in chunk:
        return _whole(chunk)
    return Partial(image=drafts[-1]) if drafts else None


def _whole(answer: Json) -> ImageResponse:
    told = _errors.said(answer, 200)
    if told is not None:
        raise told
    candidates = answer.get("candidates") or ()
    images = _pictures(answer)
    if not images:
        raise _none(answer, candidates)
    return ImageResponse(
        data=images,
        usage=usage(answer.get("usageMetadata")),
        notes=tuple(_why(one) for one in candidates if not list(_images(one))),
        request_id=answer.get("responseId"),
        provider_specific_fields=dict(_said_beside(answer, candidates)),
    )


def _pictures(answer: Json) -> list[Image]:
    return [image for one in answer.get("candidates") or () for image in _images(one)]


def _parts(candidate: Json) -> list[Json]:
    """Return the parts of *candidate*, which may be without content, and that without parts."""
    return (candidate.get("content") or {}).get("parts") or []


def _images(candidate: Json, *, thought: bool = False) -> Iterator[Image]:
    """Yield the pictures of *candidate*, or those that it thought of on its way."""
    for part in _parts(candidate):
        if bool(part.get("thought")) != thought:
            continue
        inline, address = part.get("inlineData") or {}, part.get("fileData") or {}
        mime = inline.get("mimeType") or address.get("mimeType")
        found = inline.get("data") or address.get("fileUri")
        if found and (mime or "image/").startswith("image/"):
            yield Image(
                b64_json=inline.get("data"),
                url=address.get("fileUri"),
                mime=mime,
                provider_specific_fields=_signature(part),
            )


def _signature(part: Json) -> dict[str, Json]:
    """Return the signature that Google wants back with the picture when it is edited further."""
    signature = part.get("thoughtSignature")
    return {"thought_signature": signature} if signature else {}


def _said_beside(answer: Json, candidates: Any) -> Iterator[tuple[str, Json]]:
    told = {
        "text": _text(candidates),
        "thoughts": _text(candidates, thought=True),
        "finish_reason": next((one.get("finishReason") for one in candidates), None),
        "model_version": answer.get("modelVersion"),
        "traffic_type": (answer.get("usageMetadata") or {}).get("trafficType"),
    }
    yield from ((name, value) for name, value in told.items() if value)


def _text(candidates: Any, *, thought: bool = False) -> str:
    parts = [part for one in candidates for part in _parts(one)]
    return "".join(
        part["text"] for part in parts if part.get("text") and bool(part.get("thought")) == thought
    )


def usage(counted: Json) -> Usage | None:
    """Return the tokens of a "usageMetadata"; thoughts are output, and billed as such."""
    if not isinstance(counted, Mapping) or not counted:
        return None
    thoughts = counted.get("thoughtsTokenCount")
    inputs = _details(counted.get("promptTokensDetails"))
    if counted.get("cachedContentTokenCount"):
        inputs["cached_tokens"] = counted["cachedContentTokenCount"]
    outputs = _details(counted.get("candidatesTokensDetails"))
    if thoughts:
        outputs["reasoning_tokens"] = thoughts
    return Usage(
        input_tokens=_sum(counted.get("promptTokenCount"), counted.get("toolUsePromptTokenCount")),
        output_tokens=_sum(counted.get("candidatesTokenCount"), thoughts),
        total_tokens=counted.get("totalTokenCount"),
        input_tokens_details=inputs or None,
        output_tokens_details=outputs or None,
    )


def _details(listed: Json) -> dict[str, int]:
    """Return tokens by modality, "image_tokens", as OpenAI names them."""
    found = ((one["modality"], one.get("tokenCount", 0)) for one in listed or ())
    return {f"{modality.lower()}_tokens": count for modality, count in found}


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one + (other or 0)


# --- Answers without a picture ----------------------------------------------------------------


def _none(answer: Json, candidates: Any) -> Exception:
    """Return the error for an answer that holds no picture."""
    feedback = answer.get("promptFeedback") or {}
    blocked = feedback.get("blockReason")
    if blocked:
        message = feedback.get("blockReasonMessage") or f"the prompt was blocked: {blocked}"
        return _refusal(message, blocked, "input", feedback)
    for one in candidates:
        if one.get("finishReason") in _REFUSALS:
            return _refusal(_why(one), one["finishReason"], "output", one)
    why = "; ".join(map(_why, candidates)) or "there are no candidates"
    text = _text(candidates)
    return APIResponseValidationError(
        f"the answer holds no picture: {why}" + (f"; the model said: {text}" if text else ""),
        code=next((one.get("finishReason") for one in candidates), None) or "empty",
        retryable=True,
        maybe_accepted=True,  # the answer came, so the order was taken
    )


def _refusal(message: str, code: str, stage: str, judged: Json) -> ContentPolicyViolationError:
    ratings = judged.get("safetyRatings") or ()
    categories = [one["category"] for one in ratings if one.get("blocked")]
    return ContentPolicyViolationError(
        message,
        code=code,
        stage=stage,
        categories=categories or _errors.support_codes(message),
    )


def _why(candidate: Json) -> str:
    reason = candidate.get("finishReason") or "no reason given"
    return candidate.get("finishMessage") or f"no picture in this candidate: {reason}"
