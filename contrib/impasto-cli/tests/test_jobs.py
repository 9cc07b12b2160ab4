"""``impasto jobs``, and the options that write into a journal."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import impasto
from impasto.testing import PNG, FakeServer, reply

NOTE = "note: from the journal; nothing was asked"


@pytest.fixture
def paint(run):
    """Return a function that paints a prompt with a journal."""

    def paint(prompt="a fox", *options, key="order-17"):
        words = ["-m", "sketch/oil-1", "--size", "64x64", "--journal", "jobs.db"]
        return run(prompt, *words, *(["--idempotency-key", key] if key else []), *options)

    return paint


@pytest.fixture
def jobs(run):
    """Return a function that runs `impasto jobs` with that journal."""
    return lambda *words: run("jobs", *words, "--journal", "jobs.db")


def ambiguous(run, server, *options):
    """Make a call of OpenAI's with a journal."""
    place = ["-p", f"api_base={server.url}", "-p", "api_key=sk-0123456789abcdef"]
    booking = ["--journal", "jobs.db", "--idempotency-key", "order-17"]
    return run("a fox", "-m", "openai/gpt-image-2", *place, *booking, *options)


class TestCalls:
    """Options of the commands that make pictures."""

    def test_the_same_command_again(self, paint):
        """
        It saves the picture once more, and says that nothing was asked.
        """
        first, second = paint(), paint()

        assert (0, 0) == (first.exit_code, second.exit_code)
        assert (NOTE in first.stderr, NOTE in second.stderr) == (False, True)
        assert Path("a-fox.png").read_bytes() == Path("a-fox-2.png").read_bytes()

    def test_another_command_with_that_key(self, paint):
        """
        It is wrong usage, told in the command line's words.
        """
        paint()
        done = paint("a cat")

        assert 2 == done.exit_code
        assert "--idempotency-key 'order-17' was given to another call" in done.stderr

    def test_several_models(self, run, acme):
        """
        Each is a call of its own.
        """
        words = ["-m", "sketch/oil-1", "-m", "openai/gpt-image-2", "--size", "1024x1024"]
        run("a fox", *words, "--journal", "jobs.db", "--idempotency-key", "k")
        found = {one.key: one.state for one in impasto.Journal("jobs.db").jobs()}

        assert {"k sketch/oil-1": "done", "k openai/gpt-image-2": "failed"} == found

    def test_the_variable(self, paint, run, monkeypatch):
        """
        It names the journal for the commands, and for `impasto jobs`.
        """
        monkeypatch.setenv("IMPASTO_JOURNAL", "jobs.db")
        run("a fox", "-m", "sketch/oil-1", "--size", "64x64")
        done = run("jobs", "list", "--json")

        assert ["done"] == [one["state"] for one in json.loads(done.stdout)]

    def test_a_key_without_a_journal(self, run):
        """
        The error names the option.
        """
        done = run("a fox", "-m", "sketch/oil-1", "--idempotency-key", "k")

        assert 2 == done.exit_code
        assert "pass --journal PATH" in done.stderr

    def test_what_may_have_been_paid_for(self, run):
        """
        It is ordered again only with --again ambiguous.
        """
        with FakeServer().will(reply(fault="drop")) as server:
            codes = [ambiguous(run, server).exit_code, ambiguous(run, server).exit_code]
            last = ambiguous(run, server, "--again", "ambiguous")

            assert 2 == len(server.received)
        assert [6, 1] == codes
        assert 0 == last.exit_code

    def test_a_batch(self, run):
        """
        Its journal decides what is made.
        """
        Path("prompts.txt").write_text("a fox\na barn\n")
        words = ["batch", "prompts.txt", "-m", "sketch/oil-1", "--size", "64x64", "-o", "out"]
        first, second = (run(*words, "--journal", "jobs.db") for _ in range(2))

        assert ("note: 2 came" in first.stderr, "note: 2 there" in second.stderr) == (True, True)
        assert 2 == len(impasto.Journal("jobs.db").jobs())


