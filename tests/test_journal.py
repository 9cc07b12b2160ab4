"""The journal: what it knows is not ordered again, and what happens is in it, before it is lost."""

import asyncio
import base64
import json
import os
import pickle
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from vendors import VENDORS, serving

import impasto
from impasto import Journal, hookimpl
from impasto._arguments import sort
from impasto._booking import booked
from impasto._journal_file import _refuse_strangers, connected
from impasto._portal import run
from impasto.testing import PNG, FakeServer, reply

JOURNAL = "from the journal; nothing was asked"
RESUMED = "ordered before, as the journal says; it was not ordered again"
PICTURE = {"data": [{"b64_json": base64.b64encode(PNG).decode()}]}


@pytest.fixture
def path(tmp_path):
    """Return the path of a journal that nobody has made."""
    return tmp_path / "jobs.db"


def call(server, path, **more):
    """Return the arguments of a call of OpenAI's with a journal."""
    settings = {"model": "openai/gpt-image-2", "api_key": "sk-0123456789abcdef"}
    place = {} if "api_base" in more else {"api_base": server.url}
    where = {**place, "journal": path, "idempotency_key": "order-17"}
    return {"prompt": "a fox", **settings, **where, **more}


def states(path):
    """Return the state of each entry, by its key."""
    return {one.key: one.state for one in Journal(path).jobs()}


