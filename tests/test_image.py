"""A finished picture: bytes whatever the provider sent, measured, saved, shown."""

import asyncio
import base64
import copy
import io
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import attrs
import PIL.Image
import pytest

import impasto
from impasto import Image, ImageFormatWarning
from impasto.errors import APIResponseValidationError, NotFoundError
from impasto.testing import PNG, FakeServer, png, reply

ENCODED = base64.b64encode(PNG).decode()
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>'


def jpeg(size=(6, 4), **options):
    file = io.BytesIO()
    PIL.Image.new("RGB", size, "teal").save(file, "JPEG", **options)
    return file.getvalue()


def names(folder):
    """Return what is in *folder*, hidden files included."""
    return sorted(path.name for path in folder.iterdir())


FORMS = {
    "base64": lambda: Image(b64_json=ENCODED),
    "content": lambda: Image(content=PNG),
    "data URL": lambda: Image(url=f"data:image/png;base64,{ENCODED}"),
}


@pytest.fixture(params=FORMS)
def image(request):
    """Return the same picture in each form that needs no fetching."""
    return FORMS[request.param]()


@pytest.fixture
def server():
    """Start a server that has a picture."""
    with FakeServer() as running:
        yield running


def trusted(server, path="/pictures/1.png"):
    """Return a picture behind a URL of *server*, which the caller configured."""
    return Image(url=f"{server.url}{path}", trusted=frozenset({server.url}))


class TestReading:
    """`read()` and `aread()` give bytes."""

    def test_what_needs_no_fetching(self, image):
        """
        Base64, bytes and data URLs give the same bytes in both forms.
        """
        assert PNG == image.read() == asyncio.run(image.aread())

    def test_base64_of_anything_here(self, image):
        """
        Whoever asks for base64 gets it, whatever form the bytes came in.
        """
        assert ENCODED == image.b64_json == image.model_dump()["b64_json"]

    def test_base64_of_what_is_elsewhere(self):
        """
        What has to be fetched first has none: looking does not fetch.
        """
        assert Image(url="https://host/1.png").b64_json is None

    @pytest.mark.parametrize(
        "text",
        [base64.encodebytes(PNG).decode(), ENCODED.rstrip("="), f"{ENCODED}\n"],
        ids=["wrapped", "unpadded", "with a line end"],
    )
    def test_base64_as_providers_write_it(self, text):
        """
        Base64 is understood, and measured, however it was written.
        """
        image = Image(b64_json=text)

        assert (PNG, 8, 8) == (image.read(), image.width, image.height)

    @pytest.mark.parametrize(
        "image",
        [
            Image(b64_json="!!!! not base64 !!!!"),
            Image(b64_json=ENCODED[:-7]),
            Image(b64_json="\u00e9t\u00e9"),
            Image(b64_json=f"{ENCODED[:8]}=={ENCODED[8:]}"),
            Image(url="data:image/png;base64,!"),
            Image(url="data:image/png"),
            Image(url="data:,"),
            Image(b64_json=" \n"),
        ],
        ids=[
            *("noise", "cut", "not ASCII", "padding inside"),
            *("data URL", "no comma", "nothing in a URL", "nothing but blanks"),
        ],
    )
    def test_broken_base64_is_an_error(self, image):
        """
        Nothing is skipped in silence, and looking at such an image does not raise.
        """
        with pytest.raises(APIResponseValidationError, match="broken"):
            image.read()
        with pytest.raises(APIResponseValidationError, match="broken"):
            asyncio.run(image.aread())

        assert repr(image).startswith("<Image")
        assert "text/plain" in image._repr_mimebundle_()
        assert json.dumps(image.model_dump())

    @pytest.mark.parametrize(
        "image", [Image(), Image(content=b""), Image(b64_json=""), Image(url="")]
    )
    def test_nothing_is_an_error(self, image):
        """
        An image without bytes and without a URL has nothing to give, and saves nothing.
        """
        with pytest.raises(APIResponseValidationError, match="neither bytes nor a URL"):
            image.read()

        assert "<Image empty>" == repr(image)

    def test_behind_a_url(self, server):
        """
        A URL of a configured server is fetched.
        """
        image = trusted(server)

        assert PNG == image.read() == asyncio.run(image.aread())

    def test_behind_a_private_url(self, server):
        """
        The same URL is not followed where nobody configured that server.
        """
        image = Image(url=f"{server.url}/pictures/1.png")
        with pytest.raises(impasto.ImpastoError, match=r"127\.0\.0\.1"):
            image.read(timeout=20)

        assert [] == server.received

    def test_of_a_call_at_a_configured_server(self, server):
        """
        What a server named by api_base sends may be fetched from it.
        """
        response = impasto.image_generation(
            "a fox",
            "openai/some-model",
            response_format="url",
            api_key="sk-0123456789abcdef",
            api_base=server.url,
        )
        image = response.data[0]

        assert image.url.startswith(server.url)
        assert PNG == image.read()
        assert "authorization" not in server.received[-1].headers

    def test_that_has_expired(self, server):
        """
        A picture that is gone is said to be gone, and why that happens.
        """
        server.will(reply({"error": "gone"}, status=404))
        with pytest.raises(NotFoundError, match="delete pictures after a while"):
            trusted(server).read()

    @pytest.mark.parametrize("status", [403, 410])
    def test_that_has_expired_elsewhere(self, server, status):
        """
        Storage services say so in other words.
        """
        server.will(reply(status=status))
        with pytest.raises(NotFoundError) as caught:
            trusted(server).read()

        assert status == caught.value.status_code


