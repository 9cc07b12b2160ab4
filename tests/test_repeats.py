"""Rule 2: what is sent again, how often, and after how long."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import hookimpl
from impasto._repeats import retry_after
from impasto.errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    BadGatewayError,
    BadRequestError,
    ContentPolicyViolationError,
    ImpastoError,
    InternalServerError,
    NotFoundError,
    PluginError,
    QuotaExceededError,
    RateLimitError,
    ServiceUnavailableError,
    Timeout,
)
from impasto.testing import Reply, Script, reply

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
REFUSED = Reply(fault="refuse")
DROPPED = Reply(fault="drop")
EMPTY = reply({"pictures": []})
NONSENSE = reply({"what": 1})


def failed(status: int, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return reply({"message": "no"}, status=status, headers=named)


@hookimpl
def map_error(response) -> ImpastoError | None:
    """Say that the quota is used up, where the answer does."""
    return QuotaExceededError("no credit") if response.json().get("quota") else None


SPENT = reply({"quota": "used up"}, status=429)

SENT_AGAIN_BY_ITSELF = {
    "refused": REFUSED,
    "429": failed(429),
    "429 with a pause": failed(429, retry_after="2"),
    "503 with a pause": failed(503, retry_after="2"),
}
SENT_AGAIN_ON_REQUEST = {
    "dropped": DROPPED,
    "empty": EMPTY,
    **{str(status): failed(status) for status in (408, 500, 501, 502, 503, 504, 520, 529)},
}
NEVER_SENT_AGAIN = {
    "quota": SPENT,
    "nonsense": NONSENSE,
    "429 that says no": failed(429, x_should_retry="false"),
    "500 that says no": failed(500, x_should_retry="false"),
    "429 with a long pause": failed(429, retry_after="61"),
    "503 with a long pause": failed(503, retry_after_ms="60001"),
    **{str(status): failed(status) for status in (400, 401, 402, 403, 404, 409, 413, 422, 451)},
}

AFTER_ONE_SENDING = {
    "refused": (REFUSED, APIConnectionError, False),
    "dropped": (DROPPED, APIConnectionError, True),
    "400": (failed(400), BadRequestError, False),
    "408": (failed(408), Timeout, True),
    "429": (failed(429), RateLimitError, False),
    "500": (failed(500), InternalServerError, True),
    "501": (failed(501), InternalServerError, False),
    "502": (failed(502), BadGatewayError, True),
    "503": (failed(503), ServiceUnavailableError, False),
    "504": (failed(504), Timeout, True),
    "522": (failed(522), InternalServerError, True),
    "523": (failed(523), InternalServerError, False),
    "529": (failed(529), InternalServerError, False),
    "empty": (EMPTY, APIResponseValidationError, True),
    "nonsense": (NONSENSE, APIResponseValidationError, True),
    "no answer": (Reply(fault="hang"), Timeout, True),
}


def played(acme, *replies: Reply, plugin=None, **call) -> tuple[Script, ImpastoError | None]:
    """Return what was played, and the error it ended with."""
    script = Script(*replies, plugin=plugin or acme.plugin(map_error), repeat=True)
    try:
        script.play({**acme.call, **call})
    except ImpastoError as error:
        return script, error
    return script, None


class TestOrders:
    """A request that may cost money."""

    @pytest.mark.parametrize("answer", SENT_AGAIN_BY_ITSELF)
    def test_what_is_sent_again_by_itself(self, acme, answer: str):
        """
        What was surely not billed is repeated twice at most.
        """
        script, error = played(acme, SENT_AGAIN_BY_ITSELF[answer])

        assert 3 == len(script.sent)
        assert error is not None
        assert not error.maybe_accepted

    @pytest.mark.parametrize("answer", SENT_AGAIN_ON_REQUEST)
    def test_what_is_sent_again_on_request(self, acme, answer: str):
        """
        What may have been billed is repeated only as often as the caller says.
        """
        alone, _ = played(acme, SENT_AGAIN_ON_REQUEST[answer])
        asked, _ = played(acme, SENT_AGAIN_ON_REQUEST[answer], max_retries=3)

        assert (1, 4) == (len(alone.sent), len(asked.sent))

    @pytest.mark.parametrize("answer", NEVER_SENT_AGAIN)
    def test_what_is_never_sent_again(self, acme, answer: str):
        """
        A repeat would fail like the first try, or wait too long.
        """
        alone, _ = played(acme, NEVER_SENT_AGAIN[answer])
        asked, _ = played(acme, NEVER_SENT_AGAIN[answer], max_retries=3)

        assert (1, 1) == (len(alone.sent), len(asked.sent))
        assert [] == [*alone.slept, *asked.slept]

    @pytest.mark.parametrize(
        "answer", [*SENT_AGAIN_BY_ITSELF, *SENT_AGAIN_ON_REQUEST, *NEVER_SENT_AGAIN]
    )
    @pytest.mark.parametrize("word", ["max_retries", "num_retries"])
    def test_nothing_is_sent_again_where_the_caller_forbids_it(self, acme, answer: str, word: str):
        """
        `max_retries=0`, or `num_retries=0` as LiteLLM has it, means one sending.
        """
        answers = {**SENT_AGAIN_BY_ITSELF, **SENT_AGAIN_ON_REQUEST, **NEVER_SENT_AGAIN}
        script, _ = played(acme, answers[answer], **{word: 0})

        assert 1 == len(script.sent)

    def test_it_may_come_right(self, acme):
        """
        The picture of the second try is the answer.
        """
        script, error = played(acme, failed(429), acme.pictures())

        assert (2, None) == (len(script.sent), error)

    def test_one_budget_for_all_reasons(self, acme):
        """
        Different failures share the repeats that the caller allowed.
        """
        answers = [failed(500), EMPTY, DROPPED, failed(429), acme.pictures()]
        script, error = played(acme, *answers, max_retries=3)

        assert 4 == len(script.sent)
        assert isinstance(error, RateLimitError)

    def test_every_sending_is_the_same(self, acme):
        """
        A repeat is the same request, byte by byte.
        """
        script, _ = played(acme, failed(429))

        assert script.sent[0] == script.sent[1] == script.sent[2]


class TestPauses:
    """How long is waited before a repeat."""

    @pytest.mark.parametrize(
        ("headers", "pauses"),
        [
            ({"retry_after": "7"}, [7.0, 7.0]),
            ({"retry_after_ms": "1500"}, [1.5, 1.5]),
            ({"retry_after_ms": "250", "retry_after": "7"}, [0.25, 0.25]),
            ({"retry_after": "0"}, [0.1, 0.1]),
            ({"retry_after": "60"}, [60.0, 60.0]),
            ({"retry_after": "Thu, 15 Jan 2026 12:00:30 GMT"}, [30.0, 0.1]),
            ({"retry_after": "Thu, 15 Jan 2026 11:00:00 GMT"}, [0.1, 0.1]),
        ],
        ids=["seconds", "milliseconds", "both", "at once", "a minute", "a date", "long past"],
    )
    def test_as_the_provider_says(self, acme, headers: dict[str, str], pauses: list[float]):
        """
        The provider's own wish counts, but for a pause that is none.
        """
        script, _ = played(acme, failed(429, **headers))

        assert pauses == script.slept

    def test_by_itself_longer_each_time(self, acme):
        """
        Half a second, doubled each time up to eight, each a little less by chance.
        """
        script, _ = played(acme, failed(429), max_retries=7)
        longest = [0.5, 1, 2, 4, 8, 8, 8]

        assert 7 == len(script.slept)
        assert all(
            0.75 * most <= pause <= most for pause, most in zip(script.slept, longest, strict=True)
        )

    def test_never_past_the_deadline(self, acme):
        """
        What the provider asks for would outlast the call, so the caller learns it at once.
        """
        script, error = played(acme, failed(429, retry_after="20"), timeout=19)

        assert ([], 1) == (script.slept, len(script.sent))
        assert isinstance(error, RateLimitError)
        assert 20.0 == error.retry_after

    def test_nothing_is_sent_after_the_deadline(self, acme):
        """
        An answer that came too late is not followed by another order.
        """
        late = reply({"message": "slow down"}, status=429, delay=30)
        script, error = played(acme, late, timeout=20, max_retries=5)

        assert 1 == len(script.sent)
        assert error is not None


class TestPolls:
    """A request that costs nothing."""

    @pytest.mark.parametrize(
        "answer",
        [
            *(REFUSED, DROPPED, failed(408), failed(429), failed(503, retry_after="60")),
            *(failed(status) for status in (500, 501, 502, 503, 504, 524, 529)),
        ],
        ids=lambda answer: answer.fault or str(answer.status),
    )
    @pytest.mark.parametrize("max_retries", [None, 0, 1])
    def test_they_are_patient(self, acme, answer: Reply, max_retries: int | None):
        """
        A failing poll is tried again, whatever the caller says of orders.
        """
        answers = [acme.job(), *[answer] * 5, acme.pictures()]
        script, error = played(acme, *answers, max_retries=max_retries)

        assert error is None
        assert 7 == len(script.sent)
        assert 1 == sum(request.buys for request in script.sent)

    @pytest.mark.parametrize(
        "answer",
        [failed(400), failed(401), failed(404), NONSENSE, SPENT, failed(429, retry_after="61")],
        ids=["400", "401", "404", "nonsense", "quota", "a long pause"],
    )
    def test_they_know_when_to_end(self, acme, answer: Reply):
        """
        What a further poll would not cure ends the call; the error carries the job.
        """
        script, error = played(acme, acme.job(), answer)

        assert 2 == len(script.sent)
        assert error is not None
        assert error.maybe_accepted
        assert f"{acme.base}/jobs/7" == acme.where(error.job)

    def test_a_plugins_plain_error_does_not_end_them(self, acme):
        """
        A server error is one, whatever class the plugin gave it.
        """

        @hookimpl
        def map_error(response) -> ImpastoError:
            return APIError("oh")

        plugin = acme.plugin(map_error)
        script, error = played(acme, acme.job(), failed(500), acme.pictures(), plugin=plugin)

        assert (3, None) == (len(script.sent), error)

    def test_they_do_not_hammer(self, acme):
        """
        No pause at all is a tenth of a second, for failing polls as for others.
        """
        script, error = played(acme, acme.job(after=0), failed(503, retry_after="0"), timeout=5)

        assert error is not None
        assert len(script.sent) <= 52

    def test_the_deadline_ends_them(self, acme):
        """
        A provider that fails until the end took the order: the error says so.
        """
        script, error = played(acme, acme.job(), failed(500), timeout=20)

        assert isinstance(error, (InternalServerError, Timeout))
        assert error.maybe_accepted
        assert f"{acme.base}/jobs/7" == acme.where(error.job)
        assert 1 == sum(request.buys for request in script.sent)
        assert 20 >= sum(script.slept)


class TestMaybeAccepted:
    """Whether an error says that the order may have been taken."""

    @pytest.mark.parametrize("answer", AFTER_ONE_SENDING)
    def test_after_one_sending(self, acme, answer: str):
        """
        It does where nobody said no.
        """
        said, kind, accepted = AFTER_ONE_SENDING[answer]
        _, error = played(acme, said, max_retries=0)

        assert (kind, accepted) == (type(error), error.maybe_accepted)

    @pytest.mark.parametrize(
        ("first", "accepted"),
        [(DROPPED, True), (EMPTY, True), (failed(500), True), (failed(429), False)],
        ids=["dropped", "empty", "500", "429"],
    )
    @pytest.mark.parametrize(
        "second", [failed(400), REFUSED, failed(429)], ids=["400", "refused", "429"]
    )
    def test_an_earlier_doubt_stays(self, acme, first: Reply, second: Reply, accepted: bool):
        """
        That the second try was refused says nothing of the first.
        """
        _, error = played(acme, first, second, max_retries=1)

        assert error is not None
        assert accepted == error.maybe_accepted

    @pytest.mark.parametrize(
        ("raised", "accepted"),
        [
            (ContentPolicyViolationError("no"), False),
            (RateLimitError("no"), False),
            (APIResponseValidationError("no"), True),
            (ValueError("no"), True),
            (ZeroDivisionError("no"), True),
        ],
        ids=["refusal", "rate limit", "validation", "no sense", "a bug"],
    )
    def test_what_a_plugin_reads(self, acme, raised: Exception, accepted: bool):
        """
        A plugin that reads a refusal heard a no; one that cannot read the answer heard nothing.
        """

        @hookimpl
        def parse_response(response) -> None:
            raise raised

        _, error = played(acme, reply({}), plugin=acme.plugin(parse_response), max_retries=0)

        assert error is not None
        assert accepted == error.maybe_accepted

    def test_a_bug_in_a_plugin_is_named(self, acme):
        """
        It is the plugin's error, not the provider's.
        """

        @hookimpl
        def parse_response(response) -> None:
            raise ZeroDivisionError

        _, error = played(acme, reply({}), plugin=acme.plugin(parse_response))

        assert isinstance(error, PluginError)

    def test_a_job_that_failed_is_over(self, acme):
        """
        An error that the plugin reads off a poll is the provider's last word: no job, no doubt.
        """

        @hookimpl
        def parse_response(request, response):
            if request.step == "poll":
                raise NotFoundError("the job failed")
            return request.follow(f"{acme.base}/jobs/7", step="poll")

        plugin = acme.plugin(parse_response, *acme.jobs)
        script, error = played(acme, reply({}), plugin=plugin)

        assert isinstance(error, NotFoundError)
        assert (None, False, 2) == (error.job, error.maybe_accepted, len(script.sent))


class TestRetryAfter:
    """The header, in each of its forms."""

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({}, None),
            ({"retry-after": "5"}, 5.0),
            ({"retry-after": " 5.5 "}, 5.5),
            ({"retry-after": "5."}, 5.0),
            ({"retry-after": "-5"}, None),
            ({"retry-after": "soon"}, None),
            ({"retry-after": "nan"}, None),
            ({"retry-after": "inf"}, None),
            ({"retry-after": "1e9"}, None),
            ({"retry-after": "²"}, None),
            ({"retry-after": ""}, None),
            ({"retry-after": "9" * 400}, None),
            ({"retry-after": "Thu, 15 Jan 2026 12:01:00 GMT"}, 60.0),
            ({"retry-after": "Thu, 15 Jan 2026 13:01:00 +0100"}, 60.0),
            ({"retry-after": "Thu, 15 Jan 2026 12:01:00 -0000"}, None),
            ({"retry-after": "Thu, 15 Jan 2026 11:59:00 GMT"}, 0.0),
            ({"retry-after": "Mon, 99 Jan 99999 00:00:00 GMT"}, None),
            ({"retry-after-ms": "2500"}, 2.5),
            ({"retry-after-ms": "soon", "retry-after": "5"}, 5.0),
            ({"retry-after-ms": "nan", "retry-after": "5"}, 5.0),
        ],
        ids=str,
    )
    def test_forms(self, headers: dict[str, str], seconds: float | None):
        """
        Seconds, milliseconds and dates are read; anything else is no wish.
        """
        assert seconds == retry_after(headers, NOON)

    @given(st.text(), st.text())
    def test_nothing_breaks_it(self, value: str, milliseconds: str):
        """
        Whatever a server writes, it is a number of seconds from 0 or nothing.
        """
        seconds = retry_after({"retry-after": value, "retry-after-ms": milliseconds}, NOON)

        assert seconds is None or 0 <= seconds < 10**12

    @given(st.from_regex(re.compile(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ [+-]?\w+")))
    def test_no_date_breaks_it(self, value: str):
        """
        Nor does a date that no calendar has.
        """
        seconds = retry_after({"retry-after": value}, NOON)

        assert seconds is None or 0 <= seconds
