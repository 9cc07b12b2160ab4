"""The functions that people call, blocking and async, with one signature each."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from impasto._registry import ProviderInfo, Registry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from decimal import Decimal
    from ssl import SSLContext

    from aiohttp import ClientSession

    from impasto._answer import ImageResponse
    from impasto._arguments import Asked
    from impasto._audience import Audience
    from impasto._batch import AsyncBatch, Batch
    from impasto._budgets import Budget
    from impasto._call import Kind
    from impasto._dispatch import Dispatch
    from impasto._estimates import Estimate
    from impasto._explanation import Explanation
    from impasto._jobs import Job
    from impasto._journal import Journal
    from impasto._ledger import Ledger
    from impasto._limits import Limiter
    from impasto._notices import Origin
    from impasto._plan import Plan
    from impasto._prompts import Prompts
    from impasto._stream import AsyncImageStream, ImageStream, Perform
    from impasto._tally import BatchProgress

# Ours, for editors to complete; any installed provider's name will do.
ProviderName: TypeAlias = Literal[
    "azure",
    "bedrock",
    "openai",
    "replicate",
    "sketch",
    "together",
    "together_ai",
    "vertex",
    "vertex_ai",
]

registry = Registry.installed()


# Without and with a stream; else as below.
# fmt: off
@overload
def image_generation(
    prompt: str, model: str | None = None, n: int | None = None, quality: str | None = None,
    response_format: str | None = None, size: str | None = None, style: str | None = None,
    user: str | None = None, timeout: float | None = 600, api_key: str | None = None,
    api_base: str | None = None, api_version: str | None = None,
    custom_llm_provider: ProviderName | str | None = None, *,
    stream: Literal[False] | None = None, **kwargs: Any,
) -> ImageResponse: ...
@overload
def image_generation(
    prompt: str, model: str | None = None, n: int | None = None, quality: str | None = None,
    response_format: str | None = None, size: str | None = None, style: str | None = None,
    user: str | None = None, timeout: float | None = 600, api_key: str | None = None,
    api_base: str | None = None, api_version: str | None = None,
    custom_llm_provider: ProviderName | str | None = None, *,
    stream: Literal[True], **kwargs: Any,
) -> ImageStream: ...
# fmt: on
def image_generation(
    prompt: str,
    model: str | None = None,
    n: int | None = None,
    quality: str | None = None,
    response_format: str | None = None,
    size: str | None = None,
    style: str | None = None,
    user: str | None = None,
    timeout: float | None = 600,
    api_key: str | None = None,
    api_base: str | None = None,
    api_version: str | None = None,
    custom_llm_provider: ProviderName | str | None = None,
    **kwargs: Any,
) -> ImageResponse | ImageStream:
    """Return pictures of *prompt*.

    Works in any thread and inside a running event loop; there, `aimage_generation` does not
    block it.

    Args:
        prompt: What is to be seen.
        model: "provider/model", such as "openai/gpt-image-2"; by default ``IMPASTO_MODEL``, else
            the default model of the only provider that is installed, else one of OpenAI's.
        n: How many pictures; more than the model makes at once are asked for side by side.
        quality: In the model's words, such as "low", "high", "auto".
        response_format: "url" or "b64_json"; the latter is fetched where the provider sends URLs.
        size: "WxH" in pixels, such as "1024x1536"; some models also know "auto".
        style: In the model's words.
        user: Who the picture is for, for the provider's abuse checks.
        timeout: Seconds for the whole call, waiting and repeats included; None means 600.
        api_key: The key; by default the provider's environment variable.
        api_base: Another place to send to, such as a gateway.
        api_version: For providers that version their interface by date.
        custom_llm_provider: The provider, where *model* does not say it.
        **kwargs: `seed`, `negative_prompt`, `background`, `output_format`,
            `output_compression`, `moderation`; settings and parameters of the provider in its own
            words; and to steer the call: `drop_params`, `additional_drop_params`,
            `extra_headers`, `extra_query`, `extra_body`, `max_retries`, `mock_response`,
            `base_model`, `metadata`; `on_progress`, a function that is told with a
            `types.Partial`, as soon as it is known, how far each picture is; `fallbacks`, models
            to go on to where this one fails: each "provider/model", or a dict with "model" and
            what is for that model alone, its `api_key` for one; `fallback_after`: "refusal",
            "ambiguous" or both, to go on after these as well; `budget`, the most that the call may
            cost: "1.50 USD", a number of dollars, or a `Budget`; `journal`, the path of a file in
            which it is written what was ordered and what came; `idempotency_key`, by which the
            call is found there in another run, and not ordered again; and `again="ambiguous"`,
            which orders again what may have been paid for; and `stream`: True to return an
            `ImageStream` of events instead, partial pictures among them.

    Raises:
        BadRequestError: something in the call cannot be right; `param` says what.
        UnsupportedParamsError: the model does not take a parameter; nothing was sent.
        ContentPolicyViolationError: the provider refused the prompt or the picture.
        AuthenticationError: the key is missing or wrong.
        RateLimitError: too many calls; `retry_after` says for how long.
        BudgetExceededError: it may cost more than is left of a budget; nothing was sent.
        Timeout: the deadline passed; `maybe_accepted` says whether it may have cost money.
        ImpastoError: the base of these and all others; see `impasto.errors`.
    """
    return _blocking("generate", locals(), caller())


# fmt: off
@overload
async def aimage_generation(
    prompt: str, model: str | None = None, n: int | None = None, quality: str | None = None,
    response_format: str | None = None, size: str | None = None, style: str | None = None,
    user: str | None = None, timeout: float | None = 600, api_key: str | None = None,
    api_base: str | None = None, api_version: str | None = None,
    custom_llm_provider: ProviderName | str | None = None, *,
    stream: Literal[False] | None = None, **kwargs: Any,
) -> ImageResponse: ...
@overload
async def aimage_generation(
    prompt: str, model: str | None = None, n: int | None = None, quality: str | None = None,
    response_format: str | None = None, size: str | None = None, style: str | None = None,
    user: str | None = None, timeout: float | None = 600, api_key: str | None = None,
    api_base: str | None = None, api_version: str | None = None,
    custom_llm_provider: ProviderName | str | None = None, *,
    stream: Literal[True], **kwargs: Any,
) -> AsyncImageStream: ...
# fmt: on
async def aimage_generation(
    prompt: str,
    model: str | None = None,
    n: int | None = None,
    quality: str | None = None,
    response_format: str | None = None,
    size: str | None = None,
    style: str | None = None,
    user: str | None = None,
    timeout: float | None = 600,
    api_key: str | None = None,
    api_base: str | None = None,
    api_version: str | None = None,
    custom_llm_provider: ProviderName | str | None = None,
    **kwargs: Any,
) -> ImageResponse | AsyncImageStream:
    """Return pictures of *prompt*; the same as `image_generation`, to be awaited."""
    return await _awaited("generate", locals(), caller())


# fmt: off
@overload
def image_edit(
    image: Any = None, prompt: str | None = None, model: str | None = None, mask: Any = None,
    n: int | None = None, quality: str | None = None, response_format: str | None = None,
    size: str | None = None, user: str | None = None, extra_headers: dict[str, str] | None = None,
    extra_query: dict[str, Any] | None = None, extra_body: dict[str, Any] | None = None,
    timeout: float | None = None, custom_llm_provider: ProviderName | str | None = None, *,
    stream: Literal[False] | None = None, **kwargs: Any,
) -> ImageResponse: ...
@overload
def image_edit(
    image: Any = None, prompt: str | None = None, model: str | None = None, mask: Any = None,
    n: int | None = None, quality: str | None = None, response_format: str | None = None,
    size: str | None = None, user: str | None = None, extra_headers: dict[str, str] | None = None,
    extra_query: dict[str, Any] | None = None, extra_body: dict[str, Any] | None = None,
    timeout: float | None = None, custom_llm_provider: ProviderName | str | None = None, *,
    stream: Literal[True], **kwargs: Any,
) -> ImageStream: ...
# fmt: on
def image_edit(
    image: Any = None,
    prompt: str | None = None,
    model: str | None = None,
    mask: Any = None,
    n: int | None = None,
    quality: str | None = None,
    response_format: str | None = None,
    size: str | None = None,
    user: str | None = None,
    extra_headers: dict[str, str] | None = None,
    extra_query: dict[str, Any] | None = None,
    extra_body: dict[str, Any] | None = None,
    timeout: float | None = None,
    custom_llm_provider: ProviderName | str | None = None,
    **kwargs: Any,
) -> ImageResponse | ImageStream:
    """Return *image*, or several of them, worked on as *prompt* says.

    Args:
        image: Bytes, a path, a file opened with 'rb', a PIL image, a data URL or an http(s) URL;
            or a list of those.
        prompt: What is to be changed, or what is to be seen.
        model: As for `image_generation`.
        mask: A picture of the size of *image*, transparent where it is to be painted anew.
        n: As for `image_generation`, likewise *quality*, *response_format*, *size*, *user*.
        extra_headers: Further headers for the provider.
        extra_query: Further query parameters.
        extra_body: Further fields of the body.
        timeout: Seconds for the whole call; None means 600.
        custom_llm_provider: The provider, where *model* does not say it.
        **kwargs: As for `image_generation`; *api_key* and *api_base* among them.

    Raises:
        ImpastoError: as `image_generation` does.
    """
    return _blocking("edit", locals(), caller())


# fmt: off
@overload
async def aimage_edit(
    image: Any = None, prompt: str | None = None, model: str | None = None, mask: Any = None,
    n: int | None = None, quality: str | None = None, response_format: str | None = None,
    size: str | None = None, user: str | None = None, extra_headers: dict[str, str] | None = None,
    extra_query: dict[str, Any] | None = None, extra_body: dict[str, Any] | None = None,
    timeout: float | None = None, custom_llm_provider: ProviderName | str | None = None, *,
    stream: Literal[False] | None = None, **kwargs: Any,
) -> ImageResponse: ...
@overload
async def aimage_edit(
    image: Any = None, prompt: str | None = None, model: str | None = None, mask: Any = None,
    n: int | None = None, quality: str | None = None, response_format: str | None = None,
    size: str | None = None, user: str | None = None, extra_headers: dict[str, str] | None = None,
    extra_query: dict[str, Any] | None = None, extra_body: dict[str, Any] | None = None,
    timeout: float | None = None, custom_llm_provider: ProviderName | str | None = None, *,
    stream: Literal[True], **kwargs: Any,
) -> AsyncImageStream: ...
# fmt: on
async def aimage_edit(
    image: Any = None,
    prompt: str | None = None,
    model: str | None = None,
    mask: Any = None,
    n: int | None = None,
    quality: str | None = None,
    response_format: str | None = None,
    size: str | None = None,
    user: str | None = None,
    extra_headers: dict[str, str] | None = None,
    extra_query: dict[str, Any] | None = None,
    extra_body: dict[str, Any] | None = None,
    timeout: float | None = None,
    custom_llm_provider: ProviderName | str | None = None,
    **kwargs: Any,
) -> ImageResponse | AsyncImageStream:
    """Return *image* worked on as *prompt* says; the same as `image_edit`, to be awaited."""
    return await _awaited("edit", locals(), caller())


# fmt: off
@overload
def image_variation(
    image: Any, model: str | None = None, n: int = 1, response_format: str | None = None,
    size: str | None = None, user: str | None = None, *,
    stream: Literal[False] | None = None, **kwargs: Any,
) -> ImageResponse: ...
@overload
def image_variation(
    image: Any, model: str | None = None, n: int = 1, response_format: str | None = None,
    size: str | None = None, user: str | None = None, *,
    stream: Literal[True], **kwargs: Any,
) -> ImageStream: ...
# fmt: on
def image_variation(
    image: Any,
    model: str | None = None,
    n: int = 1,
    response_format: str | None = None,
    size: str | None = None,
    user: str | None = None,
    **kwargs: Any,
) -> ImageResponse | ImageStream:
    """Return pictures like *image*, for providers that vary one without being told how.

    Args:
        image: As for `image_edit`.
        model: As for `image_generation`.
        n: How many pictures; more than the model makes at once are asked for side by side.
        response_format: As for `image_generation`, likewise *size* and *user*.
        **kwargs: As for `image_generation`; *timeout*, *api_key* and *api_base* among them.

    Raises:
        ImpastoError: as `image_generation` does.  Few models vary pictures; for others the error
            says so, and `image_edit` with a prompt does nearly the same.
    """
    return _blocking("vary", locals(), caller())


# fmt: off
@overload
async def aimage_variation(
    image: Any, model: str | None = None, n: int = 1, response_format: str | None = None,
    size: str | None = None, user: str | None = None, *,
    stream: Literal[False] | None = None, **kwargs: Any,
) -> ImageResponse: ...
@overload
async def aimage_variation(
    image: Any, model: str | None = None, n: int = 1, response_format: str | None = None,
    size: str | None = None, user: str | None = None, *,
    stream: Literal[True], **kwargs: Any,
) -> AsyncImageStream: ...
# fmt: on
async def aimage_variation(
    image: Any,
    model: str | None = None,
    n: int = 1,
    response_format: str | None = None,
    size: str | None = None,
    user: str | None = None,
    **kwargs: Any,
) -> ImageResponse | AsyncImageStream:
    """Return pictures like *image*; the same as `image_variation`, to be awaited."""
    return await _awaited("vary", locals(), caller())


def batch(
    prompts: Prompts,
    *,
    out: str | os.PathLike[str] | None = None,
    concurrency: int = 8,
    ledger: Ledger | None = None,
    journal: str | os.PathLike[str] | Journal | None = None,
    manifest: str | os.PathLike[str] | None = None,
    limiter: Limiter | None = None,
    again: Literal["ambiguous"] | None = None,
    on_progress: Callable[[BatchProgress], object] | None = None,
    save_metadata: bool = False,
    **common: Any,
) -> Batch:
    """Return an iterator of what comes of many calls, in the order in which they end.

    A few are made at a time, also of millions of prompts.  One that fails ends no other.  When a
    provider says that there are too many, all wait, and fewer go on.  Run again with the same
    *out*, it goes on where it was: nothing is paid for twice, also after a crash.

    Args:
        prompts: Any iterable, async ones included, of texts, or of dicts with arguments of
            `image_generation` or, with "image", of `image_edit`; "key" is what such a call is
            known by in another run, by default a digest of the arguments.
        out: Folder for the pictures, made where it is missing; None: saving them is up to you.
        concurrency: Most calls at once.
        ledger: Where it is remembered what was ordered; by default in the manifest.
        journal: Path of a journal, in which each call writes what it orders and what comes, and
            which remembers then; the same key is the same call in every batch with it.
        manifest: File of JSON lines, only ever added to, that says what became of each call;
            by default "manifest.jsonl" in *out*, and none without.
        limiter: Decides when an order may go to a provider; by default a `LocalLimiter`.
        again: "ambiguous" to make calls again that may have been paid for; by default they are
            only reported.
        on_progress: Told with a `BatchProgress` when a call has ended.
        save_metadata: Whether the pictures in *out* say what they were made from, as
            `Image.save(metadata=True)` has it.
        **common: Arguments of all calls, such as *model*, *size* and *timeout*, which here does
            not count the seconds that a call waits for its turn.

    Raises:
        BadRequestError: an argument cannot be right; what is wrong with a call is told in its
            own `Done`.
    """
    plan = _planned(locals(), caller())
    from impasto._batch import Batch

    return Batch(plan)


def abatch(
    prompts: Prompts,
    *,
    out: str | os.PathLike[str] | None = None,
    concurrency: int = 8,
    ledger: Ledger | None = None,
    journal: str | os.PathLike[str] | Journal | None = None,
    manifest: str | os.PathLike[str] | None = None,
    limiter: Limiter | None = None,
    again: Literal["ambiguous"] | None = None,
    on_progress: Callable[[BatchProgress], object] | None = None,
    save_metadata: bool = False,
    **common: Any,
) -> AsyncBatch:
    """Return an async iterator of what comes of many calls; the same as `batch`.

    ``await abatch(...)`` makes them all and returns the summary.
    """
    plan = _planned(locals(), caller())
    from impasto._batch import AsyncBatch

    return AsyncBatch(plan)


def _planned(arguments: dict[str, Any], where: Origin) -> Plan:
    from impasto._plan import planned

    return planned(**arguments, dispatch=dispatch, where=where)


def submit(
    prompt: str,
    model: str | None = None,
    n: int | None = None,
    quality: str | None = None,
    response_format: str | None = None,
    size: str | None = None,
    style: str | None = None,
    user: str | None = None,
    timeout: float | None = 600,
    api_key: str | None = None,
    api_base: str | None = None,
    api_version: str | None = None,
    custom_llm_provider: ProviderName | str | None = None,
    **kwargs: Any,
) -> Job:
    """Return a `Job` that makes pictures of *prompt*, without waiting for them.

    Where the provider has jobs, it returns once the provider has taken the order: the job can
    then be stored with `to_json()` and asked for by another process.  Elsewhere, and with
    `fallbacks` or extras, the call runs in the background of this process.

    Args:
        prompt: As for `image_generation`, likewise *model*, *n*, *quality*, *response_format*,
            *size*, *style*, *user*, *api_key*, *api_base*, *api_version*, *custom_llm_provider*.
        timeout: Seconds for the order, repeats included; None means 600.  For the pictures,
            `Job.result()` has a timeout of its own.
        **kwargs: As for `image_generation`; with *image* among them it is a call of `image_edit`.

    Raises:
        ImpastoError: as `image_generation` does, as far as it is known by then.  Where
            `maybe_accepted` is true, the order may have been taken, but there is no job to ask for.
    """
    return _submit(locals(), caller())


async def asubmit(
    prompt: str,
    model: str | None = None,
    n: int | None = None,
    quality: str | None = None,
    response_format: str | None = None,
    size: str | None = None,
    style: str | None = None,
    user: str | None = None,
    timeout: float | None = 600,
    api_key: str | None = None,
    api_base: str | None = None,
    api_version: str | None = None,
    custom_llm_provider: ProviderName | str | None = None,
    **kwargs: Any,
) -> Job:
    """Return a `Job` that makes pictures of *prompt*; the same as `submit`, to be awaited."""
    return await _submitted(locals(), caller())


def submission(arguments: Mapping[str, Any]) -> Asked:
    """Return *arguments* of `submit()`, sorted: with a picture, it is an edit."""
    from impasto._arguments import sort

    is_edit = any(arguments.get(name) is not None for name in ("image", "images"))
    return sort("edit" if is_edit else "generate", arguments)


def _submit(arguments: dict[str, Any], where: Origin) -> Job:
    from impasto import _portal

    return _portal.run(_submitted(arguments, where))


async def _submitted(arguments: dict[str, Any], where: Origin) -> Job:
    more = arguments.pop("kwargs")
    asked = submission({**arguments, **more})
    await _ready()
    from impasto._submission import submitted

    return await submitted(dispatch(), asked, where)


def explain(prompt: str | None = None, model: str | None = None, **kwargs: Any) -> Explanation:
    """Return what a call would do: the fate of each parameter, and the requests, keys hidden.

    Nothing is sent.  `print()` shows it all, each request as a line of curl.

    Args:
        prompt: As for `image_generation`; with *image* among *kwargs* it is a call of `image_edit`.
        model: As for `image_generation`.
        **kwargs: All else that the call would have.

    Raises:
        ImpastoError: what the call would raise before it sends anything, but for a missing key.
    """
    from impasto import _portal

    return _portal.run(_explained({"prompt": prompt, "model": model, **kwargs}, caller()))


async def aexplain(
    prompt: str | None = None, model: str | None = None, **kwargs: Any
) -> Explanation:
    """Return what a call would do; the same as `explain`, to be awaited."""
    return await _explained({"prompt": prompt, "model": model, **kwargs}, caller())


def estimate(prompt: str | None = None, model: str | None = None, **kwargs: Any) -> Estimate | None:
    """Return what a call may cost, or None where nobody can say; nothing is sent.

    It holds for the model that is asked first, where all the pictures come, by the prices of the
    catalogue or of `prices()`; what the provider bills may differ.  Where it is None,
    `explain().unpriced` says why.

    Args:
        prompt: As for `image_generation`; with *image* among *kwargs* it is a call of `image_edit`.
        model: As for `image_generation`.
        **kwargs: All else that the call would have.

    Raises:
        ImpastoError: what the call would raise before it sends anything, but for a missing key.
    """
    from impasto import _portal

    arguments = {"prompt": prompt, "model": model, **kwargs}
    return _portal.run(_explained(arguments, caller())).estimate


async def aestimate(
    prompt: str | None = None, model: str | None = None, **kwargs: Any
) -> Estimate | None:
    """Return what a call may cost; the same as `estimate`, to be awaited."""
    arguments = {"prompt": prompt, "model": model, **kwargs}
    return (await _explained(arguments, caller())).estimate


def prices(
    source: str | os.PathLike[str] | Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> None:
    """Count with the prices of *source* from now on, before those of the catalogues.

    They hold for `response.cost`, `estimate()`, budgets and ``impasto models``, and replace what
    an earlier call said.  The variable ``IMPASTO_PRICES`` names a file to begin with.

    Args:
        source: A JSON file, or the mapping that it would hold: for each "provider/model" a list
            of prices, each with "unit", "amount", "source" and "date" as in a catalogue; see
            `types.Price`.  None: as at the beginning.

    Raises:
        BadRequestError: it cannot be read; the message says where it is wrong.
    """
    from impasto import _prices

    _prices.begin(source)


def budget(
    amount: str | float | Decimal,
    *,
    unknown: Literal["refuse", "allow"] = "refuse",
    threads: bool = True,
) -> Budget:
    """Return a `Budget`: as `with impasto.budget("1.50 USD") as budget:`, or for *budget=*.

    Before a call sends anything, the most that it may cost is laid aside; once it has ended, what
    it did cost is spent.  Where not enough is left, it raises `BudgetExceededError`.

    Args:
        amount: "1.50 USD", or a number of dollars.
        unknown: Whether calls are refused or allowed of which nobody can say what they cost;
            those that are allowed count only as far as it is known afterwards.
        threads: Whether in a with-block calls count that are made in threads begun within it,
            where these have no budget of their own.  False for servers, whose threads serve others.

    Raises:
        BadRequestError: an argument cannot be right.
    """
    from impasto._budgets import Budget

    return Budget(amount, unknown=unknown, threads=threads)


async def _explained(arguments: dict[str, Any], where: Origin) -> Explanation:
    from impasto._arguments import sort
    from impasto._explain import explained

    kind = arguments.pop("kind", "edit" if "image" in arguments else "generate")
    return await explained(dispatch(), sort(kind, arguments), where)


def providers() -> list[ProviderInfo]:
    """Return what is installed: name, distribution, version, state and what is wrong.

    Imports no plugin and never fails; a plugin that was not used yet is "installed".
    """
    return registry.providers()


def register(
    name: str, module: ModuleType, *, models: Path | None = None, replace: bool = False
) -> None:
    """Make *module*, a plugin, the provider *name* in this process: for tests and private code.

    Args:
        name: What to write in front of the model.
        module: A plugin's module.
        models: Its models.json; by default the one in the module's package.
        replace: True to take the place of another plugin of this name.

    Raises:
        PluginError: the name is taken, or the module is no sound plugin.
    """
    registry.register(name, module, models=models, replace=replace)


def use(name: str) -> None:
    """Activate the installed extra *name* for every call of this process.

    Raises:
        PluginError: it is not installed, or broken.
    """
    from impasto import _extras

    dispatch().extras.setdefault(name, _extras.wrapper(name))


def configure(
    *,
    proxy: str | None = None,
    trust_env: bool = True,
    ssl: SSLContext | None = None,
    session: ClientSession | None = None,
) -> None:
    """Reach the network so from the next call on; without arguments, as at the beginning.

    For the functions of the module; the arguments are those of `Client`, which has a network of
    its own.  It replaces what an earlier call said, and does not disturb calls that are under way.

    Raises:
        BadRequestError: *proxy* is none that we can speak to.
    """
    from impasto._network import Network
    from impasto._transport import AIOHTTP

    AIOHTTP.reach(Network(proxy=proxy, trust_env=trust_env, ssl=ssl, session=session))


@cache
def dispatch() -> Dispatch:
    """Return what performs the module's functions; aiohttp is imported here, not before."""
    from impasto import _extras, _prices
    from impasto._dispatch import Dispatch
    from impasto._transport import AIOHTTP

    _prices.ready()  # what is wrong with a list of one's own is said before anything is paid
    listed = os.environ.get("IMPASTO_EXTRAS", "").split(",")
    extras = {name: _extras.wrapper(name) for name in map(str.strip, listed) if name}
    return Dispatch(registry=registry, wires=AIOHTTP, extras=extras)


