"""What a picture was made from is written into its file, read again, and breaks nothing."""

from __future__ import annotations

import io
import json
import pickle
import random
import struct
import zlib
from pathlib import Path

import PIL.Image
import PIL.PngImagePlugin
import pytest

import impasto
from impasto import BadRequestError, Image, ImageResponse, read_metadata
from impasto._containers import pieces, png_chunk, riff_chunk
from impasto._embedding import MOST, embedded
from impasto._exif import with_comment
from impasto._marks import is_signed
from impasto.testing import FakeServer, Script, reply

MIMES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
PROMPT = 'a fox, "at night":\nüber 山'
# https://www.iptc.org/std/photometadata/: how services say it in XMP
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    'syntax-ns#"><rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    f'Iptc4xmpExt:DigitalSourceType="{SOURCE}"/></rdf:RDF></x:xmpmeta>'
).encode()


def made(format: str, mode: str = "RGB", **options) -> bytes:
    """Return a picture with colours all over, as Pillow writes it."""
    noise = random.Random(1).randbytes(40 * 30 * len(mode))
    file = io.BytesIO()
    PIL.Image.frombytes(mode, (40, 30), noise).save(file, format, **options)
    return file.getvalue()


def exif(**tags) -> PIL.Image.Exif:
    found = PIL.Image.Exif()
    found[0x010F] = "Oil Cameras"
    found[0x0112] = 6
    found.get_ifd(0x8769)[0x9003] = "2026:11:22 12:00:00"
    return found


PICTURES = {
    "PNG": made("PNG"),
    "PNG of 256 colours": made("PNG", "P"),
    "PNG with XMP": made(
        "PNG",
        pnginfo=(lambda i: (i.add_itxt("XML:com.adobe.xmp", XMP.decode()), i)[1])(
            PIL.PngImagePlugin.PngInfo()
        ),
    ),
    "JPEG": made("JPEG"),
    "JPEG, progressive": made("JPEG", progressive=True, quality=95),
    "JPEG with EXIF": made("JPEG", exif=exif()),
    "JPEG with XMP": made("JPEG", xmp=XMP),
    "JPEG without JFIF": (lambda data: data[:2] + data[20:])(made("JPEG")),
    "WebP": made("WEBP"),
    "WebP without loss": made("WEBP", lossless=True),
    "WebP with alpha": made("WEBP", "RGBA", lossless=True, exact=True),
    "WebP with lossy alpha": made("WEBP", "RGBA"),
    "WebP with EXIF and XMP": made("WEBP", exif=exif(), xmp=XMP),
}


@pytest.fixture
def answering():
    """Make a call that is answered with a picture, and return that."""

    def answered(data: bytes, **call) -> Image:
        answer = reply({"created": 1_780_000_000, "data": [{"b64_json": _encoded(data)}]})
        with FakeServer(lambda received: answer) as server:
            response = impasto.image_generation(
                **{
                    "prompt": PROMPT,
                    "model": "openai/gpt-image-2",
                    "api_key": "sk-0123456789abcdef",
                    "api_base": server.url,
                    **call,
                }
            )
        return response.data[0]

    return answered


def _encoded(data: bytes) -> str:
    return Image(content=data).b64_json or ""


