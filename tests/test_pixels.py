"""Type, width and height of a picture, read off its first bytes without decoding it."""

import io
import struct

import PIL.Image
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import features

from impasto._pixels import EXTENSIONS, Measured, measure
from impasto.testing import PNG, png

SIZES = [(1, 1), (3, 2), (90, 400)]
EXIF = PIL.Image.Exif()
EXIF[0x0131] = "impasto"  # "Software"
EXIF = EXIF.tobytes()


def written(size, kind, mode="RGB", **options):
    """Return a real file made by Pillow."""
    file = io.BytesIO()
    PIL.Image.effect_noise(size, 50).convert(mode).save(file, kind, **options)
    return file.getvalue()


FILES = {
    "png": ("image/png", "PNG", {}),
    "png with alpha": ("image/png", "PNG", {"mode": "RGBA"}),
    "png with a palette": ("image/png", "PNG", {"mode": "P"}),
    "png in grey": ("image/png", "PNG", {"mode": "L"}),
    "jpeg": ("image/jpeg", "JPEG", {}),
    "jpeg, progressive": ("image/jpeg", "JPEG", {"progressive": True}),
    "jpeg in grey": ("image/jpeg", "JPEG", {"mode": "L"}),
    "jpeg in four colours": ("image/jpeg", "JPEG", {"mode": "CMYK"}),
    "jpeg with exif": ("image/jpeg", "JPEG", {"exif": EXIF}),
    "jpeg with restarts": ("image/jpeg", "JPEG", {"restart_marker_rows": 1}),
    "webp": ("image/webp", "WEBP", {}),
    "webp, lossless": ("image/webp", "WEBP", {"lossless": True}),
    "webp with alpha": ("image/webp", "WEBP", {"mode": "RGBA"}),
    "webp with exif": ("image/webp", "WEBP", {"exif": EXIF}),
    "gif": ("image/gif", "GIF", {"mode": "P"}),
    "bmp": ("image/bmp", "BMP", {}),
    "bmp with alpha": ("image/bmp", "BMP", {"mode": "RGBA"}),
    "bmp in black and white": ("image/bmp", "BMP", {"mode": "1"}),
    "tiff": ("image/tiff", "TIFF", {}),
    "tiff, compressed": ("image/tiff", "TIFF", {"compression": "tiff_lzw"}),
    "tiff of another order": ("image/tiff", "TIFF", {"mode": "I;16B"}),
}
if features.check("avif"):
    FILES |= {
        "avif": ("image/avif", "AVIF", {}),
        "avif with alpha": ("image/avif", "AVIF", {"mode": "RGBA"}),
    }


class TestRealFiles:
    """Files of every format that Pillow writes."""

    @pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
    @pytest.mark.parametrize("name", FILES)
    def test_measures_what_pillow_wrote(self, name, size):
        """
        The size is what Pillow was told.
        """
        mime, kind, options = FILES[name]
        data = written(size, kind, **options)

        assert Measured(mime, *size) == measure(data)
        assert PIL.Image.open(io.BytesIO(data)).size == size

    @pytest.mark.parametrize("name", FILES)
    def test_cut_files_are_no_error(self, name):
        """
        However little of a file there is, measuring it gives a size, no size, or nothing.
        """
        mime, kind, options = FILES[name]
        data = written((30, 20), kind, **options)
        found = {measure(data[:length]) for length in range(len(data))}

        assert found <= {None, Measured(mime, None, None), Measured(mime, 30, 20)}
        assert measure(data) in found  # the last bytes are pixels

    @pytest.mark.parametrize("name", FILES)
    def test_is_known_by_its_extension(self, name):
        """
        Every type that is measured has the extension under which Pillow writes it.
        """
        mime, kind, _ = FILES[name]
        pillows = [
            ending for ending, one in PIL.Image.registered_extensions().items() if one == kind
        ]

        assert EXTENSIONS[mime][0] in pillows

    def test_an_animation(self):
        """
        An animation has the size of its canvas.
        """
        frames = [PIL.Image.new("P", (12, 9), colour) for colour in range(3)]
        for kind in ("GIF", "WEBP", "PNG"):
            file = io.BytesIO()
            frames[0].save(file, kind, save_all=True, append_images=frames[1:])

            assert (12, 9) == measure(file.getvalue())[1:]


