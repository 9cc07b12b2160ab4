"""A plugin's request becomes the very bytes that go out, with what the caller adds."""

from __future__ import annotations

import asyncio
import email
import json
from typing import Any
from urllib.parse import unquote

import aiohttp
import pytest
from aiohttp.base_protocol import BaseProtocol
from hypothesis import given
from hypothesis import strategies as st

from impasto._freeze import NOTHING, Additions, checked_headers, freeze
from impasto.errors import BadRequestError, UnsupportedParamsError
from impasto.testing import PNG
from impasto.types import ImageFile, Request

URL = "https://api.acme.test/pictures"


def frozen(request: Request, *, home: bool = True, **additions: Any) -> Request:
    """Return *request* as it goes out."""
    return asyncio.run(freeze(request, Additions(**additions) if additions else NOTHING, home=home))


def picture(name: str = "fox.png") -> ImageFile:
    return ImageFile(data=PNG, mime="image/png", name=name)


class TestJson:
    """A JSON body, and what `extra_body` does to it."""

    def test_it_is_written_once(self):
        """
        The body is bytes, its type is said, and neither form nor JSON is left.
        """
        request = frozen(Request(url=URL, json={"prompt": "Füchse", "n": 1, "hd": True}))

        assert b'{"prompt":"F\\u00fcchse","n":1,"hd":true}' == request.body
        assert {"Content-Type": "application/json"} == request.headers
        assert (None, None) == (request.json, request.form)

    def test_what_else_the_request_says_stays(self):
        """
        Step, state and price tag are the plugin's, and come back to it with the answer.
        """
        before = Request(url=URL, json={}, step="submit", state={"try": 1}, after=2.0)
        after = frozen(before, body={"a": 1})

        assert ("submit", {"try": 1}, 2.0, True) == (
            after.step,
            after.state,
            after.after,
            after.buys,
        )

    def test_the_plugins_own_content_type_stays(self):
        """
        Some providers want their own name for JSON.
        """
        request = Request(url=URL, json={}, headers={"content-type": "application/vnd.acme+json"})

        assert {"content-type": "application/vnd.acme+json"} == frozen(request).headers

    def test_extra_body_is_merged(self):
        """
        What the caller adds wins, objects are merged field by field, lists are replaced.
        """
        request = Request(url=URL, json={"a": {"x": 1, "y": 2}, "b": [1, 2], "c": {"d": 1}, "e": 1})
        body = {"a": {"y": 3, "z": 4}, "b": [3], "c": 5, "f": None}

        assert {
            "a": {"x": 1, "y": 3, "z": 4},
            "b": [3],
            "c": 5,
            "e": 1,
            "f": None,
        } == json.loads(frozen(request, body=body).body)

    def test_extra_body_makes_a_body(self):
        """
        An order without a body gets one.
        """
        assert b'{"a":1}' == frozen(Request(url=URL), body={"a": 1}).body

    def test_nothing_given_is_changed(self):
        """
        The caller's dicts are the caller's, and may be shared by calls.
        """
        json_, extra = {"a": {"x": 1}}, {"a": {"y": 2}}
        frozen(Request(url=URL, json=json_), body=extra)

        assert ({"a": {"x": 1}}, {"a": {"y": 2}}) == (json_, extra)

    @pytest.mark.parametrize(
        "value",
        [object(), b"bytes", {1, 2}, float("nan"), float("inf")],
        ids=["object", "bytes", "set", "nan", "infinite"],
    )
    def test_what_json_cannot_hold(self, value: Any):
        """
        It is the caller's mistake, and said so before anything is sent.
        """
        with pytest.raises(BadRequestError, match="cannot be written"):
            frozen(Request(url=URL, json={"strength": value}))

    def test_a_body_that_bites_its_tail(self):
        """
        A dict within itself is refused as well.
        """
        circle: dict[str, Any] = {}
        circle["circle"] = circle
        with pytest.raises(BadRequestError, match="cannot be written"):
            frozen(Request(url=URL, json=circle))


