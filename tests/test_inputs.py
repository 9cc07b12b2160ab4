"""Pictures that go to a provider: whatever the caller has becomes bytes, type and name."""

import asyncio
import base64
import io
import json
import mmap
import os
import pickle
import socket
from urllib.parse import quote

import PIL.Image
import pytest

import impasto
from impasto._inputs import ImageFile, Mask, from_base64, read_images, read_mask
from impasto.errors import BadRequestError
from impasto.testing import PNG, FakeServer, Script, png, reply

JPEG = io.BytesIO()
PIL.Image.new("RGB", (6, 4), "teal").save(JPEG, "JPEG")
JPEG = JPEG.getvalue()
ENCODED = base64.b64encode(PNG).decode()


async def nowhere(url):
    raise AssertionError(f"{url} was fetched")


def read(value, fetch=nowhere):
    return asyncio.run(read_images(value, fetch))


def read_one(value, fetch=nowhere):
    (file,) = read(value, fetch)
    return file


class Stream(io.RawIOBase):
    """Bytes that come once, as from a pipe or a socket."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._data.readinto(buffer)


@pytest.fixture
def path(tmp_path):
    """Write a PNG to a file."""
    path = tmp_path / "fox.png"
    path.write_bytes(PNG)
    return path


class TestForms:
    """Every form that people have gives the same bytes."""

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(PNG, id="bytes"),
            pytest.param(bytearray(PNG), id="bytearray"),
            pytest.param(memoryview(PNG), id="memoryview"),
            pytest.param(memoryview(PNG * 2)[: len(PNG)], id="part of a memoryview"),
            pytest.param(f"data:image/png;base64,{ENCODED}", id="data URL"),
            pytest.param(f"DATA:image/png;BASE64,{ENCODED}", id="data URL in capitals"),
            pytest.param(f"data:;base64,{ENCODED}", id="data URL without a type"),
            pytest.param(f"data:image/png;base64,{quote(ENCODED)}", id="data URL, both encodings"),
            pytest.param(
                f"data:image/png;base64,{base64.encodebytes(PNG).decode()}", id="wrapped data URL"
            ),
            pytest.param(f"data:image/png,{quote(PNG)}", id="percent-encoded data URL"),
            pytest.param(("fox.png", PNG), id="name and bytes"),
            pytest.param(("fox.png", io.BytesIO(PNG), "image/png"), id="name, file and type"),
            pytest.param((None, PNG), id="no name and bytes"),
        ],
    )
    def test_in_memory(self, value):
        """
        Bytes in all their shapes, data URLs, and the openai SDK's tuples.
        """
        file = read_one(value)

        assert (PNG, "image/png", 8, 8) == (file.data, file.mime, file.width, file.height)

    @pytest.mark.parametrize("form", [str, lambda path: path], ids=["str", "Path"])
    def test_paths(self, path, form):
        """
        A path as text or as a `Path`; the file's name goes along.
        """
        file = read_one(form(path))

        assert (PNG, "fox.png") == (file.data, file.name)

    def test_a_path_like_object(self, path):
        """
        Anything that knows its path.
        """

        class Somewhere:
            def __fspath__(self):
                return str(path)

        assert PNG == read_one(Somewhere()).data

    def test_a_file_opened(self, path):
        """
        A file object, read from its beginning however far it was read before.
        """
        with path.open("rb") as file:
            file.read(5)
            first, second = read_one(file), read_one(file)

        assert (PNG, PNG, "fox.png") == (first.data, second.data, first.name)

    def test_a_buffer_that_was_just_written(self):
        """
        A buffer stands at its end after writing; it is rewound.
        """
        buffer = io.BytesIO()
        buffer.write(PNG)

        assert PNG == read_one(buffer).data

    def test_a_stream_that_cannot_be_rewound(self):
        """
        What cannot be rewound is read from where it stands.
        """
        assert PNG == read_one(Stream(PNG)).data

    def test_a_pipe(self):
        """
        A pipe says that it cannot seek, and is read.
        """
        end, other = os.pipe()
        os.write(other, PNG)
        os.close(other)
        with os.fdopen(end, "rb") as file:
            assert PNG == read_one(file).data

    def test_a_path_without_a_size(self):
        """
        A named pipe or device has no size in its folder and is read to its end, /dev/fd included.
        """
        end, other = os.pipe()
        os.write(other, PNG)
        os.close(other)
        try:
            assert PNG == read_one(f"/dev/fd/{end}").data
        finally:
            os.close(end)

    def test_mapped_memory(self, path):
        """
        A mapped file is a file like any other.
        """
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as map_:
            assert [PNG, PNG] == [read_one(map_).data, read_one(map_).data]

    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "CMYK", "YCbCr", "F", "PA"])
    def test_a_pil_image(self, mode):
        """
        A PIL image goes as PNG, converted where PNG has no such pixels.
        """
        file = read_one(PIL.Image.new(mode, (5, 3)))

        assert ("image/png", "image.png", 5, 3) == (file.mime, file.name, file.width, file.height)
        assert (5, 3) == PIL.Image.open(io.BytesIO(file.data)).size

    def test_a_pil_image_keeps_its_alpha(self):
        """
        What is transparent stays so: in a mask it is what is painted anew.
        """
        file = read_one(PIL.Image.new("RGBA", (2, 2), (1, 2, 3, 0)))

        assert 0 == PIL.Image.open(io.BytesIO(file.data)).getpixel((0, 0))[3]

    @pytest.mark.parametrize("url", ["http://host/fox.png", "HTTPS://host/fox.png"])
    def test_a_url(self, url):
        """
        An http(s) URL is left to the fetcher, and told to who would rather send that on.
        """
        asked = []

        async def fetch(url):
            asked.append(url)
            return PNG

        file = read_one(url, fetch)

        assert ([url], PNG, url) == (asked, file.data, file.url)
        assert read_one(PNG).url is None

    def test_a_list(self, path):
        """
        A list keeps its order; what has no name of its own is numbered.
        """
        files = read([PNG, str(path), JPEG])

        assert ["image.png", "fox.png", "image2.jpg"] == [file.name for file in files]
        assert [PNG, PNG, JPEG] == [file.data for file in files]

    def test_nothing(self):
        """
        None is no picture.
        """
        assert () == read(None)


class TestTypeAndName:
    """The bytes say what a file is, whatever its name says; servers look at both."""

    @pytest.mark.parametrize(
        ("name", "data", "expected"),
        [
            ("fox.png", PNG, "fox.png"),
            ("FOX.PNG", PNG, "FOX.PNG"),
            ("fox.jpeg", JPEG, "fox.jpeg"),
            ("fox.png", JPEG, "fox.jpg"),
            ("fox.jpg", PNG, "fox.png"),
            ("fox", PNG, "fox.png"),
            ("fox.2026.tmp", PNG, "fox.2026.png"),
            (".png", PNG, "png.png"),
            ("..", PNG, "image.png"),
            ("", PNG, "image.png"),
            ("../../etc/fox.png", PNG, "fox.png"),
            ("C:\\pictures\\fox.png", PNG, "fox.png"),
            ("fo\r\nx.png", PNG, "fox.png"),
            ("f\udcffox.png", PNG, "fox.png"),
            ("renard \u00e9t\u00e9.png", PNG, "renard \u00e9t\u00e9.png"),
        ],
        ids=lambda value: "" if isinstance(value, bytes) else None,
    )
    def test_the_name_fits_the_bytes(self, name, data, expected):
        """
        A wrong suffix is corrected; folders and control characters do not go along.
        """
        assert expected == read_one((name, data)).name

    def test_the_type_is_that_of_the_bytes(self):
        """
        A type that the caller states and the bytes contradict is not sent.
        """
        file = read_one(("fox.png", JPEG, "image/png"))

        assert ("image/jpeg", 6, 4) == (file.mime, file.width, file.height)

    def test_the_form_on_the_wire(self):
        """
        In the multipart body stand the right type, a fitting name and the bytes.
        """
        script = Script(reply({"data": [{"b64_json": ENCODED}]}))
        script.play(
            {
                "prompt": "a hat",
                "model": "openai/gpt-image-2",
                "api_key": "sk-0123456789abcdef",
                "image": ("fox.png", JPEG),
            }
        )
        body = script.sent[0].body

        assert b'name="image"; filename="fox.jpg"' in body
        assert b"Content-Type: image/jpeg" in body
        assert JPEG in body

    def test_as_json_bodies_take_it(self):
        """
        Base64 and data URL, for providers that take JSON.
        """
        file = read_one(PNG)

        assert ENCODED == file.base64
        assert f"data:image/png;base64,{ENCODED}" == file.data_url

    def test_pixels_are_not_shown(self):
        """
        The repr tells what it is, and stays short.
        """
        file = read_one(png(200, 200))

        assert len(repr(file)) < 150
        assert "image/png" in repr(file)
        assert file == pickle.loads(pickle.dumps(file))

    def test_too_much(self, monkeypatch):
        """
        More than any provider takes is refused before it is sent.
        """
        monkeypatch.setattr("impasto._inputs.MAX_INPUT_BYTES", len(PNG) - 1)
        for value in (PNG, io.BytesIO(PNG)):
            with pytest.raises(BadRequestError, match=r"more than \d+ bytes"):
                read(value)


class TestBase64:
    """Providers and people write base64 in more than one way."""

    @pytest.mark.parametrize("data", [b"", b"a", b"ab", b"abc", bytes(range(256))])
    def test_variants(self, data):
        """
        Wrapped lines, no padding and the URL-safe alphabet are understood.
        """
        plain = base64.b64encode(data).decode()
        variants = [
            plain,
            plain.encode(),
            base64.encodebytes(data).decode(),
            plain.rstrip("="),
            base64.urlsafe_b64encode(data).decode(),
            f" {plain}\n",
        ]

        assert [data] * len(variants) == [from_base64(text) for text in variants]

    @pytest.mark.parametrize("text", ["!", "a", "abc!", "ab=c", "\u00e9\u00e9", "<html>", "\ud83d"])
    def test_anything_else_is_an_error(self, text):
        """
        Nothing is skipped in silence: half a picture is no picture.
        """
        with pytest.raises(ValueError):
            from_base64(text)


class TestMask:
    """A mask means OpenAI's: transparent where the picture is to be painted anew."""

    def read(self, value, image=PNG):
        return asyncio.run(read_mask(value, read(image), nowhere))

    def test_is_read_like_a_picture(self):
        """
        The same forms, another name.
        """
        mask = self.read(f"data:image/png;base64,{ENCODED}")

        assert (Mask, "mask.png", PNG) == (type(mask), mask.name, mask.data)

    def test_none(self):
        """
        No mask is no mask.
        """
        assert self.read(None) is None

    def test_has_the_size_of_the_first_image(self):
        """
        Another size is refused; it would be painted somewhere else.
        """
        with pytest.raises(BadRequestError, match=r"4x8.*8x8") as caught:
            self.read(png(4, 8), image=[PNG, png(4, 8)])

        assert "mask" == caught.value.param

    def test_of_a_format_without_a_size(self):
        """
        Where no size can be read off, nothing is compared.
        """
        drawing = b'<svg xmlns="http://www.w3.org/2000/svg"/>'

        assert "image/svg+xml" == self.read(drawing).mime

    @pytest.mark.parametrize(
        ("painted", "white", "black"), [(0, 255, 0), (255, 0, 255), (100, 155, 100)]
    )
    def test_for_vendors_that_mean_otherwise(self, painted, white, black):
        """
        White, or black, where OpenAI's is transparent; opaque and without colour.
        """
        mask = self.read(png(8, 8, (10, 20, 30, painted)))
        pictures = [
            PIL.Image.open(io.BytesIO(made.data)) for made in (mask.as_white(), mask.as_black())
        ]

        assert [("L", white), ("L", black)] == [
            (picture.mode, picture.getpixel((3, 3))) for picture in pictures
        ]
        assert ("image/png", "mask.png", 8) == (
            mask.as_white().mime,
            mask.as_white().name,
            mask.as_white().width,
        )

    @pytest.mark.parametrize("form", ["as_white", "as_black"])
    def test_one_that_cannot_be_decoded(self, form):
        """
        A file that only begins like a picture is the caller's mistake, and is named.
        """
        with pytest.raises(BadRequestError, match="mask cannot be decoded") as caught:
            getattr(self.read(PNG[:40]), form)()

        assert "mask" == caught.value.param


