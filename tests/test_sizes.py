"""Which sizes a model makes, and what a size becomes with a model that thinks in ratios."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto._sizes import NEAR, pixels
from impasto.types import AnySize, SizeMatch, Sizes

calm = settings(derandomize=True, database=None, deadline=None)

# As the vendor's tables are: not quite the ratio they are named after, the smallest first.
TIERED = Sizes(
    ratios={
        "1:1": {"1K": "1024x1024", "2K": "2048x2048", "4K": "4096x4096"},
        "3:2": {"1K": "1264x848", "2K": "2528x1696"},
        "16:9": {"1K": "1376x768", "2K": "2752x1536"},
        "7:4": {"": "1792x1024"},
        "21:9": {},
        "4:5": {"1K": ""},
    }
)


class TestPixels:
    """A size is "WxH", and nothing else."""

    @pytest.mark.parametrize(
        ("size", "edges"),
        [("1x1", (1, 1)), ("1024x512", (1024, 512)), ("999999x1", (999_999, 1))],
    )
    def test_sizes(self, size, edges):
        """
        Width, then height.
        """
        assert edges == pixels(size)

    @pytest.mark.parametrize(
        "size",
        [
            "", "x", "1024", "1024x", "x1024", "0x0", "1024x0", "01x1", "-1x1", "1.5x1", "1e3x1",
            "1024X1024", "1024*1024", "1024 x 1024", " 1x1", "1x1\n", "1x1x1", "1000000x1",
            "\u0661x\u0661", "16:9", "auto", "big", "1_0x1",
        ],
    )  # fmt: skip
    def test_no_sizes(self, size):
        """
        Nothing is read with good will.
        """
        assert pixels(size) is None

    @calm
    @given(st.text(max_size=12))
    def test_any_text(self, text):
        """
        Any text is a size that says the same when it is written again, or none.
        """
        edges = pixels(text)

        assert edges is None or text == f"{edges[0]}x{edges[1]}"


class TestAnySize:
    """Limits within which every size is taken."""

    LIMITS = AnySize(
        multiple_of=16,
        min_edge=64,
        max_edge=3840,
        max_ratio=3,
        min_pixels=655_360,
        max_pixels=8_294_400,
    )

    @pytest.mark.parametrize(
        "size", [(1024, 640), (3840, 2160), (2160, 3840), (1536, 512), (1024, 1024)]
    )
    def test_within(self, size):
        """
        On the limits is within them.
        """
        assert self.LIMITS.takes(*size)

    @pytest.mark.parametrize(
        ("size", "limit"),
        [
            ((1000, 1024), "a multiple of 16"),
            ((1024, 1000), "a multiple of 16"),
            ((48, 16384), "an edge too short"),
            ((3856, 1536), "an edge too long"),
            ((1536, 496), "a ratio too wide"),
            ((496, 1536), "a ratio too tall"),
            ((1024, 624), "too few pixels"),
            ((3840, 2176), "too many pixels"),
        ],
    )
    def test_beyond(self, size, limit):
        """
        Each limit counts by itself.
        """
        assert not self.LIMITS.takes(*size), limit

    def test_no_limits(self):
        """
        A model may take anything.
        """
        assert AnySize().takes(1, 999_999)
        assert 'any "WxH"' == str(AnySize())

    def test_in_words(self):
        """
        For the message: every limit that there is.
        """
        assert str(self.LIMITS) == (
            'any "WxH" with edges divisible by 16, edges of at least 64, edges of at most 3840, '
            "a ratio of at most 3:1, at least 655,360 pixels, at most 8,294,400 pixels"
        )


class TestFind:
    """What a size becomes with a model that thinks in ratios and tiers."""

    @pytest.mark.parametrize(
        ("size", "match"),
        [
            ("2048x2048", SizeMatch("1:1", "2K", "2048x2048")),
            ("1264x848", SizeMatch("3:2", "1K", "1264x848")),
            ("1792x1024", SizeMatch("7:4", None, "1792x1024")),
        ],
    )
    def test_by_the_table(self, size, match):
        """
        A size that stands in the table is that row, whatever its ratio is called.
        """
        assert match == TIERED.find(size)

    @pytest.mark.parametrize(
        ("size", "ratio", "tier"),
        [
            ("512x512", "1:1", "1K"),
            ("1040x1024", "1:1", "1K"),  # 1.6 % wide, and 1.6 % beyond the first tier
            ("1500x1500", "1:1", "2K"),
            ("1200x800", "3:2", "1K"),
            ("1536x1024", "3:2", "2K"),
            ("1920x1080", "16:9", "2K"),
            ("2560x1440", "16:9", "2K"),
            ("640x360", "16:9", "1K"),
            ("2100x900", "21:9", None),
            ("1080x1350", "4:5", "1K"),
        ],
    )
    def test_by_the_ratio(self, size, ratio, tier):
        """
        A ratio within 2 %, and of its tiers the smallest that covers the size.
        """
        found = TIERED.find(size)

        assert (ratio, tier) == (found.ratio, found.tier)

    def test_the_nearest_of_two_ratios(self):
        """
        Where two ratios are within 2 %, the nearer one is meant.
        """
        assert "16:9" == TIERED.find("1600x900").ratio
        assert "7:4" == TIERED.find("1750x1000").ratio

    @pytest.mark.parametrize(
        ("size", "why"),
        [
            ("1000x700", "a ratio that the model does not have"),
            ("8192x8192", "larger than the largest tier"),
            ("2600x1700", "larger by more than 2 %"),
            ("1045x1000", "a ratio off by more than 2 %"),
            ("16:9", "a ratio is no size"),
            ("1K", "a tier is no size"),
            ("auto", "a word is no size"),
            ("", "nothing is no size"),
        ],
    )
    def test_what_is_not_found(self, size, why):
        """
        Nobody gets a picture of another shape or a smaller one than was asked for.
        """
        assert TIERED.find(size) is None, why

    def test_unpublished_pixels(self):
        """
        Where the vendor does not say how many pixels a ratio has, none are promised.
        """
        assert SizeMatch("21:9", None, None) == TIERED.find("2100x900")
        assert SizeMatch("4:5", "1K", None) == TIERED.find("1080x1350")

    @calm
    @given(st.integers(1, 5000), st.integers(1, 5000))
    def test_any_size(self, width, height):
        """
        Whatever is found has the shape that was asked for, and covers it, within 2 %.
        """
        found = TIERED.find(f"{width}x{height}")
        if found is None or found.pixels is None:
            return
        true = pixels(found.pixels)
        across, down = map(int, found.ratio.split(":"))

        exact = found.pixels == f"{width}x{height}"
        assert exact or abs(width / height / (across / down) - 1) <= NEAR
        assert true[0] >= width * (1 - NEAR)
        assert true[1] >= height * (1 - NEAR)


class TestSizes:
    """All that a model says of its sizes, together."""

    MIXED = Sizes(
        values=("auto", "100x100"),
        any=AnySize(multiple_of=16, min_edge=512),
        ratios={"1:1": {"": "64x64"}},
    )

    @pytest.mark.parametrize(
        ("size", "takes", "exactly"),
        [
            ("auto", True, True),
            ("100x100", True, True),
            ("1024x512", True, True),
            ("50x50", True, False),
            ("1000x512", False, False),
            ("big", False, False),
            ("AUTO", False, False),
        ],
    )
    def test_takes(self, size, takes, exactly):
        """
        As it is, or as one of the ratios.
        """
        assert (takes, exactly) == (self.MIXED.takes(size), self.MIXED.takes_exactly(size))

    def test_examples(self):
        """
        What would do, for a message: words and sizes, limits, the table.
        """
        assert [
            "auto",
            "100x100",
            'any "WxH" with edges divisible by 16, edges of at least 512',
            "64x64",
        ] == self.MIXED.examples()
        assert ["1:1"] == Sizes(ratios={"1:1": {}}).examples()
        assert [] == Sizes().examples()

    @pytest.mark.parametrize(
        "ratios",
        [
            {"16x9": {}},
            {"0:1": {}},
            {"wide": {}},
            {"16:9:2": {}},
            {"1:1": {"1K": "big"}},
            {"1:1": {"1K": "1024"}},
        ],
        ids=lambda ratios: str(ratios),
    )
    def test_an_unsound_table(self, ratios):
        """
        A catalogue with such a table is refused when it is read, not when it is used.
        """
        with pytest.raises(ValueError, match=r"no ratio|not \"WxH\""):
            Sizes(ratios=ratios)

    def test_a_ratio_with_a_point_in_it(self):
        """
        Films have such ratios.
        """
        assert "2.39:1" == Sizes(ratios={"2.39:1": {}}).find("2390x1000").ratio
