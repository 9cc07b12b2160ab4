"""Contract: every fact in models.json can be used, and says where it is from."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from impasto._catalogues import read_catalogue
from impasto._models import Catalogue, Model, Parameter
from impasto._plugin import _inside
from impasto._sizes import Sizes, pixels
from impasto.testing._given import Given
from impasto.testing._stage import Stage

# Vendors round edges to multiples of 8 to 64; Imagen's 4:3 is 1280x896, 7 % off.
_RATIO_IS_OFF = 0.1


class Catalogued(Given):
    """The catalogue is sound."""

    def test_the_catalogue_is_sound(self) -> None:
        """Every fact in models.json can be used, and says where it is from."""
        for model in self._catalogue().models:
            _check_model(model)

    def test_the_default_model_is_in_the_catalogue(self, stage: Stage) -> None:
        """Who names no model gets one of which something is known."""
        catalogue, default = stage.loaded.catalogue, stage.loaded.provider.default_model
        if default is None or not catalogue.models:
            pytest.skip("there is no default_model, or no models.json")

        assert catalogue.get(default), (
            f"default_model={default!r} is not in models.json, which has "
            f"{', '.join(model.name for model in catalogue.models)}"
        )

    def _catalogue(self) -> Catalogue:
        path = self.models or _inside(self.plugin)
        try:
            return read_catalogue(path)
        except ValueError as error:
            raise AssertionError(f"{path}: {error}") from error


def _check_model(model: Model) -> None:
    name = model.name
    for price in model.prices:
        assert price.source.strip(), f"{name}: a price without a source"
        assert price.amount >= 0, f"{name}: a price below nothing, {price.amount}"
        assert price.date <= dt.date.today(), f"{name}: a price read in the future, {price.date}"
    assert not (model.prices and model.unpriced), f"{name}: prices, and a reason for having none"
    for row in model.tokens:
        assert row.source.strip(), f"{name}: a number of tokens without a source"
        assert row.most is None or row.least <= row.most, f"{name}: {row.unit}: least above most"
    _check_lifecycle(model)
    if model.sizes is not None:
        _check_sizes(name, model.sizes)
    parameters = model.parameters or {}
    for key, parameter in parameters.items():
        _check_parameter(f"{name}: {key}", parameter)
        idle = set(parameter.kinds or ()) - set(model.kinds)
        assert not idle, f"{name}: {key} is to {', '.join(idle)}, which the model does not do"
    most = parameters.get("n", Parameter()).maximum
    assert most is None or model.max_images is None or model.max_images <= most, (
        f"{name}: max_images is {model.max_images}, but n is at most {most:g}"
    )


def _check_lifecycle(model: Model) -> None:
    dates = model.lifecycle
    if dates is None:
        return
    assert dates.source.strip(), f"{model.name}: dates without a source"
    assert dates.released is None or dates.retires is None or dates.released < dates.retires, (
        f"{model.name}: retired on {dates.retires}, before it came on {dates.released}"
    )


def _check_sizes(name: str, sizes: Sizes) -> None:
    for ratio, tiers in sizes.ratios.items():
        across, _, down = ratio.partition(":")
        assert re.fullmatch("[1-9][0-9]*:[1-9][0-9]*", ratio), (
            f'{name}: {ratio!r} is no ratio; write "16:9"'
        )
        for true in tiers.values():
            _check_ratio(name, ratio, int(across) / int(down), true)
    assert sizes.values or sizes.any or sizes.ratios, (
        f"{name}: sizes without a size; leave sizes out where nothing is known"
    )


def _check_ratio(name: str, ratio: str, wanted: float, true: str) -> None:
    edges = pixels(true)
    assert edges is not None, f'{name}: {ratio} is {true!r}, which is not "WxH" in pixels'
    assert abs(edges[0] / edges[1] / wanted - 1) < _RATIO_IS_OFF, (
        f"{name}: {true} is not {ratio}, but {edges[0] / edges[1]:.2f} to 1"
    )


def _check_parameter(where: str, parameter: Parameter) -> None:
    low, high = parameter.minimum, parameter.maximum
    assert low is None or high is None or low <= high, f"{where}: minimum {low} above {high}"
    assert parameter.values != (), f"{where}: no value is allowed; leave values out"
    for value in parameter.values or ():
        objection = parameter.objection(value)
        assert objection is None, f"{where}: it lists {value!r}, but {objection}"
    if parameter.default is not None:
        objection = parameter.objection(parameter.default)
        assert objection is None, f"{where}: its default is {parameter.default!r}, but {objection}"
