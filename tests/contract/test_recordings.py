"""What the official SDKs put on the wire, said again in impasto's words, goes out equal.

Each plugin may have a `tests/recordings.json`: calls of a provider's own SDK, recorded once, the
same call as impasto takes it, the requests that went out, the answers that came back, and how it
ended.  Each is played through the real engine and compared.

    {"source": "who put it on the wire, and when",
     "recordings": [{
        "id": "edit.mask", "sdk": "acme 2.1.0", "said": "client.images.edit(...)",
        "call": {"model": "acme/oil-2", "prompt": "a hat", "image": {"base64": "iVBO..."}},
        "env": {"ACME_API_KEY": "k"}, "now": "2026-11-22T10:00:00Z",
        "sent": [{"method": "POST", "url": "https://api.acme.example/v1/edits", "query": [],
                  "headers": {"authorization": "Bearer k"}, "json": {"text": "a hat"}}],
        "answers": [{"status": 200, "headers": {}, "json": {"pictures": []}}],
        "ends": {"pictures": 1}}]}

In a call, {"base64": "..."} stands for bytes, with "name" for named ones, {"callable": 1} for a
function that returns 1, and {"awaitable": 1} for an async one.  Of "sent", only the headers that are named are compared; the
body is "json", "form" (parts in any order: name, and value or base64, filename, type), "base64" or
"text".  "ends" is {"pictures": n} or {"raises": class, "message": a part of it, "code": ...}.

Where impasto differs on purpose, "differs" says in what, and why: {"json.model": "the URL says
it"}; that is left out of the comparison, and must be different.  It may name "requests" (how many
there are; only as many as both have are compared), "method", "url", "query", "headers.NAME",
"json.FIELD", "form.NAME" or "ends".  A recording that is no picture call has "left_out" with the
reason instead.
"""

import base64
import importlib
import json
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import pytest

from impasto.errors import ImpastoError
from impasto.testing import Script, reply

# Recordings are of old models too, and nothing here depends on the day.
pytestmark = [
    pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning"),
    pytest.mark.filterwarnings("ignore::impasto.ImpastoWarning"),
]

ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob("plugins/*/tests/recordings.json"))
GOAL = 0.95  # of the recordings that are picture calls
# What differs in most calls of a provider, for one reason.
DECIDED = {
    "impasto-azure": {"json.model"},  # Azure's classic URL names the deployment; the SDK does again
}
NOTHING = object()  # a field that is null is there, one that is left out is not


def recorded():
    """Yield each recording, with the name of the plugin that it belongs to."""
    for path in FILES:
        for recording in json.loads(path.read_text())["recordings"]:
            yield path.parents[1].name, recording


PLAYED = [
    pytest.param(plugin, one, id=f"{plugin}-{one['id']}")
    for plugin, one in recorded()
    if "left_out" not in one
]


def unpacked(value):
    """Return *value* with bytes and functions in it."""
    if isinstance(value, list):
        return [unpacked(item) for item in value]
    if not isinstance(value, dict):
        return value
    if {"base64"} == set(value):
        return base64.b64decode(value["base64"])
    if {"base64", "name"} == set(value):
        return value["name"], base64.b64decode(value["base64"])
    if {"callable"} == set(value):
        return lambda: value["callable"]
    if {"awaitable"} == set(value):

        async def awaited():
            return value["awaitable"]

        return awaited
    return {name: unpacked(item) for name, item in value.items()}


def answer(recorded):
    body = None
    if "json" not in recorded:
        encoded = recorded.get("base64")
        body = recorded.get("text", "").encode() if encoded is None else base64.b64decode(encoded)
    return reply(
        recorded.get("json"),
        status=recorded.get("status", 200),
        headers=recorded.get("headers", {}),
        body=body,
        fault=recorded.get("fault"),
    )


def parts(body, kind):
    """Return the parts of a multipart body, in order of their names."""
    boundary = re.search(r'boundary="?([^";]+)', kind)[1].encode()
    return in_order(map(part, body.split(b"--" + boundary)[1:-1]))


def part(text):
    head, _, data = text.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    data = data.removesuffix(b"\r\n")
    filename = re.search(rb'filename="([^"]*)"', head)
    one = {"name": re.search(rb'[ ;]name="([^"]*)"', head)[1].decode()}
    if filename is None:
        return one | {"value": data.decode()}
    kind = re.search(rb"(?i)content-type: *(\S+)", head)
    return one | {
        "base64": base64.b64encode(data).decode(),
        "filename": filename[1].decode(),
        "type": kind and kind[1].decode(),
    }


def in_order(parts):
    return sorted(parts, key=lambda one: (one["name"], one.get("value", ""), one.get("base64", "")))


def flat(request):
    """Return what is compared of a recorded *request*, by the names that "differs" uses."""
    seen = {
        "method": request["method"],
        "url": request["url"],
        "query": sorted(map(tuple, request.get("query", []))),
        **{f"headers.{name.lower()}": value for name, value in request["headers"].items()},
    }
    body = request.get("json")
    if isinstance(body, dict):
        return seen | {f"json.{name}": value for name, value in body.items()}
    if "form" in request:
        return seen | of_form(in_order(request["form"]))
    return seen | {"body": body if "json" in request else bytes_of(request)}


