"""README.md says what is so: its calls run, its tables are the catalogue's."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import impasto_together
from impasto.testing import FakeServer, Readme, ReadmeContract, png, sample

ROOT = Path(__file__).parent.parent
README = Readme(ROOT / "README.md")
ANSWER = sample(ROOT / "tests" / "samples" / "base64.json")
MODELS = json.loads(Path(impasto_together.__file__).with_name("models.json").read_text())["models"]
LIVING = [model for model in MODELS if model.get("parameters")]


def words(cell: str) -> list[str]:
    return re.findall("`([a-z_]+)`", cell)


class TestReadme(ReadmeContract):
    plugin = impasto_together
    readme = ROOT / "README.md"
    unlisted = {
        *("mask", "quality", "style", "background", "user", "moderation"),
        *("size", "output_compression"),
    }


class TestCalls:
    @pytest.mark.parametrize("block", README.blocks, ids=["generate", "edit", "references"])
    def test_runs(self, monkeypatch, tmp_path, block):
        """
        Copied as it stands, a call writes its picture.
        """
        monkeypatch.chdir(tmp_path)
        for name in re.findall(r'"(\w+\.png)"', block.partition("save")[0]):
            Path(name).write_bytes(png())
        (written,) = re.findall(r'save\("(.+)"\)', block)
        with FakeServer() as server:
            monkeypatch.setenv("TOGETHER_API_KEY", "tgp_v1_0123456789abcdef")
            monkeypatch.setenv("TOGETHER_BASE_URL", server.url)
            server.will(ANSWER)
            exec(block, {})

        assert Path(written).is_file()
        assert ["/v1/images/generations"] == [one.path for one in server.received]


def told_of(model: dict[str, Any]) -> tuple[str, str, str, str]:
    """Return what the table of models says of *model*: how many, edits, price, last day."""
    parameters = model.get("parameters", {})
    one, more = "image_url" in parameters, "reference_images" in parameters
    edits = {
        (True, True): "one picture, or references",
        (True, False): "one picture",
        (False, True): "references",
    }
    prices = {price["unit"]: price["amount"] for price in model.get("prices", [])}
    amount = f"${prices['megapixel']}" if "megapixel" in prices else ""
    return (
        str(model.get("max_images", "")),
        edits.get((one, more), ""),
        "by the picture: $0.134, 4K $0.24" if "image" in prices else amount,
        model.get("lifecycle", {}).get("retires", ""),
    )


class TestTables:
    def test_models(self):
        """
        Every model with what a request makes, its edits, its price and its last day.
        """
        assert {model["name"]: told_of(model) for model in MODELS} == {
            name.strip("`"): (most, edits, price, gone)
            for name, most, _, edits, price, gone in README.rows("Models")
        }

    @pytest.mark.parametrize(
        "name", ["seed", "negative_prompt", "guidance_scale", "disable_safety_checker"]
    )
    def test_families(self, name):
        """
        "All but Google's", "all that are neither FLUX nor Google's": that is what they take.
        """
        takers = {model["name"] for model in LIVING if name in model["parameters"]}
        google = {model["name"] for model in LIVING if model["name"].startswith("google/")}
        flux = {model["name"] for model in LIVING if "FLUX" in model["name"]}
        others = {model["name"] for model in LIVING} - google - flux
        (row,) = (row[-1] for row in README.rows("Parameters") if name in words(row[0]))

        assert others <= takers
        assert not takers & google
        assert ("all but Google's" == row) == (flux <= takers)
