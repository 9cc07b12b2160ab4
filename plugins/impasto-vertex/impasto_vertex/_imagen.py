"""predict, the dialect of Imagen: generating, editing with reference images, upscaling, products.

Fields and answers as google-genai 3.4.0 and 1.75.0 put them on the wire (recorded 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from impasto.errors import ContentPolicyViolationError, UnsupportedParamsError
from impasto.rules import Rule, as_ratio, one_picture, refuse
from impasto.types import Call, Image, ImageFile, ImageResponse, Json, Params, Response, Sizes
from impasto_vertex import _errors, _words
from impasto_vertex._paths import placed

_PARAMETERS = "parameters"
_OUTPUT = f"{_PARAMETERS}.outputOptions"
_UPSCALE = f"{_PARAMETERS}.upscaleConfig"
_COUNT = f"{_PARAMETERS}.sampleCount"

# The SDK's word: where it goes
_PLACES = {
    "number_of_images": _COUNT,
    "negative_prompt": f"{_PARAMETERS}.negativePrompt",
    "aspect_ratio": f"{_PARAMETERS}.aspectRatio",
    "image_size": f"{_PARAMETERS}.sampleImageSize",
    "guidance_scale": f"{_PARAMETERS}.guidanceScale",
    "seed": f"{_PARAMETERS}.seed",
    "language": f"{_PARAMETERS}.language",
    "enhance_prompt": f"{_PARAMETERS}.enhancePrompt",
    "add_watermark": f"{_PARAMETERS}.addWatermark",
    "include_rai_reason": f"{_PARAMETERS}.includeRaiReason",
    "include_safety_attributes": f"{_PARAMETERS}.includeSafetyAttributes",
    "output_mime_type": f"{_OUTPUT}.mimeType",
    "output_compression_quality": f"{_OUTPUT}.compressionQuality",
    "output_gcs_uri": f"{_PARAMETERS}.storageUri",
    "edit_mode": f"{_PARAMETERS}.editMode",
    "base_steps": f"{_PARAMETERS}.editConfig.baseSteps",
    "upscale_factor": f"{_UPSCALE}.upscaleFactor",
    "enhance_input_image": f"{_UPSCALE}.enhanceInputImage",
    "image_preservation_factor": f"{_UPSCALE}.imagePreservationFactor",
    "labels": "labels",
}
_WORDS = _words.Places.of(_PLACES)
# google-genai 3.4.0, types.py: these are sent in capitals however they are written
_SAFETY = frozenset(
    {"BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE"}
)
_PEOPLE = frozenset({"DONT_ALLOW", "ALLOW_ADULT", "ALLOW_ALL"})
# What becomes a mask, beside the mask itself; the SDK's words and the wire's
_OF_THE_MASK = {
    "mask_mode": "maskMode",
    "segmentation_classes": "maskClasses",
    "mask_dilation": "dilation",
}
_POSITIVE_PROMPT = "Positive Prompt"  # the entry that rates the prompt and is no picture
_NO_REASON = "Vertex AI does not say why; include_rai_reason=True asks it to"

# Of models that no catalogue lists: the ratios that every version of Imagen took.
SIZES = Sizes(ratios={"1:1": {}, "3:4": {}, "4:3": {}, "9:16": {}, "16:9": {}})


# --- Requests ---------------------------------------------------------------------------------


def translate(call: Call) -> Params:
    """Return the parameters by the paths of their fields."""
    return call.translate(
        "image",
        *_OF_THE_MASK,
        **{**_words.rules(call, _WORDS), **_rules(call)},
    )


def _rules(call: Call) -> dict[str, Rule]:
    return {
        "n": _COUNT,
        "size": as_ratio(call, f"{_PARAMETERS}.aspectRatio", f"{_PARAMETERS}.sampleImageSize"),
        "output_format": _words.output_format(f"{_OUTPUT}.mimeType"),
        "output_compression": f"{_OUTPUT}.compressionQuality",
        "response_format": _words.response_format(call),
        "safety_filter_level": lambda level: _capitals("safetySetting", level, _SAFETY),
        "safetySetting": lambda level: _capitals("safetySetting", level, _SAFETY),
        "person_generation": lambda who: _capitals("personGeneration", who, _PEOPLE),
        "personGeneration": lambda who: _capitals("personGeneration", who, _PEOPLE),
        "mask": lambda mask: {"mask": mask.as_white()},
        "reference_images": _told,
        **_FORMS[_form(call)](call),
    }


def _capitals(name: str, word: Json, known: frozenset[str]) -> dict[str, Json]:
    capitals = str(word).upper()
    return {f"{_PARAMETERS}.{name}": capitals if capitals in known else word}


def _form(call: Call) -> str:
    """Return what the pictures of an edit are to the model."""
    assert call.card is not None  # read_card() gives one to every model
    return str(call.card.facts.get("pictures", "references"))


def _references(call: Call) -> dict[str, Rule]:
    return {
        "prompt": "instances.prompt",
        "image": lambda images: _checked(images, call.extra.get("reference_images")),
    }


def _upscaled(_: Call) -> dict[str, Rule]:
    return {
        "prompt": refuse("an upscaled picture has no prompt; leave it out"),
        "image": one_picture("image", lambda file: file),
    }


def _products(call: Call) -> dict[str, Rule]:
    worn = call.catalogue_name.startswith("virtual-try-on")
    return {
        "prompt": refuse("virtual try-on takes no prompt") if worn else "instances.prompt",
        "base_steps": f"{_PARAMETERS}.baseSteps",
        "person_image": "person_image",
    }


_FORMS = {"references": _references, "upscale": _upscaled, "products": _products}


def _told(given: Json) -> dict[str, Json]:
    if not isinstance(given, (list, tuple)) or not all(isinstance(one, dict) for one in given):
        raise UnsupportedParamsError("takes a list of objects, one for each picture")
    return {"reference_images": list(given)}


def _checked(images: Sequence[ImageFile], told: Json) -> dict[str, Any]:
    """Return the pictures, if it is clear what each of them is.

    Raises:
        UnsupportedParamsError: it is not.
    """
    wanting = sum("referenceImage" not in one for one in told) if told else 1
    if len(images) != wanting:
        raise UnsupportedParamsError(
            f"these are {len(images)} pictures, and {wanting} to be explained: "
            'reference_images=[{"referenceType": "REFERENCE_TYPE_RAW"}, ...] says of each what it is'
        )
    return {"image": images}


def body(call: Call, params: Params) -> dict[str, Json]:
    """Return the body: one instance with the prompt and the pictures, and the parameters."""
    fields = dict(params.values)
    instance = dict(_BUILDERS[_form(call)](fields))
    if "instances.prompt" in fields:
        instance = {"prompt": fields.pop("instances.prompt"), **instance}
    whole = {_home(name): value for name, value in fields.items()}
    return {"instances": [instance], **placed(whole)}


def _home(name: str) -> str:
    """Return the path of *name*; what nobody here knows is a parameter."""
    return name if name == "labels" or "." in name else f"{_PARAMETERS}.{name}"


def _with_references(fields: dict[str, Any]) -> Iterator[tuple[str, Json]]:
    images = fields.pop("image", ())
    raw = {"referenceType": "REFERENCE_TYPE_RAW"}
    told = fields.pop("reference_images", None) or [raw] * len(images)
    pictures = iter(images)
    listed = [{**_picture_of(one, pictures), **one} for one in told]
    mask = _mask(fields)
    if mask is not None:
        listed.insert(1, mask)  # beside the first picture, which it is for
    if listed:
        yield "referenceImages", [{"referenceId": at, **one} for at, one in enumerate(listed, 1)]


def _picture_of(told: Json, pictures: Iterator[ImageFile]) -> dict[str, Json]:
    file = None if "referenceImage" in told else next(pictures, None)
    return {} if file is None else {"referenceImage": _encoded(file)}


def _mask(fields: dict[str, Any]) -> dict[str, Json] | None:
    """Return the reference that is the mask: given, or to be found by Vertex AI itself."""
    mask = fields.pop("mask", None)
    config = {wire: fields.pop(word) for word, wire in _OF_THE_MASK.items() if word in fields}
    if mask is None and not config:
        return None
    picture = {} if mask is None else {"referenceImage": _encoded(mask)}
    mode = {} if mask is None else {"maskMode": "MASK_MODE_USER_PROVIDED"}
    config = {**mode, **config}
    return {**picture, "referenceType": "REFERENCE_TYPE_MASK", "maskImageConfig": config}


def _with_upscaled(fields: dict[str, Any]) -> Iterator[tuple[str, Json]]:
    fields.setdefault(_COUNT, 1)
    fields[f"{_PARAMETERS}.mode"] = "upscale"
    yield "image", _encoded(fields.pop("image"))


def _with_products(fields: dict[str, Any]) -> Iterator[tuple[str, Json]]:
    if "person_image" in fields:
        yield "personImage", {"image": _encoded(fields.pop("person_image"))}
    yield "productImages", [{"image": _encoded(file)} for file in fields.pop("image")]


_BUILDERS = {
    "references": _with_references,
    "upscale": _with_upscaled,
    "products": _with_products,
}


def _encoded(file: ImageFile) -> dict[str, str]:
    return {"bytesBase64Encoded": file.base64, "mimeType": file.mime}


# --- Answers ----------------------------------------------------------------------------------


def answer(response: Response, asked: int | None) -> ImageResponse:
    """Return the pictures in *response*; its notes say what became of those that failed.

    Args:
        response: The answer.
        asked: How many pictures it should hold, None where nobody said.

    Raises:
        ImpastoError: it is an error with the status of a success, or every picture was refused.
        LookupError, TypeError, ValueError, AttributeError: it makes no sense.
    """
    body = response.json_with_pictures("bytesBase64Encoded")
    told = _errors.said(body, response.status)
    if told is not None:
        raise told
    entries = body.get("predictions") or ()
    images = [_image(one) for one in entries if _holds_picture(one)]
    reasons = tuple(one["raiFilteredReason"] for one in entries if one.get("raiFilteredReason"))
    if not images:
        raise _refusal(reasons)
    return ImageResponse(
        data=images,
        notes=reasons or _missing(len(images), asked),
        provider_specific_fields=_of_the_prompt(entries),
    )


def _holds_picture(entry: Mapping[str, Json]) -> bool:
    return bool(entry.get("bytesBase64Encoded") or entry.get("gcsUri"))


def _image(entry: Mapping[str, Json]) -> Image:
    rated = entry.get("safetyAttributes")
    return Image(
        b64_json=entry.get("bytesBase64Encoded"),
        url=entry.get("gcsUri"),
        mime=entry.get("mimeType"),
        revised_prompt=entry.get("prompt"),
        provider_specific_fields={"safety_attributes": rated} if rated else {},
    )


def _of_the_prompt(entries: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    rated = [one for one in entries if one.get("contentType") == _POSITIVE_PROMPT]
    return {"prompt_safety_attributes": rated[0].get("safetyAttributes")} if rated else {}


def _missing(came: int, asked: int | None) -> tuple[str, ...]:
    if asked is None or came >= asked:
        return ()
    return (f"{came} of {asked} pictures came, the others were filtered; {_NO_REASON}",)


def _refusal(reasons: Sequence[str]) -> ContentPolicyViolationError:
    """Return the error for an answer without pictures, which is ``{}`` where no reason was asked."""
    message = "; ".join(reasons) or f"every picture was filtered; {_NO_REASON}"
    codes = [code for reason in reasons for code in _errors.support_codes(reason)]
    return ContentPolicyViolationError(
        message, code="raiFilteredReason" if reasons else None, stage="output", categories=codes
    )