@pytest.mark.parametrize("data", PICTURES.values(), ids=PICTURES)
class TestEmbedding:
    """Files of every form, as Pillow reads them."""

    def test_others_read_it(self, answering, data, tmp_path):
        """
        The text that AUTOMATIC1111's web interface writes is where it writes it.
        """
        path = answering(data, quality="high", user="somebody").save(
            tmp_path / f"fox{Image(content=data).extension}", metadata=True
        )

        with PIL.Image.open(path) as picture:
            picture.load()
            if picture.format == "PNG":
                found = picture.text["parameters"]
            else:
                comment = picture.getexif().get_ifd(0x8769)[0x9286]
                order = "be" if b"MM" in picture.info["exif"][:8] else "le"
                assert b"UNICODE\0" == comment[:8]
                found = comment[8:].decode(f"utf-16-{order}")
        last = "Size: 40x30, Model: openai/gpt-image-2, Quality: high, Version: impasto 0.1.0"
        assert f"{PROMPT}\n{last}" == found

    def test_we_read_it(self, answering, data, tmp_path):
        """
        The call is known again; neither key, base nor user is in the file.
        """
        path = answering(data, quality="high", user="somebody").save(
            tmp_path / f"fox{Image(content=data).extension}", metadata=True
        )

        found = read_metadata(path)

        assert {
            "impasto": impasto.__version__,
            "format": 1,
            "size": "40x30",
            "mime": found.mime,
            "kind": "generate",
            "model": "openai/gpt-image-2",
            "prompt": PROMPT,
            "params": {"quality": "high"},
            "created": "2026-05-28T20:26:40Z",
        } == {name: one for name, one in found.call.items() if name != "request_id"}
        assert ("inside", 40, 30) == (found.found, found.width, found.height)
        assert [path.name] == [one.name for one in tmp_path.iterdir()]
        for word in (b"sk-0123", b"127.0.0.1", b"somebody"):
            assert word not in path.read_bytes()

    def test_pixels_and_all_else_stay(self, answering, data, tmp_path):
        """
        Every piece of the file is there, byte for byte; what is decoded is the same.
        """
        path = answering(data).save(tmp_path / f"fox{Image(content=data).extension}", metadata=True)

        after = path.read_bytes()
        with PIL.Image.open(path) as new, PIL.Image.open(io.BytesIO(data)) as old:
            assert (old.mode, old.size, old.tobytes()) == (new.mode, new.size, new.tobytes())
            assert old.info.get("xmp") == new.info.get("xmp")
            before = {**old.getexif(), **old.getexif().get_ifd(0x8769)}
            now = {**new.getexif(), **new.getexif().get_ifd(0x8769)}
        assert {tag: one for tag, one in before.items() if tag != 0x8769}.items() <= now.items()
        mime = read_metadata(path).mime
        kept = [data[one.begin : one.end] for one in pieces(data, mime).found if _stays(one.name)]
        assert all(one in after for one in kept)
        assert pieces(after, mime).whole

    def test_written_twice(self, answering, data, tmp_path):
        """
        What is written a second time takes the place of the first; the file does not grow for ever.
        """
        image = answering(data)
        extension = image.extension
        first = image.save(tmp_path / f"1{extension}", metadata=True).read_bytes()
        again = image.with_content(first)
        second = again.save(tmp_path / f"2{extension}", metadata=True)

        mime = read_metadata(second).mime
        assert read_metadata(tmp_path / f"1{extension}").call == read_metadata(second).call
        assert [one.name for one in pieces(first, mime).found] == [
            one.name for one in pieces(second.read_bytes(), mime).found
        ]

    def test_without_being_asked(self, answering, data, tmp_path):
        """
        A prompt is nobody's business: the file is what the provider sent.
        """
        path = answering(data).save(tmp_path / f"fox{Image(content=data).extension}")

        assert data == path.read_bytes()


def _stays(name: bytes) -> bool:
    return name not in (b"EXIF", b"VP8X", b"\xe1")


# --- Signed, marked ---------------------------------------------------------------------------


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + kind + data


# A superbox with a description alone: UUID and label of a manifest store, by ISO/IEC 19566-5 and
# https://c2pa.org/specifications/specifications/2.1/specs/C2PA_Specification.html, section 11.1.4
STORE = box(b"jumb", box(b"jumd", bytes.fromhex("6332706100110010800000aa00389b71") + b"\3c2pa\0"))


def segments(store: bytes) -> bytes:
    """Return *store* as a JPEG has it: by ISO/IEC 19566-5, D.2, in two segments."""
    found = b""
    for number, part in enumerate((store, store[:8] + b"more"), 1):
        data = b"JP" + struct.pack(">HI", 1, number) + part
        found += b"\xff\xeb" + struct.pack(">H", len(data) + 2) + data
    return found


def _png_with(chunk: bytes) -> bytes:
    data = PICTURES["PNG"]
    return data[:33] + chunk + data[33:]


