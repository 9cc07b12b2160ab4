"""README.md says what is so: its calls run, its tables are the catalogue's."""

import json
from pathlib import Path

import pytest

import impasto_bedrock
from impasto.testing import FakeServer, Readme, ReadmeContract, png, sample
from impasto_bedrock import _headers, _titan

ROOT = Path(__file__).parent.parent
README = Readme(ROOT / "README.md")
ANSWER = sample(ROOT / "tests" / "samples" / "stable-image.json")
MODELS = json.loads(Path(impasto_bedrock.__file__).with_name("models.json").read_text())["models"]


class TestReadme(ReadmeContract):
    plugin = impasto_bedrock
    readme = ROOT / "README.md"
    unlisted = {"user", "background", "moderation", "output_compression"}


class TestCalls:
    @pytest.mark.parametrize("block", README.blocks, ids=["generate", "edit", "a profile"])
    def test_runs(self, monkeypatch, tmp_path, capsys, block):
        """
        Copied as it stands, a call writes its picture.
        """
        monkeypatch.chdir(tmp_path)
        Path("room.png").write_bytes(png())
        Path("mask.png").write_bytes(png(colour=(0, 0, 0, 0)))
        with FakeServer(lambda _: ANSWER) as server:
            monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-xyz")
            monkeypatch.setenv("AWS_BEDROCK_RUNTIME_ENDPOINT", server.url)
            exec(block.replace("window.webp", "window.png"), {})

        assert 3 == len(list(tmp_path.iterdir()))
        assert server.received[0].path.startswith("/model/")


class TestTables:
    def test_models(self):
        """
        Every model with what it makes, its last day and what comes instead.
        """
        rows = {
            name.strip("`"): (formats, gone, instead)
            for name, _, formats, gone, instead in README.rows("Models")
        }

        assert {
            model["name"]: (
                formats_of(model),
                model["lifecycle"].get("retires", "day unknown") if "lifecycle" in model else "",
                model.get("lifecycle", {}).get("successor", ""),
            )
            for model in MODELS
        } == rows

    def test_what_models_make(self):
        """
        Pictures, edits and variations are the catalogue's kinds.
        """
        words = {"generate": "pictures", "edit": "edits", "vary": "variations"}
        kinds = {model["name"]: model["kinds"] for model in MODELS}

        for name, makes, *_ in README.rows("Models"):
            assert {words[kind] for kind in kinds[name.strip("`")]} == {
                word for word in words.values() if word in makes
            }
            assert ("without a prompt" in makes) == ("prompt" not in parameters_of(name))

    def test_headers_and_tasks(self):
        """
        Every header and every task has its place among the parameters.
        """
        section = README.section("Parameters")

        assert all(f"`{name}`" in section for name in {*_headers.RULES} - {"contentType"})
        assert all(task in section for task in _titan._TASKS)


def parameters_of(name: str) -> dict[str, object]:
    return next(model["parameters"] for model in MODELS if model["name"] == name.strip("`"))


def formats_of(model: dict[str, dict[str, dict[str, object]]]) -> str:
    formats = model["parameters"].get("output_format", {})
    return ", ".join(formats.get("values", [])) or formats.get("always", "")
