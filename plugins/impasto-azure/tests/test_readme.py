"""README.md says what is so: its calls run, its tables are the catalogue's."""

import json
import re
from pathlib import Path

import pytest

import impasto_azure
from impasto.testing import FakeServer, png, sample

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ANSWER = sample(ROOT / "tests" / "samples" / "gpt-image.json")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
MODELS = json.loads(Path(impasto_azure.__file__).with_name("models.json").read_text())["models"]


def table(heading: str) -> list[list[str]]:
    """Return the cells of the first table under *heading*, without its head."""
    section = README.partition(f"## {heading}\n")[2]
    lines = re.search(r"((?:^\|.*\n)+)", section, re.MULTILINE)[1].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


class TestCalls:
    @pytest.mark.parametrize("block", BLOCKS, ids=["generate", "edit", "a token"])
    def test_runs(self, monkeypatch, tmp_path, capsys, block):
        """
        Copied as it stands, a call writes its picture.
        """
        monkeypatch.chdir(tmp_path)
        Path("room.png").write_bytes(png())
        Path("mask.png").write_bytes(png(colour=(0, 0, 0, 0)))
        with FakeServer() as server:
            monkeypatch.setenv("AZURE_OPENAI_API_KEY", "az-0123456789abcdef")
            monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", server.url)
            server.will(ANSWER)
            runs = block.replace("https://my-resource.openai.azure.com", server.url)
            exec(runs.replace(".jpg", ".png"), {})

        assert 3 == len(list(tmp_path.iterdir()))
        assert 1 == len(server.received)


class TestTables:
    def test_models(self):
        """
        Every model with its other names, its last day and what comes instead.
        """
        rows = {
            name.strip("`"): (also.replace("`", ""), gone, instead)
            for name, also, _, _, gone, instead in table("Models")
        }

        assert {
            model["name"]: (
                ", ".join(model.get("aliases", ())),
                model["lifecycle"].get("retires", ""),
                model["lifecycle"].get("successor", ""),
            )
            for model in MODELS
        } == rows

    def test_settings(self):
        """
        Every setting with its variables, in their order.
        """
        settings = impasto_azure.describe().settings

        assert {name: list(setting.env) for name, setting in settings.items()} == {
            name.strip("`"): re.findall("[A-Z_]+", variables)
            for name, variables, _ in table("Settings")
        }

    def test_parameters(self):
        """
        Every parameter that some model lists has its place.
        """
        section = README.partition("## Parameters")[2].partition("## Errors")[0]
        rows = [line.partition("|")[2].partition("|")[0] for line in section.splitlines()]
        told = {name for row in rows for name in re.findall("`([a-z_]+)`", row)}
        known = {name for model in MODELS for name in model["parameters"]}

        assert told == known | {"size", "seed", "style", "negative_prompt"}

    def test_refusals(self):
        """
        What the table says of DALL-E is what the catalogue does not list for it.
        """
        by_name = {model["name"]: model["parameters"] for model in MODELS}
        for words, _, third, second in table("Parameters"):
            for name in re.findall("`([a-z_]+)`", words):
                if name not in ("n", "size"):
                    assert ("refused" == third) == (name not in by_name["dall-e-3"])
                    assert ("refused" == second) == (name not in by_name["dall-e-2"])
