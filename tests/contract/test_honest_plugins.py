"""No false alarms: plugins for unlike providers, each honest in its own way, keep the contract."""

import base64
import json
from pathlib import Path

import honest_bare
import honest_ratios
import honest_renderer
import honest_schema
import honest_upload
import honest_upscaler
import pytest

from impasto.testing import PNG, ProviderContract, png, reply

PLUGINS = Path(__file__).parent / "plugins"
PICTURE = base64.b64encode(PNG).decode()


class TestWithoutKeyAndCatalogue(ProviderContract):
    plugin = honest_bare
    call = {"prompt": "a fox / or two?", "model": "bare/any", "size": "640x480"}
    conversation = [reply(body=png(640, 480), headers={"Content-Type": "image/png"})]


class TestInThisProcess(ProviderContract):
    plugin = honest_renderer
    call = {"prompt": "a fox", "model": "renderer/any", "n": 2}


class TestUploadsAndJobsElsewhere(ProviderContract):
    plugin = honest_upload
    call = {"prompt": "a fox", "model": "upload/any", "api_key": lambda: "token-0123456789"}
    conversation = [reply({"job": "7"}), reply({"job": "7"}), reply({"data": [PICTURE]})]
    edit_call = {**call, "image": PNG}
    edit_conversation = [reply({"file": "f-1"}), *conversation]
    polls_elsewhere = True
    key_in_body = True


class TestSignaturesAndRatios(ProviderContract):
    plugin = honest_ratios
    models = PLUGINS / "honest_ratios.json"
    call = {
        "prompt": "a fox",
        "model": "ratios/arn:of:somebody/wide:1",
        "size": "1000x1000",
        "secret_key": "ratios-0123456789",
    }
    conversation = [reply({"images": [PICTURE]})]
    samples = {"loras": [{"path": "https://ratios.example/fox", "scale": 0.5}]}


class TestEditsWithoutPromptsAndSizes(ProviderContract):
    plugin = honest_upscaler
    models = PLUGINS / "honest_upscaler.json"
    call = {"prompt": "a fox", "model": "upscaler/brush", "size": "1024x1024"}
    conversation = [reply({"picture": PICTURE})]
    edit_call = {"model": "upscaler/lens", "image": PNG, "seed": 7}
    edit_conversation = conversation
    samples = {"size": "1024x1024"}


def _events(*data):
    text = "".join(f"data: {json.dumps(one)}\n\n" for one in data)
    return reply(body=text.encode(), headers={"Content-Type": "text/event-stream"})


class TestSchemasAndEvents(ProviderContract):
    plugin = honest_schema
    call = {"prompt": "a fox", "model": "schema/fox-1", "seed": 3, "api_key": "schema-0123456789"}
    conversation = [_events({"progress": 0.5}, {"done": PICTURE})]
    learned = reply({"fields": {"prompt": "string", "seed": "integer", "steps": "integer"}})


class TestRenderersAreJudgedToo:
    """What the broken plugins of test_broken_plugins.py, which all send, cannot show."""

    def test_a_renderer_that_does_not_stop_is_caught(self, monkeypatch):
        """
        `render` that swallows what *report* raises fails the test that is for that.
        """
        good = honest_renderer.render

        @honest_renderer.hookimpl
        def render(params):
            def report(_):
                pass

            return good(params, report)

        @honest_renderer.hookimpl
        def swallows(params, report):
            try:
                report(0.5)
            except Exception:
                return render(params)

        monkeypatch.setattr(honest_renderer, "render", swallows)
        contract = TestInThisProcess()

        with pytest.raises(AssertionError, match="went on after report"):
            contract.test_rendering_stops_when_nobody_waits(contract._stage)