class TestBytes:
    """A body that the plugin has written itself."""

    def test_they_stay(self):
        """
        Bytes go out as they are, without a type that nobody gave them.
        """
        request = frozen(Request(url=URL, body=b"\x00\xff"))

        assert (b"\x00\xff", {}) == (request.body, request.headers)

    def test_extra_body_is_refused(self):
        """
        Nothing can be merged into bytes, so nothing is sent.
        """
        with pytest.raises(UnsupportedParamsError, match="cannot be merged"):
            frozen(Request(url=URL, body=b"..."), body={"a": 1})

    def test_extra_body_is_refused_for_a_list(self):
        """
        Nor into a JSON body that is no object.
        """
        with pytest.raises(UnsupportedParamsError, match="cannot be merged"):
            frozen(Request(url=URL, json=[1]), body={"a": 1})

    @pytest.mark.parametrize(
        ("method", "buys", "body"),
        [
            ("POST", True, b""),
            ("POST", False, b""),
            ("PUT", False, b""),
            ("GET", True, b""),
            ("GET", False, None),
            ("DELETE", False, None),
        ],
    )
    def test_no_body(self, method: str, buys: bool, body: bytes | None):
        """
        An order always has one, if an empty one: with it goes the news that it was sent.
        """
        assert body == frozen(Request(url=URL, method=method, buys=buys)).body


class TestAdditions:
    """`extra_headers`, `extra_query` and `extra_body`."""

    def test_headers_replace_whatever_their_case(self):
        """
        The caller's header takes the place of the plugin's.
        """
        request = Request(url=URL, json={}, headers={"accept": "a", "X-Acme": "b"})
        after = frozen(request, headers={"Accept": "c", "X-Mine": "d"})

        assert {
            "X-Acme": "b",
            "Accept": "c",
            "X-Mine": "d",
            "Content-Type": "application/json",
        } == after.headers

    @pytest.mark.parametrize(
        ("url", "query", "expected"),
        [
            ("", {"a": 1}, "?a=1"),
            ("?b=2", {"a": 1}, "?b=2&a=1"),
            ("?a=2&b=%2F", {"a": "x y&z"}, "?b=%2F&a=x+y%26z"),
            ("?api%2Dversion=1", {"api-version": "2"}, "?api-version=2"),
            ("", {"a": [1, 2]}, "?a=1&a=2"),
        ],
        ids=["alone", "beside", "instead", "instead, escaped", "several"],
    )
    def test_query(self, url: str, query: dict[str, Any], expected: str):
        """
        It is added, or takes the place of what has its name; the rest stays as it was escaped.
        """
        assert URL + expected == frozen(Request(url=URL + url, json={}), query=query).url

    def test_the_body_is_for_the_order_alone(self):
        """
        A poll gets headers and query, but no further body.
        """
        poll = Request(url=URL, method="GET", buys=False)
        after = frozen(poll, headers={"X-Mine": "1"}, query={"a": 1}, body={"b": 2})

        assert (f"{URL}?a=1", {"X-Mine": "1"}, None) == (after.url, after.headers, after.body)

    def test_strangers_get_none_of_it(self):
        """
        Away from the provider's origins, a header of the caller may be a key.
        """
        poll = Request(url=URL, method="GET", buys=False)

        assert poll == frozen(poll, home=False, headers={"X-Key": "1"}, query={"key": 1})

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("X-A", "1\r\nX-B: 2"),
            ("X-A", "1\n2"),
            ("X-A", "1\0"),
            ("X A", "1"),
            ("X-A:", "1"),
            ("X-A\r\nX-B", "1"),
            ("", "1"),
            ("X-Ä", "1"),
            ("Content-Length", "5"),
            ("transfer-encoding", "chunked"),
        ],
    )
    def test_headers_that_cannot_be(self, name: str, value: str):
        """
        A header that would smuggle in another, or cut the body short, is refused.
        """
        with pytest.raises(BadRequestError, match="extra_headers"):
            checked_headers({name: value}, "extra_headers")

    def test_headers_become_text(self):
        """
        Bytes and numbers are what people have at hand.
        """
        assert {"X-A": "1", "X-B": "b"} == checked_headers({"X-A": 1, "X-B": b"b"}, "extra_headers")

    def test_a_plugins_header_with_a_line_break(self):
        """
        It may hold what the caller passed, so it is refused, by its name alone.
        """
        request = Request(url=URL, json={}, headers={"Acme-Project": "secret\nX: 1"})
        with pytest.raises(BadRequestError, match="the header Acme-Project") as caught:
            frozen(request)

        assert "secret" not in str(caught.value)