class TestMeasuring:
    """Type, width and height are those of the bytes."""

    def test_is_measured(self, image):
        """
        The bytes tell.
        """
        assert ("image/png", 8, 8) == (image.mime, image.width, image.height)

    def test_the_bytes_win(self):
        """
        A provider that mislabels its pictures is corrected.
        """
        image = Image(content=jpeg(), mime="image/png", width=1024, height=1024)

        assert ("image/jpeg", 6, 4) == (image.mime, image.width, image.height)

    @pytest.mark.parametrize(
        ("image", "extension"),
        [
            (Image(content=PNG), ".png"),
            (Image(content=jpeg(), mime="image/png"), ".jpg"),
            (Image(url="https://host/1", mime="image/webp"), ".webp"),
            (Image(url="https://host/1.png"), ""),
            (Image(content=b"new", mime="image/jxl"), ""),
        ],
    )
    def test_the_extension_that_fits(self, image, extension):
        """
        For a file's name; nothing is guessed from a URL.
        """
        assert extension == image.extension

    def test_without_bytes_the_provider_is_believed(self):
        """
        Before a URL is fetched only the provider knows.
        """
        image = Image(url="https://host/1.webp", mime="image/webp", width=10, height=20)

        assert ("image/webp", 10, 20) == (image.mime, image.width, image.height)

    def test_with_content_measures_anew(self):
        """
        Once it is fetched the bytes count, and the rest stays.
        """
        image = Image(url="https://host/1.webp", mime="image/webp", width=10, seed=7)
        fetched = image.with_content(PNG)

        assert ("image/png", 8, 7, image.url) == (
            fetched.mime,
            fetched.width,
            fetched.seed,
            fetched.url,
        )
        assert ENCODED == fetched.b64_json

    @pytest.mark.parametrize("wrap", [base64.b64encode, base64.encodebytes])
    def test_a_jpeg_with_a_large_preview(self, wrap):
        """
        A size far behind the beginning is found, in base64 as well.
        """
        segment = b"\xff\xe1\xff\xff" + b"Exif\0\0" + bytes(0xFFFF - 8)
        data = jpeg((700, 500))
        data = data[:2] + segment * 3 + data[2:]

        for image in (Image(content=data), Image(b64_json=wrap(data).decode())):
            assert ("image/jpeg", 700, 500) == (image.mime, image.width, image.height)

    def test_a_head_is_enough(self):
        """
        Base64 that breaks off later is measured all the same; reading it is an error.
        """
        data = png(1, 1) + bytes(100_000)
        image = Image(b64_json=base64.b64encode(data).decode() + "!")

        assert ("image/png", 1) == (image.mime, image.width)
        with pytest.raises(APIResponseValidationError):
            image.read()


