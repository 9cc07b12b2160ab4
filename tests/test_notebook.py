"""In a notebook: pictures in a row with caption and cost, in a running loop, and progress."""

from __future__ import annotations

import re
from typing import Any

import nbclient
import nbformat
import pytest

from impasto import ImageStream, _notebook
from impasto.testing import PNG
from impasto.types import Image, ImageResponse, Partial


@pytest.fixture(scope="module")
def outputs() -> list[list[Any]]:
    """Return what the cells of a real notebook show: a quick call, a slow one, an awaited one."""
    cells = [
        "from impasto import aimage_generation, image_generation",
        'image_generation("a fox", model="sketch/oil-1", size="64x64", n=2)',
        'image_generation("a fox", model="sketch/oil-1", size="64x64", latency=3).data[0].width',
        '(await aimage_generation("a fox", model="sketch/oil-1", size="64x64", latency=3)).data[0].width',
        'image_generation("a fox", model="sketch/oil-1", size="64x64", latency=3, on_progress=print)',
        'image_generation("a fox", model="sketch/oil-1", size="64x64", n=2, stream=True)',
        (
            'stream = image_generation("a fox", model="sketch/oil-1", size="64x64", stream=True)\n'
            "[*stream][-2]"
        ),
        "stream",
        'image_generation("a fox", model="sketch/oil-1", fault="refusal", stream=True)',
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    heard: list[list[Any]] = [[] for _ in cells]

    class Listening(nbclient.NotebookClient):
        def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
            heard[cell_index].append(msg)
            return super().process_message(msg, cell, cell_index)

    Listening(notebook, kernel_name="python3", timeout=60, allow_errors=True).execute()
    return heard


def htmls(messages: list[Any]) -> list[str]:
    """Return what was displayed, and what took its place, in order."""
    shown = ("display_data", "update_display_data")
    return [one["content"]["data"]["text/html"] for one in messages if one["msg_type"] in shown]


def result(messages: list[Any]) -> dict[str, str]:
    return next(one["content"]["data"] for one in messages if one["msg_type"] == "execute_result")


class TestInARealNotebook:
    """With a kernel, whose event loop is running."""

    def test_pictures_in_a_row_with_their_cost(self, outputs):
        """
        Both pictures, their sizes and seeds, who painted them, and what for.
        """
        html = result(outputs[1])["text/html"]

        assert 2 == html.count("<img ")
        assert 2 == html.count("64x64 · seed ")
        assert "sketch/oil-1 · $0.00 · " in html

    @pytest.mark.parametrize("cell", [2, 3], ids=["blocking", "awaited"])
    def test_a_long_call_says_so_and_leaves_nothing(self, outputs, cell):
        """
        A line appears, counts the seconds, and is gone when the picture is there.
        """
        first, *later, last = htmls(outputs[cell])

        assert re.search(r"sketch/oil-1 · \d s", first)
        assert later
        assert "" == last
        assert "64" == result(outputs[cell])["text/plain"]

    def test_nothing_is_shown_where_somebody_listens(self, outputs):
        """
        Who has a use of his own for progress is left alone.
        """
        assert [] == htmls(outputs[4])


class TestStreams:
    """A stream shows itself while it comes."""

    def test_its_pictures_come_in_one_place(self, outputs):
        """
        One display, updated with each picture, and in the end with the response.
        """
        kinds = [one["msg_type"] for one in outputs[5] if "display" in one["msg_type"]]
        *_, first, second, last = htmls(outputs[5])

        assert "display_data" == kinds.pop(0)
        assert {"update_display_data"} == set(kinds)
        assert [1, 2, 2] == [one.count("<img ") for one in (first, second, last)]
        assert "sketch/oil-1 · $0.00 · " in last
        assert not any(one["msg_type"] == "execute_result" for one in outputs[5])

    def test_an_event_shows_its_picture(self, outputs):
        """
        As the picture itself does.
        """
        assert {"text/plain", "image/png"} == set(result(outputs[6]))

    def test_one_that_is_done_shows_what_came(self, outputs):
        """
        It is not asked for again.
        """
        (shown,) = htmls(outputs[7])

        assert 1 == shown.count("<img ")

    def test_one_that_fails_says_so(self, outputs):
        """
        What it raised is shown.
        """
        told = [one["content"] for one in outputs[8] if one["msg_type"] in ("stream", "error")]

        assert any("ContentPolicyViolationError" in str(one) for one in told)

    def test_elsewhere_it_is_a_line_of_text(self):
        """
        In a plain Python there is no place for it.
        """
        stream = ImageStream(None)
        stream.close()
        with pytest.raises(NotImplementedError):
            stream._ipython_display_()

        assert "<ImageStream: done>" == repr(stream)


def test_how_far_it_is():
    """
    Numbers become a bar, words stand beside it, and markup in them stays text.
    """
    watch = _notebook.Watch("acme/oil-2")
    watch.heard(Partial(index=1, progress="<b>queued</b>"))
    watch.heard(Partial(index=0, progress=0.5))

    assert (
        '<span style="opacity:.7">acme/oil-2 · 0 s · 50% · &lt;b&gt;queued&lt;/b&gt; '
        '<progress value="0.50"></progress></span>' == watch.html()
    )


def test_elsewhere_is_no_notebook():
    """
    A plain program has no kernel.
    """
    assert not _notebook.is_here()


def test_one_picture_is_also_an_image():
    """
    For viewers that show pictures but no HTML.
    """
    shown = ImageResponse(data=[Image(content=PNG)], provider="acme")._repr_mimebundle_()

    assert {"text/plain", "text/html", "image/png"} == set(shown)


def test_captions_are_text():
    """
    What a provider says is not markup.
    """
    image = Image(content=PNG, revised_prompt='"><script>')
    html = ImageResponse(data=[image], model="<oil>", notes=("<i>",))._repr_mimebundle_()[
        "text/html"
    ]

    assert "<script>" not in html
    assert "<oil>" not in html
    assert "<i>" not in html
