"""Keys where they do not belong."""

from broken._way import AUTHORIZE, KEY, MAPPED, Broken, submit

BROKEN = (
    Broken(
        "the key is in the URL",
        "test_no_key_leaves_home",
        "the key is in the URL",
        {
            "CONTRACT = (1, 0)\n": AUTHORIZE
            + "evolve(request, url=request.url + '?key=' + credentials['api_key'])\n"
        },
    ),
    Broken(
        "the key is in the body",
        "test_no_key_leaves_home",
        "the key is in the body",
        {
            "CONTRACT = (1, 0)\n": AUTHORIZE
            + "evolve(request, body=(request.body or b'') + credentials['api_key'].encode())\n"
        },
    ),
    Broken(
        "build_request reads the key",
        "test_requests_hold_no_key",
        "build_request() put a key in",
        submit("import os; fields['key'] = os.environ.get('OIL_KEY', '')"),
    ),
    Broken(
        "parse_response reads the key",
        "test_requests_hold_no_key",
        "a hook put a key into GET",
        {
            'url = _url(call, f"jobs/{job}")': (
                'url = _url(call, f"jobs/{job}?key=" + __import__("os").environ["OIL_KEY"])'
            )
        },
    ),
    Broken(
        "a key that is not declared secret is in the call",
        "test_requests_hold_no_key",
        "the key is in the call",
        {
            KEY: KEY + ', "old": Setting(env=("OIL_KEY",))',
        },
    ),
    Broken(
        "the pictures have the key in their URLs",
        "test_no_key_is_in_the_response",
        "the key is in the response",
        {
            "[Image(url=url) for url": (
                "[Image(url=url + '?key=' + __import__('os').environ['OIL_KEY']) for url"
            )
        },
    ),
    Broken(
        "the error has a key",
        "test_no_key_is_in_an_error",
        "the key is in",
        {
            MAPPED: "    error = class_of_status(response.status)(message, code=code)\n"
            "    error.sent = {'key': __import__('os').environ['OIL_KEY']}\n    return error"
        },
    ),
    Broken(
        "polls leave home",
        "test_polls_stay_at_home",
        "list it in Provider.origins",
        {'url = _url(call, f"jobs/{job}")': 'url = f"https://jobs.oil.test/{job}"'},
    ),
)