class TestLooking:
    """`impasto jobs`, `list` and `show`."""

    @pytest.mark.parametrize("words", [(), ("list",)])
    def test_list(self, paint, jobs, words):
        """
        A row for each call, with what went wrong below.
        """
        paint()
        paint("a cat", "-p", "fault=refusal", key="order-18")
        done = jobs(*words)

        assert 0 == done.exit_code
        assert done.stdout.index("order-18") < done.stdout.index("order-17")
        assert "fault='refusal' was asked for" in done.stdout

    def test_as_json(self, paint, jobs):
        """
        All that is known of each, before and behind the command.
        """
        paint()
        (entry,) = json.loads(jobs("list", "--json").stdout)

        assert entry == json.loads(jobs("show", "order-17", "--json").stdout)
        assert [entry] == json.loads(jobs("--json").stdout)
        assert ("order-17", "done", "a fox", True) == tuple(
            entry[name] for name in ("key", "state", "prompt", "named")
        )
        assert [str(Path("a-fox.png").absolute())] == entry["paths"]

    def test_show_says_what_comes_next(self, run, jobs):
        """
        Of what is unsure, how it is ordered again.
        """
        with FakeServer().will(reply(fault="drop")) as server:
            ambiguous(run, server)
        done = jobs("show", "order-17")

        assert "state     ambiguous\n" in done.stdout
        assert "--again ambiguous" in done.stdout

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("jobs",), "which journal?  --journal PATH, or set IMPASTO_JOURNAL"),
            (("jobs", "--journal", "jobs.db"), "there is no journal 'jobs.db'"),
            (("jobs", "show", "k", "--journal", "made.db"), "has no entry 'k'"),
            (("jobs", "forget", "--journal", "made.db"), "which call?"),
            (("jobs", "download", "--journal", "made.db"), "which call?"),
            (
                ("jobs", "forget", "--done", "--older-than", "soon", "--journal", "made.db"),
                "it takes a number and d, h or m",
            ),
        ],
    )
    def test_mistakes(self, run, words, says):
        """
        They are wrong usage, and make no file.
        """
        impasto.image_generation("a fox", model="sketch/oil-1", size="64x64", journal="made.db")
        done = run(*words)

        assert (2, True) == (done.exit_code, says in done.stderr)
        assert not Path("jobs.db").exists()


class TestResuming:
    """`impasto jobs resume` and `download`."""

    def test_download(self, paint, jobs):
        """
        What came is saved once more, without a network.
        """
        paint()
        done = jobs("download", "order-17", "-o", "again.png")

        assert 0 == done.exit_code
        assert Path("a-fox.png").read_bytes() == Path("again.png").read_bytes()

    def test_download_what_did_not_come(self, run, jobs):
        """
        The error says in what state it is.
        """
        with FakeServer().will(reply(fault="drop")) as server:
            ambiguous(run, server)
        done = jobs("download", "order-17")

        assert 2 == done.exit_code
        assert "order-17 is ambiguous" in done.stderr

    def test_one_of_several_that_is_none(self, paint, jobs):
        """
        It is said before anything is asked or saved.
        """
        paint()
        Path("a-fox.png").unlink()
        done = jobs("resume", "order-17", "order-18")

        assert 2 == done.exit_code
        assert "no entry 'order-18'" in done.stderr
        assert not Path("a-fox.png").exists()

    def test_a_request_id_steers_nothing(self, run, jobs):
        """
        It is the provider's, who may put anything into it.
        """
        with impasto.Journal("jobs.db") as journal, FakeServer().will(reply(status=500)) as server:
            ambiguous(run, server)
            journal.jobs()
        with closing(sqlite3.connect("jobs.db")) as db:
            db.execute("UPDATE parts SET request_id = ?", ("req\x1b[2J-1",))
            db.commit()
        done = jobs("show", "order-17")

        assert "req [2J-1" in done.stdout

    def test_resume_all(self, run, jobs):
        """
        A job that somebody left is asked for, and its picture saved; nothing is ordered.
        """

        def answer(received):
            home = f"http://{received.headers['host']}"
            if received.path.startswith("/pictures"):
                return reply(body=PNG)
            made = received.method == "GET"
            return reply(
                {
                    "id": "p1",
                    "status": "succeeded" if made else "starting",
                    "output": [f"{home}/pictures/1.png"] if made else None,
                    "urls": {"get": f"{home}/v1/predictions/p1"},
                },
                status=200 if made else 201,
            )

        with FakeServer(answer) as server:
            settings = {"api_key": "r8_0123456789abcdef0123", "api_base": server.url}
            model = "replicate/black-forest-labs/flux-schnell"
            impasto.submit("a fox", model=model, journal="jobs.db", **settings)
            words = [word for pair in settings.items() for word in ("-p", "{}={}".format(*pair))]
            first, second = jobs("resume", *words), jobs("resume", *words)
            orders = [one for one in server.received if one.method == "POST"]

        assert (0, 1) == (first.exit_code, len(orders))
        assert PNG == Path("a-fox.png").read_bytes()
        assert "note: nothing is left to be resumed" in second.stderr


class TestForgetting:
    """`impasto jobs forget`."""

    def test_one(self, paint, jobs):
        """
        Its key can be used again.
        """
        paint()
        forgotten = jobs("forget", "order-17")
        again = paint("a cat")

        assert (0, 0) == (forgotten.exit_code, again.exit_code)

    def test_those_that_are_done(self, paint, jobs):
        """
        By their age.
        """
        paint()
        said = [jobs("forget", "--done", *age).stderr for age in ((), ("--older-than", "0d"))]

        assert ["note: 0 forgotten\n", "note: 1 forgotten\n"] == said

    def test_what_may_have_been_paid_for(self, run, jobs):
        """
        Only by force.
        """
        with FakeServer().will(reply(fault="drop")) as server:
            ambiguous(run, server)
        refused, forced = jobs("forget", "order-17"), jobs("forget", "order-17", "--force")

        assert (2, 0) == (refused.exit_code, forced.exit_code)
        assert "--force forgets it all the same" in refused.stderr
