"""Contract: no parameter that a caller sets is lost, replaced or made up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import evolve

from impasto._answer import Fate, described
from impasto._call import Call, Params
from impasto._sizes import pixels
from impasto.errors import ImpastoError
from impasto.testing._calls import ODD_SIZE, given, having, plain, promised, to_try
from impasto.testing._given import Given
from impasto.testing._leaves import holds, nulls
from impasto.testing._stage import Stage


class LosesNoParameter(Given):
    """Rule 1: each parameter is sent, mapped, not needed, dropped on request, or refused."""

    def test_no_parameter_is_lost(self, stage: Stage) -> None:
        """What is said to be sent is in the request, as it is said."""
        for call in self._calls(stage):
            for name, value in to_try(call, self.samples):
                fate = _fate(stage, having(call, name, value), name)
                if fate is not None:
                    _check_kept(stage, having(call, name, value), fate)

    def test_no_picture_is_lost(self, stage: Stage) -> None:
        """A picture to be worked on is in the request, or is refused where nothing edits."""
        for call in self._calls(stage):
            editing = having(evolve(call, kind="edit"), "image", call.images or (stage.picture(),))
            fate = _fate(stage, editing, "image")
            if fate is not None:
                _check_kept(stage, editing, fate)

    def test_what_is_not_needed_is_one_value(self, stage: Stage) -> None:
        """A provider cannot be doing two things always."""
        for call in self._calls(stage):
            found: dict[str, Any] = {}
            for name, value in to_try(call, self.samples):
                fate = _fate(stage, having(call, name, value), name)
                if fate is not None and fate.outcome == "not needed":
                    assert found.setdefault(name, value) == value, (
                        f"{call.model}: {name}={found[name]!r} and {name}={value!r} are both "
                        "'not needed'; one of them is lost"
                    )

    def test_what_is_listed_is_taken(self, stage: Stage) -> None:
        """Whatever models.json lists for a model can be set, be it with something else."""
        for call in self._calls(stage):
            refusal = stage.refusal(call)
            assert refusal is None, f"{call.model}: to {call.kind} is refused: {refusal}"
            bare = plain(call, self.samples)
            for name, values in promised(bare, self.samples):
                tries = [having(bare, name, value) for value in values]
                assert any(stage.refusal(one) is None for one in self._accompanied(tries)), (
                    f"{call.model}: models.json lists {name}, but {values[0]!r} is refused, alone "
                    f"and with each other parameter; give `samples` one that is taken: "
                    f"{stage.refusal(tries[0])}"
                )

    def test_what_is_not_set_is_not_sent(self, stage: Stage) -> None:
        """No field is null: servers take that for a value, or for an error."""
        for call in self._calls(stage):
            params, request = stage.made(call)
            empty = [name for name, value in params.values.items() if value is None]
            empty += nulls(request.json) if request is not None else []
            assert not empty, (
                f"{call.model}: {', '.join(empty)} would be sent as null; leave out what the "
                "caller did not set"
            )

    def test_a_model_that_nobody_listed_is_asked(self, stage: Stage) -> None:
        """New models work before models.json knows them: `call.card` may be None."""
        model = f"{stage.loaded.provider.name}/zz-unknown"
        for call, _ in self._works():
            try:
                stage.made(stage.call({**call, "model": model}))
            except ImpastoError:
                pass  # it says why it cannot
            except Exception as error:
                raise AssertionError(
                    f"a model that is not in models.json ends in {type(error).__name__}: {error}; "
                    "call.card is None then"
                ) from error

    def _accompanied(self, calls: Sequence[Call]) -> Iterator[Call]:
        """Yield *calls*, then each with one more parameter: some go only together."""
        yield from calls
        for call in calls:
            yield evolve(call, stream=True)
            for name, value in to_try(call, self.samples):
                yield having(call, name, value)


def _fate(stage: Stage, call: Call, name: str) -> Fate | None:
    """Return what becomes of *name*, None where it is refused as it should be."""
    refusal = stage.refusal(call)
    if refusal is None:
        fates = {fate.name: fate for fate in stage.translate(call).fates}
        assert name in fates, (
            f"{call.model}: {name}={described(given(call, name))!r} is neither in the fates of "
            "translate_params() nor refused; call.translate(...) sees to both"
        )
        return fates[name]
    assert refusal.param, (
        f"{call.model}: {name} is refused with {type(refusal).__name__}, but without param=..."
    )
    return None


def _check_kept(stage: Stage, call: Call, fate: Fate) -> None:
    """Check that what *fate* says is what is sent."""
    what = f"{call.model}: {fate.name}={fate.given!r}"

    assert fate.given == described(given(call, fate.name)), (
        f"{what} is not what was given: {described(given(call, fate.name))!r}"
    )
    assert fate.outcome != "dropped", f"{what} is dropped, and nobody allowed that"
    if fate.outcome in ("sent", "unverified"):
        assert all(sent == fate.given for sent in fate.sent.values()), (
            f"{what} is said to be {fate.outcome}, but becomes {dict(fate.sent)}; that is 'mapped'"
        )
    if fate.outcome == "not needed" or (fate.name == "response_format" and not fate.sent):
        return
    assert fate.sent or fate.note, (
        f"{what} becomes nothing, and no note says why: rules.Mapped({{}}, 'the default')"
    )
    params = stage.translate(call)
    _check_size(what, fate, call, params)
    for key, shown in fate.sent.items():
        assert described(params.values.get(key)) == shown, (
            f"{what} is said to become {key}={shown!r}, but the parameter is "
            f"{described(params.values.get(key))!r}"
        )
        if stage.builds:
            _check_in_request(stage, call, params, key, what)


def _check_size(what: str, fate: Fate, call: Call, params: Params) -> None:
    """Check that a size with a ratio of its own comes through in pixels."""
    sizes = call.card.sizes if call.card is not None else None
    if fate.given != ODD_SIZE or (sizes is not None and sizes.find(ODD_SIZE)):
        return
    sent = [params.values.get(key) for key in fate.sent]
    assert all(holds(sent, edge) for edge in pixels(ODD_SIZE) or ()), (
        f"{what} becomes {dict(fate.sent)}, which is another size; refuse what the model does "
        "not make, and say in models.json what it makes"
    )


def _check_in_request(stage: Stage, call: Call, params: Params, key: str, what: str) -> None:
    assert stage.uses(call, params, key), (
        f"{what}: build_request() makes the same request without params[{key!r}]; take it from "
        "there, so that what was dropped is not sent"
    )
    assert holds(stage.build(call, params), params.values[key]), (
        f"{what} is said to become {key}={params.values[key]!r}, which is not in the request; "
        "translate in translate_params(), so that the caller is told"
    )
