"""README.md says what is so: its calls run, its tables are the catalogue's."""

import json
from pathlib import Path

import pytest

import impasto_replicate
from impasto.testing import FakeServer, Readme, ReadmeContract, png, reply, sample

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "samples"
README = Readme(ROOT / "README.md")
MODELS = json.loads(Path(impasto_replicate.__file__).with_name("models.json").read_text())["models"]


class TestReadme(ReadmeContract):
    plugin = impasto_replicate
    readme = ROOT / "README.md"
    unlisted = {
        *("background", "moderation", "quality", "style", "user"),
        *("webhook", "webhook_events_filter"),
    }


class TestCalls:
    @pytest.mark.parametrize("block", README.blocks, ids=["generate", "edit", "an unlisted model"])
    def test_runs(self, monkeypatch, tmp_path, capsys, block):
        """
        Copied as it stands, a call writes its picture.
        """

        def answer(received):
            if received.path == "/out.png":
                return reply(body=png(), headers={"Content-Type": "image/png"})
            if received.method == "GET":
                return sample(SAMPLES / "model-fine-tune.json")
            done = json.loads(sample(SAMPLES / "done.json").body)
            return reply({**done, "output": [f"{server.url}/out.png"]}, status=201)

        monkeypatch.chdir(tmp_path)
        Path("room.png").write_bytes(png())
        Path("mask.png").write_bytes(png(colour=(0, 0, 0, 0)))
        with FakeServer(answer) as server:
            monkeypatch.setenv("REPLICATE_API_TOKEN", "r8_0123456789abcdef")
            monkeypatch.setenv("REPLICATE_BASE_URL", server.url)
            exec(block, {})

        assert 3 == len(list(tmp_path.iterdir()))


class TestTables:
    def test_models(self):
        """
        Every model with what it does and how many pictures it makes; what is not listed for it is
        looked up.
        """
        listed = {
            model["name"]: (
                ", ".join(model.get("kinds", ["generate"])),
                str(model.get("max_images", "looked up")),
            )
            for model in MODELS
        }

        assert listed == {
            name.strip("`"): (does, most) for name, does, _, most in README.rows("Models")
        }

    def test_official(self):
        """
        All but SDXL run by their names.
        """
        assert ["stability-ai/sdxl"] == [
            model["name"] for model in MODELS if not model["facts"]["official"]
        ]
