"""Contract: hooks are pure functions, but for those that may block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from impasto.errors import ImpastoError
from impasto.testing._given import PATIENCE, Given
from impasto.testing._reply import reply
from impasto.testing._script import Script
from impasto.testing._stage import Stage
from impasto.testing._watch import Stopped


class IsPure(Given):
    """The same question has the same answer, and asking leaves no trace."""

    def test_hooks_are_pure(self, stage: Stage) -> None:
        """No network, clock, environment, dice or sleep; nothing that was handed in is changed."""
        watched, watch = stage.watched()
        watched.loaded.hook.describe()
        for call in self._calls(watched):
            with suppress(Stopped):
                watched.made(call)
        objections = watch.objections + [
            objection for script in self._every_end(stage) for objection in script.watch.objections
        ]

        assert not objections, "\n".join(["hooks are pure, but", *dict.fromkeys(objections)])

    def test_hooks_repeat_themselves(self, stage: Stage) -> None:
        """Asked twice, each hook answers the same."""
        hook = stage.loaded.hook

        assert hook.describe() == hook.describe(), "describe() says something else each time"
        for call in self._calls(stage):
            assert stage.made(call) == stage.made(call), (
                f"one call to {call.model} was translated or built in two ways"
            )
        for one, other in zip(self._every_end(stage), self._every_end(stage), strict=True):
            _check_same(one, other)

    def _every_end(self, stage: Stage) -> Iterator[Script]:
        """Yield scripts that end in a success, an error and the deadline: all hooks are asked."""
        refusal = reply({"error": {"message": "no"}}, status=400)
        for call, conversation in self._works() if stage.builds else ():
            before = conversation[:-1]
            for answers in (conversation, [*before, refusal], before or conversation):
                script = self._script(*answers, repeat=True)
                with suppress(ImpastoError):  # what it ends in is for other tests to judge
                    script.play({"max_retries": 0, "timeout": PATIENCE, **call})
                yield script


def _check_same(one: Script, other: Script) -> None:
    """Compare what hooks returned; credentials and what they sign may well be fresh."""
    fresh = ("get_credentials", "authorize")
    for (hook, first), (_, second) in zip(one.watch.asked, other.watch.asked, strict=False):
        assert hook in fresh or _plain(first) == _plain(second), (
            f"{hook}() returned\n  {first!r}\nand, asked the same again,\n  {second!r}"
        )


def _plain(returned: Any) -> Any:
    """Return *returned* so that it can be compared; two exceptions are never the same."""
    return (type(returned), vars(returned)) if isinstance(returned, Exception) else returned
