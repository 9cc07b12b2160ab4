"""The hooks of a provider plugin, in the order in which they run.

A plugin is a module with some of these functions, each marked `@impasto.hookimpl`, and a line
``CONTRACT = (1, 0)``.  Needed are `describe`, `translate_params`, `build_request` and
`parse_response`; or `describe`, `translate_params` and `render` for a provider that runs in this
process.  All of them but `get_credentials` and `render` are pure: no network, no clock, no
environment, no randomness, no sleep.  An implementation names the arguments that it needs, in any
order, and gives none of them a default.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from impasto.errors import ImpastoError
    from impasto.types import (
        Call,
        Credentials,
        ImageResponse,
        Json,
        Model,
        Params,
        Partial,
        Provider,
        Request,
        Response,
        Settings,
    )

CONTRACT = (1, 0)
"""Version of these hooks: the first number changes when a plugin must, the second when one may."""

hookspec = pluggy.HookspecMarker("impasto")
hookimpl = pluggy.HookimplMarker("impasto")


# --- Once, when the provider is first used ----------------------------------------------------


@hookspec(firstresult=True)
def describe() -> Provider:
    """Return the provider's name, its settings, where its key goes and where it lives.

    Called once in a process, before anything else.
    """
    raise NotImplementedError


# --- Before a call is translated --------------------------------------------------------------


@hookspec(firstresult=True)
def resolve_model(model: str) -> str | None:
    """Return the name under which *model* stands in the catalogue, or None if in none.

    For names that say more than the model's: ARNs, inference profiles, "owner/name:version".
    Called when a name is first used.  Without it the name is looked up as it is; the argument
    `base_model` of a call overrides it.

    Args:
        model: As the user wrote it, without the provider in front.
    """


@hookspec(firstresult=True)
def learn(call: Call) -> Request | None:
    """Return a free request whose JSON answer is needed before translating, or None.

    A model's input schema, a routing table.  Core keeps the answer for the life of the process
    and hands it on as `call.learned`; where it cannot be had, `call.learned` stays None and the
    response says so in its notes.

    Args:
        call: What the user wants; `learned` is None.
    """


@hookspec(firstresult=True)
def read_card(call: Call) -> Model | None:
    """Return what is known about the model, or None to leave it at the catalogue's row.

    For models that no catalogue lists: from `call.learned`, such as a published input schema, or
    from the family that the name belongs to.  Called once for each call, after `learn` and before
    a call is split.  What it cannot read in `call.learned` may raise; the call then goes on
    without, and the response says so in its notes.

    Args:
        call: What the user wants; `card` is the catalogue's row or None.
    """


# --- For each request: the user's words become the provider's ---------------------------------


@hookspec(firstresult=True)
def translate_params(call: Call) -> Params:
    """Return the parameters in the provider's words, with the fate of each.

    `call.translate(...)` builds it.  Called once for each part of a call.

    Args:
        call: What the user wants; `call.card` is the model's row in the catalogue or None.

    Raises:
        UnsupportedParamsError: the model does not take what was set.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def build_request(call: Call, params: Params) -> Request:
    """Return the request that buys the pictures.  It carries no key.

    Called once for each part of a call, after `translate_params`.

    Args:
        call: What the user wants.
        params: What `translate_params` returned.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def get_credentials(settings: Settings) -> Credentials | Awaitable[Credentials]:
    """Return keys and tokens.  This hook alone may block: it runs on a worker thread.

    Called before the first request; its answer is kept, by a digest of *settings*, until
    `expires_at` (Unix time; None: asked again for each call; `math.inf`: for good), fetched once for many waiting
    calls, and fetched anew once after an `AuthenticationError`; the request goes out again if others
    came.  Without this hook the secret settings themselves are the credentials.  Return
    ``Credentials({})`` where none are needed.

    Args:
        settings: All settings, the secret ones included; `await settings.token(name)` asks the
            functions among them.

    Raises:
        AuthenticationError: there are none, or they cannot be had.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def authorize(request: Request, credentials: Credentials, now: datetime) -> Request:
    """Return *request* with the credentials in it; nothing is added to it afterwards.

    Called before every sending to the provider's own origins, repeats and polls included, so
    that signatures are fresh.  Without it the key goes where `Provider.auth` says.

    Args:
        request: Its `body` holds the very bytes that go out; `json` and `form` are None.  What is
            needed besides the keys, such as a region, travels in its `state`.
        credentials: What `get_credentials` returned.
        now: The time, in UTC.
    """
    raise NotImplementedError


