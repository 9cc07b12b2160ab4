"""From what is installed to the plugin that a model string means."""

import json
import subprocess
import sys
import textwrap
import types

import importlib_metadata
import pytest

from impasto import CONTRACT
from impasto._registry import GROUP, Registry
from impasto.errors import BadRequestError, PluginError, UnknownProviderError

GOOD = """
from impasto import hookimpl
from impasto.types import Image, ImageResponse, Provider

CONTRACT = (1, 0)

@hookimpl
def describe():
    return Provider(name="{name}", auth=None)

@hookimpl
def translate_params(call):
    return call.translate("prompt")

@hookimpl
def render():
    return ImageResponse(data=[Image(content=b"GIF89a")])
"""


class Site:
    """A folder of installed distributions."""

    def __init__(self, folder):
        self.folder = folder

    def install(
        self, name, *, entry=None, module=None, code=None, models=None, version="1.2", requires=()
    ):
        """Install the distribution impasto-*name*, whose entry points are *entry*."""
        module = module or f"site_{name}"
        package = self.folder / module
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text(GOOD.format(name=name) if code is None else code)
        if models is not None:
            (package / "models.json").write_text(json.dumps({"models": models}))
        info = self.folder / f"impasto_{name}-{version}.dist-info"
        info.mkdir()
        needs = "".join(f"Requires-Dist: {one}\n" for one in requires)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: impasto-{name}\nVersion: {version}\n{needs}"
        )
        lines = "".join(f"{one} = {module}\n" for one in entry or [name])
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{lines}")
        return module

    def registry(self, allowed=None):
        found = importlib_metadata.distributions(path=[str(self.folder)])
        points = [point for dist in found for point in dist.entry_points if point.group == GROUP]
        return Registry(points, allowed)


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield Site(tmp_path)
    for name in set(sys.modules) - before:
        if name.startswith("site_"):
            del sys.modules[name]


def module(name="acme", code=None):
    """Return a plugin as a module that is not installed."""
    made = types.ModuleType(f"made_{name}")
    exec(code or GOOD.format(name=name), made.__dict__)
    return made


class TestRouting:
    @pytest.mark.parametrize(
        ("model", "provider", "expected"),
        [
            ("acme/oil-2", None, "oil-2"),
            ("ACME/oil-2", None, "oil-2"),
            ("acme/owner/name:1", None, "owner/name:1"),
            ("oil-2", "acme", "oil-2"),
            ("owner/name", "acme", "owner/name"),
            ("acme/oil-2", "acme", "oil-2"),
            ("acme/oil-2", "ACME", "oil-2"),
            ("paint/oil-2", "acme", "oil-2"),
        ],
    )
    def test_a_model_string_names_provider_and_model(self, site, model, provider, expected):
        """The first word is the provider in any case; custom_llm_provider wins over it."""
        site.install("acme", entry=["acme", "paint"])
        registry = site.registry()
        registry.plugin("paint")

        plugin, name = registry.route(model, provider)

        assert ("site_acme", expected) == (plugin.key, name)

    def test_nothing_is_imported_before_it_is_used(self, site):
        """Neither listing nor routing nor looking up a bare name imports a plugin."""
        site.install("acme", models=[{"name": "oil-2", "bare": True}])
        registry = site.registry()
        registry.providers()
        registry.route("acme/oil-1")
        registry.route("oil-2")

        assert "site_acme" not in sys.modules

    def test_an_unknown_provider_is_told_what_there_is(self, site):
        """The error lists what is installed and what to install."""
        site.install("acme")

        with pytest.raises(
            UnknownProviderError, match=r"installed: acme.*pip install impasto-vertex"
        ):
            site.registry().route("vertex_ai/gemini-3-pro-image")

    def test_an_unknown_bare_name_is_told_how_to_write_it(self, site):
        """A model without a provider in front answers only where a catalogue claims it."""
        site.install("acme", models=[{"name": "oil-2"}])

        with pytest.raises(UnknownProviderError, match="provider/oil-2"):
            site.registry().route("oil-2")

    def test_a_provider_without_a_model_is_refused(self, site):
        """ "acme/" names nothing to ask for."""
        site.install("acme")

        with pytest.raises(BadRequestError, match="no model"):
            site.registry().route("acme/")

    def test_a_bare_name_and_its_aliases_find_their_catalogue(self, site):
        """Only rows marked bare answer without a provider in front, slashes or not."""
        rows = [{"name": "oil/2", "aliases": ["oil-two"], "bare": True}, {"name": "ink"}]
        site.install("acme", models=rows)
        registry = site.registry()

        assert ["oil/2", "oil-two"] == [registry.route(name)[1] for name in ("oil/2", "oil-two")]
        with pytest.raises(UnknownProviderError):
            registry.route("ink")

    def test_a_bare_name_that_two_catalogues_claim_is_an_error(self, site):
        """Nobody is asked by chance: the error names both ways to write it."""
        site.install("acme", models=[{"name": "oil", "bare": True}])
        site.install("zinc", models=[{"name": "oil", "bare": True}])

        with pytest.raises(PluginError, match="acme/oil or zinc/oil"):
            site.registry().route("oil")

    def test_an_alias_is_the_same_plugin(self, site):
        """A second entry point to one module shares its relay and claims no name twice."""
        site.install("acme", entry=["acme", "acme_ai"], models=[{"name": "oil", "bare": True}])
        registry = site.registry()

        assert registry.plugin("acme") is registry.plugin("acme_ai")
        assert registry.route("oil")[0] is registry.plugin("acme")