def _riff_with(chunk: bytes) -> bytes:
    data = PICTURES["WebP with EXIF and XMP"] + chunk
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


PROVENANCE = XMP.replace(b"<rdf:Description", b'<rdf:Description dcterms:provenance="https://a.b/"')
SIGNED = {
    "PNG": _png_with(png_chunk(b"caBX", STORE)),
    "JPEG": PICTURES["JPEG"][:20] + segments(STORE) + PICTURES["JPEG"][20:],
    "WebP": _riff_with(riff_chunk(b"C2PA", STORE)),
    "a manifest elsewhere": made("JPEG", xmp=PROVENANCE),
    "AVIF": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf"
    + box(b"uuid", bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + STORE),
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><metadata><c2pa:manifest>AA==</c2pa:manifest>'
    b"</metadata></svg>",
}


@pytest.mark.parametrize("data", SIGNED.values(), ids=SIGNED)
def test_what_is_signed_is_not_touched(answering, data, tmp_path):
    """
    The file is saved as it came, and another beside it has what was asked for.
    """
    image = answering(data)
    name = f"fox{image.extension}"

    path = image.save(tmp_path / name, metadata=True)

    found = read_metadata(path)
    assert data == path.read_bytes()
    assert {name, f"{name}.json"} == {one.name for one in tmp_path.iterdir()}
    assert ("beside", PROMPT) == (found.found, found.call["prompt"])
    assert (
        "Model: openai/gpt-image-2"
        in json.loads((tmp_path / f"{name}.json").read_text())["parameters"]
    )
    assert "C2PA" in found.marks
    assert "C2PA" in image.marks


@pytest.mark.parametrize(
    ("data", "expected"),
    {
        "nothing": (PICTURES["JPEG"], ()),
        "in XMP": (PICTURES["JPEG with XMP"], ("trainedAlgorithmicMedia",)),
        "in XMP of a PNG": (PICTURES["PNG with XMP"], ("trainedAlgorithmicMedia",)),
        "a composition": (
            made("WEBP", xmp=XMP.replace(b"/trained", b"/compositeWithTrained")),
            ("compositeWithTrainedAlgorithmicMedia",),
        ),
        "both": (
            SIGNED["WebP"],
            ("C2PA", "trainedAlgorithmicMedia"),
        ),
        "boxes that are no manifest": (
            PICTURES["JPEG"][:20]
            + segments(STORE.replace(b"c2pa", b"acme"))
            + PICTURES["JPEG"][20:],
            (),
        ),
    }.values(),
)
def test_marks(data, expected, tmp_path, answering):
    """
    They are told, and are still there in a file with metadata.
    """
    image = answering(data)
    path = image.save(tmp_path / f"fox{image.extension}", metadata=True)

    assert expected == image.marks
    assert expected == read_metadata(path).marks


def test_marks_of_what_is_not_here():
    """
    Of a picture behind a URL nothing is known, and nothing is fetched to know it.
    """
    assert () == Image(url="https://acme.test/fox.png").marks


# --- Beside -----------------------------------------------------------------------------------


class TestBeside:
    """The file beside a picture."""

    def test_what_is_too_much_for_the_format(self, answering, tmp_path):
        """
        A JPEG has no room for more than 64 kB; a PNG has.
        """
        long = "a fox " * 5_300
        for name, beside in (("JPEG", True), ("PNG", False), ("WebP", False)):
            image = answering(PICTURES[name], prompt=long)
            path = image.save(tmp_path / f"fox{image.extension}", metadata=True)

            assert long == read_metadata(path).call["prompt"]
            assert beside == (tmp_path / f"{path.name}.json").exists()

    def test_it_replaces_nothing(self, answering, tmp_path):
        """
        Where something has its name, neither is written, unless it may be replaced.
        """
        other = tmp_path / "fox.png.json"
        other.write_text("mine")
        image = answering(SIGNED["PNG"])
        with pytest.raises(FileExistsError, match=r"fox\.png\.json"):
            image.save(tmp_path / "fox.png", metadata=True)

        assert ["fox.png.json"] == [one.name for one in tmp_path.iterdir()]
        image.save(tmp_path / "fox.png", metadata=True, overwrite=True)
        assert PROMPT == read_metadata(tmp_path / "fox.png").call["prompt"]

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", "{}", "nul", '{"impasto": 1, "model": 7}', "[" * 100_000, "\xff"]
    )
    def test_what_is_not_ours(self, tmp_path, text):
        """
        Any other file of that name is nothing to us.
        """
        (tmp_path / "fox.png").write_bytes(PICTURES["PNG"])
        (tmp_path / "fox.png.json").write_text(text, "latin-1")

        assert {} == dict(read_metadata(tmp_path / "fox.png").call)