class TestOwnWords:
    """A provider's own parameter may be a picture; the catalogue says so."""

    @staticmethod
    @impasto.hookimpl
    def translate_params(call):
        return call.translate(
            "prompt", reference=lambda file: {"reference": f"{file.name} {file.data_url}"}
        )

    @pytest.fixture
    def paint(self, acme, tmp_path):
        """Return a function that makes a call of a model that takes a reference."""
        models = tmp_path / "models.json"
        row = {"name": "oil-2", "parameters": {"prompt": {}, "reference": {"type": "image"}}}
        models.write_text(json.dumps({"models": [row]}))

        def call(**arguments):
            script = Script(
                acme.pictures(), plugin=acme.plugin(self.translate_params), models=models
            )
            response = script.play({**acme.call, **arguments})
            return json.loads(script.sent[0].body), response.params

        return call

    @pytest.mark.parametrize("form", [PNG, io.BytesIO(PNG), f"data:image/png;base64,{ENCODED}"])
    def test_is_read_like_any_other(self, paint, form):
        """
        In any form, and what is sent is the plugin's business; its fate only describes it.
        """
        body, params = paint(reference=form)

        assert f"reference.png data:image/png;base64,{ENCODED}" == body["reference"]
        assert "<image/png, 74 bytes>" == params["reference"].given

    def test_is_refused_by_its_name(self, paint):
        """
        A picture that is none is told under the word that the caller used.
        """
        with pytest.raises(BadRequestError, match="reference is not a picture") as caught:
            paint(reference=b"text")

        assert "reference" == caught.value.param


