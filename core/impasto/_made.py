"""What a picture was made from: the call, without keys, settings and pictures' bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import evolve

from impasto._inputs import ImageFile
from impasto._keys import plain
from impasto._line import NAMES_OF_SECRETS
from impasto._version import __version__

if TYPE_CHECKING:
    from impasto._answer import Fate, ImageResponse
    from impasto._call import Call
    from impasto._image import Image

FORMAT = 1  # changes when what is written could be misread by whoever reads it today
# Not about the picture, or about a person.
_UNTOLD = frozenset({"prompt", "image", "mask", "user", "response_format"})
# What AUTOMATIC1111's web interface calls what providers call so.
_THEIR_WORDS = {
    "steps": "Steps",
    "num_inference_steps": "Steps",
    "sampler": "Sampler",
    "scheduler": "Sampler",
    "cfg_scale": "CFG scale",
    "guidance_scale": "CFG scale",
    "guidance": "CFG scale",
}


class Made:
    """A call that a picture came from.

    Attributes:
        call: Without its pictures.
        inputs: Those pictures, by their digests.
        created: Unix time in seconds.
        request_id: What the provider's support asks for.
    """

    __slots__ = ("call", "created", "inputs", "request_id")

    def __init__(
        self, call: Call, created: int | None = None, request_id: str | None = None
    ) -> None:
        self.inputs: list[dict[str, Any]] = []
        if call.images or call.mask or call.extra:
            self.inputs, call = _without_pictures(call)
        self.call, self.created, self.request_id = call, created, request_id

    def document(self, image: Image) -> dict[str, Any]:
        """Return what is known of *image*, as JSON."""
        call = self.call
        params, left_out = _params(call)
        seed = image.seed if image.seed is not None else call.seed
        if image.seed is not None:  # with it, this picture of several can be made alone
            params = {name: one for name, one in params.items() if name != "n"}
            params |= {"seed": image.seed} if "seed" in params else {}
        told = {
            **_of_itself(image),
            "kind": call.kind,
            "model": f"{call.provider}/{call.model}",
            "prompt": call.prompt,
            "params": params,
            "inputs": self.inputs,
            "left_out": left_out,
            "seed": seed,
            "created": _date(self.created),
            "request_id": self.request_id,
        }
        return {name: one for name, one in told.items() if one not in (None, [], {})}

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.call.provider, self.call.model, self._values(), self.inputs)

    def _values(self) -> dict[str, Any]:
        names = ("kind", "prompt", "n", "seed", "size", "quality", "style", "negative_prompt")
        more = ("background", "output_format", "output_compression", "moderation")
        values = {name: getattr(self.call, name) for name in (*names, *more)}
        told = {"created": self.created, "request_id": self.request_id}
        return {"call": {**values, "extra": dict(self.call.extra)}, **told}


def _again(provider: str, model: str, values: dict[str, Any], inputs: list[Any]) -> Made:
    from impasto._call import Call

    made = Made(
        Call(provider=provider, model=model, **values["call"]),
        values["created"],
        values["request_id"],
    )
    made.inputs = inputs
    return made


def without_dropped(call: Call, fates: Iterable[Fate]) -> Call:
    """Return *call* without what the provider was not told."""
    dropped = {fate.name for fate in fates if fate.outcome == "dropped"}
    if not dropped:  # nearly every call
        return call
    from impasto._call import COMMON

    common: dict[str, Any] = {
        name: None for name in COMMON if name in dropped and name not in _UNTOLD
    }
    extra = {name: one for name, one in call.extra.items() if name not in dropped}
    return evolve(call, extra=extra, **common)


def linked(images: list[Image], made: Made) -> list[Image]:
    """Return *images*, which know now that they were made so."""
    return [_linked(image, made) for image in images]


def _linked(image: Image, made: Made) -> Image:
    if image._made is not None:  # the plugin returned the same for another call
        return evolve(image, made=made)
    # It has only just been made, and nobody else has it; evolve takes twenty times as long.
    object.__setattr__(image, "_made", made)
    return image


def with_call(response: ImageResponse, call: Call) -> ImageResponse:
    """Return *response*, each picture of which knows that it came from *call*, or from its own."""
    made = Made(call, response.created, response.request_id)
    data = [evolve(image, made=made) if image._made is None else image for image in response.data]
    return evolve(response, data=data)


def document(image: Image) -> dict[str, Any]:
    """Return what is known of *image*, as JSON; little where it came from no call of ours."""
    if image._made is not None:
        return image._made.document(image)
    told = {**_of_itself(image), "seed": image.seed}
    return {name: one for name, one in told.items() if one is not None}


def _of_itself(image: Image) -> dict[str, Any]:
    return {
        "impasto": __version__,
        "format": FORMAT,
        "revised_prompt": image.revised_prompt,
        "size": f"{image.width}x{image.height}" if image.width else None,
        "mime": image.mime,
    }


def _date(seconds: Any) -> str | None:
    """Return the date; None where there is none, such as of milliseconds that a provider counts."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _params(call: Call) -> tuple[dict[str, Any], list[str]]:
    """Return the parameters, and the names of those that are not for everybody's eyes."""
    from impasto._call import COMMON

    common = {name: getattr(call, name) for name in COMMON if name not in _UNTOLD}
    given = {name: plain(one) for name, one in {**common, **call.extra}.items() if one is not None}
    hidden = sorted(name for name, one in given.items() if _is_secret(name, one))
    return {name: one for name, one in given.items() if name not in hidden}, hidden