# --- What anybody may have written ------------------------------------------------------------


class TestReading:
    """Files that are anybody's."""

    def test_of_the_web_interface(self, tmp_path):
        """
        What AUTOMATIC1111's web interface wrote is told, in PNG and in EXIF.
        """
        text = "a fox\nNegative prompt: dogs\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5"
        info = PIL.PngImagePlugin.PngInfo()
        info.add_text("parameters", text, zip=True)
        (tmp_path / "1.png").write_bytes(made("PNG", pnginfo=info))
        comment = with_comment(None, text, b"", "another program")
        (tmp_path / "2.jpg").write_bytes(made("JPEG", exif=b"Exif\0\0" + comment))

        for name in ("1.png", "2.jpg"):
            found = read_metadata(tmp_path / name)
            assert (text, {}, None) == (found.parameters, dict(found.call), found.found)

    def test_theirs_is_kept(self, answering, tmp_path):
        """
        A server that writes its own parameters knows them better.
        """
        info = PIL.PngImagePlugin.PngInfo()
        info.add_text("parameters", "theirs")
        path = answering(made("PNG", pnginfo=info)).save(tmp_path / "fox.png", metadata=True)

        found = read_metadata(path)
        assert ("theirs", PROMPT) == (found.parameters, found.call["prompt"])

    @pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
    def test_a_bomb(self, tmp_path, kind):
        """
        A few bytes that stand for gigabytes are unpacked no further than anybody reads.
        """
        packer = zlib.compressobj(9)
        packed = b"".join(packer.compress(bytes(1_000_000)) for _ in range(300)) + packer.flush()
        head = b"bomb\0\0" if kind == b"zTXt" else b"bomb\0\1\0\0\0"
        (tmp_path / "bomb.png").write_bytes(_png_with(png_chunk(kind, head + packed)))

        found = read_metadata(tmp_path / "bomb.png")

        assert MOST == len(found.texts["bomb"])

    @pytest.mark.parametrize("data", [*PICTURES.values(), *SIGNED.values()])
    def test_cut_and_altered_files(self, data, tmp_path):
        """
        Whatever is left of a file, reading it raises nothing but what it says it raises, and no
        damaged file is written.
        """
        chance = random.Random(7)
        whole = embedded(data, Image(content=data).mime or "", '{"impasto": "1"}', "a fox") or data
        for number in range(40):
            broken = bytearray(whole)
            for _ in range(chance.randrange(1, 5)):
                broken[chance.randrange(len(broken))] = chance.choice([0, 1, 0x7F, 0xFF])
            if number % 3 == 0:
                del broken[chance.randrange(len(broken)) :]
            path = tmp_path / "fox"
            path.write_bytes(broken)
            try:
                found = read_metadata(path)
            except BadRequestError:
                continue
            again = embedded(bytes(broken), found.mime, '{"impasto": "2"}', "a dog")
            if again is not None:
                assert pieces(again, found.mime).whole

    @pytest.mark.parametrize("data", [b"", b"hello", b"RIFF\4\0\0\0WEBP"])
    def test_no_picture(self, tmp_path, data):
        """
        It is said what is wrong; an empty container is one that says nothing.
        """
        (tmp_path / "fox.png").write_bytes(data)
        if data.startswith(b"RIFF"):
            assert {} == dict(read_metadata(tmp_path / "fox.png").call)
            assert embedded(data, "image/webp", "{}", "") is None
            return
        with pytest.raises(BadRequestError, match="is no picture"):
            read_metadata(tmp_path / "fox.png")

    def test_a_file_without_pixels(self, tmp_path):
        """
        There is no place for it in such a file, so that it goes beside it.
        """
        data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", bytes(13)) + png_chunk(b"IEND", b"")

        assert embedded(data, "image/png", "{}", "") is None

    def test_signs_of_the_signed(self):
        """
        The hand-made files are signed as far as the pieces tell.
        """
        for name, data in SIGNED.items():
            mime = Image(content=data).mime or ""
            assert is_signed(data, mime, pieces(data, mime)), name


