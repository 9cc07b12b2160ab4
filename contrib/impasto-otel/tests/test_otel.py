"""A call's span and metrics, as OpenTelemetry's own SDK gets them."""

import asyncio
import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from attrs import evolve
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

import impasto
import impasto_otel
from impasto._api import dispatch
from impasto.testing import PNG, FakeServer, Script, reply
from impasto.types import Image, ImageResponse

KEY = "sk-0123456789abcdef"
CALL = {"prompt": "a secret fox", "model": "openai/gpt-image-2", "api_key": KEY}
PICTURE = impasto.Image(content=PNG).b64_json
USAGE = {
    "input_tokens": 50,
    "output_tokens": 4160,
    "total_tokens": 4210,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
}
README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def pictures(count=1, **more):
    body = {"created": 1764000000, "data": [{"b64_json": PICTURE}] * count, "usage": USAGE}
    return reply({**body, **more}, headers={"x-request-id": "req_abc"})


def refused(status=429, code="rate_limit_exceeded"):
    error = {"message": "a secret fox is too much", "type": "requests", "code": code}
    return reply({"error": error}, status=status, headers={"x-request-id": "req_no"})


class Seen:
    """What the SDK got."""

    def __init__(self):
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider(metric_readers=[self.reader])

    @property
    def span(self):
        (span,) = self.exporter.get_finished_spans()
        return span

    @property
    def attributes(self):
        return dict(self.span.attributes)

    @property
    def metrics(self):
        data = self.reader.get_metrics_data()
        scopes = [scope for one in data.resource_metrics for scope in one.scope_metrics]
        return {metric.name: metric for scope in scopes for metric in scope.metrics}

    def points(self, name):
        """Return the points of the metric *name*, as attributes with sum and count."""
        return [
            (dict(point.attributes), getattr(point, "sum", None) or getattr(point, "value", None))
            for point in self.metrics[name].data.data_points
        ]

    def everything(self):
        spans = [span.to_json() for span in self.exporter.get_finished_spans()]
        data = self.reader.get_metrics_data()
        return "".join([*spans, data.to_json() if data is not None else ""])


@pytest.fixture
def configured(monkeypatch):
    """Return a function that begins to record, with the arguments of `configure()`."""
    monkeypatch.delenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", raising=False)

    def begin(**how):
        seen = Seen()
        impasto_otel.configure(tracer_provider=seen.tracers, meter_provider=seen.meters, **how)
        return seen

    yield begin
    monkeypatch.undo()
    impasto_otel.configure()


@pytest.fixture
def seen(configured):
    """Record, without prompts."""
    return configured()


def scripted(*replies):
    script = Script(*replies)
    script.client.extras["otel"] = impasto_otel.wrap_generation()
    return script


@pytest.fixture
def used(monkeypatch):
    """Activate the extra for the process, for one test."""
    monkeypatch.setattr(dispatch(), "extras", {})
    impasto.use("otel")