def elsewhere(code, *arguments):
    """Return what *code* prints, run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "" == done.stderr
    return done.stdout


def at_once(*replies):
    """Return a server that answers with *replies*, then as OpenAI does."""
    return FakeServer().will(*replies)


class TestAgain:
    """A call with a key that was there before."""

    @pytest.mark.parametrize("name", VENDORS)
    def test_the_pictures_are_those_of_the_first(self, path, name):
        """
        Nothing is sent a second time, whoever drew; parameters, request id and bytes are the same.
        """
        vendor = VENDORS[name]
        with serving(name) as server:
            place = "aws_bedrock_runtime_endpoint" if name == "bedrock" else "api_base"
            asked = {**vendor.settings, place: server.url}
            asked |= {"journal": path, "idempotency_key": "order-17", "n": 2}
            first = impasto.image_generation("a fox", **asked)
            bytes_ = [image.read() for image in first.data]
            received = len(server.received)
            second = impasto.image_generation("a fox", **asked)

            assert bytes_ == [image.read() for image in second.data]
            assert received == len(server.received)
        assert (first.params, first.request_id) == (second.params, second.request_id)
        assert (JOURNAL not in first.notes, JOURNAL in second.notes) == (True, True)
        assert {"order-17": "done"} == states(path)

    def test_pictures_made_here(self, path):
        """
        Of a provider that needs no network the pictures themselves are kept.
        """
        asked = {"model": "sketch/oil-1", "size": "64x64", "journal": path}
        first = impasto.image_generation("a fox", **asked, idempotency_key="order-17")
        second = impasto.image_generation("a fox", **asked, idempotency_key="order-17")

        assert first.data[0].read() == second.data[0].read()
        assert (JOURNAL, first.cost) == (second.notes[-1], second.cost)

    def test_without_a_key_each_call_is_its_own(self, path):
        """
        They are written down, under keys at random.
        """
        with FakeServer() as server:
            for _ in range(2):
                impasto.image_generation(**call(server, path, idempotency_key=None))

            assert 2 == len(server.received)
        assert [("done", False)] * 2 == [(one.state, one.named) for one in Journal(path).jobs()]

    def test_another_call_with_the_same_key(self, path):
        """
        It is refused before anything is sent, and the error says what differs; keys, places and
        timeouts may.
        """
        with FakeServer() as server:
            impasto.image_generation(**call(server, path, quality="low"))
            impasto.image_generation(
                **call(server, path, quality="low", api_key="sk-another-one", timeout=5)
            )
            with pytest.raises(impasto.BadRequestError) as caught:
                impasto.image_generation(**call(server, path, prompt="a cat", n=2))

            assert 1 == len(server.received)
        assert "with another n, prompt, quality;" in caught.value.message
        assert "idempotency_key" == caught.value.param

    def test_a_picture_that_was_edited(self, path):
        """
        It is known by its bytes, from an open file as well; others are another call.
        """
        with FakeServer() as server:
            for _ in range(2):
                file = path.with_name("fox.png")
                file.write_bytes(PNG)
                with file.open("rb") as opened:
                    response = impasto.image_edit(**call(server, path, image=opened))
            with pytest.raises(impasto.BadRequestError, match="with another image;"):
                impasto.image_edit(**call(server, path, image=PNG + b"."))

            assert 1 == len(server.received)
        assert JOURNAL in response.notes

    def test_a_clear_error_frees_the_key(self, path):
        """
        What was refused has cost nothing: the same call is made anew.
        """
        with at_once(reply({"error": {"message": "no such size"}}, status=400)) as server:
            with pytest.raises(impasto.BadRequestError):
                impasto.image_generation(**call(server, path))
            failed = Journal(path).entry("order-17")
            response = impasto.image_generation(**call(server, path))

            assert 2 == len(server.received)
        assert ("failed", "no such size") == (failed.state, failed.error)
        assert JOURNAL not in response.notes

    def test_what_is_unsure_is_asked(self, path):
        """
        An order that broke off is not placed again until somebody says so.
        """
        with at_once(reply(fault="drop")) as server:
            for _ in range(2):
                with pytest.raises(impasto.ImpastoError) as caught:
                    impasto.image_generation(**call(server, path))
            asked_before = len(server.received)
            response = impasto.image_generation(**call(server, path, again="ambiguous"))

            assert (1, 2) == (asked_before, len(server.received))
        assert caught.value.maybe_accepted
        assert "again='ambiguous' orders it again" in caught.value.message
        assert PNG == response.data[0].read()

    def test_an_answer_that_made_no_sense_is_kept(self, path):
        """
        It is read again, by a newer plugin perhaps; ordered again only where that is asked.
        """
        with at_once(reply({"data": "?"})) as server:
            for _ in range(2):
                with pytest.raises(impasto.APIResponseValidationError) as caught:
                    impasto.image_generation(**call(server, path))
            state = states(path)
            impasto.image_generation(**call(server, path, again="ambiguous"))

            assert 2 == len(server.received)
        assert caught.value.maybe_accepted
        assert {"order-17": "ambiguous"} == state

    def test_parts_of_a_call(self, path):
        """
        Those that came are taken from the journal, only the one that was refused is ordered again.
        """
        asked = {"n": 11}  # OpenAI makes ten at once
        refused = reply({"error": {"message": "too bad"}}, status=400)
        with FakeServer() as server:
            server.will(refused)
            with pytest.warns(impasto.PartialResultWarning):
                first = impasto.image_generation(**call(server, path, **asked))
            second = impasto.image_generation(**call(server, path, **asked))

            assert 3 == len(server.received)
        assert (11, 1) == (len(second.data), len(first.errors))
        assert JOURNAL in second.notes


class TestFallbacks:
    """The journal covers whoever drew."""

    def test_the_one_who_drew_is_the_one_who_drew(self, path):
        """
        The first model, which failed then and would draw now, is not asked again.
        """
        with at_once(reply({"error": {"message": "down"}}, status=400)) as server:
            asked = call(server, path, fallbacks=[{"model": "sketch/oil-1", "size": "64x64"}])
            first = impasto.image_generation(**asked)
            second = impasto.image_generation(**asked)

            assert 1 == len(server.received)
        assert ["sketch"] * 2 == [first.provider, second.provider]
        assert first.data[0].read() == second.data[0].read()
        assert ["openai/gpt-image-2"] == [one.model for one in second.attempts]
        assert "sketch" == Journal(path).entry("order-17").provider

    def test_an_ambiguous_order_stops_there(self, path):
        """
        Also in the next run, nobody else is asked.
        """
        with at_once(reply(fault="drop")) as server:
            for _ in range(2):
                with pytest.raises(impasto.ImpastoError) as caught:
                    impasto.image_generation(**call(server, path, fallbacks=["sketch/oil-1"]))

            assert 1 == len(server.received)
        assert caught.value.maybe_accepted


class TestJobs:
    """Jobs, and calls that wait for one."""

    def test_the_deadline_passes_and_the_next_call_resumes(self, acme, path):
        """
        The job was not to be stopped; it is asked for again, and not ordered.
        """
        polls = iter(range(2))

        def answer(received):
            if received.path.endswith("/pictures"):
                return reply({"job": f"http://{received.headers['host']}/jobs/7", "after": 0.1})
            if next(polls, None) is not None:
                return reply({"job": f"http://{received.headers['host']}/jobs/7", "after": 0.1})
            return acme.pictures()

        client = acme.client(acme.plugin())
        with FakeServer(answer) as server:
            asked = {"journal": path, "idempotency_key": "order-17"}
            with pytest.raises(impasto.Timeout):
                acme.ask(client, server.url, **asked, timeout=0.15)
            state = states(path)
            response = acme.ask(client, server.url, **asked)
            orders = [one for one in server.received if one.path == "/pictures"]

        assert {"order-17": "resumable"} == state
        assert 1 == len(orders)
        assert (RESUMED, PNG) == (response.notes[-1], response.data[0].read())

    def test_a_job_that_was_stopped_frees_the_key(self, acme, path):
        """
        The provider says that it was canceled: nothing came, so it is ordered anew.
        """
        usual, canceled = acme.plugin().parse_response, threading.Event()

        @hookimpl
        def parse_response(request, response):
            if response.json().get("canceled"):
                raise impasto.APIError("it was canceled")
            return usual(request=request, response=response)

        def answer(received):
            if received.path.endswith("/cancel"):
                canceled.set()
                return reply({})
            if received.path == "/pictures" and canceled.is_set():
                return acme.pictures()
            if canceled.is_set():
                return reply({"canceled": True})
            return reply({"job": f"http://{received.headers['host']}/jobs/7", "after": 0.05})

        client = acme.client(acme.plugin(parse_response, *acme.jobs))
        with FakeServer(answer) as server:
            asked = {"journal": path, "idempotency_key": "order-17"}
            with pytest.raises(impasto.Timeout):
                acme.ask(client, server.url, **asked, timeout=0.2)
            response = acme.ask(client, server.url, **asked)
            orders = [one for one in server.received if one.path == "/pictures"]

        assert (2, PNG) == (len(orders), response.data[0].read())

    @pytest.mark.parametrize("status", [404, 410])
    def test_a_job_that_is_gone(self, acme, path, status):
        """
        It was paid for, perhaps: it is ordered again only where that is asked.
        """
        gone = threading.Event()

        def answer(received):
            if received.path == "/pictures" and gone.is_set():
                return acme.pictures()
            if received.path == "/pictures":
                return reply({"job": f"http://{received.headers['host']}/jobs/7", "after": 0.0})
            gone.set()
            return reply({}, status=status)

        client = acme.client(acme.plugin())
        with FakeServer(answer) as server:
            asked = {"journal": path, "idempotency_key": "order-17"}
            for _ in range(2):
                with pytest.raises(impasto.APIError) as caught:
                    acme.ask(client, server.url, **asked)
            response = acme.ask(client, server.url, **asked, again="ambiguous")
            orders = [one for one in server.received if one.path == "/pictures"]

        assert "again='ambiguous' orders it again" in caught.value.message
        assert (2, PNG) == (len(orders), response.data[0].read())

    def test_submitted_twice(self, path):
        """
        The second job is the first one: it is asked for, and not ordered.
        """
        with serving("replicate") as server:
            asked = {**VENDORS["replicate"].settings, "api_base": server.url}
            asked |= {"journal": path, "idempotency_key": "order-17"}
            job = impasto.submit("a fox", **asked)
            state = states(path)
            again = impasto.submit("a fox", **asked)
            pictures = [one.result().data[0].read() for one in (job, again)]
            orders = [one for one in server.received if one.method == "POST"]

        assert {"order-17": "resumable"} == state
        assert (job.id, 1) == (again.id, len(orders))
        assert [PNG, PNG] == pictures
        assert {"order-17": "done"} == states(path)

    def test_submitted_to_one_without_jobs(self, path):
        """
        It runs in the background, as this process's; its answer is kept.
        """
        with FakeServer() as server:
            asked = call(server, path)
            job = impasto.submit(**asked)
            job.result()
            again = impasto.submit(**asked).result()

            assert 1 == len(server.received)
        assert JOURNAL in again.notes

    def test_with_fallbacks(self, path):
        """
        Such a job is made in the background as a whole, and written down like a call.
        """
        with FakeServer() as server:
            asked = call(server, path, fallbacks=["sketch/oil-1"])
            impasto.submit(**asked).result()
            again = impasto.submit(**asked).result()

            assert 1 == len(server.received)
        assert JOURNAL in again.notes

    def test_a_job_that_is_called_off(self, acme, path):
        """
        The key is free again for this process, too.
        """
        with FakeServer(lambda _: reply(fault="hang")) as server:
            asked = call(server, path)
            job = impasto.submit(**asked)
            while not server.received:
                threading.Event().wait(0.01)
            job.cancel()
            while states(path)["order-17"] == "running":
                threading.Event().wait(0.01)

        assert {"order-17": "ambiguous"} == states(path)


class TestResume:
    """`Journal.resume()`: for whoever has not made the call."""

    @pytest.mark.parametrize("name", VENDORS)
    def test_of_whoever_drew(self, path, name):
        """
        The answer that is here is read again, in another process, without the call's arguments.
        """
        vendor = VENDORS[name]
        with serving(name) as server:
            place = "aws_bedrock_runtime_endpoint" if name == "bedrock" else "api_base"
            asked = {**vendor.settings, place: server.url}
            first = impasto.image_generation(
                "a fox", **asked, journal=path, idempotency_key="order-17", n=2
            )
            bytes_ = [image.read() for image in first.data]
            asked_before = len(server.received)
            call_only = {"model", "base_model", "response_format"}
            settings = {key: one for key, one in asked.items() if key not in call_only}
            job = Journal(path).resume("order-17", **settings)
            response = job.result()

            assert bytes_ == [image.read() for image in response.data]
            assert asked_before == len(server.received)
        assert first.params == response.params
        assert JOURNAL in response.notes

    def test_pictures_made_here(self, path):
        """
        They need neither a network nor a key.
        """
        asked = {"model": "sketch/oil-1", "size": "64x64", "journal": path}
        first = impasto.image_generation("a fox", **asked, idempotency_key="order-17")

        assert first.data[0].read() == Journal(path).resume("order-17").result().data[0].read()

    def test_nothing_to_resume(self, path):
        """
        The error says why, and what to do.
        """
        with at_once(reply(fault="drop")) as server, pytest.raises(impasto.APIConnectionError):
            impasto.image_generation(**call(server, path))
        with pytest.raises(impasto.BadRequestError, match="again='ambiguous' orders it again"):
            Journal(path).resume("order-17")
        with pytest.raises(impasto.BadRequestError, match="has no entry 'order-18'"):
            Journal(path).resume("order-18")

    def test_a_job(self, path):
        """
        It is asked for, and what comes is written down.
        """
        with serving("replicate") as server:
            settings = {**VENDORS["replicate"].settings, "api_base": server.url}
            impasto.submit("a fox", **settings, journal=path, idempotency_key="order-17")
            del settings["model"]
            job = Journal(path).resume("order-17", **settings)
            response = job.result()

            assert PNG == response.data[0].read()
        assert RESUMED not in response.notes or job.id
        assert {"order-17": "done"} == states(path)


class TestOneAtATime:
    """Two at one key."""

    def test_in_one_process(self, path):
        """
        The second is told that the first is at it.
        """

        async def both(server):
            outcomes = await asyncio.gather(
                *(impasto.aimage_generation(**call(server, path)) for _ in range(2)),
                return_exceptions=True,
            )
            return sorted(type(one).__name__ for one in outcomes), outcomes

        with FakeServer(lambda _: reply(PICTURE, delay=0.2)) as server:
            names, outcomes = run(both(server))

            assert 1 == len(server.received)
        error = next(one for one in outcomes if isinstance(one, Exception))

        assert ["ConflictError", "ImageResponse"] == names
        assert "this process is making the call 'order-17' right now" in error.message

    def test_in_two_processes(self, path):
        """
        Of many that begin at once, one orders; the others are told, or get its picture.
        """
        code = """
            import sys, impasto
            try:
                impasto.image_generation(
                    "a fox", model="openai/gpt-image-2", api_key="sk-0123456789abcdef",
                    api_base=sys.argv[1], journal=sys.argv[2], idempotency_key="order-17")
                print("came")
            except impasto.ConflictError as error:
                print("another" if "another process is making" in error.message else error)
        """
        with FakeServer(lambda _: reply(PICTURE, delay=1)) as server:
            words = [sys.executable, "-c", textwrap.dedent(code), server.url, str(path)]
            begun = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(3)]
            said = [one.communicate(timeout=60)[0].strip() for one in begun]

            assert 1 == len(server.received)
        assert "came" in said
        assert {"came", "another"} >= {*said}

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks there")
    def test_after_a_fork(self, path):
        """
        A child has a journal of its own, and its parent's entries are not its.
        """
        code = """
            import os, sys, impasto
            how = dict(model="sketch/oil-1", size="64x64", journal=sys.argv[1])
            impasto.image_generation("a fox", **how, idempotency_key="parent")
            child = os.fork()
            impasto.image_generation("a fox", **how, idempotency_key="child" if not child else "b")
            if child:
                os.waitpid(child, 0)
                print(sorted((one.key, one.state) for one in impasto.Journal(sys.argv[1]).jobs()))
        """
        said = elsewhere(code, path)

        assert "[('b', 'done'), ('child', 'done'), ('parent', 'done')]\n" == said

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks there")
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
    def test_forked_while_it_is_opened(self, path):
        """
        The child has nothing of it, and opens it anew.
        """
        said = elsewhere(
            """
            import os, sqlite3, sys, threading, time, warnings
            from pathlib import Path
            from impasto._store import _stores, opened

            warnings.simplefilter("ignore")  # of forking with threads
            path = sys.argv[1]
            opened(Path(path)).close()
            _stores.clear()
            db = sqlite3.connect(path, isolation_level=None)
            db.execute("BEGIN IMMEDIATE")  # for which who opens it waits
            thread = threading.Thread(target=opened, args=[Path(path)])
            thread.start()
            while not _stores:
                time.sleep(0.01)
            child = os.fork()
            if not child:
                print(len(_stores), flush=True)
                os._exit(0)
            os.waitpid(child, 0)
            db.execute("COMMIT")
            thread.join()
            """,
            path,
        )

        assert "0\n" == said

    def test_a_child_that_outlives_its_parent(self, path):
        """
        It does not keep its parent's calls: who was killed is not at work.
        """
        code = """
            import os, sys, time, impasto
            impasto.image_generation("a fox", model="sketch/oil-1", size="64x64", journal=sys.argv[2])
            child = os.fork()
            if not child:
                time.sleep(60)
                os._exit(0)
            print(child, flush=True)
            impasto.image_generation(
                "a fox", model="openai/gpt-image-2", api_key="sk-0123456789abcdef",
                api_base=sys.argv[1], journal=sys.argv[2], idempotency_key="order-17")
        """
        with FakeServer(lambda _: reply(fault="hang")) as server:
            words = [sys.executable, "-c", textwrap.dedent(code), server.url, str(path)]
            with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as parent:
                child = int(parent.stdout.readline())
                while not server.received:
                    threading.Event().wait(0.01)
                running = states(path)["order-17"]
                parent.kill()
                parent.wait()
                killed = states(path)["order-17"]
                os.kill(child, signal.SIGKILL)

        assert ("running", "ambiguous") == (running, killed)

    def test_many_threads_at_a_new_one(self, path):
        """
        They share what one of them makes.
        """
        with FakeServer() as server, ThreadPoolExecutor(16) as threads:
            calls = [call(server, path, idempotency_key=f"order-{at}") for at in range(32)]
            came = list(threads.map(lambda one: impasto.image_generation(**one), calls))

        assert 32 == len(came)
        assert {"done"} == {*states(path).values()}

    def test_two_that_make_a_new_one(self, path):
        """
        Who looks at it while another makes it does not take it for a stranger's.
        """
        path.touch()
        others = []

        def heard(statement):
            if statement.startswith("SELECT count") and not others:
                others.append(pool.submit(lambda: connected(path).close()))
                wait(others, 0.5)  # as long as it may take; it waits for us, if it has to

        with ThreadPoolExecutor() as pool, closing(sqlite3.connect(path)) as connection:
            connection.isolation_level = None
            connection.set_trace_callback(heard)
            _refuse_strangers(connection, path)
            connection.set_trace_callback(None)
            others[0].result()

        with closing(sqlite3.connect(path)) as connection:
            assert 1 == connection.execute("PRAGMA user_version").fetchone()[0]

    def test_who_gives_up_in_any_way(self, acme, path):
        """
        Also where what is raised is no error, the key is nobody's then.
        """
        usual, raised = acme.plugin().build_request, [KeyboardInterrupt()]

        @hookimpl
        def build_request(call, params):
            if raised:
                raise raised.pop()
            return usual(call=call, params=params)

        client = acme.client(acme.plugin(build_request))
        with FakeServer(lambda _: acme.pictures()) as server:
            asked = {"journal": path, "idempotency_key": "order-17"}
            with pytest.raises(KeyboardInterrupt):
                acme.ask(client, server.url, **asked)
            response = acme.ask(client, server.url, **asked)

        assert PNG == response.data[0].read()

    def test_nothing_is_left_beside_it(self, path):
        """
        A process that ends takes its mark with it, and with a journal everything that sqlite made.
        """
        elsewhere(
            "import sys, impasto\n"
            "impasto.image_generation('a fox', model='sketch/oil-1', size='64x64', "
            "journal=sys.argv[1])",
            path,
        )

        assert [path.name] == [one.name for one in path.parent.iterdir()]

    def test_the_mark_of_one_that_was_killed(self, path):
        """
        It is removed by the next one.
        """
        path.with_name(f".{path.name}.0123456789abcdef.alive").touch()
        with Journal(path):
            impasto.image_generation("a fox", model="sketch/oil-1", size="64x64", journal=path)

        assert [path.name] == [one.name for one in path.parent.iterdir()]

    @pytest.mark.skipif(sys.platform == "win32", reason="no open file is removed there")
    def test_the_mark_of_one_that_has_just_begun(self, path):
        """
        It is removed by who has it locked, so that it is not taken from a process that is about to.
        """
        said = elsewhere(
            """
            import fcntl, os, sys
            from pathlib import Path
            from impasto._alive import sweep

            def heard(event, arguments):
                if event == "os.remove":
                    descriptor = os.open(arguments[0], os.O_RDWR)
                    try:
                        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        print("free")
                    except BlockingIOError:
                        print("locked")
                    os.close(descriptor)

            path = Path(sys.argv[1])
            path.with_name(f".{path.name}.0123456789abcdef.alive").touch()
            sys.addaudithook(heard)
            sweep(path)
            """,
            path,
        )

        assert "locked\n" == said


class TestPictures:
    """Bytes are kept as they come, and files are known."""

    def test_a_url_that_has_expired(self, path):
        """
        Its bytes had reached us, so they are there.
        """
        expired = threading.Event()

        def answer(received):
            if received.path.startswith("/pictures/"):
                return reply({}, status=404) if expired.is_set() else reply(body=PNG)
            return reply({"data": [{"url": f"http://{received.headers['host']}/pictures/1.png"}]})

        with FakeServer(answer) as server:
            impasto.image_generation(**call(server, path)).data[0].read()
            expired.set()
            response = impasto.image_generation(**call(server, path))

            assert PNG == response.data[0].read()
        assert pickle.loads(pickle.dumps(response.data[0])).url == response.data[0].url

    def test_bytes_that_were_asked_for(self, path):
        """
        The same with *response_format*: the fetch is a part of the call.
        """
        with serving("replicate") as server:
            asked = {**VENDORS["replicate"].settings, "api_base": server.url, "journal": path}
            for _ in range(2):
                response = impasto.image_generation(
                    "a fox", **asked, response_format="b64_json", idempotency_key="order-17"
                )
            fetches = [one for one in server.received if one.path.startswith("/pictures/")]

        assert base64.b64encode(PNG).decode() == response.data[0].b64_json
        assert 1 == len(fetches)

    def test_saved(self, path):
        """
        The entry has the file.
        """
        with FakeServer() as server:
            saved = impasto.image_generation(**call(server, path)).data[0]
            file = saved.save(path.with_name("fox.png"))

        assert (file,) == Journal(path).entry("order-17").paths

    def test_a_picture_of_an_order_that_was_forgotten(self, path):
        """
        Read late, it is not taken for that of the call which has its key now.
        """
        other = PNG + b"."

        def answer(received):
            if received.path.startswith("/pictures/"):
                return reply(body=other if received.path.endswith("2.png") else PNG)
            number = received.json()["prompt"]
            home = f"http://{received.headers['host']}"
            return reply({"data": [{"url": f"{home}/pictures/{number}.png"}]})

        with FakeServer(answer) as server:
            first = impasto.image_generation(**call(server, path, prompt="1")).data[0]
            Journal(path).forget("order-17")
            second = impasto.image_generation(**call(server, path, prompt="2")).data[0]

            assert (PNG, other) == (first.read(), second.read())
            first.save(path.with_name("first.png"))
        assert () == Journal(path).entry("order-17").paths

    @pytest.mark.parametrize("changed", [False, True])
    def test_files_in_place_of_bytes(self, path, tmp_path, changed):
        """
        Of a batch, the files are all that is left; one that was changed is not given out.
        """
        with FakeServer() as server:
            how = {"model": "openai/gpt-image-2", "api_key": "sk-0123456789abcdef"}
            how |= {"api_base": server.url, "journal": path}
            prompts = [{"prompt": "a fox", "key": "order-17"}]
            (done,) = impasto.batch(prompts, out=tmp_path / "out", **how)
            if changed:
                done.paths[0].write_bytes(PNG + b".")
            try:
                came = impasto.image_generation("a fox", **how, idempotency_key="order-17")
            except impasto.ImpastoError as error:
                came = error

            assert 1 == len(server.received)
        if changed:
            assert "are no longer there" in came.message
            assert came.maybe_accepted
        else:
            assert (PNG, (JOURNAL,)) == (came.data[0].read(), came.notes)

    def test_a_client_of_ones_own(self, path):
        """
        Its journal is that of all its calls.
        """
        with FakeServer() as server, impasto.Client(journal=path) as client:
            for _ in range(2):
                response = client.image_generation(**{**call(server, path), "journal": None})

            assert 1 == len(server.received)
        assert JOURNAL in response.notes


class TestBatch:
    """In a batch the journal decides."""

    def test_it_goes_on(self, path, tmp_path):
        """
        What was saved is skipped; its bytes are no longer kept.
        """
        prompts = ["a fox", "a barn"]
        with FakeServer() as server:
            how = {"model": "openai/gpt-image-2", "api_key": "sk-0123456789abcdef"}
            how |= {"api_base": server.url, "journal": path, "out": tmp_path / "out"}
            first = [done.status for done in impasto.batch(prompts, **how)]
            second = [*impasto.batch(prompts, **how)]

            assert 2 == len(server.received)
        with closing(sqlite3.connect(path)) as db:
            (kept,) = db.execute("SELECT count(*) FROM answers").fetchone()

        assert ["done"] * 2 == first
        assert ["skipped"] * 2 == [done.status for done in second]
        assert all(one.is_file() for done in second for one in done.paths)
        assert 0 == kept
        assert 2 == len([*impasto.Manifest(tmp_path / "out" / "manifest.jsonl").last_lines()])

    def test_without_a_folder_it_has_the_pictures(self, path):
        """
        They come out of the journal.
        """
        with FakeServer() as server:
            how = {"model": "openai/gpt-image-2", "api_key": "sk-0123456789abcdef"}
            how |= {"api_base": server.url, "journal": path}
            impasto.batch(["a fox"], **how).run()
            (done,) = impasto.batch(["a fox"], **how)

            assert 1 == len(server.received)
        assert ("done", PNG) == (done.status, done.response.data[0].read())

    def test_what_is_ambiguous(self, path):
        """
        It is reported, and ordered again with *again*.
        """
        with at_once(reply(fault="drop")) as server:
            how = {"model": "openai/gpt-image-2", "api_key": "sk-0123456789abcdef"}
            how |= {"api_base": server.url, "journal": path}
            found = [
                done.status
                for again in (None, None, "ambiguous")
                for done in impasto.batch(["a fox"], **how, again=again)
            ]

            assert 2 == len(server.received)
        assert ["ambiguous", "ambiguous", "done"] == found

    def test_another_is_at_it(self, path):
        """
        The second batch says so.
        """

        async def both(server):
            how = {"model": "openai/gpt-image-2", "api_key": "sk-0123456789abcdef"}
            how |= {"api_base": server.url, "journal": path}

            async def statuses():
                return [done.status async for done in impasto.abatch(["a fox"], **how)]

            return await asyncio.gather(statuses(), statuses())

        with FakeServer(lambda _: reply(PICTURE, delay=0.2)) as server:
            found = run(both(server))

        assert [["done"], ["running"]] == sorted(found)

    def test_not_with_a_ledger(self, path, tmp_path):
        """
        Both would decide.
        """
        with pytest.raises(impasto.BadRequestError, match="journal and ledger both decide"):
            impasto.batch(["a fox"], journal=path, ledger=impasto.Manifest(tmp_path / "m.jsonl"))


class TestSecrets:
    """What is in the file."""

    def test_no_key_is_in_it(self, path):
        """
        Not the keys of settings, of headers, queries or bodies, nor what an answer repeats.
        """
        canary = "canary-0123456789abcdef"
        echo = {
            "headers": {"x-api-key": canary, "set-cookie": canary, "x-echo": f"Bearer {canary}"}
        }
        with at_once(reply({**PICTURE, "said": canary}, **echo)) as server:
            asked = call(server, path, api_key=canary)
            asked |= {"extra_headers": {"X-Token": canary}, "extra_query": {"api_key": canary}}
            asked |= {"extra_body": {"api_token": canary}}
            response = impasto.image_generation(**asked)
            response.data[0].save(path.with_name("fox.png"))
            Journal(path).resume("order-17", api_base=server.url, api_key=canary).result()
        Journal(path).close()

        assert canary.encode() not in path.read_bytes()
        assert b"a fox" in path.read_bytes()

    @pytest.mark.skipif(os.name != "posix", reason="modes are posix's")
    def test_only_its_owner_reads_it(self, path):
        """
        The file is made so, and so is what sqlite makes beside it.
        """
        impasto.image_generation("a fox", model="sketch/oil-1", size="64x64", journal=path)
        modes = {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}

        assert {0o600} == modes


def strange(path, kind):
    """Make a file at *path* that is no journal, and return its path."""
    if kind == "a text":
        path.write_text("a fox " * 100)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "in no folder":
        return path / "deeper" / "jobs.db"
    elif kind == "in a file":
        path.write_text("")
        return path / "jobs.db"
    else:
        if kind == "newer":
            impasto.image_generation("a fox", model="sketch/oil-1", size="64x64", journal=path)
            Journal(path).close()
        with closing(sqlite3.connect(path)) as db:
            db.execute("CREATE TABLE IF NOT EXISTS mine(a)")
            if kind == "newer":
                db.execute("PRAGMA user_version=7")
    return path


class TestMistakes:
    """What cannot be right is said before anything is sent."""

    @pytest.mark.parametrize(
        ("kind", "says"),
        [
            ("a text", "it is no journal of impasto"),
            ("a folder", "it is a folder"),
            ("in no folder", "there is no folder"),
            ("in a file", "there is no folder"),
            ("another's", "it is another program's database"),
            ("newer", "newer version of impasto .form 7, this one reads 1."),
        ],
    )
    def test_files_that_are_none(self, path, kind, says):
        """
        They are left as they are.
        """
        found = strange(path, kind)
        with FakeServer() as server:
            with pytest.raises(impasto.BadRequestError, match=says) as caught:
                impasto.image_generation(**call(server, found))

            assert [] == server.received
        assert "journal" == caught.value.param

    @pytest.mark.parametrize(
        ("given", "param", "says"),
        [
            ({"idempotency_key": "a"}, "idempotency_key", "needs a journal"),
            ({"again": "ambiguous"}, "again", "needs a journal"),
            ({"journal": 7}, "journal", "takes the path of a file"),
            ({"journal": ""}, "journal", "takes the path of a file"),
            ({"journal": "j", "idempotency_key": ""}, "idempotency_key", "1 to 200 characters"),
            ({"journal": "j", "idempotency_key": 17}, "idempotency_key", "1 to 200 characters"),
            ({"journal": "j", "again": "ambiguous"}, "again", "needs idempotency_key"),
            ({"journal": "j", "idempotency_key": "a", "again": True}, "again", "takes 'ambiguous'"),
        ],
    )
    def test_arguments(self, given, param, says):
        """
        The error says which one, and what it takes.
        """
        with pytest.raises(impasto.BadRequestError, match=says) as caught:
            sort("generate", {"prompt": "a fox", **given})

        assert param == caught.value.param

    def test_a_disk_that_is_full(self, path):
        """
        Nothing is ordered that could not be written down.
        """
        with FakeServer() as server:
            impasto.image_generation(**call(server, path))
            Journal(path).close()
            with closing(sqlite3.connect(path)) as db:
                db.execute(
                    "CREATE TRIGGER full BEFORE INSERT ON parts BEGIN "
                    "SELECT raise(ABORT, 'database or disk is full'); END"
                )
            with pytest.raises(impasto.ImpastoError, match="cannot be written: database or disk"):
                impasto.image_generation(**call(server, path, idempotency_key="order-18"))

            assert 1 == len(server.received)

    def test_an_answer_that_cannot_be_written(self, path):
        """
        The picture goes to who asked for it, and a note says that it is not kept.
        """
        with FakeServer() as server:
            impasto.image_generation(**call(server, path))
            Journal(path).close()
            with closing(sqlite3.connect(path)) as db:
                db.execute(
                    "CREATE TRIGGER full BEFORE INSERT ON answers BEGIN "
                    "SELECT raise(ABORT, 'database or disk is full'); END"
                )
            response = impasto.image_generation(**call(server, path, idempotency_key="order-18"))

        assert PNG == response.data[0].read()
        assert "cannot be written: database or disk is full" in response.notes[-1]

    def test_an_answer_for_which_there_are_no_words(self, path):
        """
        A request id that is no text loses nobody a picture: not now, and not in the journal.
        """
        body = json.dumps(PICTURE).encode()
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-Id: caf\xe9\r\n"
            b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        )

        async def answers(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head + body)
            await writer.drain()
            writer.close()

        async def asked():
            server = await asyncio.start_server(answers, "127.0.0.1", 0)
            async with server:
                port = server.sockets[0].getsockname()[1]
                arguments = call(server=None, path=path, api_base=f"http://127.0.0.1:{port}")
                return [await impasto.aimage_generation(**arguments) for _ in range(2)]

        first, second = asyncio.run(asked())

        assert (PNG, PNG) == (first.data[0].read(), second.data[0].read())
        assert JOURNAL == second.notes[-1]

    def test_a_seed_that_is_too_large(self, path):
        """
        What is wrong with it is said, although the journal has no room for such a number.
        """
        with pytest.raises(impasto.UnsupportedParamsError, match="takes at most"):
            impasto.image_generation("a fox", model="sketch/oil-1", seed=2**64, journal=path)

    def test_a_journal_that_is_removed(self, path):
        """
        The next call makes another one.
        """
        impasto.image_generation("a fox", model="sketch/oil-1", size="64x64", journal=path)
        path.unlink()
        impasto.image_generation("a fox", model="sketch/oil-1", size="64x64", journal=path)

        assert 1 == len(Journal(path).jobs())
        assert 1 == len([*path.parent.glob("*.alive")])  # of the one that is open

    def test_a_cancelled_call(self, path):
        """
        Its entry says what is true, and its key is nobody's.
        """

        async def cancelled(server):
            task = asyncio.create_task(impasto.aimage_generation(**call(server, path)))
            while not server.received:
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.wait([task])

        with FakeServer(lambda _: reply(fault="hang")) as server:
            run(cancelled(server))

        assert {"order-17": "ambiguous"} == states(path)


class TestJournal:
    """The journal for whoever looks into it."""

    def test_entries(self, path):
        """
        The latest first, with what is known of each.
        """
        with FakeServer() as server:
            before = datetime.now(UTC)
            for key in ("a", "b"):
                impasto.image_generation(**call(server, path, idempotency_key=key, prompt=key))
            with Journal(path) as journal:
                entries = journal.jobs()

        assert [("b", "b"), ("a", "a")] == [(one.key, one.prompt) for one in entries]
        assert ("done", "generate", "openai", "gpt-image-2", True, None) == tuple(
            entries[0][name] for name in ("state", "kind", "provider", "model", "named", "error")
        )
        assert 1 == len(entries[0].request_ids)
        assert before - timedelta(seconds=1) < entries[0].created <= entries[0].changed
        assert json.dumps(entries[0].model_dump())

    def test_one_that_nobody_made(self, path):
        """
        It is empty, and looking into it makes no file.
        """
        assert ([], 0) == (Journal(path).jobs(), Journal(path).forget_done())
        assert not path.exists()

    def test_forget(self, path):
        """
        The key can be used again, for another call.
        """
        with FakeServer() as server:
            impasto.image_generation(**call(server, path))
            Journal(path).forget("order-17")
            impasto.image_generation(**call(server, path, prompt="a cat"))

            assert 2 == len(server.received)

    def test_forget_what_is_done(self, path):
        """
        What may have been paid for and did not come stays.
        """
        with at_once(reply(fault="drop")) as server:
            with pytest.raises(impasto.APIConnectionError):
                impasto.image_generation(**call(server, path))
            impasto.image_generation(**call(server, path, idempotency_key="order-18"))
        journal = Journal(path)
        counts = [journal.forget_done(), journal.forget_done(older_than=timedelta(0))]

        assert [0, 1] == counts
        assert {"order-17": "ambiguous"} == states(path)

    def test_it_can_be_passed(self, path):
        """
        As the journal of a call, for its path.
        """
        assert path == booked(journal=Journal(path), idempotency_key=None, again=None).path