def caller() -> Origin:
    """Return where the line of code is that called the function which asks, for warnings."""
    frame = sys._getframe(2)
    # A task is run by asyncio; the line that made it is gone, the one that runs the loop is not.
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("asyncio"):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno, frame.f_globals


def _blocking(kind: Kind, arguments: dict[str, Any], where: Origin) -> ImageResponse | ImageStream:
    from impasto import _portal

    if arguments["kwargs"].get("stream"):
        from impasto._stream import ImageStream

        return ImageStream(_streamed(kind, arguments, where))
    return _portal.run(_performed(kind, arguments, where))


def _awaited(
    kind: Kind, arguments: dict[str, Any], where: Origin
) -> Awaitable[ImageResponse | AsyncImageStream]:
    if arguments["kwargs"].get("stream"):
        return _stream(kind, arguments, where)
    return _performed(kind, arguments, where)


async def _stream(kind: Kind, arguments: dict[str, Any], where: Origin) -> AsyncImageStream:
    from impasto._stream import AsyncImageStream

    return AsyncImageStream(_streamed(kind, arguments, where))


async def _performed(kind: Kind, arguments: dict[str, Any], where: Origin) -> ImageResponse:
    from impasto._arguments import sort

    more = arguments.pop("kwargs")
    asked = sort(kind, {**arguments, **more})
    if not dispatch.cache_info().currsize:
        await _ready()
    if "IPython" in sys.modules:
        return await _in_notebook(asked, where)
    return await dispatch().perform(asked, where)


def _streamed(kind: Kind, arguments: dict[str, Any], where: Origin) -> Perform:
    """Return what makes the call, whose *arguments* are checked now, for whoever takes its events."""
    from attrs import evolve

    from impasto._arguments import sort

    more = arguments.pop("kwargs")
    asked = sort(kind, {**arguments, **more})

    async def perform(audience: Audience) -> ImageResponse:
        await _ready()
        return await dispatch().perform(evolve(asked, audience=audience), where)

    return perform


async def _ready() -> None:
    """Make `dispatch()` at hand: importing aiohttp would hold up the caller's loop."""
    if not dispatch.cache_info().currsize:
        import asyncio

        await asyncio.to_thread(dispatch)


async def _in_notebook(asked: Asked, where: Origin) -> ImageResponse:
    """Perform *asked*, and say under the cell how far it is where nobody else listens."""
    from impasto import _notebook

    if asked.on_progress is not None or not _notebook.is_here():
        return await dispatch().perform(asked, where)
    from attrs import evolve

    watch = _notebook.Watch(asked.model or "impasto")
    return await watch.over(dispatch().perform(evolve(asked, on_progress=watch.heard), where))
