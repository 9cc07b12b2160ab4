"""A provider that works in this process: it generates, edits and varies, and tells how far it is."""

import threading
import time

from impasto import hookimpl
from impasto.errors import ContentPolicyViolationError
from impasto.testing import PNG
from impasto.types import COMMON, Image, ImageResponse, Partial, Provider, Setting

CONTRACT = (1, 0)

seen = []  # every call, as the plugin sees it
meanwhile = []  # what happens while it paints
together = threading.Barrier(2)  # for those that are to meet


@hookimpl
def describe():
    return Provider(
        name="acme",
        title="Acme",
        settings={
            "api_key": Setting(env=("ACME_API_KEY", "ACME_TOKEN"), secret=True, required=True),
            "api_base": Setting(env=("ACME_BASE_URL",), default="http://127.0.0.1:9", url=True),
            "studio": Setting(note="which of them paints"),
        },
        auth=None,
        concurrency=4,
    )


@hookimpl
def translate_params(call):
    return call.translate(*COMMON)


@hookimpl
def render(call, report):
    seen.append(call)
    for happen in meanwhile:
        happen()
    if "refuse" in (call.prompt or ""):
        raise ContentPolicyViolationError("not <this> & not \x1b[31mthat")
    if "meet" in (call.prompt or ""):
        together.wait(20)
    report("mixing\x1b[2J colours")
    if "sketchy" in (call.prompt or ""):
        report(Partial(image=Image(content=PNG)))
    if "slow" in (call.prompt or ""):
        time.sleep(0.5)
    report(Partial(index=(call.n or 1) - 1, progress=0.5))
    images = [
        Image(content=PNG, seed=7 + index, revised_prompt="a <red> fox")
        for index in range(call.n or 1)
    ]
    return ImageResponse(data=images, notes=("dried in the sun",))
