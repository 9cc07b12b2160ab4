"""README.md says what is so: its calls run, its tables are the catalogue's."""

import json
from pathlib import Path

import pytest

import impasto_vertex
from impasto.testing import FakeServer, Readme, ReadmeContract, png, sample

ROOT = Path(__file__).parent.parent
README = Readme(ROOT / "README.md")
ANSWER = sample(ROOT / "tests" / "samples" / "gemini.json")
MODELS = json.loads(Path(impasto_vertex.__file__).with_name("models.json").read_text())["models"]


class TestReadme(ReadmeContract):
    plugin = impasto_vertex
    readme = ROOT / "README.md"
    unlisted = {"quality", "style", "background", "moderation", "user", "size"}


class TestCalls:
    @pytest.mark.parametrize(
        ("block", "sent", "written"),
        list(zip(README.blocks, (1, 1, 2), (1, 1, 2), strict=True)),
        ids=["generate", "edit", "express mode"],
    )
    # The answer is a PNG, whatever was asked for.
    @pytest.mark.filterwarnings("ignore::impasto.ImageFormatWarning")
    def test_runs(self, nothing_set, tmp_path, block, sent, written):
        """
        Copied as it stands, a call writes its picture.
        """
        nothing_set.chdir(tmp_path)
        for name in ("room.png", "chair.png"):
            Path(name).write_bytes(png())
        with FakeServer(lambda _: ANSWER) as server:
            nothing_set.setenv("GOOGLE_VERTEX_BASE_URL", server.url)
            nothing_set.setenv("VERTEXAI_PROJECT", "my-project")
            exec(block, {})

        assert 2 + written == len(list(tmp_path.glob("*.*g")))
        assert sent == len(server.received)


class TestTables:
    def test_models(self):
        """
        Every model with its last day and what comes instead.
        """
        rows = {
            name.strip("`"): (gone, instead) for name, _, gone, instead in README.rows("Models")
        }

        assert {
            model["name"]: (
                model.get("lifecycle", {}).get("retires", ""),
                model.get("lifecycle", {}).get("successor", ""),
            )
            for model in MODELS
        } == rows

    def test_sizes(self):
        """
        As many ratios as the catalogue has, and its tiers.
        """
        words = {14: "fourteen", 10: "ten", 5: "five", 0: ""}
        rows = {name.strip("`"): sizes for name, sizes, _, _ in README.rows("Models")}
        for model in MODELS:
            ratios = model.get("sizes", {}).get("ratios", {})
            tiers = [tier for tier in next(iter(ratios.values()), {}) if tier]

            assert rows[model["name"]].startswith(words[len(ratios)])
            assert all(tier in rows[model["name"]] for tier in (*tiers[:1], *tiers[-1:]))