class TestUrls:
    """URLs go through the guarded fetcher: no private address, unless it was configured."""

    @pytest.fixture
    def server(self):
        """Start a server that has a picture and edits pictures."""
        with FakeServer() as running:
            yield running

    def edit(self, server, **arguments):
        call = {"prompt": "a hat", "model": "openai/gpt-image-2", "api_key": "sk-0123456789abcdef"}
        return impasto.image_edit(**{**call, **arguments})

    def test_of_the_configured_server(self, server):
        """
        The origin that the caller gave as api_base may be fetched from, without the key.
        """
        self.edit(server, api_base=server.url, image=f"{server.url}/pictures/1.png")
        fetched, sent = server.received

        assert ("GET", "POST") == (fetched.method, sent.method)
        assert PNG in sent.body
        assert "authorization" not in fetched.headers

    def test_of_a_private_address(self, server):
        """
        The same server is refused where another one was configured: no connection is made.
        """
        with socket.create_server(("127.0.0.1", 0)) as other:
            other.settimeout(0.2)
            url = f"http://127.0.0.1:{other.getsockname()[1]}/pictures/1.png"
            with pytest.raises(BadRequestError, match="image") as caught:
                self.edit(server, api_base=server.url, image=url)
            with pytest.raises(TimeoutError):
                other.accept()

        assert "image" == caught.value.param
        assert [] == server.received

    def test_that_leads_to_no_picture(self, server):
        """
        A page in place of the picture is refused, and shown how it begins.
        """
        server.will(reply({"error": "log in first"}))
        with pytest.raises(BadRequestError, match="log in first"):
            self.edit(server, api_base=server.url, image=f"{server.url}/pictures/1.png")

        assert ["GET"] == [one.method for one in server.received]

    def test_that_leads_to_nothing(self, server):
        """
        An empty answer is no picture, whatever its type says.
        """
        server.will(reply(body=b"", headers={"Content-Type": "image/png"}))
        with pytest.raises(BadRequestError, match="nothing at all"):
            self.edit(server, api_base=server.url, image=f"{server.url}/pictures/1.png")


def test_image_file_is_a_value():
    """
    Two of the same content are equal: requests with them can be compared.
    """
    one, two = (ImageFile(data=PNG, mime="image/png", name="a.png") for _ in range(2))

    assert one == two
    assert hash(one) == hash(two)
