"""Calls that end in no picture, and requests that cannot be kept."""

from broken._way import POLL, Broken

BROKEN = (
    Broken(
        "pictures without bytes or URL",
        "test_a_call_gives_pictures",
        "a picture",
        {'[Image(url=url) for url in body["pictures"]]': '[Image() for _ in body["pictures"]]'},
    ),
    Broken(
        "an edit that is not sent as an edit",
        "test_an_edit_gives_pictures",
        "should end in pictures",
        {'if call.kind == "edit":': 'if call.kind == "edits":'},
    ),
    Broken(
        "state that is not JSON",
        "test_requests_can_be_stored",
        "after a way through JSON",
        {POLL: 'state={"job": job, "seen": (1, 2)}, after=2.0'},
    ),
    Broken(
        "state that cannot be written down",
        "test_requests_can_be_stored",
        "after a way through JSON",
        {POLL: 'state={"job": job, "call": response}, after=2.0'},
    ),
    Broken(
        "an order that says it buys nothing",
        "test_what_buys_says_so",
        "no request has buys=True",
        {
            'Request(url=_url(call, "jobs"), json=fields, step="submit")': (
                'Request(url=_url(call, "jobs"), json=fields, step="submit", buys=False)'
            )
        },
    ),
    Broken(
        "a poll that says it buys",
        "test_what_buys_says_so",
        "make it with request.follow(...)",
        {
            'request.follow(url, step="poll", state={"job": job}, after=2.0, progress=state)': (
                'Request(url=url, method="GET", state={"job": job}, after=2.0)'
            )
        },
    ),
)
