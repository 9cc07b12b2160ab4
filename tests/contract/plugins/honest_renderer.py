"""A provider that renders in this process, and may look at the clock while it does."""

import time

from impasto import hookimpl
from impasto.testing import png
from impasto.types import Image, ImageResponse, Provider

CONTRACT = (1, 0)


@hookimpl
def describe():
    return Provider(name="renderer", auth=None, concurrency=1)


@hookimpl
def translate_params(call):
    return call.translate("prompt", "n", "seed")


@hookimpl
def render(params, report):
    data = []
    for index in range(params.get("n", 1)):
        report(index / params.get("n", 1))
        time.sleep(0.001)
        data.append(Image(content=png(), seed=int(time.time())))
    return ImageResponse(data=data)
