"""Streams of events that are read wrongly, or not at all."""

from broken._way import ANSWER, Broken

SAID = '    said = event["data"]\n'

BROKEN = (
    Broken(
        "the picture in a stream is overlooked",
        "test_a_stream_gives_pictures",
        "should end in pictures, not in APIConnectionError",
        {'if "picture" in said': 'if "painting" in said'},
    ),
    Broken(
        "events are read by nobody",
        "test_a_stream_gives_pictures",
        "should end in pictures, not in APIResponseValidationError",
        {"@hookimpl\ndef parse_event": "def no_parse_event"},
    ),
    Broken(
        "a stream or nothing",
        "test_a_whole_answer_to_a_stream",
        "a gateway that does not stream",
        {ANSWER: f'    if call.stream:\n        raise ValueError("no stream")\n{ANSWER}'},
    ),
    Broken(
        "odd events break it",
        "test_odd_events_are_passed_over_or_errors",
        "return None for what says nothing",
        {SAID: f"{SAID}    assert isinstance(said, dict)\n"},
    ),
)
