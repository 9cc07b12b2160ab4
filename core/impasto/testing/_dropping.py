"""Contract: what a caller allows to be dropped is dropped, and changes nothing else."""

from __future__ import annotations

from attrs import evolve

from impasto._call import NEVER_DROPPED, Call
from impasto.errors import UnsupportedParamsError
from impasto.testing._calls import having, to_try
from impasto.testing._given import Given
from impasto.testing._stage import Stage


class DropsOnRequest(Given):
    """`drop_params` does what it says, and no more."""

    def test_what_may_be_dropped_is_dropped(self, stage: Stage) -> None:
        """With `drop_params` what would be refused is left out, and the rest is as before."""
        for call in self._calls(stage):
            for name, value in to_try(call, self.samples):
                refusal = stage.refusal(having(call, name, value))
                if isinstance(refusal, UnsupportedParamsError) and _may_be_dropped(refusal):
                    _check_dropped(stage, having(call, name, value), refusal)


def _may_be_dropped(refusal: UnsupportedParamsError) -> bool:
    return refusal.param not in NEVER_DROPPED


def _check_dropped(stage: Stage, call: Call, refusal: UnsupportedParamsError) -> None:
    allowed = evolve(call, drop_params=True)
    still = stage.refusal(allowed)
    assert not isinstance(still, UnsupportedParamsError), (
        f"{call.model}: with drop_params=True it is still refused: {refusal.message}; raise it in "
        "a rule of call.translate(), which drops then"
    )
    if still is None and refusal.param:
        _check_left_out(stage, allowed, refusal.param)


def _check_left_out(stage: Stage, call: Call, name: str) -> None:
    """Check that *name* is dropped, and that the rest is what it would be without it."""
    without = having(call, name, None)
    if stage.refusal(call) or stage.refusal(without):
        return
    fates = {fate.name: fate.outcome for fate in stage.translate(call).fates}
    assert fates.get(name) == "dropped", (
        f"{call.model}: {name} was to be dropped and is {fates.get(name, 'lost')}"
    )
    assert stage.translate(call).values == stage.translate(without).values, (
        f"{call.model}: {name} was dropped, but changes the parameters"
    )
    if stage.builds:
        assert stage.build(call) == stage.build(without), (
            f"{call.model}: {name} was dropped, but changes the request; build_request() takes "
            "parameters from *params*"
        )
