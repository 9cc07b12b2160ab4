"""Large answers take their turn on a thread, and do not pile up in memory meanwhile."""

from __future__ import annotations

import asyncio
import base64
import threading
from typing import Any

import pytest

from impasto import _large, _transport
from impasto.testing import FakeServer, reply
from impasto.types import Image

BIG = base64.b64encode(bytes(400_000)).decode()


def test_one_after_another():
    """
    However many wait, one works at a time, on a thread, in the order in which they came.
    """
    log: list[Any] = []

    def work(number: int) -> int:
        log.append(("begins", number, threading.current_thread() is threading.main_thread()))
        log.append(("ends", number))
        return number

    async def main() -> list[int]:
        queue = _large.READING.here()
        return await asyncio.gather(*(queue.run(lambda n=n: work(n)) for n in range(5)))

    found = asyncio.run(main())

    assert [0, 1, 2, 3, 4] == found
    assert [one for n in range(5) for one in (("begins", n, False), ("ends", n))] == log


@pytest.mark.parametrize("waiting", [1, 2, 3])
def test_a_crowd_holds_the_others_back(waiting):
    """
    With two that wait, nobody receives more; with one, everybody does; when they are done, too.
    """
    go = threading.Event()

    async def main() -> tuple[bool, bool]:
        queue = _large.READING.here()
        working = [asyncio.ensure_future(queue.run(go.wait)) for _ in range(waiting)]
        await asyncio.sleep(0.01)
        calm = asyncio.ensure_future(queue.calm())
        await asyncio.sleep(0.01)
        before = calm.done()
        go.set()
        await asyncio.gather(*working)
        await asyncio.wait_for(calm, 5)
        return before, calm.done()

    assert (waiting < 2, True) == asyncio.run(main())


def test_who_leaves_the_queue_is_not_waited_for():
    """
    Nor does an error hold anybody up.
    """

    async def main() -> list[Any]:
        queue = _large.READING.here()
        go = threading.Event()
        first = asyncio.ensure_future(queue.run(go.wait))
        left = asyncio.ensure_future(queue.run(lambda: "never"))
        broken = asyncio.ensure_future(queue.run(lambda: 1 // 0))
        last = asyncio.ensure_future(queue.run(lambda: "last"))
        await asyncio.sleep(0.01)
        left.cancel()
        go.set()
        await asyncio.wait_for(asyncio.wait([first, left, broken, last]), 5)
        await asyncio.wait_for(queue.calm(), 5)
        return [left.cancelled(), type(broken.exception()), last.result()]

    assert [True, ZeroDivisionError, "last"] == asyncio.run(main())


def test_each_loop_has_its_own():
    """
    What waits in one is nothing to the other.
    """

    async def here() -> _large.Queue:
        return _large.DECODING.here()

    assert asyncio.run(here()) is not asyncio.run(here())


def test_of_a_whole_call(acme, registered):
    """
    Many large answers at once come whole.
    """
    import impasto

    registered(acme.plugin())
    with FakeServer(lambda received: reply({"pictures": [BIG]})) as server:

        async def main() -> list[bytes]:
            calls = (
                impasto.aimage_generation(**{**acme.call, "api_base": server.url})
                for _ in range(12)
            )
            return [await one.data[0].aread() for one in await asyncio.gather(*calls)]

        found = asyncio.run(main())

    assert [bytes(400_000)] * 12 == found


def test_a_large_picture_in_memory_is_decoded_elsewhere(monkeypatch):
    """
    The loop is not held up by it.
    """
    threads: list[threading.Thread] = []
    image = Image(b64_json=BIG)
    here = Image._here
    monkeypatch.setattr(
        Image, "_here", lambda self: (threads.append(threading.current_thread()), here(self))[1]
    )

    assert 400_000 == len(asyncio.run(image.aread()))
    assert threading.main_thread() not in threads


def test_a_large_answer_that_is_cut(acme, wire, http):
    """
    It is lost, as a small one is, and not taken for whole.
    """
    from impasto import APIConnectionError

    whole = http(b'{"pictures": ["' + BIG.encode() + b'"]}', "Content-Type: application/json")
    server = wire(lambda peer: peer.say(whole[:-50]))
    with pytest.raises(APIConnectionError) as caught:
        acme.ask(acme.client(), server.url, max_retries=0)

    assert caught.value.maybe_accepted
    assert len(whole) > _transport.LARGE
