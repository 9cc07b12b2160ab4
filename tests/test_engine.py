"""The conversation with a provider, step by step."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from impasto import hookimpl
from impasto.errors import (
    APIResponseValidationError,
    AuthenticationError,
    BadRequestError,
    ContentPolicyViolationError,
    ImpastoError,
    PluginError,
    Timeout,
)
from impasto.testing import PNG, Reply, Script, html, reply
from impasto.types import (
    Call,
    Credentials,
    Image,
    ImageResponse,
    Params,
    Partial,
    Request,
    Response,
    query,
)

ENCODED = base64.b64encode(PNG).decode()


def played(acme, *replies: Reply, plugin=None, **call) -> Script:
    script = Script(*replies, plugin=plugin or acme.plugin())
    script.play({**acme.call, **call})
    return script


def failed(acme, *replies: Reply, plugin=None, **call) -> tuple[Script, ImpastoError]:
    script = Script(*replies, plugin=plugin or acme.plugin())
    with pytest.raises(ImpastoError) as caught:
        script.play({**acme.call, **call})
    return script, caught.value


class TestOrder:
    """What happens, and in which order."""

    def test_one_request(self, acme):
        """
        Parameters become a request, and its answer pictures.
        """
        script = Script(acme.pictures(2), plugin=acme.plugin())
        response = script.play({**acme.call, "n": 2})

        assert 2 == len(response.data)
        assert ("acme", "oil-2") == (response.provider, response.model)
        assert [{"prompt": "a fox", "n": 2}] == [json.loads(sent.body) for sent in script.sent]
        assert [] == script.slept

    def test_a_job_is_waited_for(self, acme):
        """
        Every request that a plugin asks for is sent when it says, and no sooner than 0.1 s.
        """
        answers = [acme.job(after=2), acme.job(after=0), acme.job(after=3), acme.pictures()]
        script = played(acme, *answers)

        assert [2.0, 0.1, 3.0] == script.slept
        assert ["POST", "GET", "GET", "GET"] == [request.method for request in script.sent]

    @pytest.mark.parametrize(("said", "seconds"), [({"timeout": 7}, 7.0), ({}, 600.0)])
    def test_hooks_know_how_long_the_caller_waits(self, acme, said, seconds):
        """
        For providers that hold an answer back for as long as they are told.
        """

        @hookimpl
        def build_request(call: Call) -> Request:
            return Request(url=f"{acme.base}/1", json={"wait": call.timeout})

        script = played(acme, acme.pictures(), plugin=acme.plugin(build_request), **said)

        assert {"wait": seconds} == json.loads(script.sent[0].body)

    def test_the_plugin_gets_its_own_words_back(self, acme):
        """
        Step and state come back with the answer; what core added to the request does not.
        """
        seen: list[Request] = []

        @hookimpl
        def parse_response(request: Request) -> ImageResponse | Request:
            seen.append(request)
            if request.step == "last":
                return ImageResponse(data=[Image(content=PNG)])
            return request.follow(f"{acme.base}/2", step="last", state={"b": 2})

        @hookimpl
        def build_request(params: Params) -> Request:
            return Request(url=f"{acme.base}/1", json={}, step="first", state={"a": 1})

        plugin = acme.plugin(parse_response, build_request)
        played(acme, reply({}), reply({}), plugin=plugin, extra_headers={"X-Mine": "1"})

        assert [("first", {"a": 1}), ("last", {"a": 1, "b": 2})] == [
            (request.step, dict(request.state)) for request in seen
        ]
        assert [{}, {}] == [dict(request.headers) for request in seen]

    def test_every_sending_is_authorized_anew(self, acme):
        """
        A signature is as fresh as the request that it signs, polls and repeats included.
        """

        @hookimpl
        def authorize(request: Request, credentials: Credentials, now) -> Request:
            assert request.json is None
            assert request.form is None
            signed = f"{credentials['api_key']} {now:%H:%M:%S} {len(request.body or b'')}"
            return request.with_headers({"Signed": signed})

        answers = [acme.job(after=30), acme.job(after=40), acme.pictures()]
        script = played(acme, *answers, plugin=acme.plugin(authorize))

        assert [
            f"{acme.key} 12:00:00 18",
            f"{acme.key} 12:00:30 0",
            f"{acme.key} 12:01:10 0",
        ] == [request.headers["Signed"] for request in script.sent]

    def test_what_the_answer_says_of_itself_is_kept(self, acme):
        """
        Headers, request id and time are there, whether the plugin looked at them or not.
        """
        headers = {"X-Request-Id": "req_1", "X-Odd": "odd"}
        script = Script(acme.pictures(headers=headers), plugin=acme.plugin())
        response = script.play(acme.call)

        assert "req_1" == response.request_id
        assert "odd" == response.headers["x-odd"]
        assert 1768478400 == response.created  # the script's noon

    def test_a_second_order_in_a_conversation(self, acme):
        """
        A first step that is free is not mistaken for a job that waits.
        """

        @hookimpl
        def build_request() -> Request:
            return Request(url=f"{acme.base}/uploads", json={}, buys=False, step="upload")

        @hookimpl
        def parse_response(request: Request) -> Request:
            if request.step == "upload":
                return request.follow(f"{acme.base}/uploads/1", step="uploaded")
            return Request(url=f"{acme.base}/pictures", json={})

        plugin = acme.plugin(build_request, parse_response)
        free, error = failed(acme, reply({}), reply({}, status=400), plugin=plugin)

        assert (2, False, None) == (len(free.sent), error.maybe_accepted, error.job)
        assert [0.1] == free.slept, "what comes first, and free, is no poll: it need not wait"


@hookimpl
def parse_event(event: dict[str, Any]) -> Partial | ImageResponse | None:
    if event["event"] == "done":
        return ImageResponse(data=[Image(b64_json=event["data"]["b64"])])
    if event["event"] == "refused":
        raise ContentPolicyViolationError("no foxes")
    return Partial(progress=event["data"]) if event["event"] == "progress" else None


class TestEvents:
    """An answer that is a stream of events."""

    @staticmethod
    def stream(*events: tuple[str, Any]) -> Reply:
        lines = [f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events]
        headers = {"Content-Type": "text/event-stream; charset=utf-8"}
        return reply(body="".join(lines).encode(), headers=headers)

    def test_the_picture_comes_last(self, acme):
        """
        Progress and unknown events pass, the picture is the answer.
        """
        events = [("progress", 0.5), ("ping", None), ("done", {"b64": ENCODED})]
        script = Script(self.stream(*events), plugin=acme.plugin(parse_event))

        assert PNG == script.play(acme.call).data[0].read()

    def test_a_stream_without_a_picture(self, acme):
        """
        The provider took the order, and what became of it is unknown.
        """
        plugin = acme.plugin(parse_event)
        _, error = failed(acme, self.stream(("progress", 0.5)), plugin=plugin)

        assert (APIResponseValidationError, True) == (type(error), error.maybe_accepted)
        assert "ended before a picture came" in error.message

    def test_a_refusal_in_a_stream(self, acme):
        """
        An error in an event is an error.
        """
        plugin = acme.plugin(parse_event)
        _, error = failed(acme, self.stream(("refused", None)), plugin=plugin)

        assert (ContentPolicyViolationError, False) == (type(error), error.maybe_accepted)

    def test_an_answer_that_is_no_stream(self, acme):
        """
        A provider that does not stream after all is understood as well.
        """
        script = Script(acme.pictures(), plugin=acme.plugin(parse_event))

        assert PNG == script.play(acme.call).data[0].read()


class TestHome:
    """Keys go home and nowhere else."""

    @pytest.mark.parametrize(
        ("url", "home"),
        [
            ("https://api.acme.test/jobs/7", True),
            ("https://api.acme.test:443/jobs/7", True),
            ("HTTPS://API.ACME.TEST/jobs/7", True),
            ("https://eu.acme.test/jobs/7", True),
            ("https://us.acme.test/jobs/7", False),
            ("https://acme.test/jobs/7", False),
            ("https://bucket.api.acme.test/jobs/7", False),
            ("https://api.acme.test.evil.test/jobs/7", False),
            ("https://api.acme.test./jobs/7", False),
            ("http://api.acme.test/jobs/7", False),
            ("http://api.acme.test:443/jobs/7", False),
            ("https://api.acme.test:444/jobs/7", False),
            ("https://api.acme.test:0/jobs/7", False),
            ("https://api.acme.test@evil.test/jobs/7", False),
            ("https://user@api.acme.test/jobs/7", False),
            ("https://evil.test/https://api.acme.test/", False),
            ("https://evil.test?https://api.acme.test/", False),
            ("https://evil.test#@api.acme.test/", False),
            ("https://xn--pi-tia.acme.test/", False),
        ],
    )
    def test_polls(self, acme, url: str, home: bool):
        """
        A poll is authorized where scheme, host and port are those of an origin of the provider.
        """
        plugin = acme.plugin(origins=["https://eu.acme.test"])
        script = played(acme, acme.job(url), acme.pictures(), plugin=plugin)
        first, second = script.sent

        assert f"Bearer {acme.key}" == first.headers["Authorization"]
        assert home == ("Authorization" in second.headers)
        assert home == any(acme.key in str(part) for part in (second.url, second.headers))

    def test_a_poll_does_not_make_a_home(self, acme):
        """
        Where an answer led once, the key does not go either.
        """
        elsewhere = acme.job("https://evil.test/jobs/7")
        script = played(acme, elsewhere, elsewhere, acme.pictures())

        assert [True, False, False] == ["Authorization" in sent.headers for sent in script.sent]

    def test_the_key_may_go_into_the_query(self, acme):
        """
        For a provider that wants it there, escaped, after what is there already.
        """

        @hookimpl
        def build_request() -> Request:
            return Request(url=f"{acme.base}/pictures?size=1", json={})

        plugin = acme.plugin(build_request, auth=query("key"))
        script = played(acme, acme.pictures(), plugin=plugin, api_key="acme-key+/=&x")

        assert f"{acme.base}/pictures?size=1&key=acme-key%2B%2F%3D%26x" == script.sent[0].url

    @pytest.mark.parametrize("url", ["", "/pictures", "api.acme.test/pictures", "https://"])
    def test_a_url_that_is_none(self, acme, url: str):
        """
        A plugin that builds no absolute URL is told so.
        """

        @hookimpl
        def build_request() -> Request:
            return Request(url=url, json={})

        _, error = failed(acme, plugin=acme.plugin(build_request))

        assert isinstance(error, PluginError)
        assert "absolute URL" in error.message

    def test_a_poll_that_leads_nowhere(self, acme):
        """
        The same for a poll; but here the order was taken.
        """
        _, error = failed(acme, acme.job("jobs/7"))

        assert (PluginError, True) == (type(error), error.maybe_accepted)


class TestPluginsThatBreak:
    """Whatever a plugin does, the error is ours and names it."""

    @pytest.mark.parametrize(
        "hook", ["translate_params", "build_request", "authorize", "parse_response", "map_error"]
    )
    @pytest.mark.parametrize("returned", ["text", 7, [], object])
    def test_it_returns_what_it_should_not(self, acme, hook: str, returned: object):
        """
        A hook that returns something else is named.
        """

        @hookimpl
        def broken() -> object:
            return returned

        broken.__name__ = hook
        status = 400 if hook == "map_error" else 200
        _, error = failed(acme, reply({}, status=status), plugin=acme.plugin(broken))

        assert isinstance(error, PluginError)
        assert f"{hook}() returned" in error.message

    @pytest.mark.parametrize(
        "hook", ["translate_params", "build_request", "authorize", "parse_response"]
    )
    def test_it_returns_nothing(self, acme, hook: str):
        """
        So is one that forgot to return.
        """

        @hookimpl
        def broken() -> None:
            return None

        broken.__name__ = hook
        _, error = failed(acme, reply({}), plugin=acme.plugin(broken))

        assert isinstance(error, PluginError)
        assert f"{hook}() returned None" in error.message

    @pytest.mark.parametrize(
        "hook", ["translate_params", "build_request", "authorize", "parse_response", "map_error"]
    )
    @pytest.mark.parametrize("error", [ZeroDivisionError, RuntimeError, StopIteration, OSError])
    def test_it_raises_what_it_should_not(self, acme, hook: str, error: type[Exception]):
        """
        A hook that raises something else is named, and its error is the cause.
        """

        @hookimpl
        def broken() -> None:
            raise error("oh")

        broken.__name__ = hook
        status = 400 if hook == "map_error" else 200
        _, raised = failed(acme, reply({}, status=status), plugin=acme.plugin(broken))

        assert isinstance(raised, PluginError)
        assert f"{hook}() raised {error.__name__}" in raised.message
        assert isinstance(raised.__cause__, error)
        assert ("acme", "oil-2") == (raised.provider, raised.model)

    def test_a_response_of_something_else(self, acme):
        """
        Pictures that are no `Image` are seen at once, not when somebody looks at one.
        """

        @hookimpl
        def parse_response() -> ImageResponse:
            return ImageResponse(data=["https://acme.test/1.png"])  # type: ignore[list-item]

        _, error = failed(acme, reply({}), plugin=acme.plugin(parse_response))

        assert (PluginError, True) == (type(error), error.maybe_accepted)

    @pytest.mark.parametrize("error", [KeyError, IndexError, TypeError, ValueError, AttributeError])
    def test_it_cannot_read_the_answer(self, acme, error: type[Exception]):
        """
        That is the answer's fault: the error shows how it begins, and what could not be read.
        """

        @hookimpl
        def parse_response(response: Response) -> None:
            raise error("oh")

        answer = reply({"what": "is this"}, headers={"X-Request-Id": "req_1"})
        _, raised = failed(acme, answer, plugin=acme.plugin(parse_response))

        assert (APIResponseValidationError, 200) == (type(raised), raised.status_code)
        assert error.__name__ in raised.message
        assert '{"what": "is this"}' == raised.body
        assert "req_1" == raised.request_id
        assert isinstance(raised.__cause__, error)


def _shown(error: BaseException | None) -> Iterator[str]:
    """Yield everything that *error* and what led to it can show."""
    while error is not None:
        yield f"{error} {error!r} {error.args!r} {vars(error)!r} {getattr(error, 'doc', '')}"
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000, b"\xff\xfe", b"\xef\xbb\xbfnull"],
    ids=["a deep list", "deep objects", "a long number", "half UTF-16", "a mark and null"],
)
@pytest.mark.parametrize("status", [200, 400])
def test_json_that_breaks_readers(acme, body: bytes, status: int):
    """
    It is the answer that made no sense, not the plugin; an error's status is understood.
    """
    headers = {"Content-Type": "application/json"}
    _, error = failed(acme, reply(body=body, status=status, headers=headers))
    kind = APIResponseValidationError if status == 200 else BadRequestError

    assert (kind, status) == (type(error), error.status_code)


class TestSecrets:
    """No key is in an error, its causes or its pickle."""

    KEY = "acme-k3y+with/odd=characters-0123456789"

    @pytest.mark.parametrize(
        "said",
        [
            {"message": f"bad key {KEY}"},
            {"error": {"message": "bad key", "key": KEY}},
            {"message": "x" * 1990 + KEY},
            {"message": "x" * 280 + KEY},
            {"what": "x" * 1990 + KEY},
            {"message": "bad key acme-k3y%2Bwith%2Fodd%3Dcharacters-0123456789"},
        ],
        ids=["message", "field", "at the cut", "at another", "at the body's", "escaped"],
    )
    @pytest.mark.parametrize("status", [200, 400, 401, 500])
    @pytest.mark.parametrize("kind", ["application/json", "text/html"])
    def test_quoted_by_the_provider(self, acme, said: Any, status: int, kind: str):
        """
        A provider that quotes the key, whole or where the quotation is cut, gives nothing away.
        """
        body = said if kind == "application/json" else f"<p>{json.dumps(said)}"
        answer = reply(
            body=json.dumps(body).encode() if isinstance(body, dict) else body.encode(),
            status=status,
            headers={"Content-Type": kind, "X-Echo": f"Bearer {self.KEY}"},
        )
        _, error = failed(acme, answer, api_key=self.KEY)

        for shown in [*_shown(error), repr(pickle.dumps(error))]:
            assert "acme-k3y" not in shown

    @pytest.mark.parametrize(
        "call",
        [
            {"extra_headers": {"Authorization": f"Bearer {KEY}"}},
            {"extra_headers": {"Ocp-Apim-Subscription-Key": KEY}},
            {"extra_headers": {"X-Gateway-Token": KEY}},
            {"extra_headers": {"Cookie": KEY}},
            {"extra_query": {"api_key": KEY}},
            {"extra_query": {"sig": "x", "access_token": [KEY]}},
        ],
        ids=["authorization", "a key", "a token", "a cookie", "a query", "a list"],
    )
    def test_what_the_caller_adds(self, acme, call: dict[str, Any]):
        """
        Keys for gateways come as headers and in the query; they are keys all the same.
        """
        answer = reply({"message": f"who is {self.KEY}?"}, status=403)
        _, error = failed(acme, answer, **call)

        for shown in _shown(error):
            assert "acme-k3y" not in shown

    def test_made_up_by_the_plugin(self, acme):
        """
        Nor does a plugin's own error tell, whatever it puts into it.
        """

        @hookimpl
        def authorize(request: Request, credentials: Credentials) -> Request:
            raise ValueError(f"cannot sign with {credentials['api_key']}")

        _, error = failed(acme, plugin=acme.plugin(authorize), api_key=self.KEY)

        assert isinstance(error, PluginError)
        for shown in _shown(error):
            assert "acme-k3y" not in shown

    def test_a_key_that_is_part_of_another(self, acme):
        """
        Of the longer one, nothing is left over.
        """
        answer = reply({"message": "bad: acme-0123456789-and-more"}, status=401)
        added = {"X-Key": "acme-0123456789-and-more"}
        _, error = failed(acme, answer, api_key="acme-0123456789", extra_headers=added)

        assert "bad: [hidden]" == error.message


class TestCancelling:
    """A job that nobody waits for any more is stopped."""

    def test_at_the_deadline(self, acme):
        """
        The provider is told once, with the key; the error carries the job.
        """
        script = Script(acme.job(), plugin=acme.plugin(*acme.jobs), repeat=True)
        with pytest.raises(Timeout) as caught:
            script.play({**acme.call, "timeout": 10})

        *_, before, last = script.sent
        assert f"{acme.base}/jobs/7/cancel" == last.url
        assert f"{acme.base}/jobs/7" == before.url == acme.where(caught.value.job)
        assert f"Bearer {acme.key}" == last.headers["Authorization"]
        assert caught.value.maybe_accepted
        assert 10 == sum(script.slept)

    @pytest.mark.parametrize(
        "answer",
        [reply({}, status=500), Reply(fault="drop"), Reply(fault="refuse"), Reply(fault="hang")],
        ids=["500", "dropped", "refused", "no answer"],
    )
    def test_that_fails(self, acme, answer: Reply):
        """
        A provider that does not listen changes nothing for the caller.
        """
        jobs = [acme.job(after=4)] * 3
        script, error = failed(acme, *jobs, answer, plugin=acme.plugin(*acme.jobs), timeout=10)

        assert isinstance(error, Timeout)
        assert "/cancel" in script.sent[-1].url

    @pytest.mark.parametrize("returned", [None, "text"])
    def test_where_there_is_no_way(self, acme, returned: object):
        """
        A job that cannot be stopped is left alone, and a plugin's bug hides no timeout.
        """

        @hookimpl
        def build_cancel() -> object:
            return returned

        script, error = failed(
            acme, *[acme.job(after=4)] * 3, plugin=acme.plugin(build_cancel), timeout=10
        )

        assert isinstance(error, Timeout)
        assert all("/cancel" not in request.url for request in script.sent)

    @pytest.mark.parametrize("answer", ["pictures", "no picture", "an error"])
    def test_not_when_it_is_over(self, acme, answer: str):
        """
        A job that has ended is not stopped.
        """
        answers = {
            "pictures": acme.pictures(),
            "no picture": acme.pictures(0),
            "an error": reply({}, status=400),
        }
        script = Script(acme.job(), answers[answer], plugin=acme.plugin(*acme.jobs))
        try:
            script.play(acme.call)
        except ImpastoError as error:
            assert "pictures" != answer, error  # noqa: PT017 - either is a good end

        assert all("/cancel" not in request.url for request in script.sent)


class TestErrors:
    """What every error says."""

    def test_fields(self, acme):
        """
        Who, which request, what came back: filled in, whoever made the error.
        """

        @hookimpl
        def map_error() -> ImpastoError:
            return BadRequestError("too orange", code="orange", param="prompt")

        headers = {"X-Request-Id": "req_1", "Retry-After": "3", "Set-Cookie": "a=b"}
        answer = reply({"why": "orange"}, status=422, headers=headers)
        _, error = failed(acme, answer, plugin=acme.plugin(map_error))

        assert ("acme", "acme", "oil-2") == (error.provider, error.llm_provider, error.model)
        assert (422, "orange", "prompt") == (error.status_code, error.code, error.param)
        assert ("req_1", 3.0, False) == (error.request_id, error.retry_after, error.retryable)
        assert '{"why": "orange"}' == error.body
        assert {"content-type", "x-request-id", "retry-after"} == set(error.headers)
        assert "acme/oil-2: too orange (request req_1)" == str(error)

    def test_they_travel(self, acme):
        """
        Pickled and back, an error has every field; a job in it can be taken up elsewhere.
        """
        _, error = failed(acme, acme.job(), reply({}, status=404))
        again = pickle.loads(pickle.dumps(error))

        assert type(error) is type(again)
        assert {**vars(error), "job": None} == {**vars(again), "job": None}
        assert f"{acme.base}/jobs/7" == acme.where(again.job)

    def test_a_page_of_a_proxy(self, acme):
        """
        HTML is quoted shortly, and the status decides.
        """
        _, error = failed(acme, html(502))

        assert 502 == error.status_code
        assert "Bad Gateway" in error.message

    def test_pixels_are_not_quoted(self, acme):
        """
        A body full of base64 is described, not shown.
        """
        _, error = failed(acme, reply({"data": "iVBOR" + "A" * 100_000}))

        assert len(error.body or "") < 500
        assert "(100017 characters in all)" in (error.body or "")

    def test_nothing_is_sent_without_a_key(self, acme, monkeypatch):
        """
        A missing key is known before anything is translated or sent.
        """
        monkeypatch.delenv("ACME_API_KEY", raising=False)
        script, error = failed(acme, api_key=None)

        assert isinstance(error, AuthenticationError)
        assert [] == script.sent
        assert "ACME_API_KEY" in error.message
        assert not error.maybe_accepted


def test_calls_are_apart(acme):
    """
    What one call remembers, its job, its doubts, its keys, is not another's.
    """
    script = Script(
        *(acme.job(), Reply(fault="drop"), acme.pictures(), reply({}, status=400)),
        plugin=acme.plugin(),
    )
    assert 1 == len(script.play(acme.call).data)
    with pytest.raises(BadRequestError) as caught:
        script.play(acme.call)

    assert (None, False) == (caught.value.job, caught.value.maybe_accepted)


def test_the_call_is_what_was_asked(acme):
    """
    Hooks see one frozen call, the same in each of them, without a key.
    """
    seen: list[Call] = []

    @hookimpl
    def parse_response(call: Call) -> ImageResponse:
        seen.append(call)
        return ImageResponse(data=[Image(content=PNG)])

    @hookimpl
    def build_request(call: Call) -> Request:
        seen.append(call)
        return Request(url=f"{acme.base}/pictures", json={})

    played(acme, reply({}), plugin=acme.plugin(parse_response, build_request), seed=7)

    assert seen[0] == seen[1]
    assert ("a fox", "oil-2", 7) == (seen[0].prompt, seen[0].model, seen[0].seed)
    assert acme.key not in repr(seen[0])