class TestSpan:
    """What is said of a call that went well."""

    def test_its_name_and_kind(self, seen):
        """
        Operation and model, and a client's.
        """
        scripted(pictures()).play(CALL)

        assert ("generate_content gpt-image-2", SpanKind.CLIENT) == (seen.span.name, seen.span.kind)
        assert StatusCode.UNSET is seen.span.status.status_code

    def test_all_that_is_said(self, seen):
        """
        By the names of the conventions, and what these have no name for by ours.
        """
        response = scripted(pictures(2)).play(
            {
                **CALL,
                "n": 2,
                "size": "1024x1024",
                "quality": "low",
                "api_base": "http://o.test:81/v1",
            }
        )

        assert {
            "gen_ai.operation.name": "generate_content",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-image-2",
            "gen_ai.response.model": "gpt-image-2",
            "gen_ai.output.type": "image",
            "gen_ai.request.choice.count": 2,
            "gen_ai.usage.input_tokens": 50,
            "gen_ai.usage.output_tokens": 4160,
            "gen_ai.usage.text.input_tokens": 10,
            "gen_ai.usage.image.input_tokens": 40,
            "server.address": "o.test",
            "server.port": 81,
            "impasto.kind": "generate",
            "impasto.size": "1024x1024",
            "impasto.quality": "low",
            "impasto.images": 2,
            "impasto.request_id": "req_abc",
            "impasto.cost": float(response.cost),
            "impasto.cost.currency": "USD",
            "impasto.cost.basis": "tokens",
        } == seen.attributes

    def test_pictures_that_go_in(self, seen):
        """
        How many, not which.
        """
        script = scripted(pictures())
        script.play({**CALL, "image": [PNG, PNG], "mask": PNG})
        told = seen.attributes

        assert ("edit", 2, True) == (
            told["impasto.kind"],
            told["impasto.input_images"],
            told["impasto.mask"],
        )

    def test_an_unknown_price_is_not_told(self, seen):
        """
        Never a made-up 0; likewise tokens.
        """
        script = scripted(reply({"data": [{"b64_json": PICTURE}]}))
        script.play({**CALL, "model": "openai/stranger", "api_base": "http://o.test"})

        assert [] == [name for name in seen.attributes if "cost" in name or "usage" in name]

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("openai", "openai"),
            ("azure", "azure.ai.openai"),
            ("bedrock", "aws.bedrock"),
            ("vertex_ai", "gcp.vertex_ai"),
            ("replicate", "replicate"),
        ],
    )
    def test_names_of_providers(self, name, expected):
        """
        The conventions' own where they have one.
        """
        from impasto_otel import _attributes

        assert expected == _attributes.provider(name)

    def test_an_answer_from_a_cache(self, seen):
        """
        It is marked, and has neither tokens nor a price in the metrics.
        """
        script = scripted(pictures())
        kept = script.play(CALL)
        seen.exporter.clear()

        async def answers(call, proceed):
            return evolve(kept, charged=impasto.Cost.cached("a cache"))

        outer = script.client.extras.pop("otel")
        script.client.extras.update(cache=answers, otel=outer)
        before = seen.points("gen_ai.client.token.usage")
        script.play(CALL)

        assert (True, "cache", 0.0) == tuple(
            seen.attributes[f"impasto.{name}"] for name in ("cache.hit", "cost.basis", "cost")
        )
        assert "gen_ai.usage.input_tokens" not in seen.attributes
        assert before == seen.points("gen_ai.client.token.usage")


