"""Keys stay at home: canaries in every secret setting, and an ear at everything that comes out."""

import asyncio
import logging

import pytest
from canary import Ear, admitted, sign_ins
from click.testing import CliRunner

import impasto
from impasto.errors import ImpastoError
from impasto.testing import FakeServer, Reply, html, reply
from impasto_cli import main

SIGN_INS = sign_ins()
everybody = pytest.mark.parametrize(
    ("way", "given"),
    [(way, "as arguments") for way in SIGN_INS]
    + [(way, "by the environment") for way in SIGN_INS if SIGN_INS[way].variables],
)


def echo(received, status=400, **headers):
    """Return an error that quotes all that came, as a careless gateway does."""
    said = f"{received.method} {received.path} {received.headers}"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    key = received.headers.get("authorization") or received.headers.get("api-key") or "-"
    body = {"error": {"message": said, "code": key, "param": key, "type": key}, "detail": said}
    quoting = {"x-request-id": "req_1", "x-echo": key.encode("ascii", "replace").decode()}
    return reply(body, status=status, headers={**quoting, **named})


def page(received):
    return Reply(
        status=200,
        headers={"Content-Type": "text/html"},
        body=f"<html>{received.headers} {received.path}</html>".encode(),
    )


# What becomes of an order, by name
ANSWERS = {
    "well": None,
    "400": echo,
    "401": lambda received: echo(received, 401),
    "403": lambda received: echo(received, 403),
    "404": lambda received: echo(received, 404),
    "429": lambda received: echo(received, 429, retry_after="3600"),
    "500": lambda received: echo(received, 500),
    "503": lambda received: echo(received, 503),
    "an echo as a success": lambda received: echo(received, 200),
    "a page": page,
    "a page of a gateway": lambda received: html(502),
    "an echo in a redirect": lambda received: echo(
        received, 302, location=f"https://elsewhere.test/?{received.headers}"
    ),
    "dropped": lambda received: reply(fault="drop"),
    "cut": lambda received: reply({"data": []}, cut=5),
    "late": lambda received: reply(fault="hang"),
}


@pytest.fixture
def log():
    """Return what is logged while the test runs: all of it, asyncio's and aiohttp's included."""
    lines = []
    handler = logging.Handler()
    formatter = logging.Formatter("%(name)s %(levelname)s %(message)s %(exc_info)s")
    handler.emit = lambda record: lines.append(f"{formatter.format(record)} {vars(record)}")
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def ear(way, record_property):
    """Return what hears the keys; how often it listened is what was tried."""
    ear = Ear(SIGN_INS[way].secrets)
    yield ear
    record_property("tried", ear.listened)


@pytest.fixture
def server(way):
    """Return a server at which the next order ends as its `fate` says."""
    sign_in = SIGN_INS[way]
    arrived = []

    def answer(received):
        arrived.append(sign_in.sings(received))
        fate = ANSWERS[server.fate] if server.fate else None
        return admitted(sign_in.name, received) if fate is None else fate(received)

    with FakeServer(answer) as server:
        server.fate = None
        yield server
    assert any(arrived) or not arrived, "no key ever arrived where it belongs, so nothing was tried"


@pytest.fixture
def call(way, given, server, monkeypatch):
    """Return the arguments of a call, with the keys among them or in the environment."""
    sign_in = SIGN_INS[way]
    if given == "as arguments":
        return sign_in.call(server.url)
    for variable, key in sign_in.environment.items():
        monkeypatch.setenv(variable, key)
    return sign_in.keyless(server.url)


@everybody
def test_calls(way, given, call, server, ear, log):
    """
    Whatever a call ends in, no key is in what it returns or raises, nor in the log.
    """
    added = {
        "extra_headers": {"X-Api-Token": next(iter(SIGN_INS[way].secrets.values()))},
        "extra_query": {"secret": next(iter(SIGN_INS[way].secrets.values()))},
    }
    for fate in ANSWERS:
        server.fate = fate
        for more in ({}, added) if fate != "late" else ({},):
            try:
                one = impasto.image_generation(**call, **more, max_retries=0, timeout=0.3)
            except ImpastoError as error:
                one = error
            ear.listen_to_all(fate, one)
    for line in log:
        ear.listen("the log", line)

    assert [] == sorted({*ear.heard})
    assert ear.listened > 2 * len(ANSWERS)


@everybody
def test_jobs(way, given, call, server, ear, log):
    """
    Nor in a job, in what is stored of it, in what goes on with that, or in how it ends.
    """
    for fate in ("well", "400", "late", "dropped", "an echo as a success"):
        server.fate = fate
        ear.listen_to_all(f"job, {fate}", job := begun(call, ear))
        if isinstance(job, impasto.Job):
            server.fate = None
            ear.listen_to_all(f"result, {fate}", outcome_of(job.result, 0.1))
            ear.listen_to_all(f"stopped, {fate}", (job.cancel(), job))
    for line in log:
        ear.listen("the log", line)

    assert [] == sorted({*ear.heard})


