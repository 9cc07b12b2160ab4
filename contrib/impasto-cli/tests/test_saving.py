"""Files: checked before money is spent, never lost afterwards."""

import shutil
import sys
from pathlib import Path

import pytest

from impasto.testing import PNG, FakeServer, reply
from impasto_cli._places import slug


class TestBeforeMoneyIsSpent:
    @pytest.mark.parametrize(
        ("options", "line"),
        [
            (("-o", "mine.png"), "error: 'mine.png' exists; --overwrite replaces it\n"),
            (("-o", "m.png", "-n", "2"), "error: 'm-2.png' exists; --overwrite replaces it\n"),
            (("-o", "no/out.png"), "error: folder 'no' does not exist; create it first\n"),
            (("-o", "folder"), "error: 'folder' is a folder; name a file in it\n"),
            (("-o", ".", "-n", "2"), "error: '.' is a folder; name a file in it\n"),
            (
                ("-o", "f", "-n", "2", "--overwrite"),
                "error: 'f-1' is a folder; name another file\n",
            ),
            (("-o", f"{'x' * 300}.png"), "File name too long"),
        ],
        ids=[
            "exists",
            "one of several exists",
            "no folder",
            "is a folder",
            "is here",
            "one of several is a folder",
            "long",
        ],
    )
    def test_a_place_that_will_not_do_is_refused(self, order, server, options, line):
        """
        Nothing is sent when the picture could not be saved where it is to go.
        """
        Path("mine.png").write_bytes(b"mine")
        Path("m-2.png").write_bytes(b"mine")
        Path("folder").mkdir()
        Path("f-1").mkdir()
        result = order(server, *options)

        assert 2 == result.exit_code
        assert line in result.stderr
        assert [] == server.received
        assert b"mine" == Path("mine.png").read_bytes()

    @pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that even root cannot fill")
    def test_a_folder_that_takes_no_files_is_refused(self, order, server):
        """
        It is tried out: permissions do not tell the whole truth.
        """
        result = order(server, "-o", "/proc/out.png")

        assert 2 == result.exit_code
        assert "error: folder '/proc' cannot be written to: " in result.stderr
        assert [] == server.received

    def test_overwrite_replaces(self, order, server):
        """
        With --overwrite the old picture goes.
        """
        Path("out.png").write_bytes(b"old")
        order(server, "-o", "out.png", "--overwrite")

        assert PNG == Path("out.png").read_bytes()


class TestAfterwards:
    def test_a_file_that_appeared_meanwhile_is_kept(self, order, pictures, files):
        """
        The picture takes a free name next to it, and the exit code says that something is wrong.
        """

        def handler(_):
            Path("out.png").write_bytes(b"somebody else's")
            return pictures

        with FakeServer(handler) as server:
            result = order(server, "-o", "out.png")

        assert (1, ["out-2.png 8x8"]) == (result.exit_code, files(result.stdout))
        assert "out.png could not be written" in result.stderr
        assert "; the picture is in out-2.png\n" in result.stderr
        assert (b"somebody else's", PNG) == (
            Path("out.png").read_bytes(),
            Path("out-2.png").read_bytes(),
        )

    def test_a_folder_that_went_away_sends_it_to_the_temporary_one(
        self, process, pictures, files, tmp_path
    ):
        """
        Where nothing can be saved next to it, the picture is in the temporary folder.
        """
        refuge = tmp_path / "refuge"
        refuge.mkdir()
        folder = tmp_path / "folder"
        folder.mkdir()

        def handler(_):
            shutil.rmtree(folder)
            return pictures

        with FakeServer(handler) as server:
            result = process(
                *("a fox", "-m", "openai/gpt-image-2", "--api-base", server.url),
                *("-o", str(folder / "out.png")),
                TMPDIR=str(refuge),
                OPENAI_API_KEY="sk-0123456789abcdef",
            )

        assert (1, [f"{refuge / 'out-2.png'} 8x8"]) == (result.returncode, files(result.stdout))
        assert PNG == (refuge / "out-2.png").read_bytes()

    def test_a_picture_that_cannot_be_fetched_is_named(self, order, server, files):
        """
        A URL that does not answer is shown, so that the picture can still be had; others are saved.
        """
        gone = f"{server.url}/gone.png"
        here = f"{server.url}/pictures/0.png"
        server.will(reply({"data": [{"url": gone}, {"url": here}]}), reply({}, status=404))
        result = order(server, "-o", "out.png", "-n", "2")

        assert (6, ["out-2.png 8x8"]) == (result.exit_code, files(result.stdout))
        assert gone in result.stderr

    def test_what_came_is_saved_when_other_parts_failed(self, order, server, pictures, files):
        """
        Of a call that was split, the pictures that came are saved; the exit code is the failure's.
        """
        full = reply({"error": {"message": "slow down"}}, status=429)
        server.will(pictures, full)
        result = order(
            server, "-m", "openai/dall-e-3", "-n", "2", "-o", "out.png", "-p", "max_retries=0"
        )

        assert (5, ["out-1.png 8x8"]) == (result.exit_code, files(result.stdout))
        assert result.stderr.splitlines()[-1].startswith("error: openai/dall-e-3: slow down")

    def test_a_wrong_extension_changes_nothing(self, paint):
        """
        The format is the provider's; a name that promises another one is warned about and kept.
        """
        result = paint("-o", "out.webp")

        assert 0 == result.exit_code
        assert b"\x89PNG" == Path("out.webp").read_bytes()[:4]
        assert (
            "warning: 'out.webp' ends in '.webp', but the picture is image/png; "
            "'out.png' would fit\n"
        ) in result.stderr


class TestNamesByDefault:
    def test_the_extension_is_that_of_the_bytes(self, paint, order, server, files):
        """
        Without --out the file is named after the prompt, and for what it really is.
        """
        jpeg = paint("--output-format", "jpeg").stdout
        png = order(server, "--output-format", "jpeg").stdout  # this server sends PNG all the same

        assert (["a-fox.jpg 64x64"], ["a-fox.png 8x8"]) == (files(jpeg), files(png))

    def test_a_taken_name_is_left_alone(self, order, server, files):
        """
        A name that nobody chose replaces nothing: the next free number is taken.
        """
        names = [
            files(order(server, *more).stdout) for more in ((), (), ("-n", "2"), ("--overwrite",))
        ]

        assert [
            ["a-fox.png 8x8"],
            ["a-fox-2.png 8x8"],
            ["a-fox-1.png 8x8", "a-fox-3.png 8x8"],
            ["a-fox.png 8x8"],
        ] == names

    @pytest.mark.parametrize(
        ("prompt", "name"),
        [
            ("A Lighthouse, at dawn!", "a-lighthouse-at-dawn"),
            ("../../etc/passwd", "etc-passwd"),
            ("маяк на рассвете", "маяк-на-рассвете"),
            ("夜明けの灯台" * 20, ("夜明けの灯台" * 20)[:50]),
            ("a " * 40, ("a-" * 40)[:49]),
            ("?!", "picture"),
        ],
        ids=["words", "no path", "any script", "one long word", "many words", "no word"],
    )
    def test_a_prompt_becomes_a_name(self, prompt, name):
        """
        Letters and digits of any script, dashes for the rest, cut between words.
        """
        assert name == slug(prompt)
