"""Rule 1: each parameter that a caller sets is sent, mapped, not needed, dropped or refused."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from impasto._answer import Fate, Outcome, described
from impasto._call import COMMON, NEVER_DROPPED, Call, Params
from impasto._inputs import ImageFile
from impasto._models import Parameter
from impasto.errors import BadRequestError, UnsupportedParamsError
from impasto.rules import Always, Mapped, Rule

# What was decided of simple values, for models that nobody listed; others keep it on their card.
_UNLISTED: dict[Any, Any] = {}
_PLAIN = frozenset({str, int, bool})
_SHORT = 40  # characters; a guess: words and sizes are shorter, and prompts are longer
_REMEMBERED = 500  # a guess: more than a program uses for one model

# One call of C for fifteen attributes: this is on the way of every call.
_common_of = attrgetter(*("images" if name == "image" else name for name in COMMON))


def translate(call: Call, rules: Mapping[str, Rule]) -> Params:
    """Return *call*'s parameters in the provider's words; see `Call.translate`."""
    values: dict[str, Any] = {}
    fates: list[Fate] = []
    known = _UNLISTED if call.card is None else call.card.decided
    for name, value in _asked(call):
        fields, fate = _remembered(known, call, name, value, rules.get(name))
        if not values.keys().isdisjoint(fields):
            raise _second_claim(values, fields, name)
        values.update(fields)
        fates.append(fate)
    _refuse_missing(call)
    return Params(values, tuple(fates))


def _remembered(
    known: dict[Any, Any], call: Call, name: str, value: Any, rule: Rule | None
) -> tuple[Mapping[str, Any], Fate]:
    """Return what `_decide` does, from *known* where the same was decided for the same model."""
    kind = type(value)
    plain = kind in _PLAIN and name != "prompt" and (rule is None or type(rule) is str)
    if not plain or (kind is str and len(value) > _SHORT):
        return _decide(call, name, value, rule)
    key = (call.kind, name, rule, value, kind)  # for 1 == True
    found: tuple[Mapping[str, Any], Fate] | None = known.get(key)
    if found is not None:
        return found
    decided = _decide(call, name, value, rule)
    if decided[1].outcome != "dropped":  # which is this caller's wish
        if len(known) >= _REMEMBERED:
            known.clear()
        known[key] = decided
    return decided


def _asked(call: Call) -> list[tuple[str, Any]]:
    """Return each parameter that is set, the common ones first."""
    common = zip(COMMON, _common_of(call), strict=True)
    asked = [(name, value) for name, value in common if value is not None and value != ()]
    if call.extra:
        asked += [(name, value) for name, value in call.extra.items() if value is not None]
    return asked


def _common(call: Call, name: str) -> Any:
    return call.images if name == "image" else getattr(call, name)


def _decide(call: Call, name: str, value: Any, rule: Rule | None) -> tuple[Mapping[str, Any], Fate]:
    try:
        return _translated(call, name, value, rule)
    except UnsupportedParamsError as error:
        if call.drop_params and name not in NEVER_DROPPED:
            return {}, Fate(name, "dropped", value, note=error.message)
        raise UnsupportedParamsError(
            f"{name}={described(value)!r}: {error.message}" + _way_out(name),
            param=name,
            provider=call.provider,
            model=call.model,
        ) from None


def _way_out(name: str) -> str:
    return "" if name in NEVER_DROPPED else "; drop_params=True goes on without it"


def _translated(
    call: Call, name: str, value: Any, rule: Rule | None
) -> tuple[Mapping[str, Any], Fate]:
    if isinstance(rule, Always):  # a fact of the provider, whether the card repeats it or not
        return {}, _as_always(name, value, rule.value)
    card = _card(call, name)
    if card is not None and card.always is not None:
        return {}, _as_always(name, value, card.always)
    if name == "size":
        _refuse_unknown_size(call, value)
    if card is not None:
        _refuse_objection(card, value)
    if rule is None:
        return _without_rule(name, value, card)
    verified = card is not None or (name == "size" and _sizes(call))
    if isinstance(rule, str):
        return {rule: value}, _sent(name, value, rule, verified)
    return _mapped(name, value, rule(value))


def _card(call: Call, name: str) -> Parameter | None:
    """Return what the catalogue says about *name*, None where it says nothing at all.

    Raises:
        UnsupportedParamsError: the catalogue lists this model's parameters, but not this one.
    """
    if call.card is None or call.card.parameters is None:
        return None
    listed = call.card.parameters.get(name)
    if listed is not None and listed.kinds is None:
        return listed
    needless = name == "prompt" or (name == "size" and _sizes(call))
    if listed is None and name in COMMON and not needless:
        if name == "n":  # one picture is what every model makes; more are split by core
            return Parameter(type="integer", minimum=1, maximum=call.card.max_images)
        raise UnsupportedParamsError(f"{call.model} does not take {name}")
    if listed is not None and listed.kinds is not None and call.kind not in listed.kinds:
        raise UnsupportedParamsError(
            f"{call.model} takes {name} to {' and '.join(listed.kinds)}, not to {call.kind}"
        )
    return listed


def _as_always(name: str, value: Any, constant: Any) -> Fate:
    if value == constant:
        return Fate(name, "not needed", value, note="the provider always does that")
    if name == "response_format" and value == "b64_json":
        return Fate(name, "mapped", value, note="the provider sends URLs; impasto fetches them")
    raise UnsupportedParamsError(f"with this model it is always {constant!r}")


def _sizes(call: Call) -> bool:
    return call.card is not None and call.card.sizes is not None


def _refuse_unknown_size(call: Call, size: str) -> None:
    sizes = call.card.sizes if call.card else None
    if sizes is not None and not sizes.takes(size):
        would_do = "; ".join(sizes.examples()) or "one size only, which need not be said"
        raise UnsupportedParamsError(f"{call.model} makes {would_do}")


def _refuse_objection(card: Parameter, value: Any) -> None:
    plain = list(value) if isinstance(value, tuple) else value
    objection = None if isinstance(value, ImageFile) else card.objection(plain)
    if objection is not None:
        raise UnsupportedParamsError(objection)


def _without_rule(name: str, value: Any, card: Parameter | None) -> tuple[Mapping[str, Any], Fate]:
    if name == "n" and value == 1:
        return {}, Fate(name, "not needed", value, note="one picture is what a request makes")
    if name in COMMON:
        raise UnsupportedParamsError("this provider's plugin has no translation for it")
    return {name: value}, _sent(name, value, name, card is not None)


def _sent(name: str, value: Any, field: str, verified: bool) -> Fate:
    outcome: Outcome = "sent" if verified else "unverified"
    return Fate(name, outcome, value, {field: value})


def _mapped(
    name: str, value: Any, outcome: Mapping[str, Any] | Mapped
) -> tuple[Mapping[str, Any], Fate]:
    mapped = outcome if isinstance(outcome, Mapped) else Mapped(outcome)
    fields = {key: one for key, one in mapped.values.items() if one is not None}
    return fields, Fate(name, "mapped", value, fields, mapped.note)


def _second_claim(
    values: Mapping[str, Any], fields: Mapping[str, Any], name: str
) -> BadRequestError:
    taken = ", ".join(sorted(values.keys() & fields.keys()))
    return BadRequestError(
        f"{name} becomes {taken}, which another parameter set already; give one of the two",
        param=name,
    )


def _refuse_missing(call: Call) -> None:
    if call.card is None:
        return
    for name, parameter in call.card.required.items():
        if call.kind not in (parameter.kinds or (call.kind,)):
            continue
        given = _common(call, name) if name in COMMON else call.extra.get(name)
        if given in (None, (), ""):
            raise BadRequestError(
                f"{call.model} needs {name}",
                param=name,
                provider=call.provider,
                model=call.model,
            )
