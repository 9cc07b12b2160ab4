"""The embedded renderer: paints from words and a seed, in this process, and is no model."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from impasto import hookimpl
from impasto.errors import (
    BadRequestError,
    ContentPolicyViolationError,
    InternalServerError,
    RateLimitError,
    UnsupportedParamsError,
)
from impasto.rules import Rule
from impasto.types import Call, Image, ImageResponse, Json, Params, Partial, Provider, Setting

if TYPE_CHECKING:
    import PIL.Image
    import PIL.PngImagePlugin

CONTRACT = (1, 0)

NOTE = "painted by impasto-sketch, a renderer and not a model: it knows words, not the world"
FAULTS = ("rate_limit", "refusal", "server_error", "timeout", "empty")
_TICK = 0.05  # seconds between two looks at whether the caller is still there


@hookimpl
def describe() -> Provider:
    return Provider(
        name="sketch",
        title="impasto-sketch",
        settings={
            "latency": Setting(
                env=("IMPASTO_SKETCH_LATENCY",),
                default=0.0,
                note="seconds to wait before the picture, to develop against",
            ),
            "fault": Setting(
                env=("IMPASTO_SKETCH_FAULT",),
                note=f"what to fail with, to test against: {', '.join(FAULTS)}",
            ),
        },
        auth=None,
        default_model="oil-1",
        concurrency=2,
    )


@hookimpl
def translate_params(call: Call) -> Params:
    _check_settings(call)
    by_its_name = ("prompt", "n", "size", "seed", "background", "output_format")
    rules: dict[str, Rule] = {name: name for name in (*by_its_name, "output_compression")}
    return call.translate(**{**rules, **dict(_misfits(call))})


def _misfits(call: Call) -> Iterator[tuple[str, Rule]]:
    """Yield the rule for each parameter that does not go with the output format."""
    chosen = call.output_format or "png"
    if chosen == "jpeg" and call.background == "transparent":
        yield "background", _refused("a jpeg has no alpha channel; set output_format='png'")
    if chosen == "png":
        yield "output_compression", _refused("a png loses nothing; set output_format='jpeg'")


def _refused(why: str) -> Callable[[Json], NoReturn]:
    def rule(_: Json) -> NoReturn:
        raise UnsupportedParamsError(why)

    return rule


def _check_settings(call: Call) -> None:
    fault = call.settings.get("fault")
    if fault is not None and fault not in FAULTS:
        raise BadRequestError(
            f"fault={fault!r}; it takes {', '.join(map(repr, FAULTS))}", param="fault"
        )
    _latency(call)


def _latency(call: Call) -> float:
    try:
        latency = float(call.settings["latency"])
    except (TypeError, ValueError):
        latency = -1.0
    if not 0 <= latency < 3600:
        raise BadRequestError(
            f"latency={call.settings['latency']!r}; it takes seconds from 0 to an hour",
            param="latency",
        )
    return latency


@hookimpl
def render(
    call: Call, params: Params, report: Callable[[float | str | Partial], None]
) -> ImageResponse:
    _wait(_latency(call), report)
    _fail_before_the_work(call)
    empty = call.settings.get("fault") == "empty"
    images = [] if empty else _images(params, report)
    if call.settings.get("fault") == "timeout":  # the work is done, but the answer never comes
        _wait(float("inf"), report)
    return ImageResponse(data=images, notes=(NOTE,), output_format=_format(params))


def _images(params: Params, report: Callable[[float | str | Partial], None]) -> list[Image]:
    count = params.get("n", 1)
    seed = params.get("seed", _seed_of(params["prompt"]))
    return [
        _image(params, seed + index, partial(_report_share, report, index, count))
        for index in range(count)
    ]


def _report_share(
    report: Callable[[float | str | Partial], None], index: int, count: int, done: float
) -> None:
    report((index + done) / count)


def _image(params: Params, seed: int, report: Callable[[float], None]) -> Image:
    from impasto_sketch._scene import paint  # Pillow: only when there is something to paint

    size = params.get("size", "auto")
    width, height = map(int, ("1024x1024" if size == "auto" else size).split("x"))
    picture = paint(
        params["prompt"],
        width=width,
        height=height,
        seed=seed,
        transparent=params.get("background") == "transparent",
        report=report,
    )
    return Image(content=_encoded(picture, params), seed=seed)


def _encoded(picture: PIL.Image.Image, params: Params) -> bytes:
    """Return the file: the same pixels give the same bytes, and say who made them."""
    import PIL.PngImagePlugin

    chosen = _format(params)
    file = io.BytesIO()
    if chosen == "png":
        info = PIL.PngImagePlugin.PngInfo()
        info.add_text("Software", NOTE)
        picture.save(file, "PNG", pnginfo=info)
    elif chosen == "jpeg":
        quality = params.get("output_compression", 92)
        picture.convert("RGB").save(file, "JPEG", quality=quality, comment=NOTE)
    else:
        picture.save(file, "WEBP", quality=params.get("output_compression", 90), method=4)
    return file.getvalue()


def _format(params: Params) -> str:
    return str(params.get("output_format", "png"))


def _seed_of(prompt: str) -> int:
    """Return the seed for a call that names none: the same prompt paints the same picture."""
    return int.from_bytes(hashlib.sha256(prompt.encode()).digest()[:4], "big")


def _wait(seconds: float, report: Callable[[float | str | Partial], None]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        report("waiting")  # raises when the caller has given up
        time.sleep(min(left, _TICK))


def _fail_before_the_work(call: Call) -> None:
    fault = call.settings.get("fault")
    if fault == "rate_limit":
        raise RateLimitError("fault='rate_limit' was asked for", retry_after=1.0)
    if fault == "refusal":
        raise ContentPolicyViolationError(
            "fault='refusal' was asked for",
            code="moderation_blocked",
            stage="input",
            categories=("injected",),
        )
    if fault == "server_error":
        raise InternalServerError("fault='server_error' was asked for")
