"""Many calls: each paid for once, one failure ends no other, what came is kept."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import impasto
from impasto import BatchProgress, Done, Manifest, Standing
from impasto.errors import BadRequestError, ImpastoError
from impasto.testing import PNG, FakeServer, Received, Reply, reply

KEY = "acme-0123456789abcdef"


class Atelier:
    """A server that makes a picture of anything but what it is told to fail with.

    Attributes:
        asked: How often each prompt was ordered.
    """

    def __init__(self, acme: Any) -> None:
        self.asked: Counter[str] = Counter()
        self.failures: dict[str, Reply] = {}
        self._pictures = acme.pictures
        self.server = FakeServer(self._reply)

    def _reply(self, received: Received) -> Reply:
        if received.method == "GET":
            return reply(body=PNG, headers={"Content-Type": "image/png"})
        fields = received.json()
        self.asked[fields["prompt"]] += 1
        failing = self.failures.get(fields["prompt"])
        return failing if failing is not None else self._pictures(fields.get("n", 1))


@pytest.fixture
def atelier(acme, registered) -> Iterator[Atelier]:
    """Serve, to a provider that is registered as "acme"."""
    registered(acme.plugin())
    atelier = Atelier(acme)
    with atelier.server:
        yield atelier


@pytest.fixture
def common(atelier) -> dict[str, Any]:
    """Return the arguments that all calls have."""
    return {"model": "acme/oil-2", "api_key": KEY, "api_base": atelier.server.url}


REFUSED = reply({"message": "no"}, status=400)
BROKEN = reply({"message": "oh"}, status=500)


def by_index(found: Any) -> list[Done]:
    return sorted(found, key=lambda done: done.index)


def statuses(found: Any) -> list[str]:
    return [done.status for done in by_index(found)]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class TestCalls:
    def test_each_is_answered(self, atelier, common):
        """
        With its number, its arguments without the key, and its pictures.
        """
        found = by_index(impasto.batch(["a fox", {"prompt": "a cat", "n": 2}], **common))

        assert [0, 1] == [done.index for done in found]
        assert ["done", "done"] == statuses(found)
        assert [1, 2] == [len(done.response.data) for done in found]
        assert {"model": "acme/oil-2", "prompt": "a cat", "n": 2} == found[1].arguments

    def test_one_failure_ends_no_other(self, atelier, common):
        """
        Whether it is the call that is wrong, or the provider that refuses.
        """
        atelier.failures["a cat"] = REFUSED
        prompts = ["a fox", "a cat", "", 5, {"prompt": "a dog", "n": "x"}, {"kind": "x"}, "a hen"]
        found = by_index(impasto.batch(prompts, **common))

        assert ["done", *["failed"] * 5, "done"] == statuses(found)
        assert all(isinstance(done.error, BadRequestError) for done in found[1:6])
        assert Counter(["a fox", "a cat", "a hen"]) == atelier.asked

    def test_in_the_order_in_which_they_end(self, acme, registered):
        """
        Who is quick need not wait for who is slow.
        """

        def answer(received: Received) -> Reply:
            if received.json()["prompt"] == "slow":
                return acme.pictures(delay=0.3)
            return acme.pictures()

        registered(acme.plugin())
        with FakeServer(answer) as server:
            batch = impasto.batch(["slow", "b", "c"], **acme.call | {"api_base": server.url})
            found = [done.index for done in batch]

        assert 0 == found[-1]

    def test_no_more_than_asked_for_at_once(self, acme, registered):
        """
        *concurrency* bounds the calls, and how far prompts are read ahead.
        """
        under_way, most, read = 0, 0, 0

        async def play() -> None:
            nonlocal under_way, most

            async def serve(reader: Any, writer: Any) -> None:
                nonlocal under_way, most
                await reader.readuntil(b"}")
                under_way += 1
                most = max(most, under_way)
                await asyncio.sleep(0.01)
                body = acme.pictures().body
                under_way -= 1
                head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                writer.write(head % len(body) + body)
                writer.close()

            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            given = {**acme.call, "api_base": url}
            async with impasto.abatch(prompts(), concurrency=3, **given) as batch:
                first = await anext(batch)
                await asyncio.sleep(0.2)  # nobody takes the others
                ahead.append(read)
                assert "done" == first.status
                async for _ in batch:
                    pass
            server.close()

        def prompts() -> Iterator[str]:
            nonlocal read
            for number in range(40):
                read += 1
                yield f"fox {number}"

        ahead: list[int] = []
        registered(acme.plugin())
        asyncio.run(play())

        assert (3, 40) == (most, read)
        assert ahead[0] <= 1 + 3 + 3  # taken, waiting to be taken, waiting to be put there

    @pytest.mark.parametrize("kind", ["list", "generator", "async generator", "file"])
    def test_prompts_come_from_anywhere(self, atelier, common, tmp_path, kind: str):
        """
        Whatever can be gone through; how many there are is known of what has a length.
        """
        expected = [f"fox {number}" for number in range(12)]

        async def agenerator() -> AsyncIterator[str]:
            for prompt in expected:
                await asyncio.sleep(0)
                yield prompt

        (tmp_path / "prompts.txt").write_text("".join(f"{one}\n" for one in expected))
        with (tmp_path / "prompts.txt").open() as file:
            prompts = {
                "list": expected,
                "generator": (one for one in expected),
                "async generator": agenerator(),
                "file": file,
            }[kind]
            summary = impasto.batch(prompts, **common).run()

        assert (12, 12) == (summary.done, summary.finished)
        assert (12 if kind == "list" else None) == summary.total
        assert {*expected} == {prompt.strip() for prompt in atelier.asked}

    def test_a_generator_may_call_impasto_itself(self, atelier, common):
        """
        It runs in a thread of its own, always the same.
        """
        threads = set()

        def prompts() -> Iterator[str]:
            for number in range(3):
                threads.add(threading.current_thread().name)
                yield f"{len(impasto.image_generation('a sketch', **common).data)} foxes {number}"

        impasto.batch(prompts(), **common).run()

        assert {"impasto-prompts"} == threads
        assert 3 == sum(prompt.startswith("1 foxes") for prompt in atelier.asked)

    def test_what_the_prompts_raise_is_raised_at_the_end(self, atelier, common):
        """
        When all that was read before it is done.
        """

        def prompts() -> Iterator[str]:
            yield from ["a fox", "a cat"]
            raise LookupError("no more")

        found = []
        with pytest.raises(LookupError, match="no more"):
            found.extend(done.status for done in impasto.batch(prompts(), **common))

        assert ["done", "done"] == found

    @pytest.mark.parametrize(
        "prompts", ["a fox", b"a fox", {"prompt": "a fox"}, 5, None], ids=lambda one: str(one)
    )
    def test_one_prompt_is_not_many(self, prompts: Any):
        """
        Else each letter would be bought.
        """
        with pytest.raises(BadRequestError, match="takes many"):
            impasto.batch(prompts).run()

    @pytest.mark.parametrize(
        "wrong", [{"concurrency": 0}, {"again": "failed"}, {"on_progress": 5}], ids=str
    )
    def test_arguments_are_checked_at_once(self, wrong: dict[str, Any]):
        """
        Before it is iterated.
        """
        with pytest.raises(BadRequestError, match=next(iter(wrong))):
            impasto.batch(["a fox"], **wrong)

    def test_a_picture_makes_it_an_edit(self, atelier, acme, common, registered):
        """
        Or what "kind" says.
        """
        kinds = []

        @impasto.hookimpl
        def translate_params(call: Any) -> Any:
            kinds.append(call.kind)
            return call.translate("prompt", image=lambda _: {})

        registered(acme.plugin(translate_params))
        prompts = [{"image": PNG}, {"image": PNG, "kind": "vary"}, {"prompt": "a fox"}]
        impasto.batch(prompts, prompt="a hat", concurrency=1, **common).run()

        assert ["edit", "vary", "generate"] == kinds


class TestProgress:
    def test_is_told_after_each(self, atelier, common):
        """
        What came, what failed, and of how many.
        """
        atelier.failures["a cat"] = REFUSED
        atelier.failures["a dog"] = BROKEN
        told: list[BatchProgress] = []
        batch = impasto.batch(["a fox", "a cat", "a dog"], on_progress=told.append, **common)
        summary = batch.run()

        assert [1, 2, 3] == [one.finished for one in told]
        assert {3} == {one.total for one in told}
        assert (1, 1, 1, 1) == (
            summary.done,
            summary.failed,
            summary.ambiguous,
            summary.unpriced,
        )
        assert batch.progress.finished == summary.finished

    def test_a_listener_that_raises_loses_nothing(self, atelier, common, caplog):
        """
        It is said in the log.
        """

        def listener(progress: BatchProgress) -> None:
            raise ValueError("no")

        summary = impasto.batch(["a fox", "a cat"], on_progress=listener, **common).run()

        assert 2 == summary.done
        assert "on_progress raised ValueError: no" in caplog.text

    def test_speed_and_time_left(self):
        """
        By the latest calls; what an earlier run had done does not count as speed.
        """
        from impasto._tally import Tally

        now = [100.0]
        tally = Tally(10, None, lambda: now[0])
        for status in ["skipped", "skipped", "done", "failed"]:
            now[0] += 3 if status == "skipped" else 12
            tally.count(Done(index=0, key="", arguments={}, status=status))
        progress = tally.progress()

        assert (4, 30.0) == (progress.finished, progress.seconds)
        assert (4.0, 90.0) == (progress.per_minute, progress.seconds_left)

    def test_cost_is_added_up(self):
        """
        In each currency on its own; what is not known is counted.
        """
        progress = BatchProgress(cost={"USD": Decimal("1.20"), "CHF": Decimal(7)})

        assert ("$1.20 + 7.00 CHF", "") == (progress.price, BatchProgress().price)

    def test_what_the_embedded_renderer_costs(self):
        """
        A price that is known, and nothing.
        """
        prompts = [{"prompt": "a fox", "size": "64x64"}, {"prompt": "a cat", "size": "64x64"}]
        summary = impasto.batch(prompts, model="sketch/oil-1").run()

        assert ({"USD": Decimal(0)}, 0) == (summary.cost, summary.unpriced)


class TestFiles:
    def test_names_say_number_and_prompt(self, atelier, common, tmp_path):
        """
        Letters and digits of any script, at most fifty, in whole words; several are numbered.
        """
        long = "An owl, in the style of a very old woodcut; with ink and gold"
        prompts = ["A Fox & 2 hens!", {"prompt": "Ölbild 狐", "n": 2}, long, "???", "x" * 60]
        found = by_index(impasto.batch(prompts, out=tmp_path / "new" / "out", **common))

        assert [
            ["00001-a-fox-2-hens.png"],
            ["00002-ölbild-狐-1.png", "00002-ölbild-狐-2.png"],
            ["00003-an-owl-in-the-style-of-a-very-old-woodcut-with.png"],
            ["00004.png"],
            [f"00005-{'x' * 50}.png"],
        ] == [[path.name for path in done.paths] for done in found]
        assert all(PNG == path.read_bytes() for done in found for path in done.paths)

    def test_nothing_is_replaced(self, atelier, common, tmp_path):
        """
        What is there keeps its name; the new one gets a number.
        """
        (tmp_path / "00001-a-fox.png").write_text("mine")
        (done,) = impasto.batch(["a fox"], out=tmp_path, **common)

        assert ["00001-a-fox-2.png"] == [path.name for path in done.paths]
        assert "mine" == (tmp_path / "00001-a-fox.png").read_text()

    def test_pictures_behind_urls_are_fetched(self, atelier, acme, common, tmp_path):
        """
        Those URLs do not last; the response then has the bytes, too.
        """
        atelier.failures["a fox"] = acme.urls(f"{atelier.server.url}/1", f"{atelier.server.url}/2")
        (done,) = impasto.batch(["a fox"], out=tmp_path, **common)

        assert [PNG, PNG] == [path.read_bytes() for path in done.paths]
        assert [(8, 8)] * 2 == [(image.width, image.height) for image in done.response.data]

    def test_a_picture_that_cannot_be_fetched(self, atelier, acme, common, tmp_path):
        """
        The others are saved; where it is, is written down, and it is not bought again.
        """
        urls = (f"{atelier.server.url}/1", "https://127.0.0.1:9/2")
        atelier.failures["a fox"] = acme.urls(*urls)
        (done,) = impasto.batch(["a fox"], out=tmp_path, **common)
        (again,) = impasto.batch(["a fox"], out=tmp_path, **common)
        last = lines(tmp_path / "manifest.jsonl")[-1]

        assert ("ambiguous", 1, True) == (done.status, len(done.paths), done.response is not None)
        assert ("ambiguous", 1) == (again.status, len(again.paths))
        assert [None, urls[1]] == [one.get("url") for one in last["pictures"]]
        assert Counter({"a fox": 1}) == atelier.asked

    def test_a_picture_that_cannot_be_saved(self, atelier, common, tmp_path, monkeypatch):
        """
        Its bytes are in the response, and the others go on.
        """
        plain = impasto.Image.save

        def save(image: Any, path: Path, **more: Any) -> Path:
            if "fox" in path.name:
                raise OSError(28, "No space left on device")
            return plain(image, path, **more)

        monkeypatch.setattr(impasto.Image, "save", save)
        found = by_index(impasto.batch(["a fox", "a cat"], out=tmp_path, **common))

        assert ["ambiguous", "done"] == statuses(found)
        assert PNG == found[0].response.data[0].read()
        assert "No space left" in str(found[0].error)

    def test_without_a_folder_nothing_is_written(self, atelier, common, tmp_path, monkeypatch):
        """
        Neither pictures nor a manifest.
        """
        monkeypatch.chdir(tmp_path)
        (done,) = impasto.batch(["a fox"], **common)

        assert ("done", ()) == (done.status, done.paths)
        assert [] == [*tmp_path.iterdir()]


class TestManifest:
    def test_says_what_became_of_each(self, atelier, common, tmp_path):
        """
        One line for each step; the last has all that is known.
        """
        atelier.failures["a cat"] = REFUSED
        prompts = [{"prompt": "a fox", "seed": 7}, "a cat"]
        found = by_index(impasto.batch(prompts, out=tmp_path, concurrency=1, **common))
        written = lines(tmp_path / "manifest.jsonl")
        fox, cat = ([line for line in written if line["key"] == done.key] for done in found)

        assert ["begun", "saving", "done"] == [line["status"] for line in fox]
        assert ["begun", "failed"] == [line["status"] for line in cat]
        assert {
            "key": found[0].key,
            "status": "done",
            "index": 0,
            "prompt": "a fox",
            "pictures": [
                {
                    "path": "00001-a-fox.png",
                    "width": 8,
                    "height": 8,
                    "mime": "image/png",
                    "seed": 7,
                }
            ],
            "provider": "acme",
            "model": "oil-2",
            "cost": None,
            "request_id": None,
            "error": None,
            "errors": [],
            "maybe_accepted": False,
        } == {name: one for name, one in fox[-1].items() if name != "seconds"}
        assert {"type": "BadRequestError", "status_code": 400} == {
            name: cat[-1]["error"][name] for name in ("type", "status_code")
        }

    def test_holds_no_key(self, atelier, common, tmp_path):
        """
        Neither the setting nor what is passed under a name that looks like a secret.
        """
        canary = "canary-0123456789abcdef"
        atelier.failures["a cat"] = reply({"message": f"bad key {canary}"}, status=401)
        given = {
            **common,
            "api_key": canary,
            "extra_headers": {"Authorization": f"Bearer {canary}"},
            "extra_body": {"webhook": {"token": canary}},
        }
        with suppress(StopIteration):
            found = [*impasto.batch(["a fox", "a cat"], out=tmp_path, **given)]
        told = f"{found!r} {[done.arguments for done in found]} {[done.error for done in found]}"

        assert canary not in (tmp_path / "manifest.jsonl").read_text()
        assert canary not in told

    def test_goes_where_it_is_told(self, atelier, common, tmp_path):
        """
        Paths in it are as seen from its folder, so that both can be moved together.
        """
        given = {"out": tmp_path / "out", "manifest": tmp_path / "m.jsonl", **common}
        impasto.batch(["a fox"], **given).run()
        moved = tmp_path.with_name(f"{tmp_path.name}-moved")
        tmp_path.rename(moved)
        again = impasto.batch(
            ["a fox"], **{**given, "out": moved / "out", "manifest": moved / "m.jsonl"}
        )
        (done,) = again

        assert ("skipped", (moved / "out" / "00001-a-fox.png",)) == (done.status, done.paths)
        assert done.paths[0].is_file()

    def test_another_file_is_not_written_to(self, atelier, common, tmp_path):
        """
        Somebody's notes are no manifest.
        """
        (tmp_path / "notes.txt").write_text("buy milk\n")
        with pytest.raises(BadRequestError, match="is no manifest"):
            impasto.batch(["a fox"], manifest=tmp_path / "notes.txt", **common).run()

        assert "buy milk\n" == (tmp_path / "notes.txt").read_text()
        assert Counter() == atelier.asked

    def test_two_runs_at_once(self, atelier, common, tmp_path):
        """
        The second is refused, and can begin when the first has ended.
        """
        given = {"out": tmp_path, **common}
        with impasto.batch((f"fox {number}" for number in range(100)), **given) as first:
            taken = next(first)
            with pytest.raises(ImpastoError, match="another run is at work"):
                impasto.batch(["a fox"], **given).run()
        (done,) = impasto.batch([f"fox {taken.index}"], **given)

        assert "skipped" == done.status

    def test_a_line_that_was_cut_says_nothing(self, atelier, common, tmp_path):
        """
        What it was to say had not been acted upon; the next line stands on its own.
        """
        impasto.batch(["a fox"], out=tmp_path, **common).run()
        with (tmp_path / "manifest.jsonl").open("a") as file:
            file.write('{"key": "abc", "status": "beg')
        found = [*impasto.batch(["a fox", "a cat"], out=tmp_path, **common)]

        assert ["skipped", "done"] == statuses(found)
        assert "done" == lines_but_cut(tmp_path)[-1]["status"]

    def test_the_last_line_of_each(self, atelier, common, tmp_path):
        """
        For whoever wants to know how it stands: one for each call, in the order of the prompts.
        """
        impasto.batch(["a fox", "a cat", "a dog"], out=tmp_path, **common).run()
        found = [*Manifest(tmp_path / "manifest.jsonl").last_lines()]

        assert ["a fox", "a cat", "a dog"] == [line["prompt"] for line in found]
        assert {"done"} == {line["status"] for line in found}

    def test_a_full_disk_buys_nothing(self, atelier, common, tmp_path, monkeypatch):
        """
        What cannot be remembered is not ordered.
        """

        def fsync(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", fsync)
        (done,) = impasto.batch(["a fox"], out=tmp_path, **common)

        assert ("failed", Counter()) == (done.status, atelier.asked)
        assert "No space left" in str(done.error)


def lines_but_cut(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for line in (folder / "manifest.jsonl").read_text().splitlines()
        if line.endswith("}")
    ]


class TestAgain:
    def test_what_is_done_is_not_asked_for(self, atelier, common, tmp_path):
        """
        Also in another order, with more prompts, and with other keys and timeouts.
        """
        impasto.batch(["a fox", "a cat"], out=tmp_path, **common).run()
        given = {**common, "api_key": "another-key-0123456789", "timeout": 30, "max_retries": 1}
        found = by_index(impasto.batch(["a dog", "a cat", "a fox"], out=tmp_path, **given))

        assert ["done", "skipped", "skipped"] == statuses(found)
        assert Counter(["a fox", "a cat", "a dog"]) == atelier.asked
        assert [["00002-a-cat.png"], ["00001-a-fox.png"]] == [
            [path.name for path in done.paths] for done in found[1:]
        ]

    def test_another_call_is_another(self, atelier, common, tmp_path):
        """
        Whatever the picture depends on.
        """
        calls = [
            {"prompt": "a fox"},
            {"prompt": "a fox", "n": 2},
            {"prompt": "a fox", "seed": 1},
            {"prompt": "a fox", "extra_body": {"a": 1}},
            {"prompt": "a fox", "model": "acme/oil-3"},
            {"prompt": "a fox", "brush": "wide"},
        ]
        found = [*impasto.batch(calls, out=tmp_path, **common)]

        assert 6 == len({done.key for done in found})

    @pytest.mark.parametrize("failure", ["refused", "busy"])
    def test_what_failed_is_tried_again(self, atelier, common, tmp_path, failure: str):
        """
        It cannot have cost anything.
        """
        busy = reply({}, status=429, headers={"Retry-After": "0.01"})
        atelier.failures["a fox"] = {"refused": REFUSED, "busy": busy}[failure]
        first = [*impasto.batch(["a fox"], out=tmp_path, max_retries=0, **common)]
        atelier.failures.clear()
        second = [*impasto.batch(["a fox"], out=tmp_path, **common)]

        assert (["failed"], ["done"]) == (statuses(first), statuses(second))

    def test_what_may_have_been_paid_for_is_reported(self, atelier, common, tmp_path):
        """
        And asked for again only by who says so.
        """
        atelier.failures["a fox"] = BROKEN
        given = {"out": tmp_path, **common}
        first = [*impasto.batch(["a fox"], **given)]
        atelier.failures.clear()
        second = [*impasto.batch(["a fox"], **given)]
        asked = atelier.asked["a fox"]
        third = [*impasto.batch(["a fox"], again="ambiguous", **given)]

        assert ["ambiguous", "ambiguous", "done"] == statuses([*first, *second, *third])
        assert (1, 2) == (asked, atelier.asked["a fox"])
        assert "oh" in str(second[0].error)
        assert "again='ambiguous'" in str(second[0].error)
        assert second[0].error.maybe_accepted

    def test_the_same_call_twice_is_two_calls(self, atelier, common, tmp_path):
        """
        Each is bought once, in all runs together.
        """
        first = [*impasto.batch(["a fox", "a fox"], out=tmp_path, **common)]
        second = [*impasto.batch(["a fox", "a fox", "a fox"], out=tmp_path, **common)]

        assert ["done", "done"] == statuses(first)
        assert ["skipped", "skipped", "done"] == statuses(second)
        assert 3 == atelier.asked["a fox"]

    @pytest.mark.parametrize("name", ["key", "idempotency_key"])
    def test_a_key_of_ones_own(self, atelier, common, tmp_path, name: str):
        """
        The prompt may change; the key says that it is the same.
        """
        impasto.batch([{"prompt": "a fox", name: "cover"}], out=tmp_path, **common).run()
        (done,) = impasto.batch([{"prompt": "a red fox", name: "cover"}], out=tmp_path, **common)

        assert ("skipped", "cover") == (done.status, done.key)

    def test_a_key_twice(self, atelier, common):
        """
        Nobody can say which of the two was meant.
        """
        prompts = [{"prompt": "a fox", "key": "x"}, {"prompt": "a cat", "key": "x"}]
        found = [*impasto.batch(prompts, concurrency=1, **common)]

        assert ["done", "failed"] == statuses(found)
        assert "given twice" in str(by_index(found)[1].error)

    def test_a_picture_counts_by_its_bytes_and_a_file_by_its_path(self, common, tmp_path):
        """
        What cannot be found again needs a key, where it has to be found again.
        """
        import io

        calls = [
            {"image": PNG},
            {"image": bytearray(PNG)},
            {"image": tmp_path / "a.png"},
            {"image": str(tmp_path / "a.png")},
            {"image": io.BytesIO(PNG)},
        ]
        found = by_index(
            impasto.batch(calls, prompt="a hat", out=tmp_path, concurrency=1, **common)
        )
        keys = [done.key for done in found]

        assert [f"{keys[0]}-2", f"{keys[2]}-2", ""] == [keys[1], keys[3], keys[4]]
        assert "give this prompt a 'key'" in str(found[4].error)

    @pytest.mark.parametrize("saved", [True, False])
    def test_killed_between_the_picture_and_its_last_line(
        self, atelier, common, tmp_path, saved: bool
    ):
        """
        A file that is there is whole, and its own; one that is not was lost, and is reported.
        """
        impasto.batch(["a fox"], out=tmp_path, **common).run()
        manifest = tmp_path / "manifest.jsonl"
        kept = [line for line in lines(manifest) if line["status"] != "done"]
        manifest.write_text("".join(json.dumps(line) + "\n" for line in kept))
        if not saved:
            (tmp_path / "00001-a-fox.png").unlink()
        (done,) = impasto.batch(["a fox"], out=tmp_path, **common)

        assert ("skipped" if saved else "ambiguous") == done.status
        assert 1 == atelier.asked["a fox"]


class Notebook:
    """A ledger that is no file: what was done before is made up."""

    def __init__(self, **known: Standing) -> None:
        self.known = known
        self.steps: list[tuple[str, str]] = []
        self.taken: set[str] = set()

    async def open(self) -> None:
        self.steps.append(("open", ""))

    async def state(self, key: str) -> Standing:
        return self.known.get(key, Standing())

    async def begins(self, key: str, record: Any) -> bool:
        self.steps.append(("begins", key))
        return key not in self.taken

    async def saves(self, key: str, record: Any) -> None:
        self.steps.append(("saves", key))

    async def done(self, key: str, record: Any) -> None:
        self.steps.append(("done", key))

    async def failed(self, key: str, record: Any) -> None:
        self.steps.append(("failed", key))

    async def close(self) -> None:
        self.steps.append(("close", ""))


class TestLedger:
    def test_decides_what_is_asked_for(self, atelier, common):
        """
        What is done, is being done elsewhere, or may have been paid for, is not.
        """
        ledger = Notebook(
            a=Standing("done", (Path("a.png"),)),
            b=Standing("running"),
            c=Standing("ambiguous", (), "who knows"),
        )
        ledger.taken.add("d")
        prompts = [{"prompt": f"fox {key}", "key": key} for key in "abcde"]
        found = by_index(impasto.batch(prompts, ledger=ledger, concurrency=1, **common))

        assert ["skipped", "running", "ambiguous", "running", "done"] == statuses(found)
        assert Counter(["fox e"]) == atelier.asked
        assert (Path("a.png"),) == found[0].paths
        assert [("open", ""), ("begins", "d"), ("begins", "e"), ("done", "e"), ("close", "")] == (
            ledger.steps
        )

    def test_has_a_manifest_beside_it(self, atelier, common, tmp_path):
        """
        The ledger decides; the manifest says what became of each all the same.
        """
        ledger = Notebook()
        given = {"out": tmp_path, "ledger": ledger, **common}
        impasto.batch([{"prompt": "a fox", "key": "x"}], **given).run()
        impasto.batch([{"prompt": "a fox", "key": "x"}], **given).run()

        assert 2 == atelier.asked["a fox"]
        assert ["begun", "saving", "done"] * 2 == [
            line["status"] for line in lines(tmp_path / "manifest.jsonl")
        ]

    def test_parts_of_a_call_begin_together(self, acme, atelier, common, tmp_path, registered):
        """
        A call that the model makes in several requests is one order.
        """
        models = tmp_path / "models.json"
        models.write_text('{"models": [{"name": "oil-2", "max_images": 1}]}')
        registered(acme.plugin(), models)
        ledger = Notebook()
        prompt = {"prompt": "a fox", "n": 3, "key": "x"}
        (done,) = impasto.batch([prompt], ledger=ledger, **common)

        assert (3, 3) == (atelier.asked["a fox"], len(done.response.data))
        assert ["open", "begins", "done", "close"] == [step for step, _ in ledger.steps]


class TestKilled:
    """A process that is killed at any moment, and run again."""

    CHILD = """
        import sys, impasto
        out, url, count = sys.argv[1:]
        prompts = (f"fox {number}" for number in range(int(count)))
        impasto.batch(
            prompts, out=out, model="openai/gpt-image-2", api_base=url, api_key="sk-0123456789",
        ).run()
    """

    def start(self, *args: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(self.CHILD), *map(str, args)]
        )

    def test_every_prompt_is_paid_for_once_or_reported(self, tmp_path):
        """
        With a server that fails at random, and three times SIGKILL in between.
        """
        server = Shop()
        with server:
            for orders in (50, 110, 190):
                child = self.start(tmp_path, server.url, 300)
                while sum(server.asked.values()) < orders and child.poll() is None:
                    time.sleep(0.002)
                child.send_signal(signal.SIGKILL)
                assert -signal.SIGKILL == child.wait(30)
            assert 0 == self.start(tmp_path, server.url, 300).wait(60)
        known = {
            line["prompt"]: line for line in Manifest(tmp_path / "manifest.jsonl").last_lines()
        }
        doubtful = {prompt for prompt, line in known.items() if line["status"] != "done"}
        came = {*known} - doubtful

        assert 300 == len(known)
        assert [] == [prompt for prompt, times in server.billed.items() if times > 1]
        assert {1} == {server.billed[prompt] for prompt in came}
        assert {"ambiguous"} == {known[prompt]["status"] for prompt in doubtful}
        # At each kill as many as were under way; and what the server did not answer.
        assert len(doubtful) <= 3 * 8 + server.unanswered
        assert {*came} == {line["prompt"] for line in known.values() if _is_whole(tmp_path, line)}


def _is_whole(folder: Path, line: dict[str, Any]) -> bool:
    paths = [folder / one["path"] for one in line["pictures"]]
    return bool(paths) and all(PNG == path.read_bytes() for path in paths)


class Shop(FakeServer):
    """OpenAI's dialect, with failures that depend on the prompt and the try alone.

    Attributes:
        asked: How often each prompt was ordered.
        billed: How often each was paid for.
        unanswered: How many orders were paid for, or not, without an answer that says so.
    """

    def __init__(self) -> None:
        super().__init__(self._sold)
        self.asked: Counter[str] = Counter()
        self.billed: Counter[str] = Counter()
        self.unanswered = 0

    def _sold(self, received: Received) -> Reply:
        from impasto.testing._server import as_openai

        prompt = received.json()["prompt"]
        self.asked[prompt] += 1
        lot = hashlib.sha256(f"{prompt} {self.asked[prompt]}".encode()).digest()
        if lot[0] < 20:
            return reply({"error": {"message": "slowly"}}, status=429, headers=_SOON)
        if lot[0] < 30:
            return reply({"error": {"message": "busy"}}, status=503, headers=_SOON)
        if lot[0] < 40:
            self.unanswered += 1
            self.billed[prompt] += lot[1] % 2
            return reply(fault="drop") if lot[2] % 2 else reply({}, status=500)
        self.billed[prompt] += 1
        return as_openai(received)


_SOON = {"retry-after-ms": "10"}


class TestEnding:
    def test_leaving_early(self, atelier, common, tmp_path):
        """
        What is under way is cancelled, what came is kept, and the next run can begin.
        """
        for done in impasto.batch((f"fox {n}" for n in range(1_000)), out=tmp_path, **common):
            first = done
            break
        gc.collect()
        summary = None
        while summary is None:  # the first still ends, on its own thread
            with suppress(ImpastoError):
                summary = impasto.batch([f"fox {first.index}"], out=tmp_path, **common).run()

        assert 1 == summary.skipped
        assert 1_000 > sum(atelier.asked.values())

    def test_closing(self, atelier, common):
        """
        Nothing comes afterwards.
        """
        with impasto.batch((f"fox {n}" for n in range(100)), **common) as batch:
            next(batch)

        assert [] == [*batch]

    def test_stopping(self, acme, registered, tmp_path):
        """
        Nothing more is ordered, and what was ordered comes.
        """
        ordered = threading.Event()

        def answer(received: Received) -> Reply:
            ordered.set()
            return acme.pictures(delay=0.1)

        registered(acme.plugin())
        with FakeServer(answer) as server:
            given = {**acme.call, "api_base": server.url}
            prompts = [f"fox {number}" for number in range(100)]
            with impasto.batch(prompts, out=tmp_path, concurrency=3, **given) as batch:
                threading.Thread(target=lambda: [ordered.wait(30), batch.stop()]).start()
                found = [*batch]

        assert {"done"} == {*statuses(found)}
        assert len(server.received) == len(found) <= 3

    def test_stopped_before_it_began(self, atelier, common):
        """
        There is nothing to wait for.
        """
        batch = impasto.batch(["a fox"], **common)
        batch.stop()

        assert [] == [*batch]

    def test_cancelling_keeps_what_came(self, acme, registered, tmp_path):
        """
        An order that is on its way is ambiguous from then on, and everything else is not.
        """

        def answer(received: Received) -> Reply:
            quick = received.json()["prompt"] == "quick"
            return acme.pictures() if quick else acme.pictures(fault="hang")

        async def play(url: str) -> None:
            given = {**acme.call, "api_base": url}
            async with impasto.abatch(["quick", "slow"], out=tmp_path, **given) as batch:
                await anext(batch)
                await asyncio.sleep(0.1)  # "slow" is under way by then
            assert asyncio.all_tasks() == {asyncio.current_task()}

        registered(acme.plugin())
        with FakeServer(answer) as server:
            asyncio.run(play(server.url))
        found = {
            line["prompt"]: line for line in Manifest(tmp_path / "manifest.jsonl").last_lines()
        }

        assert ("done", "ambiguous") == (found["quick"]["status"], found["slow"]["status"])
        assert "interrupted" in found["slow"]["error"]["message"]

    @pytest.mark.parametrize("seed", range(12))
    def test_at_any_moment(self, acme, registered, tmp_path, seed: int):
        """
        Nothing is left: no task, no half of a picture, no complaint; and nothing is paid twice.
        """
        chance = random.Random(seed)
        complaints: list[Any] = []
        atelier = Atelier(acme)
        registered(acme.plugin())

        async def play(url: str) -> None:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, context: complaints.append(context))
            given = {**acme.call, "api_base": url, "out": tmp_path, "concurrency": 4}
            task = asyncio.ensure_future(
                impasto.abatch((f"fox {number}" for number in range(30)), **given).run()
            )
            for _ in range(chance.randrange(120)):
                await asyncio.sleep(chance.choice([0, 0, 0.001]))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            await impasto.abatch([f"fox {number}" for number in range(30)], **given)

        with atelier.server as server:
            asyncio.run(play(server.url))
        gc.collect()
        known = [*Manifest(tmp_path / "manifest.jsonl").last_lines()]

        assert ([], []) == (complaints, [*tmp_path.glob(".*")])
        assert {"done", "ambiguous"} >= {line["status"] for line in known}
        assert {1} == {*atelier.asked.values()}
        assert len([*tmp_path.glob("*.png")]) == sum(line["status"] == "done" for line in known)

    def test_the_event_loop_ends_before(self, acme, registered, tmp_path):
        """
        It is wound up with it: nothing is left open, and the next run pays for nothing twice.
        """
        prompts = [f"fox {number}" for number in range(60)]

        async def play(url: str) -> Any:
            given = {**acme.call, "api_base": url, "out": tmp_path}
            batch = impasto.abatch((one for one in prompts), **given)
            await anext(batch)
            return batch

        async def go_on(url: str) -> None:
            await impasto.abatch(prompts, out=tmp_path, **{**acme.call, "api_base": url})

        atelier = Atelier(acme)
        registered(acme.plugin())
        with atelier.server as server:
            batch = asyncio.run(play(server.url))
            del batch
            gc.collect()
            asyncio.run(go_on(server.url))

        assert {1} == {*atelier.asked.values()}

    def test_never_begun(self):
        """
        Who forgets to iterate it would wait for pictures for ever.
        """
        with pytest.warns(RuntimeWarning, match="never begun"):
            impasto.batch(["a fox"])

    def test_awaiting_it(self, atelier, common):
        """
        `await abatch(...)` is the whole of it.
        """

        async def play() -> BatchProgress:
            return await impasto.abatch(["a fox", "a cat"], **common)

        assert 2 == asyncio.run(play()).done


class TestMemory:
    def test_stays_flat(self, acme, registered):
        """
        However many there are: neither prompts nor pictures are collected.
        """
        prompt = "x" * 1_000  # 2 MB of prompts, and as much again of answers
        registered(acme.plugin())

        def prompts() -> Iterator[dict[str, Any]]:
            for number in range(2_000):
                yield {"prompt": f"{prompt} {number}", "mock_response": PNG + bytes(1_000)}

        for done in impasto.batch(prompts(), **acme.call):  # what is imported at first, is
            if done.index > 100:
                break
        del done
        gc.collect()
        tracemalloc.start()
        try:
            for _ in impasto.batch(prompts(), **acme.call):
                pass
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert peak < 1_500_000  # measured: 0.55 MB, of which most are keys, 150 bytes each
