"""The command in this process, and in one of its own."""

import base64
import importlib.util
import os
import site
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import impasto
from impasto.testing import PNG, FakeServer, reply
from impasto_cli import main

_ACME = Path(__file__).parent / "acme"
_THE_DEVELOPERS = (
    *("IMPASTO_", "OPENAI_", "ACME_", "SSL_CERT_", "REQUESTS_CA_", "TERM_", "KITTY_", "LC_TERM"),
    *("TMUX", "STY", "NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Work in an empty folder, and leave the developer's own keys, settings and terminal out."""
    for variable in os.environ:
        if variable.startswith(_THE_DEVELOPERS):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm-256color")
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
        paths = [environment.pop("PYTHONPATH", ""), os.environ.get("PYTHONPATH", "")]
        path = os.pathsep.join(filter(None, paths))
        return subprocess.run(
            [*command, *args],
            input=stdin,
            capture_output=True,
            env={**os.environ, **({"PYTHONPATH": path} if path else {}), **environment},
            timeout=30,
        )

    return process


@pytest.fixture
def installed(tmp_path_factory):
    """Make an installation with impasto, the command and *plugins* alone, and return its command."""

    def installed(*plugins):
        folder = tmp_path_factory.mktemp("site")
        for entry in Path(site.getsitepackages()[0]).iterdir():
            if not entry.name.startswith(("impasto_", "_")) and entry.name != "impasto.pth":
                (folder / entry.name).symlink_to(entry)
        for name in ("impasto", "impasto_cli", *plugins):
            _link(name, folder)
        environment = {**os.environ, "PYTHONPATH": str(folder)}

        def command(*args, cwd=None):
            return subprocess.run(
                [sys.executable, "-S", "-m", "impasto_cli", *args],
                capture_output=True,
                env=environment,
                cwd=cwd,
                timeout=30,
            )

        command.environment = environment
        return command

    return installed


def _link(name, folder):
    """Put the package *name* and what is known of its distribution into *folder*."""
    package = Path(importlib.util.find_spec(name).submodule_search_locations[0])
    (folder / name).symlink_to(package)
    known = Path(site.getsitepackages()[0]).glob(f"{name}-*.dist-info")
    for entry in known:
        if not (folder / entry.name).exists():
            (folder / entry.name).symlink_to(entry)


@pytest.fixture
def acme(monkeypatch):
    """Register the provider in the folder acme for one test, with a key, and return its module."""
    found = importlib.util.spec_from_file_location("impasto_acme", _ACME / "__init__.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    monkeypatch.setenv("ACME_API_KEY", "acme-0123456789abcdef")
    impasto.register("acme", module, models=_ACME / "models.json", replace=True)
    yield module
    del impasto.registry._plugins["acme"]
    impasto.registry._bare = None


@pytest.fixture
def acme_path(tmp_path, monkeypatch):
    """Install the provider in the folder acme for processes, and return what PYTHONPATH is then."""
    folder = tmp_path / "site"
    metadata = folder / "impasto_acme-0.3.dist-info"
    metadata.mkdir(parents=True)
    (folder / "impasto_acme").symlink_to(_ACME)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: impasto-acme\nVersion: 0.3\n")
    (metadata / "entry_points.txt").write_text("[impasto.providers]\nacme = impasto_acme\n")
    monkeypatch.setenv("ACME_API_KEY", "acme-0123456789abcdef")
    return os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))


@pytest.fixture
def picture():
    """Write a small picture, and return its path."""
    Path("in.png").write_bytes(PNG)
    return "in.png"


@pytest.fixture
def files():
    """Return the file and the size of each picture that standard output names."""

    def files(stdout):
        text = stdout if isinstance(stdout, str) else stdout.decode()
        return [line.partition("  ")[0] for line in text.splitlines()]

    return files


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
