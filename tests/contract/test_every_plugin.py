"""Every folder in plugins/ is a whole distribution, and works installed alone with the core."""

import ast
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from functools import cache
from pathlib import Path
from typing import get_args

import importlib_metadata
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from impasto._api import ProviderName
from impasto._catalogues import read_catalogue

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
GROUP = "impasto.providers"
LARGER = {"impasto-sketch": 100_000}  # bytes: it draws by itself


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def folder(request):
    """Return one plugin's folder after the other."""
    return request.param


@cache
def project(folder):
    return tomllib.loads((folder / "pyproject.toml").read_text())["project"]


def module(folder):
    """Return the folder's one package: impasto-acme has impasto_acme."""
    return folder / folder.name.replace("-", "_")


class TestFolder:
    """What belongs to a distribution."""

    @pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md"])
    def test_it_says_what_it_is_and_what_changed(self, folder, name):
        """
        Both files bear a heading; the first one says whose plugin it is.
        """
        heading = (folder / name).read_text().partition("\n")[0]

        assert {"README.md": f"# {folder.name}", "CHANGELOG.md": "# Changelog"}[name] == heading

    def test_it_is_typed(self, folder):
        """
        Type checkers read it where it is installed.
        """
        assert (module(folder) / "py.typed").is_file()

    def test_it_is_named_like_its_folder(self, folder):
        """
        Distribution, folder and module have one name, and the core's version is bounded.
        """
        own = [Requirement(text) for text in project(folder)["dependencies"]]
        core = [requirement for requirement in own if requirement.name == "impasto"]

        assert folder.name == project(folder)["name"]
        assert module(folder).is_dir()
        assert 1 == len(core)
        assert {">=", "<"} == {bound.operator for bound in core[0].specifier}

    def test_it_has_entry_points(self, folder):
        """
        Each leads to the module itself; a second one is an alias.
        """
        claimed = project(folder)["entry-points"][GROUP]

        assert {module(folder).name} == set(claimed.values())
        assert all(name == name.lower() for name in claimed)

    def test_it_keeps_the_contract_in_its_tests(self, folder):
        """
        Among its tests is a class that inherits the contract.
        """
        bases = {
            ast.unparse(base)
            for path in folder.glob("tests/**/test_*.py")
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ClassDef)
            for base in node.bases
        }

        assert "ProviderContract" in bases

    def test_it_is_small(self, folder, tmp_path):
        """
        What is installed takes less than 60 kB as a wheel, which is a ZIP file.
        """
        wheel = tmp_path / "it.whl"
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in [*module(folder).rglob("*"), folder / "README.md"]:
                if path.is_file() and path.suffix != ".pyc":
                    archive.write(path, path.relative_to(folder))

        assert wheel.stat().st_size < LARGER.get(folder.name, 60_000)

    def test_its_catalogue_loads(self, folder):
        """
        There is one, and it lists something.
        """
        assert read_catalogue(module(folder) / "models.json").models


@cache
def requirements(names):
    """Return the installed distributions that *names* need, themselves included."""
    found, missing = {}, list(names)
    while missing:
        name = canonicalize_name(missing.pop())
        if name not in found:
            found[name] = importlib_metadata.distribution(name)
            wanted = map(Requirement, found[name].requires or ())
            missing += [one.name for one in wanted if one.marker is None or one.marker.evaluate()]
    return tuple(found.values())


def install_alone(site, folder):
    """Fill *site* with links to the core, to the plugin in *folder* and to what they require."""
    needed = [Requirement(text).name for text in project(folder)["dependencies"]]
    for distribution in requirements(tuple(needed)):
        for top in {Path(file).parts[0] for file in distribution.files} - {"..", "__pycache__"}:
            if not top.endswith(".pth"):  # those of editable installs lead to every plugin
                (site / top).symlink_to(Path(distribution.locate_file(top)).resolve())
    (site / "impasto").unlink(missing_ok=True)
    (site / "impasto").symlink_to(ROOT / "core" / "impasto")
    (site / module(folder).name).symlink_to(module(folder))
    info = site / f"{module(folder).name}-{project(folder)['version']}.dist-info"
    info.mkdir()
    name, version = folder.name, project(folder)["version"]
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    claims = [f"{name} = {value}" for name, value in project(folder)["entry-points"][GROUP].items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *claims, ""]))


PROGRAM = """
import importlib, json, sys
import impasto
before = [one.state for one in impasto.providers()]
loaded = [impasto.registry.plugin(one.name).loaded() for one in impasto.providers()]
print(json.dumps({
    "before": before,
    "after": {one.name: [one.state, one.distribution, one.cause] for one in impasto.providers()},
    "described": sorted({one.provider.name for one in loaded}),
    "imported": sorted({name.partition(".")[0] for name in sys.modules if "impasto" in name}),
}))
"""


@pytest.fixture(scope="module")
def said(folder, tmp_path_factory):
    """Return what a process says that has the core, this plugin and what they require."""
    site = tmp_path_factory.mktemp("site")
    install_alone(site, folder)
    # -S: no site-packages, and with it none of the other plugins.
    done = subprocess.run(
        [sys.executable, "-S", "-P", "-B", "-X", "dev", "-W", "error", "-c", PROGRAM],
        env={"PYTHONPATH": str(site), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    return json.loads(done.stdout)


class TestAlone:
    """The plugin in an environment of its own."""

    def test_it_works(self, folder, said):
        """
        Each of its names is found without an import, and ready when it is used.
        """
        names = project(folder)["entry-points"][GROUP]

        assert ["installed"] * len(names) == said["before"]
        assert {name: ["ready", folder.name, None] for name in names} == said["after"]

    def test_it_describes_itself_by_a_name_that_is_claimed(self, folder, said):
        """
        The canonical name is one that people can write.
        """
        assert 1 == len(said["described"])
        assert {*said["described"]} <= {*project(folder)["entry-points"][GROUP]}

    def test_it_needs_no_other_plugin(self, folder, said):
        """
        Nothing of ours is imported but the core and itself.
        """
        assert ["impasto", module(folder).name] == said["imported"]


def test_editors_complete_the_names():
    """
    Every name of ours is among those that type checkers offer for `custom_llm_provider`.
    """
    claimed = {name for one in FOLDERS for name in project(one)["entry-points"][GROUP]}

    assert claimed == {*get_args(ProviderName)}