class TestFailures:
    """What is said of a call that fails."""

    def test_an_error(self, seen):
        """
        Its class, status, code and request; not its message, which quotes the prompt.
        """
        with pytest.raises(impasto.RateLimitError):
            scripted(refused()).play({**CALL, "max_retries": 0})
        told = seen.attributes

        assert (StatusCode.ERROR, "RateLimitError") == (
            seen.span.status.status_code,
            seen.span.status.description,
        )
        assert ("RateLimitError", 429, "rate_limit_exceeded", "req_no") == (
            told["error.type"],
            told["http.response.status_code"],
            told["impasto.error.code"],
            told["impasto.request_id"],
        )
        assert "impasto.images" not in told

    def test_nothing_was_sent(self, seen):
        """
        Then no answer had a status.
        """
        with pytest.raises(impasto.UnsupportedParamsError):
            scripted().play({**CALL, "size": "3x5"})

        assert "UnsupportedParamsError" == seen.attributes["error.type"]
        assert "http.response.status_code" not in seen.attributes

    def test_what_may_have_been_paid_for(self, seen):
        """
        It says so: somebody may want to look.
        """
        with pytest.raises(impasto.APIConnectionError):
            scripted(reply({}, fault="drop")).play(CALL)

        assert seen.attributes["impasto.error.maybe_accepted"] is True

    def test_an_error_that_is_nobodys(self, seen):
        """
        Another extra's bug ends the span as well.
        """
        script = scripted(pictures())

        async def broken(call, proceed):
            raise ZeroDivisionError("oh")

        outer = script.client.extras.pop("otel")
        script.client.extras.update(broken=broken, otel=outer)
        with pytest.raises(ZeroDivisionError):
            script.play(CALL)

        assert "ZeroDivisionError" == seen.attributes["error.type"]

    def test_fallbacks(self, seen):
        """
        Each model that drew nothing is an event; who drew is told.
        """
        script = scripted(refused(), pictures())
        script.play(
            {**CALL, "max_retries": 0, "fallbacks": ["openai/gpt-image-1-mini"]},
        )
        (event,) = seen.span.events

        assert ("impasto.attempt", "openai/gpt-image-2", "RateLimitError") == (
            event.name,
            event.attributes["impasto.model"],
            event.attributes["error.type"],
        )
        assert ("gpt-image-2", "gpt-image-1-mini", "openai") == tuple(
            seen.attributes[name]
            for name in (
                *("gen_ai.request.model", "gen_ai.response.model", "impasto.response.provider"),
            )
        )

    def test_fallbacks_of_which_none_draws(self, seen):
        """
        All of them are told.
        """
        script = scripted(refused(), refused())
        with pytest.raises(impasto.RateLimitError):
            script.play({**CALL, "max_retries": 0, "fallbacks": ["openai/gpt-image-1-mini"]})

        assert "impasto.attempt" in {event.name for event in seen.span.events}

    def test_parts_of_a_split_call(self, seen):
        """
        The pictures that are missing are events, those that came are counted.
        """
        script = scripted(pictures(10), refused(400, "bad"))
        with pytest.warns(impasto.PartialResultWarning):
            script.play({**CALL, "n": 11})
        (event,) = seen.span.events

        assert ("impasto.missing_picture", "BadRequestError") == (
            event.name,
            event.attributes["error.type"],
        )
        assert (10, 1) == (
            seen.attributes["impasto.images"],
            seen.attributes["impasto.images.missing"],
        )

    def test_a_cancelled_call(self, seen, used):
        """
        Its span ends with it.
        """
        provider = waiting()
        impasto.register("waits", provider, replace=True)

        async def give_up():
            task = asyncio.create_task(impasto.aimage_generation("a fox", model="waits/long"))
            await asyncio.to_thread(provider.begun.wait, 10)
            task.cancel()
            await asyncio.wait([task])
            return task.cancelled()

        try:
            was_cancelled = asyncio.run(give_up())
        finally:
            provider.go_on.set()
            impasto.registry._plugins.pop("waits", None)

        assert was_cancelled
        assert ("CancelledError", StatusCode.ERROR, "the caller gave it up") == (
            seen.attributes["error.type"],
            seen.span.status.status_code,
            seen.span.status.description,
        )


def waiting():
    """Return a plugin that paints when it is told to."""
    import threading
    from types import ModuleType

    @impasto.hookimpl
    def describe():
        return impasto.types.Provider(name="waits", auth=None)

    @impasto.hookimpl
    def translate_params(call):
        return call.translate("prompt")

    @impasto.hookimpl
    def render():
        module.begun.set()
        module.go_on.wait(10)
        return ImageResponse(data=[Image(content=PNG)])

    module = ModuleType("waits")
    vars(module).update(
        *(), CONTRACT=(1, 0), describe=describe, translate_params=translate_params, render=render
    )
    module.begun, module.go_on = threading.Event(), threading.Event()
    return module


