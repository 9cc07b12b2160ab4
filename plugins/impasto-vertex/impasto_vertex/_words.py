"""Rules for words that mean the same to Imagen and to Gemini, wherever each of them puts it."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from impasto.errors import UnsupportedParamsError
from impasto.rules import Mapped, Rule, always, choose, refuse
from impasto.types import COMMON, Call, Json
from impasto_vertex._paths import by_path

# google-genai 3.4.0, types.py: `output_gcs_uri`; the others are its names on the wire
_TO_STORAGE = ("output_gcs_uri", "storageUri", "outputUriPrefix")


@frozen
class Places:
    """Where words go.

    Attributes:
        fields: Paths of fields, by the words for them.
        objects: Paths of the objects that hold those, by their names.
    """

    fields: Mapping[str, str]
    objects: Mapping[str, str]

    @classmethod
    def of(cls, places: Mapping[str, str]) -> Places:
        """Return what *places*, words and paths, says; a name on the wire is a word as well."""
        named = {path.rpartition(".")[2]: path for path in places.values()}
        return cls({**named, **places}, _objects(places))


def rules(call: Call, places: Places) -> dict[str, Rule]:
    """Return the rules for those words in *call* that *places* knows.

    An object is taken apart so that nothing in it is lost beside other words.  What some model of
    the family takes, but not this one, is refused.
    """
    known, objects = places.fields, places.objects
    words = {*COMMON, *call.extra}
    misfit = refuse("this model does not take it")
    return {
        **{word: parts_of(objects[word]) for word in words & objects.keys()},
        **{
            word: known[word] if _is_taken(call, word, known) else misfit
            for word in words & known.keys()
        },
    }


def _is_taken(call: Call, word: str, known: Mapping[str, str]) -> bool:
    """Return whether the model takes *word*, by this name or another one."""
    listed = call.card.parameters if call.card is not None else None
    return listed is None or word in listed or known[word] in map(known.get, listed)


def _objects(places: Mapping[str, str]) -> dict[str, str]:
    """Return the paths of the objects that hold the fields of *places*, by their names."""
    found: dict[str, str] = {}
    for path in places.values():
        outer = path.rpartition(".")[0]
        while outer:
            found[outer.rpartition(".")[2]] = outer
            outer = outer.rpartition(".")[0]
    return found


def parts_of(path: str) -> Rule:
    """Return the rule that sends what is in an object by the paths of its fields below *path*."""

    def parts(given: Json) -> dict[str, Json]:
        if not isinstance(given, Mapping):
            raise UnsupportedParamsError(f"takes an object, not {type(given).__name__}")
        return by_path(path, given)

    return parts


def output_format(path: str) -> Rule:
    """Return the rule that sends "png" or "jpeg" as a MIME type at *path*."""
    return choose(path, {"png": "image/png", "jpeg": "image/jpeg"})


def response_format(call: Call) -> Rule:
    """Return the rule for *response_format*: base64, or addresses where the call says where to."""
    return _address if any(map(call.extra.get, _TO_STORAGE)) else always("b64_json")


def _address(given: str) -> Mapped:
    if given != "url":
        raise UnsupportedParamsError("with output_gcs_uri the answer has addresses: take 'url'")
    return Mapped(
        note="gs:// addresses, as output_gcs_uri asks; your own storage client reads them"
    )
