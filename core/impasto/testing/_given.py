"""What the author of a plugin gives to its contract, and what the tests make of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from impasto._answer import ImageResponse
from impasto._call import Call
from impasto._http import Request
from impasto.errors import ImpastoError, PluginError
from impasto.testing._calls import on_other_models
from impasto.testing._reply import Reply
from impasto.testing._script import Script
from impasto.testing._stage import Stage

PATIENCE = 30.0  # seconds, on a clock that nobody waits for, for a conversation that never ends


class Given:
    """The attributes of `ProviderContract`, which documents them, and what is made of them."""

    plugin: ClassVar[ModuleType]
    call: ClassVar[Mapping[str, Any]]
    conversation: ClassVar[Sequence[Reply]] = ()
    models: ClassVar[Path | None] = None
    edit_call: ClassVar[Mapping[str, Any] | None] = None
    edit_conversation: ClassVar[Sequence[Reply]] = ()
    refusal: ClassVar[Sequence[Reply]] = ()
    failed: ClassVar[Sequence[Reply]] = ()
    streamed: ClassVar[Sequence[Reply]] = ()
    learned: ClassVar[Reply | None] = None
    samples: ClassVar[Mapping[str, Any]] = {}
    polls_elsewhere: ClassVar[bool] = False
    key_in_body: ClassVar[bool] = False
    nothing_is_a_refusal: ClassVar[bool] = False

    @pytest.fixture
    def stage(self) -> Stage:
        """Return the plugin, loaded, outside of what is installed."""
        try:
            return self._stage
        except PluginError:
            pytest.skip("the plugin cannot be loaded; test_it_can_be_loaded says why")

    @cached_property
    def _stage(self) -> Stage:
        """The plugin, loaded once for each test: pytest makes an instance for each."""
        return Stage(self.plugin, self.models, self.learned)

    @pytest.fixture
    def sender(self, stage: Stage) -> Stage:
        """Return the plugin, loaded, if it is one that sends requests."""
        if not stage.builds:
            pytest.skip("this provider renders in the process")
        return stage

    def _works(self) -> list[tuple[Mapping[str, Any], Sequence[Reply]]]:
        """Return each call that works, with the answers to it."""
        works = [(self.call, self.conversation)]
        return (
            works if self.edit_call is None else [*works, (self.edit_call, self.edit_conversation)]
        )

    def _calls(self, stage: Stage) -> list[Call]:
        """Return the calls that work, and a plain one for each other model and kind of work."""
        calls = [stage.call(call) for call, _ in self._works()]
        return calls + on_other_models(stage, calls, self.samples)

    def _script(self, *answers: Reply, repeat: bool = False) -> Script:
        """Return a script of *answers*, after the one to `learn` if there is one."""
        first = [self.learned] if self.learned is not None else []
        return Script(*first, *answers, plugin=self._stage.plugin, repeat=repeat)

    def _played(self) -> list[Script]:
        """Return a script for each call that works, played to its end."""
        scripts = []
        for call, conversation in self._works():
            script = self._script(*conversation)
            script.play(call)
            scripts.append(script)
        return scripts

    def _outcome(
        self, call: Mapping[str, Any], *answers: Reply, repeat: bool = False
    ) -> ImageResponse | ImpastoError:
        """Return what *call* returns or raises when the provider gives *answers*."""
        script = self._script(*answers, repeat=repeat)
        try:
            return script.play({"max_retries": 0, "timeout": PATIENCE, **call})
        except ImpastoError as error:
            return error


def requests(script: Script) -> list[Request]:
    """Return the requests that the plugin made, in order, as it made them: without keys."""
    making = ("build_request", "parse_response", "build_cancel")
    return [
        made for hook, made in script.watch.asked if hook in making and isinstance(made, Request)
    ]


def told(outcome: ImageResponse | ImpastoError) -> str:
    """Return *outcome* in a few words, for a message."""
    if isinstance(outcome, ImageResponse):
        return f"a success, {outcome!r}"
    return f"{type(outcome).__name__}: {outcome.message}"
