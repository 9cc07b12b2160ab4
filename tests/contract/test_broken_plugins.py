"""The kit is proven: each way to break a good plugin fails the test that should catch it."""

import contextlib
import io
import sys
from pathlib import Path

import oil
import pytest
from broken import BROKEN

from impasto.testing import ProviderContract

OIL = Path(oil.__file__).parent
GOOD = "oil_as_it_is"
CONTRACT = """

class Test_{name}(OilContract):
    import {name} as plugin
"""


class Outcomes:
    """What became of each test, by plugin and test; of broken plugins only one test is run."""

    def __init__(self, wanted):
        self.wanted = wanted
        self.found = {}
        self.said = {}

    def pytest_collection_modifyitems(self, items):
        items[:] = [item for item in items if self._is_wanted(item)]

    def _is_wanted(self, item):
        only = self.wanted[item.cls.__name__.removeprefix("Test_")]
        return only is None or item.originalname == only

    def pytest_runtest_logreport(self, report):
        folder, _, name = report.head_line.removeprefix("Test_").partition(".")
        if report.when == "call" or report.outcome != "passed":
            self.found[folder, name] = report.outcome

    def pytest_exception_interact(self, node, call):
        self.said[node.cls.__name__.removeprefix("Test_")] = str(call.excinfo.value)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Return what a run of real pytest says of Oil as it is and of each broken variation."""
    home = tmp_path_factory.mktemp("broken")
    _write(home / "plugins" / GOOD, {})
    for case in BROKEN:
        _write(home / "plugins" / case.folder, case.changes)
    contracts = [CONTRACT.format(name=name) for name in (GOOD, *[case.folder for case in BROKEN])]
    head = "from oil_contract import OilContract\n"
    (home / "test_oil.py").write_text(head + "".join(contracts))
    outcomes = Outcomes({GOOD: None, **{case.folder: case.caught_by for case in BROKEN}})
    settings = home / "pytest.ini"
    settings.write_text("[pytest]\nfilterwarnings = error\naddopts = --import-mode=importlib\n")
    # Other people's plugins have nothing to say here, and take time to do so.
    others = ["cacheprovider", "hypothesispytest", "anyio", "faulthandler"]
    without = [word for name in others for word in ("-p", f"no:{name}")]
    with contextlib.redirect_stdout(io.StringIO()), _on_the_path(home / "plugins"):
        options = ["-c", str(settings), "--tb=native", *without]
        pytest.main([*options, str(home / "test_oil.py")], plugins=[outcomes])
    return outcomes


@contextlib.contextmanager
def _on_the_path(folder):
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))


def _write(package, changes):
    """Write Oil with *changes* as a package of its own."""
    package.mkdir(parents=True)
    left = dict(changes)
    for file in ("__init__.py", "models.json"):
        text = (OIL / file).read_text()
        for old in [old for old in left if text.count(old) == 1]:
            text = text.replace(old, left.pop(old))
        (package / file).write_text(text)
    assert not left, f"{package.name} changes what is not there, or more than once: {left}"


def _of(outcomes, folder):
    return {name: outcome for (of, name), outcome in outcomes.found.items() if of == folder}


def test_the_good_plugin_keeps_the_contract(outcomes):
    """
    Every test passes for a plugin that is as it should be; those of renderers are not for it.
    """
    found = _of(outcomes, GOOD)

    assert {"test_rendering_stops_when_nobody_waits"} == {
        name for name, outcome in found.items() if outcome != "passed"
    }
    assert len(found) > 60


@pytest.mark.parametrize("case", [pytest.param(case, id=case.folder) for case in BROKEN])
def test_a_broken_plugin_is_caught(outcomes, case):
    """
    The test that should catch it fails, and what it says names the thing.
    """
    assert "failed" in _of(outcomes, case.folder).values()
    assert case.said in outcomes.said[case.folder]


def test_every_test_of_the_kit_catches_something():
    """
    A test that no broken plugin fails would prove nothing.
    """
    tests = {name for name in dir(ProviderContract) if name.startswith("test_")}
    others = {"test_rendering_stops_when_nobody_waits"}  # see test_honest_plugins.py

    assert tests - others == {case.caught_by for case in BROKEN}
