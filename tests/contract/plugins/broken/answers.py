"""Answers that are taken for something else."""

from broken._way import ANSWER, FAILED, MAPPED, REFUSED, STATE, Broken

BROKEN = (
    Broken(
        "everything is a BadRequestError",
        "test_every_status_is_the_right_error",
        "became BadRequestError",
        {MAPPED: "    return class_of_status(400)(message, code=code)"},
    ),
    Broken(
        "errors are told by a number in the message",
        "test_every_status_is_the_right_error",
        "became RateLimitError",
        {MAPPED: f"    if '429' in message: return class_of_status(429)(message)\n{MAPPED}"},
    ),
    Broken(
        "errors are told by a word in the message",
        "test_every_status_is_the_right_error",
        "became ContentPolicyViolationError",
        {
            MAPPED: f"    if 'nsfw' in message: return ContentPolicyViolationError(message)\n{MAPPED}"
        },
    ),
    Broken(
        "errors without a message",
        "test_every_status_is_the_right_error",
        "an error without a message",
        {MAPPED: "    return class_of_status(response.status)('', code=code)"},
    ),
    Broken(
        "errors in an unknown form are refusals",
        "test_errors_in_an_odd_form_are_errors",
        "became ContentPolicyViolationError",
        {"        return None\n    if": "        return ContentPolicyViolationError('?')\n    if"},
    ),
    Broken(
        "errors in an unknown form break it",
        "test_errors_in_an_odd_form_are_errors",
        "map_error() raised RuntimeError",
        {"        return None\n    if": "        raise RuntimeError('unreadable')\n    if"},
    ),
    Broken(
        "an empty object is a picture",
        "test_odd_bodies_are_errors",
        "became a success",
        {STATE: "    if not body: return ImageResponse(data=[Image()])\n" + STATE},
    ),
    Broken(
        "a foreign exception",
        "test_odd_bodies_are_errors",
        "PluginError",
        {STATE: "    if not body: raise RuntimeError('nothing came')\n" + STATE},
    ),
    Broken(
        "what it cannot read is no picture",
        "test_odd_bodies_are_errors",
        "was taken for an answer without pictures",
        {
            ANSWER: "    try:\n        body = response.json()\n"
            "    except ValueError:\n        return ImageResponse(data=[])\n"
        },
    ),
    Broken(
        "a missing field is a success",
        "test_odd_bodies_are_errors",
        "became a success",
        {
            STATE: "    try:\n        body['state']\n    except (KeyError, TypeError):\n"
            "        return ImageResponse(data=[Image(url='https://oil.example/none.png')])\n"
            + STATE
        },
    ),
    Broken(
        "whatever it does not know is not yet",
        "test_odd_bodies_are_errors",
        "was taken for 'not yet' until the deadline",
        {
            STATE: "    if body == {}: body = {'state': 'painting', 'job': 'j-7'}\n" + STATE,
        },
    ),
    Broken(
        "a refusal is an empty answer",
        "test_a_refusal_is_an_error",
        "a refusal became APIResponseValidationError",
        {REFUSED: "            return ImageResponse(data=[])"},
    ),
    Broken(
        "a refusal is a bad request",
        "test_a_refusal_is_an_error",
        "a refusal became APIError",
        {REFUSED: FAILED},
    ),
    Broken(
        "a failed job is polled for ever",
        "test_a_failed_job_is_an_error",
        "a failed job became Timeout",
        {FAILED: "            return request.follow(request.url, state=request.state, after=2.0)"},
    ),
)
