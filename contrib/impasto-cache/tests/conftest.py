"""A cache in an empty folder, and OpenAI as a script."""

import itertools

import pytest

import impasto
import impasto_cache
from impasto.testing import PNG, Script, png, reply

USAGE = {
    "input_tokens": 50,
    "output_tokens": 4160,
    "total_tokens": 4210,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
}


class OpenAI:
    """OpenAI, and what it says."""

    call = {"prompt": "a fox", "model": "openai/gpt-image-2", "api_key": "sk-0123456789abcdef"}

    def answer(self, *pictures, **more):
        """Return the answer with *pictures*, bytes each; by default one small one."""
        data = [
            {"b64_json": impasto.Image(content=one).b64_json, "revised_prompt": "A red fox"}
            for one in pictures or [PNG]
        ]
        body = {"created": 1764000000, "data": data, "usage": USAGE, "quality": "low"}
        headers = {"x-request-id": "req_abc", "set-cookie": "secret=1"}
        return reply({**body, **more}, headers=headers)

    def different(self, count):
        """Return so many answers, each with a picture of its own."""
        return [self.answer(png(16 + number, 16)) for number in range(count)]


@pytest.fixture
def openai():
    """Return OpenAI."""
    return OpenAI()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Keep answers in an empty folder, as a program does that says nothing else."""
    for name in ("IMPASTO_CACHE_SIZE", "IMPASTO_CACHE_AGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IMPASTO_CACHE_DIR", str(tmp_path / "cache"))
    impasto_cache.configure()
    yield tmp_path / "cache"
    monkeypatch.undo()
    impasto_cache._cache = None


@pytest.fixture
def scripted():
    """Return a function that plays answers to calls within the cache."""

    def scripted(*replies, **how):
        script = Script(*replies, **how)
        script.client.extras["cache"] = impasto_cache.wrap_generation()
        return script

    return scripted


@pytest.fixture
def entries(folder):
    """Return a function that lists the files of all answers."""
    return lambda: sorted(folder.rglob("*.json"))


@pytest.fixture
def pictures(folder):
    """Return a function that lists the files of all pictures."""

    def pictures():
        files = itertools.chain(*(one.rglob("*") for one in folder.rglob("pictures")))
        return sorted(one for one in files if one.is_file())

    return pictures