# --- Again ------------------------------------------------------------------------------------


def said(tmp_path: Path, **call) -> Path:
    """Write a picture that says *call* of itself, as a stranger might."""
    ours = json.dumps({"impasto": "0.1.0", "model": "openai/gpt-image-2", "prompt": "x", **call})
    data = embedded(PICTURES["PNG"], "image/png", ours, "x")
    assert data is not None
    (tmp_path / "fox.png").write_bytes(data)
    return tmp_path / "fox.png"


class TestAgain:
    """Arguments from a file."""

    def test_the_same_call(self, answering, tmp_path):
        """
        What is read makes the call that was made.
        """
        call = {"size": "1024x1024", "quality": "low", "n": 1, "output_compression": None}
        path = answering(PICTURES["PNG"], **call).save(tmp_path / "fox.png", metadata=True)

        arguments = read_metadata(path).arguments()

        assert {
            "model": "openai/gpt-image-2",
            "prompt": PROMPT,
            "size": "1024x1024",
            "quality": "low",
            "n": 1,
        } == arguments
        assert impasto.explain(**arguments, api_key="sk-0123456789abcdef").requests

    @pytest.mark.parametrize(
        "name",
        [
            *("api_base", "base_url", "api_key", "organization", "extra_headers", "headers"),
            *("extra_body", "extra_query", "image", "images", "mask", "user", "timeout", "model"),
            *("custom_llm_provider", "fallbacks", "mock_response", "max_retries", "litellm_params"),
            *("my_token", "prompt", "drop_params", "download", "base_model", "stream"),
        ],
    )
    def test_nothing_but_parameters(self, tmp_path, name):
        """
        A stranger's picture sends no key elsewhere, reads no file, and steers nothing.
        """
        found = read_metadata(said(tmp_path, params={name: "http://evil.test", "size": "auto"}))

        assert {"model": "openai/gpt-image-2", "prompt": "x", "size": "auto"} == found.arguments()

    @pytest.mark.parametrize(
        ("model", "name"),
        [
            ("azure/gpt-image-2", "api_version"),
            ("vertex_ai/gemini-2.5-flash-image", "vertex_project"),
            ("bedrock/amazon.titan-image-generator-v1", "aws_bedrock_runtime_endpoint"),
            ("bedrock/amazon.titan-image-generator-v2:0", "conditionImage"),
        ],
    )
    def test_settings_and_pictures_of_each_provider(self, tmp_path, model, name):
        """
        What only that provider knows as a setting or as a picture is left out as well, for the
        file's own model and for another one.
        """
        for params in ({"model": model}, {}):
            found = read_metadata(said(tmp_path, params={name: "/etc/passwd"}, **params))

            assert {"model": model, "prompt": "x"} == found.arguments(model)

    @pytest.mark.parametrize(
        ("told", "why"),
        [({"model": None}, "which model"), ({"prompt": 7}, "what its prompt was")],
    )
    def test_too_little(self, tmp_path, told, why):
        """
        It is said what the file does not say.
        """
        with pytest.raises(BadRequestError, match=why):
            read_metadata(said(tmp_path, **told)).arguments()

    def test_pictures_that_went_in(self, tmp_path):
        """
        They are in the file by their digests alone, and told as missing.
        """
        answer = reply({"data": [{"b64_json": _encoded(PICTURES["PNG"])}]})
        with FakeServer(lambda received: answer) as server:
            response = impasto.image_edit(
                image=PICTURES["JPEG"],
                prompt="bluer",
                model="openai/gpt-image-2",
                api_key="sk-0123456789abcdef",
                api_base=server.url,
            )
        path = response.data[0].save(tmp_path / "fox.png", metadata=True)

        found = read_metadata(path)
        assert "edit" == found.call["kind"]
        assert [("image", "image/jpeg", "40x30")] == [
            (one["as"], one["mime"], one["size"]) for one in found.call["inputs"]
        ]
        assert 1 == len(found.missing())
        assert found.missing()[0].startswith("image (image/jpeg, 40x30, ")
        assert () == response.data[0]._made.call.images