async def _parts(request: Request) -> list[tuple[str | None, str | None, str | None, bytes]]:
    """Return what aiohttp's own parser finds: name, file name, type and content."""
    stream = aiohttp.StreamReader(BaseProtocol(asyncio.get_running_loop()), limit=2**20)
    stream.feed_data(request.body or b"")
    stream.feed_eof()
    found = []
    async for part in aiohttp.MultipartReader(request.headers, stream):
        assert isinstance(part, aiohttp.BodyPartReader)
        kind = part.headers.get("Content-Type")
        found.append((part.name, part.filename, kind, bytes(await part.read(decode=True))))
    return found


def parts(
    request: Request, **additions: Any
) -> list[tuple[str | None, str | None, str | None, bytes]]:
    return asyncio.run(_parts(frozen(request, **additions)))


TEXT = "text/plain; charset=utf-8"


class TestForms:
    """A multipart body, read back with aiohttp's own parser."""

    def test_fields_and_files(self):
        """
        Text, numbers, truth and pictures arrive in the order in which they were given.
        """
        form = {"prompt": "Füchse", "n": 2, "hd": True, "image[]": [picture("a"), picture("b")]}

        assert [
            ("prompt", None, TEXT, "Füchse".encode()),
            ("n", None, TEXT, b"2"),
            ("hd", None, TEXT, b"true"),
            ("image[]", "a", "image/png", PNG),
            ("image[]", "b", "image/png", PNG),
        ] == parts(Request(url=URL, form=form))

    def test_extra_body_replaces_fields(self):
        """
        What the caller adds takes the place of every field of its name.
        """
        form = [("a", 1), ("a", 2), ("b", 3)]

        assert [("b", b"3"), ("a", b"4"), ("c", b"5"), ("c", b"6")] == [
            (name, content)
            for name, _, _, content in parts(
                Request(url=URL, form=form), body={"a": 4, "c": [5, 6], "d": None}
            )
        ]

    def test_the_boundary_is_never_lost(self):
        """
        A content type that somebody copied from a JSON call does not make the form unreadable.
        """
        request = Request(url=URL, form={"a": 1}, headers={"content-type": "application/json"})

        assert 1 == len(parts(request))
        assert 1 == len(parts(request, headers={"CONTENT-TYPE": "text/plain"}))

    @pytest.mark.parametrize(
        "value", [object(), b"bytes", {"a": 1}], ids=["object", "bytes", "dict"]
    )
    def test_what_a_form_cannot_hold(self, value: Any):
        """
        Nobody gets Python's own spelling of an object for a field.
        """
        with pytest.raises(BadRequestError, match="no place for"):
            frozen(Request(url=URL, form=[("strength", value)]))

    def test_half_a_character(self):
        """
        What UTF-8 cannot hold is an error of ours.
        """
        with pytest.raises(BadRequestError, match="cannot be written"):
            frozen(Request(url=URL, form={"style": "\ud800"}))

    @given(
        name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
        text=st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
        file=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
    )
    def test_any_words(self, name: str, text: str, file: str):
        """
        Quotes, semicolons, other scripts and line breaks do not get out of their field.
        """
        request = Request(url=URL, form=[(name, text), ("image", picture(file)), ("last", 1)])
        found = parts(request)

        assert 3 == len(found)
        assert text.encode() == found[0][3]
        assert (PNG, b"1") == (found[1][3], found[2][3])
        assert ("image", "last") == (found[1][0], found[2][0])

    def test_a_quote_does_not_end_a_name(self):
        """
        A field cannot make itself a file, nor a file give itself another name.
        """
        name = 'a";filename="b'
        request = frozen(Request(url=URL, form=[(name, "text"), ("image", picture(name))]))
        head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
        field, file = email.message_from_bytes(head + request.body).get_payload()

        assert (name, None) == (
            field.get_param("name", header="content-disposition"),
            field.get_filename(),
        )
        assert "image" == file.get_param("name", header="content-disposition")
        assert name == unquote(file.get_filename())

    @pytest.mark.parametrize("name", ["a\r\nX-Evil: 1", "a\r\n\r\nevil", "a\0b", "a\nb"])
    def test_a_line_break_is_in_no_name(self, name: str):
        """
        Such a field or file is refused: its name would become a header, or the content.
        """
        for form in ([(name, "text")], [("image", picture(name))]):
            with pytest.raises(BadRequestError, match="cannot be written"):
                frozen(Request(url=URL, form=form))