def outcome_of(function, *arguments, **named):
    """Return what *function* returns, or the error that it raises."""
    try:
        return function(*arguments, **named)
    except ImpastoError as error:
        return error


def begun(call, ear):
    """Return a job, stored and taken up again where that can be, or why there is none."""
    job = outcome_of(impasto.submit, **call, max_retries=0, timeout=0.3)
    if not isinstance(job, impasto.Job):
        return job
    text = outcome_of(job.to_json)
    if isinstance(text, ImpastoError):
        ear.listen_to_all("why it is not stored", text)
        return job
    ear.listen("what is stored", text)
    words = {word: call[word] for word in call if word not in ("prompt", "model", "wait")}
    ear.listen_to_all("taken up", other := outcome_of(impasto.Job.from_json, text, **words))
    return other


@everybody
def test_explained(way, given, call, server, ear):
    """
    Nor in what a call is explained to be: each request is there, as a line of curl, without its key.
    """
    key = next(iter(SIGN_INS[way].secrets.values()))
    for more in ({}, {"extra_headers": {"X-Api-Token": key}, "extra_query": {"secret": key}}):
        told = impasto.explain(**call, **more)
        ear.listen_to_all("explained", told)
        ear.listen("printed", str(told))
    impasto.image_generation(**call)

    assert told.requests
    assert [] == ear.heard


@everybody
def test_batches(way, given, call, server, ear, log, tmp_path):
    """
    Nor in a batch's manifest, its summary, or anything in its folder, whatever fails.
    """
    common = {word: value for word, value in call.items() if word != "prompt"}
    for number, fate in enumerate(("well", "400", "an echo as a success", "dropped")):
        server.fate = fate
        batch = impasto.batch([f"fox {number}"], out=tmp_path, max_retries=0, timeout=2, **common)
        ear.listen_to_all("the batch", batch)
        ear.listen_to_all("its summary", batch.run())
    ear.listen_to_files(tmp_path)
    for line in log:
        ear.listen("the log", line)

    assert [] == sorted({*ear.heard})
    assert (tmp_path / "manifest.jsonl").exists()


@everybody
def test_journals(way, given, call, server, ear, log, tmp_path):
    """
    Nor in a journal: not in its files, and not in what another call makes of them.
    """
    for fate in ("well", "400", "401", "an echo as a success", "a page", "dropped", "late"):
        kept = {"journal": tmp_path / "jobs.db", "idempotency_key": fate}
        for server.fate in (fate, None):
            one = outcome_of(impasto.image_generation, **call, **kept, max_retries=0, timeout=0.3)
            ear.listen_to_all(f"{fate}, then {server.fate}", one)
        ear.listen_to_files(tmp_path)
    told = CliRunner().invoke(main, ["jobs", "--journal", str(tmp_path / "jobs.db"), "--json"])
    ear.listen("what the command tells of it", told.output)
    for line in log:
        ear.listen("the log", line)

    assert [] == sorted({*ear.heard})
    assert "late" in told.output


@everybody
def test_clients(way, given, call, server, ear):
    """
    Nor in a client, in who the providers are, or in what an awaited call raises.
    """

    async def awaited():
        server.fate = "401"
        return await impasto.aimage_generation(**call, max_retries=0)

    with impasto.Client() as client:
        ear.listen_to_all("the answer", client.image_generation(**call))
        ear.listen_to_all("the client", client)
    ear.listen_to_all("the error", outcome_of(asyncio.run, awaited()))
    ear.listen_to_all("the registry", impasto.registry)
    ear.listen_to_all("the providers", impasto.providers())

    assert [] == sorted({*ear.heard})


COMMANDS = [
    ["generate", "a fox", "--journal", "jobs.db"],
    ["generate", "a fox", "--json"],
    ["explain", "a fox"],
    ["explain", "a fox", "--json"],
    ["jobs", "--journal", "jobs.db"],
    ["doctor"],
    ["providers"],
]


@pytest.mark.parametrize("way", ["openai", "replicate", "together_ai"])
@pytest.mark.parametrize("fate", [None, "401", "an echo as a success"])
def test_the_command_line(way, fate, server, ear, tmp_path, monkeypatch):
    """
    Nor on a terminal, or in a file, with keys in the environment.
    """
    sign_in = SIGN_INS[way]
    call = sign_in.keyless(server.url)
    model = ["-m", call["model"], "--api-base", call["api_base"]]
    server.fate = fate
    monkeypatch.chdir(tmp_path)
    for words in COMMANDS:
        more = model if "a fox" in words else []
        told = CliRunner().invoke(main, [*words, *more], env=sign_in.environment)
        ear.listen(f"what {words} says", told.output)
    ear.listen_to_files(tmp_path)

    assert [] == ear.heard
