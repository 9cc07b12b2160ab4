"""From the words of a prompt to a plain description of what to paint."""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from attrs import frozen

from impasto_sketch import _vocabulary
from impasto_sketch._colours import Colour, from_hex

# Cap the work: 400 words describe more than fits into a picture.
_MOST_LETTERS = 4000
_MOST_WORDS = 400
_MOST_MOTIFS = 6


@frozen(kw_only=True)
class Subject:
    """A thing to be painted: its name, how many, and its colour if the prompt gave one."""

    name: str
    count: int = 1
    colour: Colour | None = None


@frozen(kw_only=True)
class Scene:
    """What a prompt asks for; an empty string where it does not say."""

    time: str = ""
    weathers: frozenset[str] = frozenset()
    season: str = ""
    mood: str = ""
    place: str = ""
    features: frozenset[str] = frozenset()
    tint: Colour | None = None
    ground_tint: Colour | None = None
    subjects: tuple[Subject, ...] = ()

    @property
    def abstract(self) -> bool:
        """Tell whether the prompt names nothing that could be seen."""
        return not (self.time or self.weathers or self.season or self.place or self.subjects)


@frozen(kw_only=True)
class _Term:
    kind: str
    name: str


def normalised(prompt: str) -> str:
    """Return *prompt* composed (NFC), in folded case, cut to what is read of it."""
    return unicodedata.normalize("NFC", prompt[:_MOST_LETTERS]).casefold()


def read(prompt: str) -> Scene:
    """Return the scene that the words of *prompt* describe."""
    terms = [term for word in _words(prompt) if (term := _look_up(word))]
    names = {kind: _names(terms, kind) for kind in _KINDS}
    subjects, place_colour, free = _subjects(terms)
    places = names["place"] or _homes(subjects)
    return Scene(
        time=_first(names["time"]),
        weathers=frozenset(names["weather"]),
        season=_first(names["season"]),
        mood=_first(names["mood"]),
        place=_ground(places),
        features=frozenset(places),
        tint=free,
        ground_tint=place_colour,
        subjects=subjects,
    )


def _words(prompt: str) -> Iterator[str]:
    """Yield the words of *prompt* without accents, two joined by a hyphen first."""
    plain = unicodedata.normalize("NFD", normalised(prompt))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = _WORD.findall(letters.replace("-", " "))[:_MOST_WORDS]
    position = 0
    while position < len(words):
        for count in (3, 2, 1):
            joined = "-".join(words[position : position + count])
            if count == 1 or _look_up(joined):
                yield joined
                position += count
                break


def _look_up(word: str) -> _Term | None:
    for ending, instead in _ENDINGS:
        stem = word.removesuffix(ending) + instead if ending else word
        if word.endswith(ending) and (len(stem) >= 3 or not ending):
            term = _TERMS.get(stem)
            if term and (stem == word or term.kind in ("motif", "place", "weather", "colour")):
                return _Term(kind=term.kind, name=term.name) if stem == word else _several(term)
    return None


def _several(term: _Term) -> _Term:
    return _Term(kind="motifs" if term.kind == "motif" else term.kind, name=term.name)


def _subjects(
    terms: list[_Term],
) -> tuple[tuple[Subject, ...], Colour | None, Colour | None]:
    """Return the subjects, the colour bound to the place, and the colour bound to nothing.

    A colour belongs to the next noun, or to the one before it when none follows ("mer rouge").
    """
    found: dict[str, Subject] = {}
    place_colour: Colour | None = None
    colour: Colour | None = None
    count = 0
    last = ""
    for term in terms:
        if term.kind == "colour":
            colour = from_hex(term.name)
        elif term.kind == "number":
            count = int(term.name)
        elif term.kind in ("motif", "motifs"):
            number = count or (3 if term.kind == "motifs" else 1)
            found.setdefault(term.name, Subject(name=term.name, count=number, colour=colour))
            colour, count, last = None, 0, term.name
        elif term.kind == "place":
            place_colour = colour or place_colour
            colour, count, last = None, 0, ""
    if colour and last and found[last].colour is None:
        named = found[last]
        found[last] = Subject(name=last, count=named.count, colour=colour)
        colour = None
    return tuple(found.values())[:_MOST_MOTIFS], place_colour, colour


def _names(terms: list[_Term], kind: str) -> list[str]:
    return [term.name for term in terms if term.kind == kind]


def _homes(subjects: tuple[Subject, ...]) -> list[str]:
    return [_HOMES[subject.name] for subject in subjects[:1]]


def _ground(places: list[str]) -> str:
    """Return the place that the picture is set in: the first, but a detail is never a setting."""
    settings = [place for place in _SETTINGS if place in places]
    return settings[0] if settings else _first(places)


def _first(names: list[str]) -> str:
    return names[0] if names else ""


def _read_table(kind: str, table: str) -> dict[str, _Term]:
    terms: dict[str, _Term] = {}
    for line in table.split("\n"):
        words = line.split()
        for word in words:
            terms.setdefault(_plain(word), _Term(kind=kind, name=words[0]))
    return terms


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _homes_of(table: str) -> Mapping[str, str]:
    lines = [line.split() for line in table.strip().split("\n")]
    return {motif: line[0] for line in lines for motif in line[1:]}


# Chinese and Japanese write no spaces; there, each character is looked up.
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")
_ENDINGS = (("", ""), ("s", ""), ("ies", "y"), ("es", ""), ("n", ""), ("en", ""), ("e", ""))
_KINDS = ("time", "weather", "season", "mood", "place")
# A setting that decides the composition wins over one that is only part of it.
_SETTINGS = ("space", "underwater", "interior", "city", "cliff", "island", "beach", "lake", "river")
_HOMES = _homes_of(_vocabulary.HOMES)
_TERMS = {
    **_read_table("mood", _vocabulary.MOODS),
    **_read_table("number", _vocabulary.NUMBERS),
    **_read_table("colour", _vocabulary.COLOURS),
    **_read_table("weather", _vocabulary.WEATHERS),
    **_read_table("motif", _vocabulary.MOTIFS),
    **_read_table("place", _vocabulary.PLACES),
    **_read_table("season", _vocabulary.SEASONS),
    **_read_table("time", _vocabulary.TIMES),
}