class TestHandmadeFiles:
    """What Pillow does not write, and other programs do."""

    def test_a_jpeg_after_padding(self):
        """
        Between segments there may be any number of fill bytes.
        """
        data = written((30, 20), "JPEG")

        assert (30, 20) == measure(data[:2] + b"\xff\xff\xff" + data[2:])[1:]

    @pytest.mark.parametrize("marker", [0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC9, 0xCF])
    def test_every_kind_of_frame(self, marker):
        """
        Baseline, progressive, lossless, arithmetic: each begins a frame.
        """
        frame = struct.pack(">BBHBHHB", 0xFF, marker, 11, 8, 20, 30, 1)
        table = b"\xff\xc4\x00\x04ab"  # DHT, of the same range of numbers

        assert Measured("image/jpeg", 30, 20) == measure(
            b"\xff\xd8" + table + frame + b"\x01\x11\0"
        )

    def test_a_bitmap_from_the_top(self):
        """
        A negative height says that the first row is the topmost.
        """
        header = struct.pack("<2sIHHIIiiHH", b"BM", 0, 0, 0, 54, 40, 30, -20, 1, 24)

        assert Measured("image/bmp", 30, 20) == measure(header)

    def test_a_bitmap_of_os2(self):
        """
        The oldest header has 16 bits for each.
        """
        header = struct.pack("<2sIHHIIHHHH", b"BM", 0, 0, 0, 26, 12, 30, 20, 1, 24)

        assert Measured("image/bmp", 30, 20) == measure(header)

    def test_a_tiff_whose_directory_is_at_the_end(self):
        """
        It may be anywhere; where it is not there yet, the size is not known.
        """
        entries = [(256, 4, 1, 30), (257, 3, 1, 20), (258, 3, 1, 8)]
        packed = b"".join(
            struct.pack(">HHI", *entry[:3])
            + (struct.pack(">I", entry[3]) if entry[1] == 4 else struct.pack(">HH", entry[3], 0))
            for entry in entries
        )
        data = b"MM\0*" + struct.pack(">I", 1000) + bytes(992) + struct.pack(">H", 3) + packed

        assert Measured("image/tiff", 30, 20) == measure(data)
        assert Measured("image/tiff", None, None) == measure(data[:999])

    @pytest.mark.parametrize(
        ("brand", "mime"),
        [
            (b"avif", "image/avif"),
            (b"avis", "image/avif"),
            (b"heic", "image/heic"),
            (b"heix", "image/heic"),
            (b"mif1", "image/heic"),
            (b"mp42", None),
        ],
    )
    def test_brands_of_a_container(self, brand, mime):
        """
        One container holds many formats; a film is no picture.
        """
        data = struct.pack(">I4s4sI4s", 20, b"ftyp", brand, 0, b"isom")
        measured = measure(data)

        assert mime == (measured and measured.mime)

    def test_tiles_are_not_the_picture(self):
        """
        Of several sizes in a container the largest is the picture's.
        """
        sizes = [(64, 64), (512, 256), (100, 100)]
        boxes = b"".join(struct.pack(">I4sIII", 20, b"ispe", 0, *size) for size in sizes)

        assert (512, 256) == measure(struct.pack(">I4s4sI", 16, b"ftyp", b"avif", 0) + boxes)[1:]

    @pytest.mark.parametrize(
        "text",
        [
            b"<svg/>",
            b"  \n<svg xmlns='http://www.w3.org/2000/svg'>",
            b"\xef\xbb\xbf<?xml version='1.0'?><svg>",
            b"<!-- by hand --><svg>",
            b"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' ''><svg>",
        ],
    )
    def test_drawings(self, text):
        """
        SVG has many beginnings, and a size that only a renderer knows.
        """
        assert Measured("image/svg+xml", None, None) == measure(text)

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"a fox",
            b"BMW drives through the night, and this is a sentence about it",
            b"<!DOCTYPE html><html><svg></svg></html>",
            b"<?xml version='1.0'?><rss></rss>",
            b'{"error": "<svg"}',
            b"RIFF\0\0\0\0WAVEfmt ",
            b"GIF",
            b"%PDF-1.7",
            b"\x89PNG",
        ],
    )
    def test_what_is_no_picture(self, data):
        """
        Pages, texts and sounds are not mistaken for pictures.
        """
        assert measure(data) is None


BEGINNINGS = [
    *(written((30, 20), kind, **options)[:64] for _, kind, options in FILES.values()),
    b"\xff\xd8\xff\xe0\x00\x00\xff\xc0",
    b"\xff\xd8\xff\xff\xff\xff",
    b"II*\0\xff\xff\xff\xff",
    b"MM\0*\0\0\0\x08\xff\xff",
    b"\0\0\0\x10ftypavif\0\0\0\0ispe\0\0\0\0",
    b"<svg",
]


# The same examples each time, and no deadline that a busy machine could miss
calm = settings(derandomize=True, database=None, deadline=None)


class TestAnything:
    """Measuring never raises: it is asked about bytes that strangers sent."""

    @calm
    @given(st.binary(max_size=300))
    @example(b"")
    def test_any_bytes(self, data):
        """
        Any bytes are measured or not.
        """
        assert sound(measure(data))

    @calm
    @given(st.sampled_from(BEGINNINGS), st.binary(max_size=200))
    def test_a_good_beginning_and_any_end(self, beginning, end):
        """
        A file that only begins well.
        """
        assert sound(measure(beginning + end))

    @calm
    @given(st.sampled_from(BEGINNINGS), st.integers(0, 63), st.binary(min_size=1, max_size=8))
    def test_damage(self, beginning, at, damage):
        """
        A file with a few bytes changed.
        """
        assert sound(measure(beginning[:at] + damage + beginning[at + len(damage) :]))

    @calm
    @given(st.integers(1, 5000), st.integers(1, 5000))
    def test_any_size(self, width, height):
        """
        What was written is what is read.
        """
        head = PNG[:16] + struct.pack(">II", width, height) + PNG[24:]

        assert Measured("image/png", width, height) == measure(head)


def sound(measured):
    """Return whether *measured* is nothing, a type, or a type with a size that makes sense."""
    if measured is None:
        return True
    size = measured[1:]
    numbers = all(isinstance(edge, int) and 0 <= edge < 2**32 for edge in size)
    return measured.mime in EXTENSIONS and (size == (None, None) or numbers)


def test_the_kits_own_pictures():
    """
    The pictures that tests are made with are real.
    """
    for colour in ((1, 2, 3), (1, 2, 3, 4)):
        data = png(5, 3, colour)

        assert Measured("image/png", 5, 3) == measure(data)
        assert colour == PIL.Image.open(io.BytesIO(data)).getpixel((4, 2))