class TestSaving:
    """`save()` writes whole files, and only where nothing is."""

    @pytest.mark.parametrize("form", [str, Path])
    def test_writes_and_returns_the_path(self, image, tmp_path, form):
        """
        The path may be text or a `Path`; a `Path` comes back.
        """
        path = image.save(form(tmp_path / "fox.png"))

        assert tmp_path / "fox.png" == path
        assert PNG == path.read_bytes()
        assert ["fox.png"] == names(tmp_path)

    def test_relative_to_the_folder_one_is_in(self, tmp_path, monkeypatch):
        """
        A bare name lands in the current folder.
        """
        monkeypatch.chdir(tmp_path)

        assert Path("fox.png") == Image(content=PNG).save("fox.png")
        assert ["fox.png"] == names(tmp_path)

    def test_never_overwrites(self, image, tmp_path):
        """
        What is there stays, and the message says what to do.
        """
        (tmp_path / "fox.png").write_text("mine")
        with pytest.raises(FileExistsError, match="overwrite=True"):
            image.save(tmp_path / "fox.png")

        assert "mine" == (tmp_path / "fox.png").read_text()
        assert ["fox.png"] == names(tmp_path)

    def test_overwrites_when_asked(self, image, tmp_path):
        """
        Only where the caller says so.
        """
        (tmp_path / "fox.png").write_text("old")
        image.save(tmp_path / "fox.png", overwrite=True)

        assert PNG == (tmp_path / "fox.png").read_bytes()
        assert ["fox.png"] == names(tmp_path)

    def test_a_link_that_leads_nowhere_is_something(self, tmp_path):
        """
        A dangling link is not followed, nor replaced.
        """
        (tmp_path / "fox.png").symlink_to(tmp_path / "elsewhere.png")
        with pytest.raises(FileExistsError):
            Image(content=PNG).save(tmp_path / "fox.png")

        assert not (tmp_path / "elsewhere.png").exists()

    def test_one_of_many_threads_wins(self, tmp_path):
        """
        Of many that save to one path at once exactly one writes; the others are told.
        """
        start, outcomes = threading.Barrier(8), []

        def save(colour):
            start.wait()
            try:
                Image(content=png(8, 8, (colour, 0, 0))).save(tmp_path / "fox.png")
                outcomes.append(colour)
            except FileExistsError:
                outcomes.append(None)

        threads = [threading.Thread(target=save, args=(colour,)) for colour in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        winners = [colour for colour in outcomes if colour is not None]

        assert 8 == len(outcomes)
        assert 1 == len(winners)
        assert png(8, 8, (winners[0], 0, 0)) == (tmp_path / "fox.png").read_bytes()
        assert ["fox.png"] == names(tmp_path)

    def test_one_of_two_processes_wins(self, tmp_path):
        """
        The same between processes.
        """
        code = (
            "import sys, pathlib\n"
            "from impasto import Image\n"
            "from impasto.testing import PNG\n"
            "print('ready', flush=True); sys.stdin.readline()\n"
            "try: Image(content=PNG).save(sys.argv[1]); print('won')\n"
            "except FileExistsError: print('lost')\n"
        )
        racers = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(tmp_path / "fox.png")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        for racer in racers:
            assert "ready\n" == racer.stdout.readline()
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        told = [racer.communicate(timeout=60)[0].strip() for racer in racers]

        assert ["lost", "won"] == sorted(told)
        assert ["fox.png"] == names(tmp_path)

    @pytest.mark.parametrize("taken", [False, True])
    def test_where_there_are_no_hard_links(self, tmp_path, monkeypatch, taken):
        """
        On file systems that know no hard links it still never overwrites.
        """

        def link(source, target):
            if taken:  # by somebody else, after the first look
                target.write_text("mine")
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(os, "link", link)
        if taken:
            with pytest.raises(FileExistsError):
                Image(content=PNG).save(tmp_path / "fox.png")
        else:
            Image(content=PNG).save(tmp_path / "fox.png")

        assert (b"mine" if taken else PNG) == (tmp_path / "fox.png").read_bytes()
        assert ["fox.png"] == names(tmp_path)

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_a_full_disk_leaves_nothing(self, tmp_path, monkeypatch, overwrite):
        """
        Where the picture cannot be written whole, nothing is left, and nothing was replaced.
        """
        (tmp_path / "old.png").write_text("old")
        opened = Path.open

        def open_full(self, *arguments, **options):
            file = opened(self, *arguments, **options)
            if self.suffix == ".part":

                def write(data):
                    type(file).write(file, data[:3])
                    raise OSError(28, "No space left on device")

                return _Writing(file, write)
            return file

        monkeypatch.setattr(Path, "open", open_full)
        name = "old.png" if overwrite else "fox.png"
        with pytest.raises(OSError, match="No space left"):
            Image(content=PNG).save(tmp_path / name, overwrite=overwrite)

        assert ["old.png"] == names(tmp_path)
        assert "old" == (tmp_path / "old.png").read_text()

    def test_a_folder_that_is_missing(self, tmp_path, server):
        """
        The folder is named, not a temporary file, and nothing was fetched.
        """
        with pytest.raises(FileNotFoundError, match=r"no folder .*/pictures'; create it first"):
            trusted(server).save(tmp_path / "pictures" / "fox.png")

        assert [] == server.received

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_a_folder_in_place_of_a_file(self, tmp_path, overwrite):
        """
        A folder is never replaced.
        """
        with pytest.raises(IsADirectoryError, match="name a file in it"):
            Image(content=PNG).save(tmp_path, overwrite=overwrite)

        assert [] == names(tmp_path)

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
    @pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
    def test_permissions_follow_the_umask(self, tmp_path, umask, mode):
        """
        A saved picture is as readable as any file that the program writes.
        """
        before = os.umask(umask)
        try:
            path = Image(content=PNG).save(tmp_path / "fox.png")
        finally:
            os.umask(before)

        assert mode == path.stat().st_mode & 0o777

    @pytest.mark.parametrize("name", ["\N{FOX FACE}" * 62 + ".png", "x" * 251 + ".png"])
    def test_the_longest_names(self, tmp_path, name):
        """
        A name as long as file systems allow is no matter.
        """
        assert PNG == Image(content=PNG).save(tmp_path / name).read_bytes()

    @pytest.mark.parametrize(
        ("name", "says"),
        [("fox.jpg", "'.jpg'.*image/png.*'fox.png'"), ("fox", "no extension"), ("a.txt", "'.txt'")],
    )
    def test_an_extension_that_does_not_fit(self, tmp_path, name, says):
        """
        The bytes are written as they are, under the name that was asked for, with a warning.
        """
        with pytest.warns(ImageFormatWarning, match=says) as caught:
            path = Image(content=PNG).save(tmp_path / name)

        assert [__file__] == [one.filename for one in caught]
        assert (name, PNG) == (path.name, path.read_bytes())

    @pytest.mark.parametrize("name", ["fox.jpg", "fox.JPEG", "fox.jpe", "fox.jfif"])
    def test_an_extension_that_fits(self, tmp_path, name):
        """
        Every usual extension is fine, in any case.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            Image(content=jpeg()).save(tmp_path / name)

    def test_what_is_no_picture_is_saved_without_a_guess(self, tmp_path):
        """
        Bytes of a format that impasto does not know are the caller's to name.
        """
        assert b"new" == Image(content=b"new").save(tmp_path / "fox.jxl").read_bytes()


class _Writing:
    """A file whose writing is somebody else's."""

    def __init__(self, file, write):
        self._file, self.write = file, write

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()


class TestShowing:
    """As a PIL image, in a notebook, in a terminal."""

    def test_to_pil(self, image):
        """
        A loaded image: the bytes are no longer needed.
        """
        assert ((8, 8), (200, 80, 40)) == (image.to_pil().size, image.to_pil().getpixel((0, 0)))

    def test_to_pil_without_pillow(self, monkeypatch):
        """
        Pillow is no dependency; what is missing is said.
        """
        monkeypatch.setitem(sys.modules, "PIL", None)
        monkeypatch.setitem(sys.modules, "PIL.Image", None)
        with pytest.raises(ImportError, match="pip install pillow"):
            Image(content=PNG).to_pil()

    def test_in_a_notebook(self, image):
        """
        The picture itself, with the repr beside it.
        """
        assert {"text/plain": repr(image), "image/png": ENCODED} == image._repr_mimebundle_()

    def test_of_another_format_in_a_notebook(self):
        """
        What notebooks do not take as bytes is shown through an element, never run.
        """
        shown = Image(content=SVG)._repr_mimebundle_()

        assert {"text/plain", "text/html"} == shown.keys()
        assert f"data:image/svg+xml;base64,{base64.b64encode(SVG).decode()}" in shown["text/html"]

    def test_a_url_in_a_notebook(self):
        """
        A URL is shown through an element, and cannot break out of it.
        """
        shown = Image(url='https://host/1.png?a=1&b="><script>')._repr_mimebundle_()

        assert 'src="https://host/1.png?a=1&amp;b=&quot;&gt;&lt;script&gt;"' in shown["text/html"]

    def test_the_repr_tells_the_facts(self):
        """
        Type, size and seed.
        """
        assert "<Image image/png, 8x8, seed=7>" == repr(Image(content=PNG, seed=7))

    def test_the_repr_of_a_url(self):
        """
        The URL without its query, which may hold a signature.
        """
        image = Image(url="https://host/1.png?X-Amz-Signature=abcdef", width=8, height=4)

        assert "<Image 8x4, url='https://host/1.png?...'>" == repr(image)

    @pytest.mark.parametrize("form", FORMS)
    def test_the_repr_has_no_pixels(self, form):
        """
        Nobody's log or context window fills with base64.
        """
        image = FORMS[form]()
        dumped = [repr(image), str(image), f"{image}", f"{[image]}"]

        assert all(len(text) < 60 for text in dumped)
        assert not any(ENCODED[8:24] in text for text in dumped)


class TestValue:
    """An image is a value: frozen, comparable, fit to be stored."""

    def test_is_frozen(self):
        """
        Nobody changes a picture under another's hands.
        """
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            Image(content=PNG).url = "https://host"

    def test_equality(self):
        """
        Equal in all that the provider said; which hosts are trusted is not part of it.
        """
        assert Image(content=PNG, seed=1) == Image(content=PNG, seed=1)
        assert Image(content=PNG, seed=1) != Image(content=PNG, seed=2)
        assert Image(url="https://h/1") == Image(url="https://h/1", trusted=frozenset({"x"}))

    @pytest.mark.parametrize(
        "duplicate",
        [copy.copy, copy.deepcopy, lambda image: pickle.loads(pickle.dumps(image))],
        ids=["copy", "deepcopy", "pickle"],
    )
    def test_copies(self, image, duplicate):
        """
        Copies and pickles hold the same picture, whether or not it was looked at before.
        """
        before = duplicate(image)
        looked_at = (image.mime, image.b64_json, repr(image))
        after = duplicate(image)

        assert image == before == after
        assert looked_at == (after.mime, after.b64_json, repr(after))
        assert PNG == after.read()

    def test_evolve(self):
        """
        A changed copy knows nothing of what was measured before.
        """
        image = Image(content=PNG, seed=1)
        assert 8 == image.width
        other = attrs.evolve(image, content=png(3, 2), seed=2)

        assert (3, 2, 2) == (other.width, other.height, other.seed)

    def test_read_by_key(self):
        """
        As a dict, for those who come from one.
        """
        image = Image(b64_json=ENCODED, revised_prompt="a red fox")

        assert ENCODED == image["b64_json"] == image.get("b64_json")
        assert ("a red fox", None, "x") == (
            image["revised_prompt"],
            image.get("url"),
            image.get("url", "x"),
        )
        assert "width" in image
        assert "_content" not in image

    def test_across_processes(self):
        """
        A process pool can take pictures and give them back.
        """
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert Image(content=PNG) == pool.apply(copy.copy, [Image(content=PNG)])