class TestBrokenPlugins:
    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere"),
            ("def oops(:", "SyntaxError"),
            ("raise SystemError('no luck')", "SystemError: no luck"),
            ("", r"no line CONTRACT = \(1, 0\)"),
            ("CONTRACT = (1, 0)", "has no describe, translate_params, build_request"),
            (GOOD + "\n@hookimpl\ndef pares_response(call): ...", "pares_response"),
            (GOOD + "\n@hookimpl\ndef build_cancel(call, job): ...", "job"),
            (GOOD + "\n@hookimpl\ndef learn(call=None): ...", r"learn\(\) gives call a default"),
            (GOOD.replace("Provider(name", "dict(name"), r"describe\(\) returned"),
        ],
        ids=lambda value: value.strip().splitlines()[-1][:30] if value.strip() else "empty",
    )
    def test_it_breaks_only_itself_and_says_why(self, site, code, expected):
        """The error names distribution, version and cause; the neighbour works on."""
        site.install("acme", code=code.replace("{name}", "acme"))
        site.install("good")
        registry = site.registry()

        with pytest.raises(PluginError, match=expected) as caught:
            registry.plugin("acme").loaded()
        with pytest.raises(PluginError, match=expected):
            registry.plugin("acme").loaded()

        assert ("impasto-acme", "1.2") == (caught.value.distribution, caught.value.version)
        assert "impasto-acme 1.2" in caught.value.message
        assert "good" == registry.plugin("good").loaded().provider.name

    @pytest.mark.parametrize(
        ("contract", "expected"),
        [
            ((CONTRACT[0], CONTRACT[1] + 1), "pip install --upgrade impasto$"),
            ((CONTRACT[0] + 1, 0), "pip install --upgrade impasto$"),
            ((CONTRACT[0] - 1, 9), "pip install --upgrade impasto-acme$"),
        ],
    )
    def test_another_contract_is_told_with_both_versions(self, site, contract, expected):
        """The message says what the plugin is for, what is here, and whom to upgrade."""
        code = GOOD.format(name="acme").replace("CONTRACT = (1, 0)", f"CONTRACT = {contract}")
        site.install("acme", code=code)

        with pytest.raises(PluginError, match=expected) as caught:
            site.registry().plugin("acme").loaded()

        assert f"version {contract[0]}.{contract[1]}" in caught.value.message
        assert f"has {CONTRACT[0]}.{CONTRACT[1]}" in caught.value.message

    def test_a_failed_import_quotes_what_the_plugin_requires(self, site):
        """A plugin for a later impasto fails on a missing name; its metadata says why."""
        site.install(
            "acme", code="from impasto import not_there_yet", requires=["impasto>=9", "attrs"]
        )

        with pytest.raises(PluginError, match="requires impasto>=9, installed is"):
            site.registry().plugin("acme").loaded()

    def test_two_distributions_that_claim_one_name_clash_when_it_is_used(self, site):
        """Neither wins: the error names both and what to uninstall."""
        site.install("acme")
        site.install("other", entry=["acme"])
        registry = site.registry()

        with pytest.raises(
            PluginError, match=r"impasto-acme and impasto-other|other and impasto-a"
        ):
            registry.plugin("acme")
        assert ["clash"] == [info.state for info in registry.providers()]

    def test_an_unsound_catalogue_says_where(self, site):
        """An unknown key in models.json is an error with its path."""
        site.install("acme", models=[{"name": "oil", "prise": 3}])

        with pytest.raises(PluginError, match=r"models.json is unsound.*prise"):
            site.registry().plugin("acme").loaded()

    def test_a_catalogue_is_read_without_its_plugin(self, site):
        """What a model takes can be looked up where the plugin's own code cannot be imported."""
        site.install("acme", code="raise RuntimeError('cracked')", models=[{"name": "oil"}])
        plugin = site.registry().plugin("acme")

        assert ["oil"] == [model.name for model in plugin.catalogue().models]
        assert site.folder / "site_acme" / "models.json" == plugin.models_file()
        assert "site_acme" not in sys.modules

    def test_a_catalogue_that_is_no_json_breaks_only_its_own_plugin(self, site):
        """Bare names of the others are found all the same."""
        site.install("acme", models=[])
        (site.folder / "site_acme" / "models.json").write_text("{")
        site.install("good", models=[{"name": "oil", "bare": True}])

        assert "site_good" == site.registry().route("oil")[0].key