# --- Who knows its call -----------------------------------------------------------------------


class TestKnowing:
    """The call that an image knows."""

    def test_each_of_several_with_its_seed(self, tmp_path):
        """
        A picture of several says the seed that makes it alone.
        """
        response = impasto.image_generation(
            "a fox", model="sketch/oil-1", n=2, seed=7, size="64x64"
        )
        paths = [
            image.save(tmp_path / f"{number}.png", metadata=True)
            for number, image in enumerate(response.data)
        ]

        assert [
            {"model": "sketch/oil-1", "prompt": "a fox", "size": "64x64", "seed": seed}
            for seed in (7, 8)
        ] == [read_metadata(path).arguments() for path in paths]

    def test_in_another_process(self, answering, tmp_path):
        """
        It is known there, too, without the settings of the call.
        """
        packed = pickle.dumps(answering(PICTURES["PNG"], quality="low"))
        path = pickle.loads(packed).save(tmp_path / "fox.png", metadata=True)

        assert b"127.0.0.1" not in packed
        assert {"quality": "low"} == read_metadata(path).call["params"]
        assert PROMPT == read_metadata(path).call["prompt"]

    def test_where_there_was_no_call(self, tmp_path):
        """
        What is known of the picture itself is written.
        """
        path = Image(content=PICTURES["PNG"], seed=3).save(tmp_path / "fox.png", metadata=True)

        found = read_metadata(path)
        assert ("40x30", 3, None) == (
            found.call["size"],
            found.call["seed"],
            found.call.get("prompt"),
        )
        with pytest.raises(BadRequestError, match="which model"):
            found.arguments()

    @pytest.mark.parametrize("created", [1_780_000_000_000_000, "yesterday", {"at": 7}, True])
    @pytest.mark.parametrize("form", ["PNG", "JPEG", "WebP"])
    def test_an_answer_that_is_odd(self, tmp_path, created, form):
        """
        A date that is none, or half a character, is not in the way of the picture.
        """
        pictures = [{"b64_json": _encoded(PICTURES[form]), "revised_prompt": "a fox \ud83e"}]
        answer = reply({"created": created, "data": pictures})
        with FakeServer(lambda _: answer) as server:
            image = impasto.image_generation(
                "a fox",
                model="openai/gpt-image-2",
                api_key="sk-0123456789abcdef",
                api_base=server.url,
            ).data[0]
        path = image.save(tmp_path / f"fox.{form.lower()}", metadata=True)

        found = read_metadata(path)
        assert ("inside", "a fox \ud83e") == (found.found, found.call["revised_prompt"])

    def test_the_same_image_for_two_calls(self, acme, tmp_path):
        """
        A plugin that returns one image for all calls mixes up nothing.
        """
        image = Image(content=PICTURES["PNG"])

        @impasto.hookimpl
        def parse_response() -> ImageResponse:
            return ImageResponse(data=[image])

        script = Script(*[acme.pictures()] * 2, plugin=acme.plugin(parse_response))
        fox = script.play({**acme.call, "prompt": "a fox"}).data[0]
        dog = script.play({**acme.call, "prompt": "a dog"}).data[0]

        assert ["a fox", "a dog"] == [
            read_metadata(one.save(tmp_path / f"{at}.png", metadata=True)).call["prompt"]
            for at, one in enumerate((fox, dog))
        ]
