"""The command in this process, and in one of its own."""

import base64
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from impasto.testing import PNG, FakeServer, reply
from impasto_cli import main


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Work in an empty folder, and leave the developer's own keys and settings out of it."""
    for variable in os.environ:
        if variable.startswith(("IMPASTO_", "OPENAI_")):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run():
    """Run the command in this process: quick."""

    def run(*args, stdin=None):
        return CliRunner().invoke(main, args, input=stdin, prog_name="impasto")

    return run


@pytest.fixture
def command():
    """Return the words that start the command in a process of its own."""
    return [sys.executable, "-m", "impasto_cli"]


@pytest.fixture
def process(command):
    """Run the command in a process of its own, without a terminal: as it really is."""

    def process(*args, stdin=b"", **environment):
        return subprocess.run(
            [*command, *args],
            input=stdin,
            capture_output=True,
            env={**os.environ, **environment},
            timeout=30,
        )

    return process


@pytest.fixture
def paint(run):
    """Make a small picture with the embedded renderer."""

    def paint(*args, **more):
        return run("generate", "a fox", "-m", "sketch/oil-1", "--size", "64x64", *args, **more)

    return paint


@pytest.fixture
def server():
    """Serve OpenAI's dialect on loopback."""
    with FakeServer() as server:
        yield server


@pytest.fixture
def order(run):
    """Order a picture from a server that speaks OpenAI's dialect."""

    def order(server, *args):
        key = ("-p", "api_key=sk-0123456789abcdef")
        base = ("--api-base", server.url)
        model = () if "-m" in args else ("-m", "openai/gpt-image-2")
        return run("generate", "a fox", *model, *base, *key, *args)

    return order


@pytest.fixture
def pictures():
    """Return an answer with a picture, 8 pixels by 8."""
    return reply({"created": 1, "data": [{"b64_json": base64.b64encode(PNG).decode()}]})