class TestListing:
    def test_every_state_is_listed(self, site):
        """The list is complete, whatever is wrong, and imports nothing."""
        site.install("acme", code="raise ValueError('broken')")
        site.install("good")
        site.install("new")
        site.install("private")
        registry = site.registry(allowed=frozenset({"acme", "good", "new"}))
        registry.plugin("good").loaded()
        with pytest.raises(PluginError):
            registry.plugin("acme").loaded()

        listed = {info.name: info for info in registry.providers()}

        assert {
            "acme": "broken",
            "good": "ready",
            "new": "installed",
            "private": "not allowed",
        } == {name: info.state for name, info in listed.items()}
        assert "ValueError: broken" in (listed["acme"].cause or "")
        assert ("impasto-new", "1.2") == (listed["new"].distribution, listed["new"].version)

    def test_only_allowed_plugins_answer(self, site):
        """IMPASTO_PLUGINS leaves out the others, and the error says that it does."""
        site.install("acme")
        site.install("good")
        registry = site.registry(allowed=frozenset({"good"}))

        with pytest.raises(UnknownProviderError, match="IMPASTO_PLUGINS allows only good"):
            registry.route("acme/oil")
        assert ["good"] == registry.names()

    @pytest.mark.parametrize(
        ("variable", "expected"),
        [("sketch", ["sketch"]), (" openai , SKETCH,", ["openai", "sketch"]), ("", [])],
    )
    def test_the_variable_is_read_at_import(self, variable, expected):
        """IMPASTO_PLUGINS is a list of names, in any case, blanks allowed."""
        program = "import impasto; print(impasto.registry.names())"
        environment = {"IMPASTO_PLUGINS": variable, "PATH": ""}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True
        )

        assert f"{expected}\n" == done.stdout


class TestRegister:
    def test_a_module_becomes_a_provider(self):
        """Private code needs no packaging."""
        registry = Registry()
        registry.register("acme", module())

        assert "oil" == registry.route("acme/oil")[1]
        assert ("acme", None, "ready") == (
            registry.providers()[0].name,
            registry.providers()[0].distribution,
            registry.providers()[0].state,
        )

    def test_a_taken_name_is_kept_unless_asked(self, site):
        """Nobody replaces an installed provider by accident."""
        site.install("acme")
        registry = site.registry()

        with pytest.raises(PluginError, match="replace=True"):
            registry.register("acme", module())
        registry.register("acme", module(), replace=True)

        assert "acme" == registry.route("acme/oil")[0].key

    def test_a_module_that_is_no_plugin_is_refused_at_once(self):
        """The error comes where the mistake is, not at the first call."""
        with pytest.raises(PluginError, match="plugin acme: has no line CONTRACT"):
            Registry().register("acme", types.ModuleType("empty"))

    def test_its_catalogue_may_lie_anywhere(self, tmp_path):
        """A models.json given with the module counts, bare names included."""
        models = tmp_path / "models.json"
        models.write_text(json.dumps({"models": [{"name": "oil", "bare": True}]}))
        registry = Registry()
        registry.register("acme", module(), models=models)

        assert "acme" == registry.route("oil")[0].key

    def test_a_name_with_a_slash_is_refused(self):
        """It could never be written in front of a model."""
        with pytest.raises(BadRequestError, match="'/'"):
            Registry().register("acme/one", module())


def test_importing_impasto_survives_a_broken_plugin(site):
    """A stranger's broken distribution never stops a program that does not use it."""
    site.install("acme", code="raise SystemExit('boom')", entry=["acme", "bad name!", ""])
    program = textwrap.dedent(
        """
        import impasto
        print([info.state for info in impasto.providers() if info.name == "acme"])
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(site.folder)},
        capture_output=True,
        text=True,
    )

    assert "['installed']\n" == done.stdout
