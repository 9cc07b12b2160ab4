"""Contract: an answer that is a stream of events is read as it comes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from impasto._happening import ImageEvent
from impasto.errors import ImpastoError, PluginError
from impasto.testing._given import PATIENCE, Given, told
from impasto.testing._reply import Reply, event_stream
from impasto.testing._stage import Stage

_ODD = ("null", "[]", '"ping"', "7", "{}", "[DONE]", '{"data": null}')


class Streams(Given):
    """A call with ``stream=True`` works, whatever comes of its wish."""

    def test_a_stream_gives_pictures(self, streaming: Stage) -> None:
        """The recorded events end in pictures that can be read; what comes before shows them."""
        outcome = self._streamed(self.streamed)

        assert not isinstance(outcome, ImpastoError), (
            f"the streamed answers should end in pictures, not in {told(outcome)}; parse_event() "
            "returns a Partial for what can be seen so far, and an ImageResponse for the event "
            "that has the picture"
        )
        for event in outcome:
            image = event.image
            assert image is None or image.url or image.read(), "a picture without bytes or URL"

    def test_a_whole_answer_to_a_stream(self, streaming: Stage) -> None:
        """A gateway that does not stream answers as it does without a stream."""
        outcome = self._streamed(self.conversation)

        assert not isinstance(outcome, ImpastoError), (
            f"a gateway that does not stream, but answers as without, led to {told(outcome)}"
        )

    @pytest.mark.parametrize("odd", _ODD)
    def test_odd_events_are_passed_over_or_errors(self, streaming: Stage, odd: str) -> None:
        """What a gateway puts between says nothing, or makes no sense; it is no accident."""
        *before, stream = self.streamed
        outcome = self._streamed([*before, event_stream(odd, then=stream)])

        assert not isinstance(outcome, PluginError), (
            f"an event with the data {odd} became {told(outcome)}; return None for what says "
            "nothing, and let KeyError, TypeError or ValueError out"
        )

    @pytest.fixture
    def streaming(self, sender: Stage) -> Stage:
        """Return the plugin, loaded, if it is one that streams."""
        if not self.streamed:
            pytest.skip("no streamed answers are given")
        return sender

    def _streamed(self, answers: Sequence[Reply]) -> list[ImageEvent] | ImpastoError:
        """Return the events of the call, or what it raises, when the provider gives *answers*."""
        call = {"max_retries": 0, "timeout": PATIENCE, **self.call}
        try:
            return list(self._script(*answers).stream(call))
        except ImpastoError as error:
            return error
