"""What is on disk: for nobody else's eyes, sound or not there, and within its bounds."""

import os
import stat
import subprocess
import sys
import time

import pytest

import impasto_cache
from impasto.testing import PNG, png
from impasto_cache import _files, _pruning


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


class TestFiles:
    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
    def test_they_are_for_nobody_else(self, scripted, openai, folder):
        """
        Whatever the umask allows.
        """
        before = os.umask(0)
        try:
            scripted(openai.answer()).play(openai.call)
        finally:
            os.umask(before)
        modes = {path.is_dir(): set() for path in folder.rglob("*")}
        for path in (folder, *folder.rglob("*")):
            modes[path.is_dir()].add(mode(path))

        assert {True: {0o700}, False: {0o600}} == modes

    def test_no_key_is_in_them(self, scripted, openai, folder):
        """
        Nor a header, which may be for one caller alone.
        """
        scripted(openai.answer()).play({**openai.call, "user": "somebody"})
        written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())

        assert b"A red fox" in written
        assert [] == [
            word for word in (b"sk-0123456789abcdef", b"secret=1", b"somebody") if word in written
        ]

    def test_equal_pictures_are_there_once(self, scripted, openai, entries, pictures):
        """
        They are known by their bytes.
        """
        script = scripted(openai.answer(PNG, png(9)), openai.answer(PNG))
        script.play({**openai.call, "n": 2})
        script.play({**openai.call, "prompt": "a hare"})

        assert (2, 2) == (len(entries()), len(pictures()))

    def test_backups_leave_it_out(self, scripted, openai, folder):
        """
        By the mark that they look for.
        """
        scripted(openai.answer()).play(openai.call)

        assert (folder / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d1727")

    def test_where_nothing_can_be_kept(self, scripted, openai, tmp_path, caplog):
        """
        Calls go on as if there were no cache, and the log says why.
        """
        (tmp_path / "file").write_text("")
        impasto_cache.configure(folder=tmp_path / "file" / "cache")
        script = scripted(openai.answer(), openai.answer())
        responses = [script.play(openai.call), script.play(openai.call)]

        assert [False, False] == [impasto_cache.is_hit(one) for one in responses]
        assert "nothing can be kept" in caplog.text


class TestDamage:
    """What is broken is a miss, and goes."""

    @pytest.fixture
    def look(self, scripted, openai):
        """Return a function that looks for the answer to a call."""
        from impasto_cache._key import key
        from impasto_cache._store import Store

        seen = []

        async def spy(call, proceed):
            seen.append(call)
            return await proceed(call)

        script = scripted(openai.answer())
        script.client.extras["spy"] = spy
        script.play(openai.call)
        call = seen[0]
        store: Store = impasto_cache._current().store
        return lambda: store.get(key(call), call)

    def test_every_byte_of_an_entry(self, look, entries, caplog):
        """
        Changed, or the last one that was written before a crash.
        """
        (path,) = entries()
        whole = path.read_bytes()
        survivors = []
        for at in range(len(whole)):
            changed = bytes([*whole[:at], whole[at] ^ 1, *whole[at + 1 :]])
            for broken in (changed, whole[:at]):
                path.write_bytes(broken)
                if look() is not None or path.exists():
                    survivors.append((at, broken[at:]))

        assert [] == survivors
        path.write_bytes(whole)
        assert impasto_cache.is_hit(look())

    def test_every_byte_of_a_picture(self, look, entries, pictures):
        """
        The picture goes, and the entry that names it.
        """
        (picture,), (entry,) = pictures(), entries()
        whole, document = picture.read_bytes(), entry.read_bytes()
        survivors = []
        for at in range(len(whole)):
            entry.write_bytes(document)
            picture.write_bytes(bytes([*whole[:at], whole[at] ^ 1, *whole[at + 1 :]]))
            if look() is not None or picture.exists() or entry.exists():
                survivors.append(at)

        assert [] == survivors

    def test_a_picture_that_is_gone(self, look, entries, pictures):
        """
        Without it there is no answer.
        """
        pictures()[0].unlink()

        assert (None, []) == (look(), entries())

    @pytest.mark.parametrize(
        "text",
        ["", "null", "[]", "{}", '{"sha256": 1, "entry": 2}', "[" * 100_000, "\x00\xff"],
        ids=["nothing", "null", "a list", "a dict", "numbers", "many brackets", "no text"],
    )
    def test_what_is_no_entry(self, look, entries, text):
        """
        Whoever wrote it.
        """
        (path,) = entries()
        path.write_bytes(text.encode("latin-1"))

        assert (None, []) == (look(), entries())

    def test_an_entry_in_a_form_of_later(self, look, entries, monkeypatch):
        """
        Its seal is good, and it is not believed all the same.
        """
        import json

        from impasto_cache import _entry

        (path,) = entries()
        entry = {**_entry.read(path.read_bytes()), "form": _entry.FORM + 1}
        path.write_text(json.dumps({"sha256": _entry._seal(entry), "entry": entry}))

        assert look() is None


class TestBounds:
    """No more than so many bytes, and no older than so many seconds."""

    def fill(self, scripted, openai, count, first=0):
        """Keep so many answers, used one after another."""
        script = scripted(*openai.different(first + count)[first:])
        for number in range(first, first + count):
            script.play({**openai.call, "prompt": f"fox {number}"})
            self.settle(number)
        return script

    def settle(self, number):
        """Let everything be last used a second after what was there before."""
        for path in impasto_cache.contents().folder.rglob("*.json"):
            if path.stat().st_mtime > 1_700_000_000 + 1_000_000:
                os.utime(path, (1_700_000_000 + number,) * 2)

    def is_kept(self, scripted, openai, number):
        script = scripted(openai.answer())
        return impasto_cache.is_hit(script.play({**openai.call, "prompt": f"fox {number}"}))

    def test_size(self, scripted, openai):
        """
        Never more than allowed, however many were kept.
        """
        impasto_cache.configure(size=20_000)
        script = scripted(*openai.different(60))
        sizes = []
        for number in range(60):
            script.play({**openai.call, "prompt": f"fox {number}"})
            sizes.append(impasto_cache.contents().size)

        assert 20_000 >= max(sizes)
        assert 10_000 < sizes[-1]

    def test_the_least_recently_used_goes_first(self, scripted, openai):
        """
        What was asked for again is young again.
        """
        self.fill(scripted, openai, 5)
        assert self.is_kept(scripted, openai, 0)
        self.settle(10)
        one = impasto_cache.contents().size / 5
        impasto_cache.configure(size=int(one * 2.6))
        impasto_cache.prune()

        assert 2 == impasto_cache.contents().answers
        assert [True, False, False, False, True] == [
            self.is_kept_now(scripted, openai, number) for number in range(5)
        ]

    def is_kept_now(self, scripted, openai, number):
        """Look without keeping anything."""
        script = scripted(openai.answer())
        call = {**openai.call, "prompt": f"fox {number}", "cache": {"no-store": True}}
        return impasto_cache.is_hit(script.play(call))

    def test_a_picture_of_two_answers(self, scripted, openai, pictures):
        """
        It stays as long as one of them.
        """
        script = scripted(openai.answer(PNG), openai.answer(PNG))
        script.play({**openai.call, "prompt": "fox 0"})
        self.settle(0)
        script.play({**openai.call, "prompt": "fox 1"})
        self.settle(1)
        impasto_cache.configure(size=impasto_cache.contents().size - 1)
        impasto_cache.prune()

        assert (1, 1) == (impasto_cache.contents().answers, len(pictures()))
        assert self.is_kept_now(scripted, openai, 1)

    def test_what_is_larger_than_all_of_it(self, scripted, openai):
        """
        It is not kept, and nothing else goes for it.
        """
        self.fill(scripted, openai, 1)
        impasto_cache.configure(size=impasto_cache.contents().size + 100)
        big = png(64) + bytes(100_000)
        scripted(openai.answer(big)).play(openai.call)

        assert 1 == impasto_cache.contents().answers

    def test_age(self, scripted, openai, entries):
        """
        What is too old is asked for again, and removed.
        """
        self.fill(scripted, openai, 1)
        impasto_cache.configure(age=0)
        impasto_cache.prune()

        assert [] == entries()

    def test_what_killed_processes_left(self, scripted, openai, folder):
        """
        Parts of files, pictures that no answer names and locks go, once they are old.
        """
        self.fill(scripted, openai, 1)
        root = folder / "v1"
        left = [
            root / "entries" / "ab" / f".1234{_files.PART}",
            root / "pictures" / "cd" / ("c" * 64),
            root / "locks" / ("e" * 64),
        ]
        for path in left:
            _files.write(path, b"left")
        impasto_cache.prune()
        young = [path.exists() for path in left]
        for path in left:
            os.utime(path, (time.time() - 2 * _pruning._UNLOCKED,) * 2)
        impasto_cache.prune()

        assert ([True] * 3, [False] * 3) == (young, [path.exists() for path in left])
        assert 1 == impasto_cache.contents().answers

    def test_clear(self, scripted, openai, entries, pictures):
        """
        It says what was there.
        """
        self.fill(scripted, openai, 3)
        was = impasto_cache.clear()

        assert (3, 3) == (was.answers, was.pictures)
        assert ([], []) == (entries(), pictures())
        assert 0 == impasto_cache.contents().size


class TestSettings:
    """Arguments, then environment, then default."""

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("5000", 5_000),
            ("500 MB", 500_000_000),
            ("1.5gb", 1_500_000_000),
            ("2 GiB", 2**31),
            (7, 7),
        ],
    )
    def test_sizes(self, value, expected):
        """
        Bytes, or with a unit.
        """
        impasto_cache.configure(size=value)

        assert expected == impasto_cache.contents().limits.size

    @pytest.mark.parametrize(
        ("value", "expected"), [("90", 90.0), ("12h", 43_200.0), ("7 d", 604_800.0), (0.5, 0.5)]
    )
    def test_ages(self, monkeypatch, value, expected):
        """
        Seconds, or with a unit; the variable says the same.
        """
        impasto_cache.configure(age=value)
        said = impasto_cache.contents().limits.age
        monkeypatch.setenv("IMPASTO_CACHE_AGE", str(value))
        impasto_cache.configure()

        assert [expected] * 2 == [said, impasto_cache.contents().limits.age]

    @pytest.mark.parametrize("size", ["much", "-1", "5 XB", "", True, "1e9"])
    def test_what_is_no_size(self, size):
        """
        The error says what it takes.
        """
        with pytest.raises(ValueError, match=r"size=.*; it takes bytes, or '500 MB'"):
            impasto_cache.configure(size=size)

    def test_a_bad_variable(self, monkeypatch):
        """
        It is named, when the extra is activated.
        """
        import impasto
        from impasto._extras import wrapper

        impasto_cache._cache = None
        monkeypatch.setenv("IMPASTO_CACHE_SIZE", "much")
        with pytest.raises(impasto.PluginError, match="IMPASTO_CACHE_SIZE='much'"):
            wrapper("cache")

    def test_the_folder_of_the_platform(self, monkeypatch, tmp_path):
        """
        Where nothing is said.
        """
        monkeypatch.delenv("IMPASTO_CACHE_DIR")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
        impasto_cache.configure()

        assert "impasto" in impasto_cache.contents().folder.parts
        if sys.platform == "linux":
            assert tmp_path / "xdg" / "impasto" == impasto_cache.contents().folder


class TestCommand:
    def command(self, *arguments):
        done = subprocess.run(
            [sys.executable, "-m", "impasto_cache", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "" == done.stderr
        return done.stdout

    def test_it_says_what_is_there_and_clears_it(self, scripted, openai, folder):
        """
        Of the folder that the environment names.
        """
        scripted(openai.answer(PNG, png(9))).play({**openai.call, "n": 2})

        assert f"{folder}\n1 answers, 2 pictures, 0.0 MB of at most 2,000.0\n" == self.command()
        assert "removed: 1 answers, 2 pictures" in self.command("--clear")
        assert "0 answers, 0 pictures" in self.command("--prune")
