"""What a plugin's README.md says, read for tests, and a contract that it is so."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest

from impasto.testing._stage import Stage


class Readme:
    """A README.md.

    Attributes:
        text: All of it.
    """

    def __init__(self, path: str | Path) -> None:
        """Read the file at *path*."""
        self.text = Path(path).read_text(encoding="utf-8")

    @property
    def blocks(self) -> list[str]:
        """The blocks of Python in it, in their order, as somebody would copy them."""
        return re.findall(r"```python\n(.*?)```", self.text, re.DOTALL)

    def section(self, heading: str) -> str:
        """Return what stands under ``## heading``; nothing where there is no such heading."""
        return f"\n{self.text}".partition(f"\n## {heading}\n")[2].partition("\n## ")[0]

    def tables(self, heading: str) -> list[list[list[str]]]:
        """Return the tables under *heading*, as rows of cells, without their heads."""
        found = re.findall(r"((?:^\|.*\n)+)", self.section(heading) + "\n", re.MULTILINE)
        return [[_cells(line) for line in table.splitlines()[2:]] for table in found]

    def rows(self, heading: str) -> list[list[str]]:
        """Return the rows of all tables under *heading*."""
        return [row for table in self.tables(heading) for row in table]

    def named(self, heading: str) -> list[str]:
        """Return what stands in backquotes in the first cells of the tables under *heading*."""
        return [name for row in self.rows(heading) for name in re.findall("`([^`]+)`", row[0])]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


class ReadmeContract:
    """What the README.md of every plugin keeps: its tables are those of plugin and catalogue.

    Three headings are looked for, each with tables whose first column has names in backquotes: of
    models, of parameters, and of settings, whose first table has the variables of each beside it.

    Attributes:
        plugin: The plugin's module.
        readme: Where its README.md is.
        unlisted: Parameters in the table that no model of the catalogue lists, such as those that
            are refused or that a hook gives another form.
        models: The heading over the table of models; None where there is none.
        settings: The heading over the table of settings.
        parameters: The heading over the table of parameters.
    """

    plugin: ModuleType
    readme: str | Path
    unlisted: ClassVar[Collection[str]] = ()
    models: str | None = "Models"
    settings: str = "Settings"
    parameters: str = "Parameters"

    @pytest.fixture
    def told(self) -> Readme:
        """Return what it says."""
        return Readme(self.readme)

    def test_its_models_are_those_of_the_catalogue(self, told: Readme) -> None:
        """Each has a row, and no other has."""
        if self.models is None:
            pytest.skip("models = None: there is no table of them")
        listed = [model.name for model in Stage(self.plugin).loaded.catalogue.models]
        _refuse_others("models", set(listed), set(told.named(self.models)))

    def test_its_settings_are_those_of_the_plugin(self, told: Readme) -> None:
        """Each has a row, with the variables that it is read from in their order."""
        declared = Stage(self.plugin).loaded.provider.settings
        first = next(iter(told.tables(self.settings)), [])
        rows = {row[0].strip("`"): row[1] for row in first}
        _refuse_others("settings", set(declared), set(rows))
        for name, setting in declared.items():
            variables = re.findall("`([^`]+)`", rows[name])
            assert list(setting.env) == variables, (
                f"{name} is read from {', '.join(setting.env) or 'no variable'}, and the table says "
                f"{', '.join(variables) or 'nothing'}"
            )

    def test_its_parameters_are_those_of_the_catalogue(self, told: Readme) -> None:
        """Each that some model lists has its place, and no other has but for those *unlisted*."""
        models = Stage(self.plugin).loaded.catalogue.models
        listed = {name for model in models for name in model.parameters or {}}
        _refuse_others("parameters", listed | set(self.unlisted), set(told.named(self.parameters)))


def _refuse_others(what: str, there: set[str], told: set[str]) -> None:
    """Raise unless *told* is all that is *there*."""
    missing, invented = sorted(there - told), sorted(told - there)
    assert there == told, (
        f"README.md and plugin differ in {what}: it does not tell of {', '.join(missing) or 'none'}; "
        f"there is no {', '.join(invented) or 'other'}"
    )
