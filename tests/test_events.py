"""Server-sent events, read as the HTML standard says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto._events import events


def told(body: str) -> list[tuple[str, Any, str | None]]:
    return [(event["event"], event["data"], event["id"]) for event in events(body.encode())]


class TestExamples:
    """The examples of the standard's own text, and what providers send."""

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ("data: YHOO\ndata: +2\ndata: 10\n\n", [("message", "YHOO\n+2\n10", None)]),
            (
                ": test\n\ndata: first event\nid: 1\n\ndata:second\nid\n\ndata:  third\n\n",
                [
                    ("message", "first event", "1"),
                    ("message", "second", ""),
                    ("message", " third", ""),
                ],
            ),
            ("data\n\ndata\ndata\n\ndata:", [("message", "", None), ("message", "\n", None)]),
            ("data:test\n\ndata: test\n\n", [("message", "test", None)] * 2),
            ("event: add\ndata: 73857293\n\n", [("add", 73857293, None)]),
            ("event: nothing\n\ndata: x\n\n", [("message", "x", None)]),
            ("event: a\nevent: b\ndata: x\n\n", [("b", "x", None)]),
            ("id: 7\ndata: x\n\ndata: y\n\n", [("message", "x", "7"), ("message", "y", "7")]),
            ("id: 7\0\ndata: x\n\n", [("message", "x", None)]),
            ("retry: 10\nother: x\n:\nDATA: x\n data: x\ndata: y\n\n", [("message", "y", None)]),
            ("\ufeffdata: x\n\n", [("message", "x", None)]),
            ("data: a:b\n\n", [("message", "a:b", None)]),
            ('data: {"a":\ndata: 1}\n\n', [("message", {"a": 1}, None)]),
            ("data: [DONE]\n\n", [("message", "[DONE]", None)]),
            ("data: a\u2028b\x85c\n\n", [("message", "a\u2028b\x85c", None)]),
            ("data: cut off\n", []),
            ("data: cut off", []),
            ("", []),
        ],
        ids=[
            *("three lines", "a stream with comments", "empty data", "with and without a blank"),
            *("a name", "a name alone", "the last name", "an id that stays", "an id with a zero"),
            *("other fields", "a byte order mark", "a colon", "JSON on two lines", "no JSON"),
            *("other line ends", "cut off", "cut off earlier", "nothing"),
        ],
    )
    def test_as_the_standard_says(self, body: str, expected: list[tuple[str, Any, str | None]]):
        """
        Every event that ends in an empty line, with its name, its data and the last id.
        """
        assert expected == told(body)

    @pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
    def test_line_ends(self, end: str):
        """
        There are three of them, and they mean the same.
        """
        lines = ["event: a", "data: 1", "data: 2", "", "data: x", "", ""]

        assert [("a", "1\n2", None), ("message", "x", None)] == told(end.join(lines))

    def test_mixed_line_ends(self):
        """
        Even within one event.
        """
        assert [("a", "1\n2", None)] == told("event: a\rdata: 1\r\ndata: 2\n\r\n")


def test_what_is_nested_too_deeply():
    """
    It stays text: nobody's memory is for that.
    """
    assert [("message", "[" * 100_000, None)] == told(f"data: {'[' * 100_000}\n\n")


def _as_written_in_the_standard(body: str) -> Iterator[tuple[str, str, str]]:
    """Interpret *body* character by character, as the algorithm in the standard does."""
    name, data, last_id, line = "", "", "", ""
    text = body.removeprefix("\ufeff")
    at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character not in "\r\n":
            line += character
            continue
        if character == "\r" and text[at : at + 1] == "\n":
            at += 1
        if line == "":
            if data:
                yield name or "message", data.removesuffix("\n"), last_id
            name, data = "", ""
        elif not line.startswith(":"):
            field, colon, value = line.partition(":")
            value = value[1:] if colon and value.startswith(" ") else value
            if field == "event":
                name = value
            elif field == "data":
                data += value + "\n"
            elif field == "id" and "\0" not in value:
                last_id = value
        line = ""


PIECES = st.sampled_from(
    ["data", "event", "id", "retry", ":", " ", "\n", "\r", "\r\n", "a", "{", "\0", "\ufeff"]
)


class TestAnything:
    """What nobody thought of."""

    @given(st.lists(PIECES, max_size=60).map("".join))
    def test_like_the_standards_algorithm(self, body: str):
        """
        The reader agrees with one that is written word for word after the standard.
        """
        ours = [(name, data, last_id or "") for name, data, last_id in told(body)]
        theirs = [
            (name, _read(data), last_id)
            for name, data, last_id in _as_written_in_the_standard(body)
        ]

        assert theirs == ours

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["message", "a.b_c", "error"]),
                st.recursive(
                    st.none() | st.booleans() | st.integers() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
                    max_leaves=5,
                ),
            ),
            max_size=5,
        ),
        st.sampled_from(["\n", "\r", "\r\n"]),
        st.sampled_from(["", " "]),
        st.booleans(),
    )
    def test_what_is_written_is_read(
        self, said: list[tuple[str, Any]], end: str, blank: str, comments: bool
    ):
        """
        Any JSON, over one line or many, in every form that a server may choose.
        """
        body = ""
        for name, data in said:
            lines = json.dumps(data, indent=1).split("\n")
            comment = f": ping{end}" if comments else ""
            body += f"{comment}event:{blank}{name}{end}"
            body += "".join(f"data: {line}{end}{comment}" for line in lines) + end

        assert [(name, data, None) for name, data in said] == told(body)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
