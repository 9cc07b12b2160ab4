"""What has to be learned before a call can be translated: a model's schema, a routing table."""

from __future__ import annotations

import asyncio
from typing import Any

from attrs import evolve

from impasto._call import Call
from impasto._engine import Conversation
from impasto._http import Request
from impasto._models import Model
from impasto._redact import without
from impasto.errors import APIResponseValidationError, ImpastoError

_UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)
_FACTS = ("parameters", "sizes", "max_images", "prices", "lifecycle", "facts", "note")

LEARN_SECONDS = 20.0  # a guess: a schema comes in one, and a call can do without it


async def informed(conversation: Conversation) -> tuple[Call, tuple[str, ...]]:
    """Return the call with what its plugin wants to know, and what could not be learned.

    Nothing that goes wrong here stops a call: it then goes on unverified, and says so.
    """
    request: Request | None = None
    if "learn" in conversation.line.loaded.own:
        request = conversation.line.ask_if_any("learn", Request, call=conversation.call)
    if request is None:
        return _with_card(conversation, conversation.call), ()
    key = f"{request.method} {request.url} {request.json!r}"
    try:
        learned = await _learned(conversation, key, request)
        return _with_card(conversation, evolve(conversation.call, learned=learned)), ()
    except (ImpastoError, *_UNREADABLE, TimeoutError) as why:
        conversation.line.loaded.memory.learned.forget(key)
        reason = without(str(why), conversation.line.secrets()) or "no answer in time"
        where = request.url.partition("?")[0]
        note = f"{where} could not be read, so nothing was checked against it: {reason}"
        return _with_card(conversation, conversation.call), (note,)


def as_far_as_known(conversation: Conversation) -> tuple[Call, tuple[str, ...]]:
    """Return the call as `informed` does, but without asking anybody, and what would be asked."""
    request: Request | None = None
    if "learn" in conversation.line.loaded.own:
        request = conversation.line.ask_if_any("learn", Request, call=conversation.call)
    notes = () if request is None else (f"{request.url} would be asked first, for free",)
    return _with_card(conversation, conversation.call), notes


async def _learned(conversation: Conversation, key: str, request: Request) -> Any:
    memory = conversation.line.loaded.memory.learned
    kept = memory.kept(key)
    if kept is not None:
        return kept
    async with asyncio.timeout(max(0.0, min(LEARN_SECONDS, conversation.remaining()))):
        return await memory.fetch(key, lambda: _fetched(conversation, key, request))


async def _fetched(conversation: Conversation, key: str, request: Request) -> Any:
    response = await conversation.free_answer(request)
    answer = response.json()
    if answer is None:
        raise APIResponseValidationError("the answer is null")
    # Before whoever waits goes on: who came in between would ask again.
    conversation.line.loaded.memory.learned.keep(key, answer)
    return answer


def _with_card(conversation: Conversation, call: Call) -> Call:
    """Return *call* with the card that the plugin makes of what it knows by now.

    Raises:
        LookupError, TypeError, ValueError, AttributeError: it cannot read `call.learned`.
        PluginError: there was nothing to read, and it failed all the same.
    """
    line = conversation.line
    if "read_card" not in line.loaded.own:
        return call
    if call.learned is None:
        card = line.ask_if_any("read_card", Model, call=call)
    else:
        card = line.loaded.hook.read_card(call=call)
    return call if card is None else evolve(call, card=_with_facts_of(call.card, card))


def _with_facts_of(row: Model | None, card: Model) -> Model:
    """Return *card* with what only the catalogue knows: prices, dates, whatever it leaves open."""
    if row is None:
        return card
    open_ones = [name for name in _FACTS if not getattr(card, name)]
    return evolve(card, **{name: getattr(row, name) for name in open_ones})
