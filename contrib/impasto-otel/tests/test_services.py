"""The first six services over a real socket: who they are in the words of the conventions."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from vendors import VENDORS, serving

import impasto
import impasto_otel
from impasto._api import dispatch

NAMES = {
    "openai": "openai",
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "vertex_ai": "gcp.vertex_ai",
    "replicate": "replicate",
    "together_ai": "together_ai",
}


@pytest.mark.parametrize("name", VENDORS)
def test_each_has_its_span(name, monkeypatch):
    """
    With its provider, its model, its server, and no secret.
    """
    exporter, tracers = InMemorySpanExporter(), TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    impasto_otel.configure(tracer_provider=tracers)
    monkeypatch.setattr(dispatch(), "extras", {})
    impasto.use("otel")
    settings = VENDORS[name].settings
    try:
        with serving(name) as server:
            response = impasto.image_generation("a fox", **{**settings, "api_base": server.url})
    finally:
        impasto_otel.configure()
    (span,) = exporter.get_finished_spans()
    told = dict(span.attributes)
    secrets = [one for word, one in settings.items() if "key" in word or "token" in word]

    assert (NAMES[name], response.model, "127.0.0.1", 1) == (
        told["gen_ai.provider.name"],
        told["gen_ai.response.model"],
        told["server.address"],
        told["impasto.images"],
    )
    assert [] == [one for one in secrets if str(one) in span.to_json()]
