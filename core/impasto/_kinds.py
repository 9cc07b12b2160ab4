"""Whether a model does the kind of work that is asked for, and which one does."""

from __future__ import annotations

from impasto._call import Call
from impasto._models import Catalogue
from impasto.errors import UnsupportedParamsError

_NAMED = 3  # of the models that do it; a guess: who wants all asks `impasto models`
_INSTEAD = {
    "generate": "it works on pictures: image_edit() takes one, as image",
    "edit": "it takes no picture to work on",
    "vary": "it makes no variations; image_edit() with a prompt does nearly the same",
}


def refuse_if_not_done(call: Call, catalogue: Catalogue) -> None:
    """Refuse a call of a kind that the model's card does not list.

    Raises:
        UnsupportedParamsError: with what does it instead; nothing was sent.
    """
    if call.card is None or call.kind in call.card.kinds:
        return
    able = [
        model.name
        for model in catalogue.models
        if call.kind in model.kinds and (model.lifecycle is None or model.lifecycle.retires is None)
    ]
    none = f"; none of {call.provider}'s present models does, so ask another provider"
    these = f"; these do: {', '.join(able[:_NAMED])}" if able else none
    raise UnsupportedParamsError(f"{_INSTEAD[call.kind]}{these}", param="image")
