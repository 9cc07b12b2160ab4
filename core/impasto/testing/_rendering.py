"""Contract: a provider that renders in this process stops when nobody waits for it."""

from __future__ import annotations

from typing import Any

import pytest

from impasto.testing._given import Given
from impasto.testing._stage import Stage


class _GivenUp(Exception):
    """What *report* raises here; core's own is as unknown to a plugin."""


class Renders(Given):
    """A renderer shares the processor with its user."""

    def test_rendering_stops_when_nobody_waits(self, stage: Stage) -> None:
        """What *report* raises passes through `render`."""
        if stage.builds:
            pytest.skip("this provider is asked over the network")
        reported = []

        def report(progress: Any) -> None:
            reported.append(progress)
            raise _GivenUp

        call = stage.call(self.call)
        try:
            stage.loaded.hook.render(call=call, params=stage.translate(call), report=report)
        except _GivenUp:
            return
        assert not reported, "render() went on after report() raised; let that exception pass"
