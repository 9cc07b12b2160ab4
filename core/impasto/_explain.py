"""What a call would do, without doing it: the fate of each parameter, and the requests."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from impasto._answer import Fate, described
from impasto._arguments import Asked
from impasto._call import Call, Params
from impasto._dispatch import Dispatch
from impasto._engine import Conversation
from impasto._estimates import Estimate, Unpriced, estimated, total
from impasto._explanation import Explanation, Planned
from impasto._freeze import freeze
from impasto._http import Request
from impasto._inputs import ImageFile
from impasto._kinds import refuse_if_not_done
from impasto._learning import as_far_as_known
from impasto._line import NAMES_OF_SECRETS
from impasto._notices import Origin
from impasto._plugin import Loaded
from impasto._provider import Provider
from impasto._redact import HIDDEN, without
from impasto._settings import resolve
from impasto._split import split

_LONG = 2_000  # characters of a body in a line of curl; a guess: pictures are longer, prompts not


async def explained(dispatch: Dispatch, asked: Asked, where: Origin) -> Explanation:
    """Return what *asked* would do.  Pictures that are URLs are fetched; nothing else is sent.

    Raises:
        ImpastoError: what the call itself would raise before it sends anything.
    """
    plugin, model = dispatch.route(asked)
    loaded = await asyncio.to_thread(plugin.loaded)
    settings = resolve(loaded.provider, asked.words, needed=False)
    now = dispatch.wires.monotonic()
    performance = dispatch.performance(plugin, loaded, asked, where, now, settings)
    call = await performance.call(model)
    call, notes = as_far_as_known(performance.conversation(call))
    refuse_if_not_done(call, loaded.catalogue)
    parts = split(call)
    plans = [await _plan(performance.conversation(part)) for part in parts]
    body = asked.additions.body
    quote = total(
        [estimated(*both, body) for both in zip(parts, (one for _, one in plans), strict=True)]
    )
    fates = {fate.name: fate for fate in plans[0][1].fates}
    return Explanation(
        provider=call.provider,
        model=call.model,
        listed=call.card is not None,
        params={**fates, **_count(call, fates, len(plans)), **performance.told_besides()},
        requests=tuple(planned for planned, _ in plans if planned is not None),
        notes=(*notes, *_remarks(asked, loaded, settings.all)),
        estimate=quote if isinstance(quote, Estimate) else None,
        unpriced=quote.reason if isinstance(quote, Unpriced) else "",
    )


def _count(call: Call, fates: Mapping[str, Fate], parts: int) -> dict[str, Fate]:
    if parts == 1 or "n" not in fates:
        return {}
    return {"n": Fate("n", "mapped", call.n, {}, f"split into {parts} requests")}


def _remarks(asked: Asked, loaded: Loaded, settings: Mapping[str, Any]) -> Iterator[str]:
    if asked.fallbacks:
        yield "this is what the first model would be asked, and cost; its fallbacks are not explained"
    if asked.mock_response is not None:
        yield "mock_response stands in for it: nothing is sent, and it costs nothing"
    if asked.booking is not None and asked.booking.named:
        yield "what its journal has already is not asked for again, and costs nothing"
    if "authorize" in loaded.own:
        yield "a key, a token or a signature is added when it is sent"
    for name, setting in loaded.provider.settings.items():
        if setting.required and not settings.get(name):
            where = " or ".join(setting.env)
            yield f"{name} is missing" + (f": pass it or set {where}" if where else "")


async def _plan(conversation: Conversation) -> tuple[Planned | None, Params]:
    line = conversation.line
    if "render" in line.loaded.own:
        return None, line.ask("translate_params", Params, call=conversation.call)
    params, request = await asyncio.to_thread(conversation.order_form)
    line.begin(request)
    frozen = await freeze(request, line.additions, home=True)
    secrets = line.secrets()
    headers = {
        name: HIDDEN if NAMES_OF_SECRETS.search(name) else without(value, secrets)
        for name, value in frozen.headers.items()
    }
    headers |= _key(line.loaded.provider, HIDDEN)
    planned = Planned(
        method=frozen.method,
        url=without(frozen.url, secrets),
        headers=headers,
        body=_body(request, frozen),
        curl=without(_curl(line.loaded.provider, request, frozen, headers), secrets),
    )
    return planned, params


def _key(provider: Provider, key: str) -> dict[str, str]:
    """Return the header that the key goes into, where the plugin does not make one of its own."""
    auth = provider.auth
    if auth is None or auth.header is None:
        return {}
    return {auth.header: f"{auth.scheme} {key}".strip()}


def _body(request: Request, frozen: Request) -> Any:
    if request.form is not None:
        return [[name, described(value)] for name, value in request.form]
    try:
        return described(json.loads(frozen.body or b"null"))
    except ValueError:
        return described(frozen.body)


def _curl(provider: Provider, request: Request, frozen: Request, headers: Mapping[str, str]) -> str:
    words = ["curl", "-X", frozen.method, shlex.quote(frozen.url)]
    keyed = _key(provider, f"${_variable(provider)}")
    for name, value in headers.items():
        if name.lower() == "content-type" and request.form is not None:
            continue  # curl makes a boundary of its own
        # In double quotes, so that the shell puts the variable's value there.
        known = f'"{name}: {keyed[name]}"' if name in keyed else shlex.quote(f"{name}: {value}")
        words += ["-H", known]
    for name, part in request.form or ():
        if isinstance(part, ImageFile):
            words += ["-F", shlex.quote(f"{name}=@{part.name}")]
        else:  # -F would take a prompt that begins with "@" for the name of a file to send
            words += ["--form-string", shlex.quote(f"{name}={part}")]
    if request.form is None and frozen.body:
        text = frozen.body.decode("utf-8", "replace")
        short = text if len(text) <= _LONG else json.dumps(_body(request, frozen))
        words += ["-d", shlex.quote(short)]
    return " ".join(words)


def _variable(provider: Provider) -> str:
    auth = provider.auth
    setting = provider.settings.get(auth.setting) if auth is not None else None
    return setting.env[0] if setting is not None and setting.env else "API_KEY"
