"""Rules for `Call.translate`: what one parameter becomes in a provider's words.

A rule is the provider's name for the parameter, or a function from the value to the provider's
fields, or one of those that the functions here return.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import field, frozen

from impasto._sizes import pixels
from impasto.errors import UnsupportedParamsError

if TYPE_CHECKING:
    from impasto._call import Call
    from impasto._inputs import ImageFile


@frozen
class Always:
    """The rule that `always()` returns."""

    value: Any


@frozen
class Mapped:
    """Fields that a function returns when there is something to say about them as well.

    Attributes:
        values: The provider's fields.
        note: What the caller should know, such as the pixels that a size really gives.
    """

    values: Mapping[str, Any] = field(factory=dict)
    note: str = ""


Rule: TypeAlias = "str | Always | Callable[[Any], Mapping[str, Any] | Mapped]"


def always(value: Any) -> Always:
    """Return the rule for what a provider does in any case.

    Asking for *value* is fine and nothing is sent; asking for something else is refused.
    """
    return Always(value)


def choose(name: str, table: Mapping[Any, Any]) -> Callable[[Any], Mapping[str, Any]]:
    """Return the rule that sends the value's entry in *table* as the field *name*.

    Raises:
        UnsupportedParamsError: when the rule meets a value that the table does not have.
    """

    def chosen(value: Any) -> Mapping[str, Any]:
        for ours, theirs in table.items():
            if ours == value:  # a list among the caller's words cannot be looked up
                return {name: theirs}
        allowed = ", ".join(repr(one) for one in table)
        raise UnsupportedParamsError(f"{value!r} has no translation; {allowed} have")

    return chosen


def refuse(why: str) -> Callable[[Any], Mapping[str, Any]]:
    """Return the rule that refuses every value; *why* says what would do instead."""

    def refused(_: Any) -> Mapping[str, Any]:
        raise UnsupportedParamsError(why)

    return refused


def width_and_height(size: str) -> dict[str, int]:
    """Return ``{"width": w, "height": h}``, in pixels, for a size like "1024x512".

    Raises:
        UnsupportedParamsError: *size* is anything else, "auto" and "16:9" included;
            guessing would buy the user a picture nobody asked for.
    """
    edges = pixels(size)
    if edges is None:
        raise UnsupportedParamsError(f'{size!r} is not "WxH" in pixels')
    return {"width": edges[0], "height": edges[1]}


def one_picture(name: str, form: Callable[[ImageFile], Any]) -> Callable[[Any], dict[str, Any]]:
    """Return the rule that sends the only picture as the field *name*; more than one is refused.

    *form* makes the value of it: ``lambda file: file.data_url``, or the file itself for a form.
    """

    def only(images: Any) -> dict[str, Any]:
        if len(images) != 1:
            raise UnsupportedParamsError(f"takes one picture, not {len(images)}")
        return {name: form(images[0])}

    return only


def as_ratio(call: Call, name: str, tier: str | None = None) -> Callable[[str], Mapped]:
    """Return the rule that sends a size as the card's ratio *name* and, if given, *tier*.

    For models that take "16:9" and "2K" instead of pixels.  The fate tells the true pixels.
    """

    def ratio(size: str) -> Mapped:
        found = call.card.sizes.find(size) if call.card and call.card.sizes else None
        if found is None:
            raise UnsupportedParamsError(f"{size!r} is none of the ratios that this model makes")
        fields = {name: found.ratio}
        if tier is not None and found.tier is not None:
            fields[tier] = found.tier
        return Mapped(fields, _true_pixels(found.pixels, size))

    return ratio


def _true_pixels(true: str | None, asked: str) -> str:
    if true is None:
        return "the provider does not say how many pixels that has"
    return "" if true == asked else f"the picture has {true}"