def _is_secret(name: str, value: Any) -> bool:
    inner = value.items() if isinstance(value, Mapping) else ()
    return bool(NAMES_OF_SECRETS.search(name)) or any(_is_secret(*pair) for pair in inner)


def _without_pictures(call: Call) -> tuple[list[dict[str, Any]], Call]:
    """Return what went into *call*, and the call without those bytes, which nobody needs any more."""
    pictures = {name: one for name, one in call.extra.items() if isinstance(one, ImageFile)}
    if not (call.images or call.mask or pictures):
        return [], call
    extra = {name: one for name, one in call.extra.items() if name not in pictures}
    return list(_inputs(call, pictures)), evolve(call, images=(), mask=None, extra=extra)


def _inputs(call: Call, pictures: Mapping[str, ImageFile]) -> Iterator[dict[str, Any]]:
    named = [("image", one) for one in call.images]
    named += [("mask", call.mask)] if call.mask is not None else []
    for name, file in [*named, *pictures.items()]:
        yield {"as": name, "sha256": file.digest, "mime": file.mime, **_size(file)}


def _size(file: ImageFile) -> dict[str, str]:
    return {"size": f"{file.width}x{file.height}"} if file.width else {}


# --- As others read it ------------------------------------------------------------------------


def as_parameters(told: Mapping[str, Any]) -> str:
    """Return *told*, a document, as AUTOMATIC1111's web interface writes it, for other programs."""
    params = told.get("params", {})
    lines = [str(told.get("prompt") or told.get("revised_prompt") or "")]
    if params.get("negative_prompt"):
        lines.append(f"Negative prompt: {params['negative_prompt']}")
    return "\n".join([*lines, ", ".join(_pairs(told, params))])


def _pairs(told: Mapping[str, Any], params: Mapping[str, Any]) -> Iterable[str]:
    words: dict[str, Any] = {
        _THEIR_WORDS.get(name, name.replace("_", " ").capitalize()): value
        for name, value in params.items()
        if name not in ("negative_prompt", "seed", "size", "n")
        and isinstance(value, (str, int, float))
    }
    known: dict[str, Any] = {
        "Seed": told.get("seed"),
        "Size": told.get("size"),
        "Model": told.get("model"),
    }
    last: dict[str, Any] = {"Version": f"impasto {told['impasto']}"}
    first = {name: words.pop(name) for name in ("Steps", "Sampler", "CFG scale") if name in words}
    pairs: dict[str, Any] = first | known | words | last
    for name, value in pairs.items():
        if value is not None:
            yield f"{name}: {_quoted(str(value))}"


def _quoted(text: str) -> str:
    plain = not any(one in text for one in ',:"\n')
    return text if plain else json.dumps(text, ensure_ascii=False)
