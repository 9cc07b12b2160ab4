"""`logging.getLogger("impasto")` says what happens, and nothing that is nobody's business."""

from __future__ import annotations

import base64
import logging

import pytest

from impasto import hookimpl
from impasto.errors import ImpastoError
from impasto.testing import PNG, FakeServer, Received, Reply, Script, reply
from impasto.types import query

ENCODED = base64.b64encode(PNG).decode()


def lines(caplog: pytest.LogCaptureFixture, level: int = 0) -> list[str]:
    """Return what the library said."""
    records = [one for one in caplog.records if one.name == "impasto" and one.levelno >= level]
    return [record.getMessage() for record in records]


class TestWhatIsSaid:
    """One line for each thing that happens."""

    def test_requests_and_answers(self, acme, caplog):
        """
        At DEBUG: who, what, where, how much, how it ended.
        """
        caplog.set_level(logging.DEBUG, "impasto")
        job, pictures = acme.job(), acme.pictures(headers={"X-Request-Id": "req_1"})
        Script(job, pictures, plugin=acme.plugin()).play(acme.call)
        order, poll = f"POST {acme.base}/pictures", f"GET {acme.base}/jobs/7"
        sizes = [f"{len(answer.body)} bytes of application/json" for answer in (job, pictures)]

        assert [
            f"acme/oil-2: {order}, 18 bytes",
            f"acme/oil-2: {order} answered 200, {sizes[0]}, request None",
            f"acme/oil-2: {poll}, 0 bytes",
            f"acme/oil-2: {poll} answered 200, {sizes[1]}, request req_1",
        ] == lines(caplog)

    def test_repeats(self, acme, caplog):
        """
        At INFO: that it is sent again, when, and why.
        """
        caplog.set_level(logging.INFO, "impasto")
        slowly = reply({}, status=429, headers={"Retry-After": "2"})
        Script(slowly, acme.pictures(), plugin=acme.plugin()).play(acme.call)

        assert ["acme/oil-2: repeating in 2.0 s: RateLimitError"] == lines(caplog)

    def test_a_job_that_goes_on(self, acme, caplog):
        """
        At WARNING: that something may be made, and billed, for nobody.
        """
        caplog.set_level(logging.WARNING, "impasto")
        answers = [acme.job(after=9), Reply(fault="drop")]
        script = Script(*answers, plugin=acme.plugin(*acme.jobs))
        with pytest.raises(ImpastoError):
            script.play({**acme.call, "timeout": 5})

        assert ["acme/oil-2: the job could not be stopped: Lost"] == lines(caplog)

    def test_a_call_that_works_is_silent(self, acme, caplog):
        """
        At INFO and above there is nothing to say.
        """
        caplog.set_level(logging.DEBUG, "impasto")
        Script(acme.job(), acme.pictures(), plugin=acme.plugin()).play(acme.call)

        assert [] == lines(caplog, logging.INFO)

    def test_a_model_keeps_to_its_line(self, acme, caplog):
        """
        Nobody forges a line of the log with the name of a model.
        """
        caplog.set_level(logging.DEBUG, "impasto")
        script = Script(acme.pictures(), plugin=acme.plugin())
        script.play({**acme.call, "model": "acme/oil\nCRITICAL: all is lost"})

        assert all(len(line.splitlines()) == 1 for line in lines(caplog))


class TestWhatIsNotSaid:
    """Keys, queries, prompts and pixels are in no line, of any logger."""

    SECRETS = ("acme-0123456789abcdef", "gateway-key", "signature", "a fox", ENCODED, "foxes")

    def _play(self, acme, server: FakeServer) -> None:
        @hookimpl
        def map_error(response) -> None:
            raise ValueError(response.text)

        plugin = acme.plugin(map_error, *acme.jobs, auth=query("key"))
        client = acme.client(plugin)
        more = {
            "extra_headers": {"X-Gateway": "gateway-key"},
            "extra_query": {"sig": "signature"},
            "max_retries": 1,
        }
        acme.ask(client, server.url, **more)
        acme.ask(client, server.url, response_format="b64_json", **more)
        for _ in range(3):
            with pytest.raises(ImpastoError):
                acme.ask(client, server.url, timeout=1, **more)

    def test_on_the_way(self, acme, caplog):
        """
        Orders, polls, redirects, pictures, refusals, repeats and stops: not a word too much.
        """
        caplog.set_level(logging.DEBUG)

        def answer(received: Received) -> Reply:
            if "/moved" not in received.path and received.method == "POST":
                place = {"Location": received.path.replace("/pictures", "/moved")}
                return reply({}, status=307, headers=place)
            return answers.pop(0) if answers else acme.job(f"{server.url}/jobs/7?sig=signature")

        with FakeServer(answer) as server:
            answers = [
                acme.job(f"{server.url}/jobs/7?sig=signature", after=0),
                acme.pictures(),
                acme.urls(f"{server.url}/1.png?sig=signature"),
                reply(body=PNG, headers={"Content-Type": "image/png"}),
                reply({"message": f"no foxes for {acme.key}"}, status=400),
                reply({"message": f"no foxes for {acme.key}"}, status=500),
                reply({"message": f"no foxes for {acme.key}"}, status=500),
            ]
            self._play(acme, server)

        said = "\n".join(record.getMessage() for record in caplog.records)

        assert 10 < len(lines(caplog))
        for secret in self.SECRETS:
            assert secret not in said
