"""Uses of the public API that only type checkers read; nothing here runs.

Lines marked `type: ignore` are mistakes: mypy's warning of unused marks shows when one of them
is no longer found.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any, assert_type

import impasto
import impasto as litellm
from impasto import (
    AsyncImageStream,
    Attempt,
    BatchProgress,
    Client,
    Cost,
    Done,
    Estimate,
    Fate,
    Image,
    ImageEvent,
    ImageGenerationRequestQuality,
    ImageResponse,
    ImageStream,
    Job,
    Ledger,
    Limiter,
    LocalLimiter,
    Manifest,
    ProviderInfo,
    Usage,
    aimage_edit,
    aimage_generation,
    aimage_variation,
    asubmit,
    hookimpl,
    image_edit,
    image_generation,
    image_variation,
    submit,
)
from impasto.errors import ContentPolicyViolationError, ImpastoError, RateLimitError
from impasto.rules import always, as_ratio, choose, width_and_height
from impasto.types import Call, Model, Params, Partial, Provider, Request, Response, Setting


def people_call() -> None:
    response = image_generation("a fox", "openai/gpt-image-2", 2, size="1024x1024", seed=7)
    assert_type(response, ImageResponse)
    assert_type(litellm.image_generation(prompt="a fox"), ImageResponse)
    image_generation("a fox", quality=ImageGenerationRequestQuality.HD, drop_params=True)
    assert_type(image_edit(Path("a.png"), "a hat", mask=b"..."), ImageResponse)
    image_edit(["a.png", b"...", Path("b.png")], prompt="a hat", extra_headers={"a": "b"})
    image_generation("a fox", fallbacks=["vertex_ai/x", {"model": "replicate/y", "api_key": "-"}])
    image_generation(5)  # type: ignore[call-overload]
    image_generation("a fox", n="four")  # type: ignore[call-overload]
    image_generation()  # type: ignore[call-overload]
    litellm.drop_params = True


def people_vary_and_watch() -> None:
    assert_type(image_variation("a.png", n=2), ImageResponse)
    image_generation("a fox", custom_llm_provider="vertex_ai", on_progress=hear)
    image_generation("a fox", custom_llm_provider="somebody-elses")
    image_variation()  # type: ignore[call-overload]


def hear(partial: Partial) -> None:
    assert_type(partial.progress, float | str | None)
    assert_type(partial.image, Image | None)


def people_own_a_client() -> None:
    impasto.configure(proxy="http://127.0.0.1:3128", trust_env=False)
    with Client(proxy="http://127.0.0.1:3128") as client:
        response = client.image_generation("a fox", n=2, size="1024x1024", quality="low")
        assert_type(response, ImageResponse)
        assert_type(response.cost, Cost | None)
        client.image_generation("a fox", n="four")  # type: ignore[arg-type]
        client.image_generation()  # type: ignore[call-arg]
        assert_type(client.image_edit("a.png", "a hat"), ImageResponse)


def people_submit() -> None:
    job = submit("a fox", "replicate/black-forest-labs/flux-schnell", n=2, timeout=30)
    assert_type(job, Job)
    assert_type(job.result(timeout=5), ImageResponse)
    assert_type(job.progress, float | str | None)
    assert_type(job.done(), bool)
    assert_type(job.cancel(), bool)
    assert_type(Job.from_json(job.to_json(), api_key="..."), Job)
    assert_type(Client().submit("a fox"), Job)
    submit()  # type: ignore[call-arg]
    job.state = "done"  # type: ignore[misc]


async def people_submit_and_await() -> None:
    job = await asubmit("a fox")
    assert_type(await job.aresult(), ImageResponse)
    assert_type(await job.adone(), bool)
    assert_type(await job.acancel(), bool)
    job.aresult()  # type: ignore[unused-coroutine]


async def people_own_an_async_client() -> None:
    async with Client() as client:
        assert_type(await client.aimage_generation("a fox", n=1), ImageResponse)
        client.aimage_generation("a fox")  # type: ignore[unused-coroutine]


def people_make_many(out: Path) -> None:
    prompts = ["a fox", {"prompt": "a hen", "n": 2, "key": "hen"}]
    for done in impasto.batch(prompts, out=out, model="openai/gpt-image-2", size="1024x1024"):
        assert_type(done, Done)
        assert_type(done.paths, tuple[Path, ...])
        assert_type(done.response, ImageResponse | None)
        assert_type(done.error, Exception | None)
        done.index = 5  # type: ignore[misc]
    with impasto.batch((f"fox {n}" for n in range(5)), concurrency=2, again="ambiguous") as batch:
        assert_type(batch.run(), BatchProgress)
    impasto.batch(prompts, on_progress=hear_many, manifest="m.jsonl")
    impasto.batch(prompts, again="failed")  # type: ignore[arg-type]
    impasto.batch()  # type: ignore[call-arg]


def hear_many(progress: BatchProgress) -> None:
    assert_type(progress.seconds_left, float | None)


async def people_await_many(mine: Ledger) -> None:
    limiter: Limiter = LocalLimiter(longest=60)
    ledger: Ledger = Manifest("m.jsonl")
    assert_type(await impasto.abatch(["a fox"], ledger=ledger, limiter=limiter), BatchProgress)
    async with impasto.abatch(["a fox"], ledger=mine) as batch:
        async for done in batch:
            assert_type(done, Done)


async def people_await() -> None:
    assert_type(await aimage_variation("a.png"), ImageResponse)
    assert_type(await aimage_generation("a fox", timeout=30), ImageResponse)
    assert_type(await aimage_edit("a.png", "a hat"), ImageResponse)
    assert_type(await image().aread(timeout=5), bytes)
    aimage_generation("a fox")  # type: ignore[unused-coroutine]


def people_stream() -> None:
    for event in image_generation("a fox", stream=True, partial_images=2):
        assert_type(event, ImageEvent)
        assert_type(event.image, Image | None)
        assert_type(event.progress, float | str | None)
        assert_type(event.response, ImageResponse | None)
        event.index = 5  # type: ignore[misc]
    with image_edit("a.png", "a hat", stream=True) as stream:
        assert_type(stream, ImageStream)
        assert_type(stream.partials, tuple[Partial, ...])
        assert_type(stream.run(), ImageResponse)
    assert_type(image_generation("a fox", stream=False), ImageResponse)
    image_generation("a fox", stream="yes")  # type: ignore[call-overload]


async def people_stream_and_await() -> None:
    async with await aimage_edit("a.png", "a hat", stream=True) as stream:
        assert_type(stream, AsyncImageStream)
        async for event in stream:
            assert_type(event, ImageEvent)
    assert_type(await (await aimage_generation("a fox", stream=True)), ImageResponse)


def people_read(response: ImageResponse) -> None:
    assert_type(response.data, list[Image])
    assert_type(response.created, int | None)
    assert_type(response.usage, Usage | None)
    assert_type(response.params, Mapping[str, Fate])
    assert_type(response.errors, tuple[ImpastoError, ...])
    assert_type([attempt.model for attempt in response.attempts], list[str])
    assert_type(response.model_dump(), dict[str, Any])
    assert_type(response["data"], Any)
    assert_type(response.params["n"].sent, Mapping[str, Any])
    response.data[0].seed = 5  # type: ignore[misc]
    response.choices  # type: ignore[attr-defined] # noqa: B018


def image() -> Image:
    found = image_generation("a fox").data[0]
    assert_type(found.url, str | None)
    assert_type(found.b64_json, str | None)
    assert_type(found.width, int | None)
    assert_type(found.read(), bytes)
    assert_type(found.save("fox.png", overwrite=True), Path)
    found.save("fox.png", True)  # type: ignore[call-arg]
    return found


def people_catch(error: ImpastoError) -> float | None:
    assert_type(error.status_code, int | None)
    assert_type(error.headers, dict[str, str])
    assert_type(error.attempts, tuple[Attempt, ...])
    assert_type(error.llm_provider, str | None)
    if isinstance(error, ContentPolicyViolationError):
        assert_type(error.categories, tuple[str, ...])
    return error.retry_after if isinstance(error, RateLimitError) else None


def people_keep_a_journal() -> int:
    with impasto.Journal(Path("jobs.db")) as journal:
        assert_type(impasto.batch(["a fox"], journal=journal), impasto.Batch)
        for entry in journal.jobs():
            assert_type(entry, impasto.JournalEntry)
            assert_type(entry.paths, tuple[Path, ...])
        assert_type(journal.resume("order-17", api_key="..."), impasto.Job)
        journal.forget(17)  # type: ignore[arg-type]
    return journal.forget_done()


def people_look(module: ModuleType) -> list[ProviderInfo]:
    impasto.register("acme", module, models=Path("models.json"))
    impasto.use("cache")
    return impasto.providers()


@hookimpl
def describe() -> Provider:
    settings = {"api_key": Setting(env=("ACME_API_KEY",), secret=True, required=True)}
    return Provider(name="acme", settings=settings)


@hookimpl
def translate_params(call: Call) -> Params:
    card: Model | None = call.card
    return call.translate(
        "prompt",
        n="count",
        seed=lambda value: {"seed": value} if card else {},
        size=as_ratio(call, "ratio") if card else width_and_height,
        quality=choose("steps", {"low": 10, "high": 50}),
        output_format=always("png"),
        style=5,  # type: ignore[arg-type]
    )


@hookimpl
def build_request(call: Call, params: Params) -> Request:
    return Request(url=call.settings["api_base"], json=dict(params.values))


@hookimpl
def parse_response(request: Request, response: Response) -> ImageResponse | Request:
    if response.status == 202:
        return request.follow(response.json()["url"], after=1.5)
    request.url = "elsewhere"  # type: ignore[misc]
    return ImageResponse(data=[Image(url=url) for url in response.json()["urls"]])


def keep_to_a_budget() -> None:
    estimate: Estimate | None = impasto.estimate("a fox", "openai/gpt-image-2", n=2)
    high: Decimal = estimate.high if estimate is not None else Decimal(0)
    with impasto.budget("1.50 USD", unknown="allow", threads=False) as budget:
        response = impasto.image_generation("a fox", model="openai/gpt-image-2", budget=high)
    left: Decimal = budget.left
    cost: Cost | None = response.cost
    impasto.prices("my.json")
    impasto.prices({"acme/oil-2": [{"unit": "image", "amount": "0.02"}]})
    impasto.budget(left, unknown="maybe")  # type: ignore[arg-type]
    ImageResponse(charged=Cost.reported(0.04, source="cost") if cost else Cost.cached())


def people_mistype() -> None:
    impasto.imagine()  # type: ignore[attr-defined]
