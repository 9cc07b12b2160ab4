"""README.md says what is so: its calls run, its tables are the catalogue's."""

import json
import re
from pathlib import Path

import pytest

import impasto_replicate
from impasto.testing import FakeServer, png, reply, sample

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "samples"
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
MODELS = json.loads(Path(impasto_replicate.__file__).with_name("models.json").read_text())["models"]


def table(heading: str) -> list[list[str]]:
    """Return the cells of the first table under *heading*, without its head."""
    section = README.partition(f"## {heading}\n")[2]
    lines = re.search(r"((?:^\|.*\n)+)", section, re.MULTILINE)[1].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


class TestCalls:
    @pytest.mark.parametrize("block", BLOCKS, ids=["generate", "edit", "an unlisted model"])
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

        assert listed == {name.strip("`"): (does, most) for name, does, _, most in table("Models")}

    def test_settings(self):
        """
        Every setting with its variables, in their order.
        """
        settings = impasto_replicate.describe().settings

        assert {name: list(setting.env) for name, setting in settings.items()} == {
            name.strip("`"): re.findall("[A-Z_]+", variables)
            for name, variables, _ in table("Settings")
        }

    def test_parameters(self):
        """
        Every parameter that some model lists has its place.
        """
        section = README.partition("## Parameters")[2].partition("## Answers")[0]
        rows = [line.partition("|")[2].partition("|")[0] for line in section.splitlines()]
        told = {name for row in rows for name in re.findall("`([a-z_]+)`", row)}
        known = {name for model in MODELS for name in model.get("parameters", ())}

        assert known <= told

    def test_official(self):
        """
        All but SDXL run by their names.
        """
        assert ["stability-ai/sdxl"] == [
            model["name"] for model in MODELS if not model["facts"]["official"]
        ]