def bytes_of(request):
    return base64.b64decode(request.get("base64", "")) or request.get("text", "").encode()


def of_form(parts):
    """Return *parts* by their names; of those whose file is not said, only what is."""
    found = {}
    for one in parts:
        found.setdefault(f"form.{one['name']}", []).append(one)
    return found


def flat_sent(request, like):
    """Return what is compared of a *request* that went out, with the headers that *like* names."""
    url = urlsplit(request.url)
    headers = {name.lower(): value for name, value in request.headers.items()}
    kind = headers.get("content-type", "")
    seen = {
        "method": request.method,
        "url": urlunsplit((url.scheme, url.netloc, url.path, "", "")),
        "query": sorted(parse_qsl(url.query, keep_blank_values=True)),
    }
    for name in like["headers"]:
        value = headers.get(name.lower())
        form = name.lower() == "content-type" and "form" in like
        seen[f"headers.{name.lower()}"] = like["headers"][name] if form and value else value
    return seen | of_body(request.body or b"", kind, like)


def of_body(body, kind, like):
    if "form" in like:
        return of_form(parts(body, kind))
    if isinstance(like.get("json"), dict):
        return {f"json.{name}": value for name, value in json.loads(body).items()}
    return {"body": json.loads(body) if "json" in like else body}


def ended(play):
    """Return how *play* ends, in the form of a recording's "ends", and the error."""
    try:
        return {"pictures": len(play().data)}, None
    except ImpastoError as error:
        return {"raises": type(error).__name__}, error


@pytest.fixture
def nothing_set(monkeypatch, tmp_path):
    """Hide the settings and the files of whoever runs this."""
    for path in FILES:
        plugin = importlib.import_module(path.parents[1].name.replace("-", "_"))
        for setting in plugin.describe().settings.values():
            for name in setting.env:
                monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return monkeypatch


def played(plugin, recording):
    """Return the script after *recording* was played, how it ended, and with which error."""
    begins = recording.get("now", "2026-01-15T12:00:00Z")
    script = Script(
        *map(answer, recording["answers"]),
        plugin=importlib.import_module(plugin.replace("-", "_")),
        now=datetime.fromisoformat(begins),
    )
    how, error = ended(lambda: script.play(unpacked(recording["call"])))
    return script, how, error


@pytest.mark.parametrize(("plugin", "recording"), PLAYED)
def test_it_goes_out_as_the_sdk_sends_it(plugin, recording, nothing_set):
    """
    Method, URL, query, the headers that matter and the body are equal, and so is the end; what
    is said to differ does.
    """
    for name, value in recording.get("env", {}).items():
        nothing_set.setenv(name, value)
    differs = recording.get("differs", {})

    script, how, error = played(plugin, recording)

    theirs = [flat(request) for request in recording["sent"]]
    ours = [
        flat_sent(request, like)
        for request, like in zip(script.sent, recording["sent"], strict=False)
    ]
    assert ("requests" in differs) == (len(theirs) != len(script.sent)), (how, error, script.sent)
    for expected, actual in zip(theirs, ours, strict=False):
        kept = lambda seen: {name: value for name, value in seen.items() if name not in differs}  # noqa: E731
        assert kept(expected) == kept(actual)
    for name in {*differs} - {"requests", "ends"}:
        assert any(
            expected.get(name, NOTHING) != actual.get(name, NOTHING)
            for expected, actual in zip(theirs, ours, strict=False)
        ), f"{name} does not differ"
    check_end(recording["ends"], how, error, "ends" in differs)


def check_end(expected, how, error, differs):
    meant = {name: value for name, value in expected.items() if name in ("pictures", "raises")}
    if differs:
        assert meant != how
        return
    assert meant == how, error
    if error is not None:
        assert expected.get("message", "") in error.message
        assert expected.get("code", error.code) == error.code


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parents[1].name)
def test_it_says_where_it_is_from(path):
    """
    Every file names its source; each recording has an id of its own, what was called, and a
    reason for whatever is different or left out.
    """
    file = json.loads(path.read_text())
    recordings = file["recordings"]
    reasons = [
        reason
        for one in recordings
        for reason in [one.get("left_out", "-"), *one.get("differs", {}).values()]
    ]

    assert file["source"]
    assert len(recordings) == len({(one["id"], one["sdk"]) for one in recordings})
    assert all(one["said"] for one in recordings)
    assert all(reasons)


def test_nearly_all_are_equal(capsys):
    """
    At least 95 % of the recorded picture calls go out with the same method, URL, key and body,
    but for what is decided; how often an SDK asks again, and how it ends there, is another matter.
    """
    calls = [
        (plugin, {*one.get("differs", {})}) for plugin, one in recorded() if "left_out" not in one
    ]
    whole = sum(not differs for _, differs in calls)
    sent = sum(not differs - {"requests", "ends"} for _, differs in calls)
    meant = sum(
        not differs - {"requests", "ends"} - DECIDED.get(plugin, set()) for plugin, differs in calls
    )
    with capsys.disabled():
        print(
            f"\nof {len(calls)} recorded calls {whole} are equal in everything, {sent} in what is "
            f"sent, {meant} but for what is decided"
        )

    assert GOAL <= meant / len(calls)
