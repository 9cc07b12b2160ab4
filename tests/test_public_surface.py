"""What people may rely on: names, signatures, docstrings, weight."""

import importlib
import inspect
import json
import re
import subprocess
import sys
import tomllib
import types
from pathlib import Path

import pytest

import impasto
import impasto.rules
import impasto.testing
import impasto.types

ROOT = Path(__file__).parents[1]
CORE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

GENERATION = (
    "prompt, model=None, n=None, quality=None, response_format=None, size=None, style=None, "
    "user=None, timeout=600, api_key=None, api_base=None, api_version=None, "
    "custom_llm_provider=None, **kwargs"
)
EDIT = (
    "image=None, prompt=None, model=None, mask=None, n=None, quality=None, response_format=None, "
    "size=None, user=None, extra_headers=None, extra_query=None, extra_body=None, timeout=None, "
    "custom_llm_provider=None, **kwargs"
)
BATCH = (
    "prompts, *, out=None, concurrency=8, ledger=None, journal=None, manifest=None, limiter=None, "
    "again=None, on_progress=None, save_metadata=False, **common"
)


def plain(signature):
    """Return *signature* as one writes it without types."""
    parameters = [one.replace(annotation=inspect.Parameter.empty) for one in signature]
    return str(inspect.Signature(parameters))[1:-1]


def importing(code, **environment):
    """Return what *code* prints as JSON in a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PATH": "/usr/bin:/bin", **environment},
    )
    assert "" == done.stderr
    return json.loads(done.stdout)


def rank(name):
    """Return where *name* stands in a list of names: constants, classes, then the others."""
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, name


class TestNames:
    """What is public is listed, and what is listed is there."""

    @pytest.mark.parametrize("name", ["impasto", "impasto.types", "impasto.testing"])
    def test_every_listed_name_is_there(self, name):
        """
        `__all__` is in order, has nothing twice, and each name can be imported.
        """
        module = importlib.import_module(name)

        assert sorted(set(module.__all__), key=rank) == module.__all__
        assert [] == [one for one in module.__all__ if not hasattr(module, one)]

    def test_every_public_name_is_listed(self):
        """
        Whatever the package shows without an underscore is meant to be used.
        """
        tools = {"Any", "TYPE_CHECKING", "annotations"}
        shown = {
            name
            for name, value in vars(impasto).items()
            if not name.startswith("_") and not isinstance(value, types.ModuleType)
        }

        assert shown - tools <= set(impasto.__all__)
        assert set(impasto.__all__) <= set(dir(impasto))

    def test_the_public_modules(self):
        """
        Everything else begins with an underscore, and may change without notice.
        """
        folder = Path(impasto.__file__).parent
        found = {one.stem for one in folder.iterdir() if one.is_dir() or one.suffix == ".py"}

        public = {name for name in found if not name.startswith("_")}
        wires = {"gpt_image", "openai_wire"}

        assert {"errors", "hookspecs", "rules", "testing", "types"} | wires == public

    def test_a_name_that_is_not_there(self):
        """
        A typing error is an `AttributeError` or an `ImportError`, as with any module.
        """
        with pytest.raises(AttributeError, match="imagine"):
            impasto.imagine  # noqa: B018
        with pytest.raises(ImportError, match="imagine"):
            from impasto import imagine  # noqa: F401

    def test_every_error_is_listed(self):
        """
        Names that programs catch are names of the package.
        """
        kinds = {name for name, value in vars(impasto.errors).items() if inspect.isclass(value)} - {
            "Any",
            "Mapping",
            "Sequence",
        }

        assert kinds <= set(impasto.__all__)

    def test_a_star_import(self):
        """
        A star imports what is listed, drop_params included.
        """
        names = importing("import json; from impasto import *; print(json.dumps(dir()))")

        assert set(impasto.__all__) <= {*names}


def documented():
    """Return all public functions and classes, with their public methods, by name."""
    found = {}
    for module in (impasto, impasto.types, impasto.rules, impasto.errors, impasto.testing):
        for name in getattr(module, "__all__", None) or vars(module):
            value = getattr(module, name)
            ours = getattr(value, "__module__", "").startswith("impasto")
            if name.startswith("_") or not ours or isinstance(value, types.ModuleType):
                continue
            if inspect.isclass(value) or inspect.isfunction(value):
                found[f"{module.__name__}.{name}"] = value
            if inspect.isclass(value):
                found |= {
                    f"{module.__name__}.{name}.{key}": one
                    for key, one in vars(value).items()
                    if not key.startswith("_") and (inspect.isfunction(one) or is_property(one))
                }
    return found


def is_property(value):
    return isinstance(value, property) or type(value).__name__ == "cached_property"


class TestDocumentation:
    """Every public thing says what it is for."""

    def test_docstrings(self):
        """
        Each function, class, method and property has one, its first line a sentence.
        """
        from impasto._wires import Wires  # what Script plays is documented there

        silent = [
            name
            for name, value in documented().items()
            if not (inspect.getdoc(value) or "").strip()
            and name.rpartition(".")[2] not in vars(Wires)
        ]

        assert 90 < len(documented())
        assert [] == silent

    @pytest.mark.parametrize("name", ["image_generation", "image_edit", "batch"])
    def test_every_argument_is_described(self, name):
        """
        The docstring of a function that people call names each of its arguments.
        """
        function = getattr(impasto, name)
        silent = [
            argument
            for argument in inspect.signature(function).parameters
            if not re.search(rf"\b{argument}\b", function.__doc__)
        ]

        assert [] == silent


class TestSignatures:
    """Signatures are a promise; those of the functions for pictures are LiteLLM's."""

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("image_generation", GENERATION),
            ("aimage_generation", GENERATION),
            ("image_edit", EDIT),
            ("aimage_edit", EDIT),
            ("batch", BATCH),
            ("abatch", BATCH),
            ("providers", ""),
            ("register", "name, module, *, models=None, replace=False"),
            ("use", "name"),
        ],
    )
    def test_functions(self, name, expected):
        """
        The same names in the same order with the same defaults.
        """
        signature = inspect.signature(getattr(impasto, name))

        assert expected == plain(signature.parameters.values())

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("Image.read", "self, *, timeout=120"),
            ("Image.aread", "self, *, timeout=120"),
            ("Image.save", "self, path, *, overwrite=False, metadata=False"),
            ("Image.to_pil", "self"),
            ("ImageResponse.model_dump", "self, *, exclude_none=False"),
            ("ImageResponse.json", "self"),
            ("types.Call.translate", "self, *same, **rules"),
        ],
    )
    def test_methods(self, name, expected):
        """
        What is called on answers, and by plugins on calls.
        """
        value = impasto
        for part in name.split("."):
            value = getattr(value, part)

        assert expected == plain(inspect.signature(value).parameters.values())

    def test_the_enum_of_qualities(self):
        """
        Its members are texts, as in LiteLLM.
        """
        members = {one.name: str(one) for one in impasto.ImageGenerationRequestQuality}

        assert {
            "LOW": "low",
            "MEDIUM": "medium",
            "HIGH": "high",
            "AUTO": "auto",
            "STANDARD": "standard",
            "HD": "hd",
        } == members


