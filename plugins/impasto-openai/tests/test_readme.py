"""README.md says what is so: its calls run, its tables are the catalogue's."""

import json
import re
from pathlib import Path

import pytest

import impasto_openai
from impasto.testing import FakeServer, Readme, ReadmeContract, png, sample

ROOT = Path(__file__).parent.parent
README = Readme(ROOT / "README.md")
ANSWER = sample(ROOT / "tests" / "samples" / "gpt-image.json")
MODELS = json.loads(Path(impasto_openai.__file__).with_name("models.json").read_text())["models"]


class TestReadme(ReadmeContract):
    plugin = impasto_openai
    readme = ROOT / "README.md"
    unlisted = {"size", "seed", "negative_prompt"}


class TestCalls:
    @pytest.mark.parametrize("block", README.blocks, ids=["generate", "edit", "another server"])
    def test_runs(self, monkeypatch, tmp_path, capsys, block):
        """
        Copied as it stands, a call writes its picture.
        """
        monkeypatch.chdir(tmp_path)
        Path("room.png").write_bytes(png())
        Path("mask.png").write_bytes(png(colour=(0, 0, 0, 0)))
        with FakeServer() as server:
            monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789abcdef")
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
            server.will(ANSWER)
            runs = block.replace("http://127.0.0.1:1234", server.url)
            exec(runs.replace(".webp", ".png"), {})

        assert 3 == len(list(tmp_path.iterdir()))
        assert 1 == len(server.received)


class TestTables:
    def test_models(self):
        """
        Every model with its snapshots, its last day and what comes instead.
        """
        rows = {
            name.strip("`"): (snapshot.replace("`", ""), gone, instead)
            for name, snapshot, _, _, gone, instead in README.rows("Models")
        }

        assert {
            model["name"]: (
                ", ".join(model.get("aliases", ())),
                model["lifecycle"].get("retires", ""),
                model["lifecycle"].get("successor", ""),
            )
            for model in MODELS
        } == rows

    def test_refusals(self):
        """
        What the table says of DALL-E is what the catalogue does not list for it.
        """
        by_name = {model["name"]: model["parameters"] for model in MODELS}
        for words, _, third, second in README.tables("Parameters")[0]:
            for name in re.findall("`([a-z_]+)`", words):
                if name not in ("n", "size"):
                    assert ("refused" == third) == (name not in by_name["dall-e-3"])
                    assert ("refused" == second) == (name not in by_name["dall-e-2"])
