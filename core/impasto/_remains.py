"""What a journal has of an order, in the words of a conversation, and the other way round."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from attrs import evolve

from impasto import _costs, _stored
from impasto._answer import ImageResponse
from impasto._call import Params
from impasto._engine import Conversation
from impasto._image import Image
from impasto._made import Made, linked, without_dropped
from impasto._parts import Part
from impasto._redact import without
from impasto._sources import digest
from impasto.errors import ImpastoError

FROM_THE_JOURNAL = "from the journal; nothing was asked"
GONE_ON = "ordered before, as the journal says; it was not ordered again"


def frame_of(conversation: Conversation) -> str:
    """Return what another process needs to go on, but for the handle, as JSON."""
    line = conversation.line
    document = _stored.framed(conversation.performance, conversation.call, [line])
    document["part_fates"] = _stored.fates_told(conversation)
    return without(json.dumps(document), line.secrets())


def begin_anew(conversation: Conversation) -> None:
    """Forget what was found out about an order that is to be placed again."""
    conversation.known = conversation.pending = None
    conversation.ordered = False


def result_of(made: str, conversation: Conversation) -> ImageResponse:
    """Return what was made in an earlier process, and written as *made*."""
    call, params = conversation.call, conversation.params
    if params is None:
        params = conversation.line.ask("translate_params", Params, call=call)
    response = _stored.response_of(call, params, json.loads(made))
    return evolve(response, notes=(*response.notes, FROM_THE_JOURNAL))


def saved_before(
    part: Part, conversation: Conversation, data: list[Image], created: int
) -> ImageResponse:
    """Return the response of *part*, of which nothing is left but the files of its pictures."""
    call, params = conversation.call, conversation.params
    if params is None:
        params = conversation.line.ask("translate_params", Params, call=call)
    made = Made(without_dropped(call, params.fates), created, part.request_id)
    return ImageResponse(
        created=created,
        data=linked(data, made),
        provider=part.provider,
        model=part.model,
        params={fate.name: fate for fate in params.fates},
        notes=(FROM_THE_JOURNAL,),
        request_id=part.request_id,
        asked=_costs.asked(call),
    )


def error_of(part: Part) -> ImpastoError:
    """Return why *part* has no pictures, as it was told then."""
    if part.error is None:
        return ImpastoError(
            "not ordered: the journal says that another model was asked for these pictures",
            provider=part.provider,
            model=part.model,
        )
    return _stored.error_again(part.provider, part.model, part.error)


def unsure(part: Part, key: str) -> ImpastoError:
    """Return the error for an order of which nobody knows whether it was taken."""
    why = "its process ended before an answer came"
    if part.error is not None:
        why = str(part.error["message"])
    return ImpastoError(
        f"the journal says that {key!r} was ordered before, and that nobody knows whether it was "
        f"taken, and its price: {why}.  again='ambiguous' orders it again; "
        f"impasto jobs forget {key} forgets it",
        provider=part.provider,
        model=part.model,
        request_id=part.request_id,
        maybe_accepted=True,
    )


def unchanged(files: Sequence[tuple[Path, str]]) -> list[Image]:
    """Return the pictures in those *files* that are there, and are what they were."""
    return [
        Image(content=path.read_bytes())
        for path, sha256 in files
        if path.is_file() and digest(path) == sha256
    ]
