"""Files of prompts: what stands in each line, and what is wrong with it."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, TypeAlias

from impasto.types import COMMON
from impasto_cli._exits import Failure
from impasto_cli._options import value_of

Form: TypeAlias = Literal["jsonl", "txt", "csv"]

_FORMS: Mapping[str, Form] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".txt": "txt",
    ".csv": "csv",
}
_NUMBERS = frozenset({"n", "seed", "output_compression"})


@dataclass(frozen=True)
class Line:
    """One prompt of a file.

    Attributes:
        number: Of the line, from 1.
        prompt: A text, or arguments; None where *wrong* says why there is none.
        wrong: What is wrong with the line.
    """

    number: int
    prompt: str | dict[str, Any] | None = None
    wrong: str | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of the call."""
        return {"prompt": self.prompt} if isinstance(self.prompt, str) else dict(self.prompt or {})


class Listing:
    """The prompts of a file, gone through as often as one likes, a line at a time."""

    def __init__(self, name: str) -> None:
        """Prepare to read the file *name*, or standard input where it is "-".

        Raises:
            Failure: its name does not say what it holds.
        """
        self.name = name
        self._standard_input = sys.stdin.buffer.read() if name == "-" else None
        self._form = self._guessed() if name == "-" else _form_of(name)

    def lines(self) -> Iterator[Line]:
        """Yield each line that is not blank.

        Raises:
            Failure: the file cannot be read.
        """
        try:
            with io.TextIOWrapper(self._opened(), "utf-8-sig", newline="") as file:
                yield from _READERS[self._form](file)
        except OSError as error:
            raise Failure(f"{self.name} cannot be read: {error.strerror or error}", 2) from error
        except UnicodeDecodeError as error:
            raise Failure(f"{self.name} is not UTF-8: {error.reason}", 2) from None
        except csv.Error as error:
            raise Failure(f"{self.name} is no CSV: {error}", 2) from None

    def _opened(self) -> BinaryIO:
        given = self._standard_input
        return Path(self.name).open("rb") if given is None else io.BytesIO(given)

    def _guessed(self) -> Form:
        """Return what standard input holds: JSON lines, where the first line is one; else texts."""
        first = (self._standard_input or b"").lstrip(b"\xef\xbb\xbf\r\n\t ").partition(b"\n")[0]
        return "jsonl" if first.startswith((b"{", b'"')) and _is_json(first) else "txt"


def _form_of(name: str) -> Form:
    form = _FORMS.get(Path(name).suffix.lower())
    if form is None:
        raise Failure(
            f"what is in '{name}'?  A file of prompts ends in .jsonl, .txt or .csv; - reads "
            "standard input",
            2,
        )
    return form


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _texts(file: IO[str]) -> Iterator[Line]:
    for number, line in enumerate(file, 1):
        if line.strip():
            yield Line(number, line.strip())


def _json_lines(file: IO[str]) -> Iterator[Line]:
    for number, line in enumerate(file, 1):
        if line.strip():
            yield _json_line(number, line)


def _json_line(number: int, text: str) -> Line:
    try:
        prompt = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Line(number, wrong=f"no JSON: {error}")
    if isinstance(prompt, (str, dict)):
        return Line(number, prompt)
    return Line(number, wrong='it takes a text, or an object such as {"prompt": "a fox", "n": 2}')


def _rows(file: IO[str]) -> Iterator[Line]:
    reader = csv.DictReader(file, strict=True)
    names = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = names
    if "prompt" not in names and "image" not in names:
        raise Failure("the first line of a .csv names its columns, and one of them is 'prompt'", 2)
    for row in reader:
        if None in row:
            yield Line(reader.line_num, wrong="more columns than the first line names")
        else:
            yield Line(
                reader.line_num, {name: _cell(name, row[name]) for name in names if row[name]}
            )


def _cell(name: str, text: str) -> Any:
    return text if name in COMMON and name not in _NUMBERS else value_of(name, text)


_READERS = {"txt": _texts, "jsonl": _json_lines, "csv": _rows}