LOOK = """
import json, sys, threading
seen = []
sys.addaudithook(lambda event, _: seen.append(event) if event.startswith("socket.") else None)
import impasto
impasto.providers()
print(json.dumps([
    sorted(sys.modules), [thread.name for thread in threading.enumerate()], seen
]))
"""


class TestWeight:
    """Rule 6: importing it costs next to nothing."""

    def test_is_light(self):
        """
        No thread, no socket, no plugin, none of the heavy modules, not even to list providers.
        """
        modules, threads, events = importing(LOOK)
        heavy = "aiohttp asyncio cattrs PIL pytest impasto_openai impasto_sketch impasto_cli"

        assert set() == {*modules} & {*heavy.split()}
        assert (["MainThread"], []) == (threads, events)

    def test_dependencies(self):
        """
        Five, and none of them for one provider alone.
        """
        names = {re.match(r"[\w-]+", one)[0] for one in CORE["dependencies"]}

        assert {"aiohttp", "attrs", "cattrs", "importlib-metadata", "pluggy"} == names

    def test_version(self):
        """
        The module, the project file and the installed distribution agree.
        """
        from importlib.metadata import version

        assert CORE["version"] == impasto.__version__ == version("impasto")

    def test_is_typed(self):
        """
        Type checkers read the annotations of an installed package only beside this file.
        """
        assert Path(impasto.__file__).with_name("py.typed").is_file()


def test_a_first_plugin_needs_no_pytest():
    """
    Pictures, servers and scripts of `impasto.testing` are for everybody; what is made of tests says
    what it lacks.
    """
    code = """
import json, sys
sys.modules["pytest"] = None  # as where it is not installed
from impasto.testing import PNG, FakeServer, Script, png
try:
    from impasto.testing import ProviderContract
except ImportError as error:
    print(json.dumps(str(error)))
"""

    assert 'ProviderContract needs pytest: pip install "impasto[testing]"' == importing(code)


def test_typing(pytestconfig):
    """
    Uses of the public API pass mypy's strictest mode, and mistakes do not.
    """
    pytest.importorskip("mypy")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--warn-unreachable", "--no-error-summary"),
            *("--cache-dir", str(pytestconfig.cache.mkdir("mypy")), "--config-file", ""),
            str(ROOT / "tests" / "typing_api.py"),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=ROOT,
    )

    assert ("", "", 0) == (done.stdout, done.stderr, done.returncode)


def test_a_second_checker_finds_the_same_mistakes(tmp_path):
    """
    Without the marks, pyrefly complains of the marked lines, and of no others.
    """
    pytest.importorskip("pyrefly")
    text = (ROOT / "tests" / "typing_api.py").read_text()
    unmarked = tmp_path / "typing_api.py"
    unmarked.write_text(re.sub("  # type: ignore.*", "", text))
    marked = {at for at, line in enumerate(text.splitlines(), 1) if "  # type: ignore" in line}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pyrefly", "check", "--output-format", "json"),
            *("--search-path", str(ROOT / "core"), "--preset", "strict", str(unmarked)),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )

    assert marked == {error["line"] for error in json.loads(done.stdout)["errors"]}
