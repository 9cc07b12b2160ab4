"""The documentation: it builds without a warning, leaves nothing out, and what it says runs."""

import ast
import asyncio
import base64
import html
import inspect
import os
import re
import shlex
import subprocess
import sys
import zlib
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner
from importlib_metadata import distribution

import impasto
from impasto import hookspecs, types
from impasto._api import dispatch
from impasto._call import COMMON
from impasto._happening import EventType
from impasto._steering import STEERING
from impasto.testing import PNG, FakeServer, event_stream
from impasto_cli import main

DOCS = Path(__file__).parent.parent / "docs"
PAGES = DOCS / "pages"
README = DOCS.parent / "README.md"
# A plugin of somebody else, with all the marks that Markdown would take for its own.
FLAT = """
from impasto import hookimpl
from impasto.types import Image, ImageResponse, Provider, Setting
from impasto.testing import PNG

CONTRACT = (1, 0)

@hookimpl
def describe():
    shade = Setting(env=("FLAT_SHADE",), note="a|b, <i>, *stars*, {braces} or `ticks`")
    return Provider(name="flat", title="Flat & <Sons>", auth=None, settings={"shade": shade})

@hookimpl
def translate_params(call):
    return call.translate("prompt", "n")

@hookimpl
def render(call, params):
    return ImageResponse(data=[Image(content=PNG)])
"""
CATALOGUE = """{"models": [{"name": "flat/blue_1|2", "note": "[one] of *two* | $3", "parameters": {
"prompt": {"required": true, "source": "https://flat.example/docs#a_b, read on a Sunday"}}}]}"""
METADATA = """Metadata-Version: 2.1
Name: impasto-flat
Version: 3.1.4

# impasto-flat

Paints one colour.
"""
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def install(folder):
    """Put the plugin where Python finds it, as an installer would."""
    package, info = folder / "impasto_flat", folder / "impasto_flat-3.1.4.dist-info"
    for path in (package, info):
        path.mkdir(parents=True)
    (package / "__init__.py").write_text(FLAT)
    (package / "models.json").write_text(CATALOGUE)
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text("[impasto.providers]\nflat = impasto_flat\n")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build the site, with somebody else's plugin beside our own; what it says, and where it is."""
    pytest.importorskip("sphinx")
    folder = tmp_path_factory.mktemp("docs")
    install(folder / "others")
    done = subprocess.run(
        [sys.executable, str(DOCS / "build.py"), str(folder / "site")],
        env={**os.environ, "PYTHONPATH": str(folder / "others")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done, folder / "site" / "html"


def names_in(inventory):
    """Return the names that other projects could link to, as Sphinx lists them."""
    _, _, _, _, rest = inventory.read_bytes().split(b"\n", 4)
    return {line.split(" ")[0] for line in zlib.decompress(rest).decode().splitlines()}


class TestSite:
    """What is built."""

    def test_builds_without_a_warning(self, built):
        """
        Every link leads somewhere, every name in it exists, and every docstring can be read.
        """
        done, site = built

        assert (f"{site / 'index.html'}\n", "", 0) == (done.stdout, done.stderr, done.returncode)

    def test_every_provider_has_its_pages(self, built):
        """
        What is installed is described, by what it says of itself and in its own words.
        """
        _, site = built
        names = {info.name for info in impasto.providers()}
        pages = {impasto.registry.plugin(name).loaded().provider.name for name in names}
        missing = [
            f"{name}{kind}"
            for name in pages
            for kind in ("", "-readme")
            if not (site / "providers" / f"{name}{kind}.html").is_file()
        ]

        assert 7 <= len(pages)
        assert [] == missing

    def test_somebody_elses_plugin_is_there_by_itself(self, built):
        """
        It needs to be installed only; its words are shown as they are, whatever marks they hold.
        """
        _, site = built
        shown = html_text((site / "providers" / "flat.html").read_text())
        readme = (site / "providers" / "flat-readme.html").read_text()

        assert "Flat & <Sons>" in shown
        assert "a|b, <i>, *stars*, {braces} or `ticks`" in shown
        assert "[one] of *two* | $3" in shown
        assert "https://flat.example/docs#a_b, read on a Sunday" in shown
        assert "flat/blue_1|2" in html_text((site / "providers" / "models.html").read_text())
        assert "Paints one colour." in readme

    def test_every_public_name_is_in_the_reference(self, built):
        """
        The lazily exported ones as well; types have one place, here or with the functions.
        """
        _, site = built
        known = names_in(site / "objects.inv")
        places = {f"impasto.{name}" for name in impasto.__all__}
        missing = {name for name in places if name not in known}
        missing |= {
            name
            for name in types.__all__
            if not {f"impasto.{name}", f"impasto.types.{name}"} & known
        }
        missing |= {name for name in hooks() if f"impasto.hookspecs.{name}" not in known}

        assert set() == missing

    def test_it_loads_nothing_from_elsewhere(self, built):
        """
        No font, script or picture comes from another host: it can be read without a network.
        """
        _, site = built
        loading = re.compile(r"<(?:script|link|img)\b[^>]*(?:src|href)=\"(?:https?:)?//[^\"]*")
        found = {one for page in site.rglob("*.html") for one in loading.findall(page.read_text())}

        assert set() == found


def html_text(page):
    """Return what a reader sees of *page*."""
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def hooks():
    return [name for name, value in vars(hookspecs).items() if hasattr(value, "impasto_spec")]


class TestPages:
    """What is written by hand is complete."""

    def test_every_error_is_in_its_place_once(self):
        """
        The page sorts all classes by what to do about them.
        """
        page = (PAGES / "errors.md").read_text()
        listed = [
            name
            for names in re.findall(r"<!-- generated: errors (.*?) -->", page)
            for name in names.split()
        ]
        kinds = (impasto.ImpastoError, impasto.ImpastoWarning)
        every = [
            name
            for name, value in vars(impasto.errors).items()
            if inspect.isclass(value) and issubclass(value, kinds)
        ]

        assert sorted(every) == sorted(listed)

    def test_every_argument_is_on_the_page_on_calls(self):
        """
        Those of the signatures, the common vocabulary, and the words that steer.
        """
        page = (PAGES / "calls.md").read_text()
        functions = (impasto.image_generation, impasto.image_edit, impasto.image_variation)
        arguments = {name for one in functions for name in inspect.signature(one).parameters}
        words = {*arguments, *COMMON, *STEERING} - {"kwargs", "model"}
        missing = {word for word in words if f"`{word}`" not in page}

        assert 30 < len(words)
        assert set() == missing


class TestQuickstart:
    """It does what it says."""

    def test_its_code_runs(self, tmp_path, monkeypatch, capsys):
        """
        All of it in order, as somebody who copies it block by block.
        """
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789abcdef")
        with FakeServer() as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
            run([code for language, code in blocks() if language == "python"])

        assert {"lighthouse.png", "lighthouse-2.png", "fox-2.png", "moon.png"} <= {
            path.name for path in tmp_path.iterdir()
        }
        told = capsys.readouterr().out
        assert 5 == len(server.received)  # the size that no model makes was not sent
        assert "\ndropped\n" in told
        assert "\nchange size --" in told

    def test_its_commands_run(self, tmp_path, monkeypatch):
        """
        Those of impasto; what is to be installed is what there is.
        """
        monkeypatch.chdir(tmp_path)
        lines = [line for _, code in blocks("sh") for line in code.splitlines()]
        asked = [shlex.split(line)[1:] for line in lines if line.startswith("impasto ")]
        codes = [CliRunner().invoke(main, arguments).exit_code for arguments in asked]
        wanted = {
            name for line in lines if line.startswith("pip install") for name in line.split()[2:]
        }

        assert [0] * 2 == codes
        assert wanted == {name for name in wanted if distribution(name).version}


class TestReadme:
    """The page that everybody reads first does what it says."""

    def test_its_code_runs(self, tmp_path, monkeypatch, capsys):
        """
        All of it in order, with a gateway that streams nothing, and one budget for its block.
        """
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789abcdef")
        monkeypatch.setenv("IMPASTO_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.setattr(dispatch(), "extras", {})
        for name in ("room.png", "walls.png"):
            Path(name).write_bytes(PNG)
        codes = [
            code for language, code in BLOCK.findall(README.read_text()) if language == "python"
        ]
        with FakeServer() as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
            try:
                run(codes)
            finally:
                impasto.configure()

        assert {"lighthouse.png", "fox.png", "kept.png", "jobs.db", "pictures"} <= {
            path.name for path in tmp_path.iterdir()
        }
        told = capsys.readouterr().out
        assert "done" in told

    def test_its_links_lead_somewhere(self):
        """
        Each is a file of the repository.
        """
        links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README.read_text())

        assert 15 < len(links)
        assert [] == [link for link in links if not (README.parent / link).exists()]


class TestStreaming:
    """The page on streams does what it says."""

    def test_its_code_runs(self, tmp_path, monkeypatch, capsys):
        """
        Partial pictures are saved, the picture too, and a stream that is cut keeps what was seen.
        """
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789abcdef")
        encoded = base64.b64encode(PNG).decode()
        partial = {"type": "image_generation.partial_image", "b64_json": encoded}
        completed = {"type": "image_generation.completed", "b64_json": encoded}
        whole, cut = event_stream(partial, partial, completed), event_stream(partial)
        codes = [code for _, code in blocks("python", page="streaming.md")]
        with FakeServer().will(whole, whole, cut) as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
            run(codes)

        assert {"sketch-0.png", "sketch-1.png", "lighthouse.png"} == {
            path.name for path in tmp_path.iterdir()
        }
        told = capsys.readouterr().out.splitlines()
        assert "done 0 None" in told
        assert "True [<Image image/png, 8x8>]" == told[-1]

    def test_every_event_is_described(self):
        """
        Each type has its line in the table.
        """
        text = (PAGES / "streaming.md").read_text()

        assert set(get_args(EventType)) == {
            *re.findall(r"^\| `(\w+)` \| (?!.*`error)", text, re.MULTILINE)
        }


def blocks(*languages, page="quickstart.md"):
    """Return language and code of each block of *page*, of *languages* or of all."""
    found = BLOCK.findall((PAGES / page).read_text())
    return [(language, code) for language, code in found if not languages or language in languages]


def run(codes):
    """Run *codes* in order; what is awaited outside of a function is awaited, as in a notebook."""
    names = {"__name__": "__main__"}
    for code in codes:
        compiled = compile(code, "page.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        awaited = eval(compiled, names)
        if awaited is not None:
            asyncio.run(awaited)