class TestContext:
    """Spans are in one tree."""

    @pytest.fixture
    def server(self, monkeypatch):
        with FakeServer(lambda received: pictures()) as server:
            yield server

    def test_blocking(self, seen, used, server):
        """
        The caller's span is the parent, although the call runs on another thread.
        """
        with seen.tracers.get_tracer("mine").start_as_current_span("mine") as mine:
            impasto.image_generation(**CALL, api_base=server.url)
        ours = seen.exporter.get_finished_spans()[0]

        assert mine.get_span_context().span_id == ours.parent.span_id

    def test_awaited(self, seen, used, server):
        """
        Several at once have each their own.
        """

        async def one(name):
            with seen.tracers.get_tracer("mine").start_as_current_span(name) as span:
                await impasto.aimage_generation(**CALL, api_base=server.url)
            return span.get_span_context().span_id

        async def both():
            return await asyncio.gather(one("first"), one("second"))

        parents = asyncio.run(both())
        ours = [span for span in seen.exporter.get_finished_spans() if span.parent is not None]

        assert sorted(parents) == sorted(span.parent.span_id for span in ours)

    def test_what_is_inside(self, seen):
        """
        Spans that begin within the call are its children.
        """
        script = scripted(pictures())

        async def inner(call, proceed):
            with seen.tracers.get_tracer("http").start_as_current_span("POST"):
                return await proceed(call)

        outer = script.client.extras.pop("otel")
        script.client.extras.update(inner=inner, otel=outer)
        script.play(CALL)
        post, call = seen.exporter.get_finished_spans()

        assert post.parent.span_id == call.context.span_id


class TestMetrics:
    """What is counted."""

    def test_a_call(self, seen):
        """
        How long, how many tokens of which kind, how many pictures, how much money.
        """
        response = scripted(pictures(2)).play({**CALL, "n": 2})
        (told, images), *others = seen.points("impasto.client.images")
        tokens = {
            attributes["gen_ai.token.type"]: count
            for attributes, count in seen.points("gen_ai.client.token.usage")
        }
        ((money, amount),) = seen.points("impasto.client.cost")

        assert ("openai", "gpt-image-2", 2, []) == (
            told["gen_ai.provider.name"],
            told["gen_ai.response.model"],
            images,
            others,
        )
        assert {"input": 50, "output": 4160} == tokens
        assert ("USD", float(response.cost)) == (money["impasto.cost.currency"], amount)
        assert 1 == len(seen.points("gen_ai.client.operation.duration"))

    def test_units_and_boundaries(self, seen):
        """
        Those of the conventions.
        """
        scripted(pictures()).play(CALL)
        found = {
            name: (metric.unit, metric.data.data_points[0].explicit_bounds[:2])
            for name, metric in seen.metrics.items()
            if name.startswith("gen_ai")
        }

        assert {
            "gen_ai.client.operation.duration": ("s", (0.01, 0.02)),
            "gen_ai.client.token.usage": ("{token}", (1, 4)),
        } == found

    def test_a_failure(self, seen):
        """
        Its time counts, with the kind of error; no tokens, no money.
        """
        with pytest.raises(impasto.RateLimitError):
            scripted(refused()).play({**CALL, "max_retries": 0})
        ((told, _),) = seen.points("gen_ai.client.operation.duration")

        assert "RateLimitError" == told["error.type"]
        assert {"gen_ai.client.operation.duration"} == seen.metrics.keys()

    def test_nothing_that_differs_from_call_to_call(self, seen):
        """
        Two calls with other prompts, seeds, sizes and requests are two of the same.
        """
        script = scripted(pictures(), pictures())
        script.play(CALL)
        script.play({**CALL, "prompt": "a hare", "size": "1024x1024", "user": "u-2"})

        assert 1 == len(seen.points("impasto.client.images"))