# --- For each answer --------------------------------------------------------------------------


@hookspec(firstresult=True)
def parse_response(call: Call, request: Request, response: Response) -> ImageResponse | Request:
    """Return the pictures, or the request that comes next: a poll, a fetch.

    Called for each answer with a status below 400.  A `Request` is best made with
    `request.follow(...)`, which marks it as buying nothing.

    Args:
        call: What the user wants.
        request: What was sent, with the `step` and `state` that the plugin put into it.
        response: The answer.

    Raises:
        ContentPolicyViolationError: the provider refused the picture.
        ImpastoError: the provider says that it failed; pass ``maybe_accepted=True`` where it may
            bill all the same.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def parse_event(
    call: Call, request: Request, event: Mapping[str, Json]
) -> Partial | ImageResponse | None:
    """Return what one server-sent event says, or None for one that says nothing.

    Called instead of `parse_response` where the answer is a "text/event-stream": where the caller
    streams (`call.stream`), for each event when it arrives.  A `Partial` is shown to the caller;
    an `ImageResponse` ends the answer, and what comes behind it is not read.  A stream that ends
    without one is an error of core's, like a connection that breaks.

    Args:
        call: What the user wants.
        request: What was sent.
        event: ``{"event": name, "data": JSON or text, "id": id or None}``; without a name it is
            "message".

    Raises:
        ImpastoError: the event says that it failed, or was refused.
    """


@hookspec(firstresult=True)
def map_error(call: Call, request: Request, response: Response) -> ImpastoError | None:
    """Return the error that an answer means, or None to leave it to its HTTP status.

    Called for each answer with a status of 400 and above; `response.message` is what the body
    says.  Core fills in what is missing: provider, model, status, headers, body, request id.
    Where the body cannot be read as expected, a `ValueError` or `LookupError` means None.

    Args:
        call: What the user wants.
        request: What was sent.
        response: The answer.
    """


@hookspec(firstresult=True)
def build_cancel(call: Call, request: Request) -> Request | None:
    """Return the request that stops the job which *request* waits for, or None if none can.

    Called when the deadline has passed, the caller has gone away, or cancels the job; what it
    returns is sent with five seconds of its own.  An answer with a status below 400 says that the
    provider stops it.

    Args:
        call: What the user wants.
        request: The pending request, as `parse_response` returned it.
    """


# --- Instead of the requests and answers ------------------------------------------------------


@hookspec(firstresult=True)
def render(
    call: Call, params: Params, report: Callable[[float | str | Partial], None]
) -> ImageResponse:
    """Return the pictures, made in this process.

    For a provider that needs no network: a renderer, a local model.  Called on a pool of
    `Provider.concurrency` threads of its own, so it may take its time.

    Args:
        call: What the user wants.
        params: What `translate_params` returned.
        report: Tell it how far the work is, 0 to 1, or show a `Partial`; it raises once the
            caller has given up, and that should be left to pass.
    """
    raise NotImplementedError


REQUIRED = ("describe", "translate_params")
"""Hooks that every plugin has."""

REQUIRED_TO_SEND: tuple[str, ...] = ("build_request", "parse_response")
"""Hooks that a plugin without `render` has as well."""


class Extras:
    """The hook of an extra: something round the whole call, for every provider."""

    @hookspec
    def wrap_generation(self) -> Any:
        """Return ``async def wrapper(call, proceed)``, which returns an `ImageResponse`.

        *proceed* is awaited with the call, or another one, to go on inwards.  Asked once, when
        the extra is activated with `impasto.use(name)` or through ``IMPASTO_EXTRAS``.

        Where the call has `fallbacks`, it is round all of them: the call is the one for the first
        model that can be asked at all, the response that of the one that drew.  What goes on with
        other parameters changes them for each model; what keeps responses by their calls looks
        first whether `response.attempts` is empty.

        Where the call is streamed (`call.stream`), its events go to the caller meanwhile; the
        response that is returned is told last, and its pictures before it if none were.

        Of a call's steering words, `call.metadata` is the caller's for extras, and `call.cache` is
        for what keeps answers: ``wrapper.takes = {"cache"}`` says that this extra acts upon it;
        without such a one, `caching=True` is refused.

        What answers the call itself, such as a cache, says that no provider was paid for it:
        ``ImageResponse(..., charged=Cost.cached("its name"))``.
        """