class TestPrompts:
    """They are recorded on request alone."""

    @pytest.mark.parametrize("answer", [pictures(), refused(400, "bad")], ids=["good", "bad"])
    def test_not_by_themselves(self, seen, answer):
        """
        Nor in what a provider says of its error; nor is a key.
        """
        with suppress(impasto.BadRequestError):
            scripted(answer).play({**CALL, "user": "somebody", "metadata": {"team": "red-team"}})
        said = seen.everything()

        assert "gpt-image-2" in said
        assert [] == [word for word in ("secret fox", KEY, "somebody", "red-team") if word in said]

    def test_asked_for(self, configured):
        """
        In the form of the conventions: messages, made of parts.
        """
        seen = configured(prompts=True)
        data = [{"b64_json": PICTURE, "revised_prompt": "A red fox"}]
        scripted(pictures(data=data)).play(CALL)

        assert [
            {"role": "user", "parts": [{"type": "text", "content": "a secret fox"}]}
        ] == json.loads(seen.attributes["gen_ai.input.messages"])
        assert [
            {
                "role": "assistant",
                "parts": [{"type": "text", "content": "A red fox"}],
                "finish_reason": "stop",
            }
        ] == json.loads(seen.attributes["gen_ai.output.messages"])
        assert KEY not in seen.everything()

    def test_messages_of_errors(self, configured):
        """
        Then they are told, too.
        """
        seen = configured(prompts=True)
        with pytest.raises(impasto.BadRequestError):
            scripted(refused(400, "bad")).play(CALL)

        assert "a secret fox is too much" in seen.span.status.description
        assert ["exception"] == [event.name for event in seen.span.events]
        assert KEY not in seen.everything()

    @pytest.mark.parametrize(
        ("value", "expected"),
        [("", False), ("false", False), ("TRUE", True), ("SPAN_ONLY", True), ("event_only", False)],
    )
    def test_the_variable(self, configured, monkeypatch, value, expected):
        """
        It means what it does to OpenTelemetry's own instrumentations; we write no events.
        """
        monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", value)
        seen = configured()
        scripted(pictures()).play(CALL)

        assert expected == ("gen_ai.input.messages" in seen.attributes)


PROGRAM = """
import sys
import impasto
from opentelemetry import trace

impasto.image_generation("a fox", model="sketch/oil-1", size="64x64")
first = "impasto_otel" in sys.modules
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
if first:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
    trace.set_tracer_provider(provider)
    impasto.image_generation("a fox", model="sketch/oil-1", size="64x64")
print("over")
"""


def test_a_whole_program():
    """
    By the variable; the SDK may be set up later, and without one nothing is said.
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        env={**os.environ, "IMPASTO_EXTRAS": "otel"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ("", 0) == (done.stderr, done.returncode)
    assert 1 == done.stdout.count('"name": "generate_content oil-1"')
    assert done.stdout.endswith("over\n")


def test_installed_is_not_active():
    """
    Nothing of it is imported, nor anything of OpenTelemetry.
    """
    program = (
        "import sys, impasto\n"
        "impasto.image_generation('a fox', model='sketch/oil-1', size='64x64')\n"
        "print([name for name in sys.modules if 'otel' in name or 'opentelemetry' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "IMPASTO_EXTRAS": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert "[]\n" == done.stdout


def test_readme(monkeypatch):
    """
    Its code runs, and its table has every attribute there is.
    """
    monkeypatch.setattr(dispatch(), "extras", {})
    sources = Path(impasto_otel.__file__).parent.glob("_*.py")
    written = "".join(path.read_text(encoding="utf-8") for path in sources)
    names = set(re.findall(r'"((?:impasto|gen_ai|server|error|http)\.[a-z_.]+)"', written))
    names -= {"gen_ai.usage."}
    try:
        for code in re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE):
            exec(compile(code, "README.md", "exec"), {})
    finally:
        impasto_otel.configure()

    assert [] == sorted(
        name
        for name in names - {"impasto.model", "impasto.error.message"}
        if f"`{name}`" not in README
    )
    assert "otel" in dispatch().extras


def test_version():
    """
    The scope of the spans says the version that is installed.
    """
    from importlib.metadata import version

    from impasto_otel._telemetry import VERSION

    assert version("impasto-otel") == VERSION
