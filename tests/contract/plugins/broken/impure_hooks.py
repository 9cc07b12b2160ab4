"""Hooks that do more than answer, or answer otherwise each time."""

from broken._way import CANCEL, POLL, TRANSLATED, Broken, answer, submit

BROKEN = (
    Broken(
        "it sleeps",
        "test_hooks_are_pure",
        "parse_response() waited",
        answer("__import__('time').sleep(30)"),
    ),
    Broken(
        "it sleeps and hides it",
        "test_hooks_are_pure",
        "parse_response() waited",
        answer(
            "import time, contextlib\n    with contextlib.suppress(BaseException): time.sleep(9)"
        ),
    ),
    Broken(
        "it opens a socket",
        "test_hooks_are_pure",
        "build_request() used the network",
        submit("import socket; socket.create_connection(('127.0.0.1', 9))"),
    ),
    Broken(
        "it starts a program",
        "test_hooks_are_pure",
        "map_error() started a program",
        {
            "    try:\n        error =": "    import os; os.system('true')\n    try:\n        error ="
        },
    ),
    Broken(
        "it starts a thread",
        "test_hooks_are_pure",
        "build_cancel() started a thread",
        {CANCEL: "    import threading; threading.Thread(target=int).start()\n" + CANCEL},
    ),
    Broken(
        "it reads the key from the environment",
        "test_hooks_are_pure",
        "build_request() read the environment",
        submit("import os; fields['key'] = os.environ.get('OIL_SECRET', '')"),
    ),
    Broken(
        "it describes itself by the environment",
        "test_hooks_are_pure",
        "describe() read the environment",
        {'default_model="oil-2"': 'default_model=__import__("os").getenv("OIL_MODEL", "oil-2")'},
    ),
    Broken(
        "the time is in the body",
        "test_hooks_are_pure",
        "build_request() asked the clock",
        submit("import time; fields['asked_at'] = int(time.time()) // 1000"),
    ),
    Broken(
        "the date is in the body",
        "test_hooks_are_pure",
        "build_request() asked the clock",
        submit("import datetime; fields['day'] = datetime.datetime.now().isoformat()[:10]"),
    ),
    Broken(
        "it throws dice that seldom show",
        "test_hooks_are_pure",
        "build_request() threw dice",
        submit("import random; fields['luck'] = random.random() < 1e-9"),
    ),
    Broken(
        "an idempotency key of its own",
        "test_hooks_are_pure",
        "build_request() threw dice",
        submit("import uuid; fields['key'] = str(uuid.uuid4())"),
    ),
    Broken(
        "it changes the call",
        "test_hooks_are_pure",
        "changed its argument *call*",
        {TRANSLATED: "    call.extra.pop('varnish', None); call.extra['x'] = 1\n" + TRANSLATED},
    ),
    Broken(
        "it changes the parameters",
        "test_hooks_are_pure",
        "changed its argument *params*",
        submit("params.values['extra'] = fields.pop('size', 1)"),
    ),
    Broken(
        "it changes the request that was sent",
        "test_hooks_are_pure",
        "changed its argument *request*",
        answer("request.state['polls'] = request.state.get('polls', 0) + 1"),
    ),
    Broken(
        "it counts its calls",
        "test_hooks_repeat_themselves",
        "in two ways",
        {
            "CONTRACT = (1, 0)\n": "CONTRACT = (1, 0)\nCOUNT = __import__('itertools').count()\n",
            **submit("fields['number'] = next(COUNT)"),
        },
    ),
    Broken(
        "the body is random",
        "test_hooks_repeat_themselves",
        "in two ways",
        submit("import random; fields['salt'] = random.Random().random()"),
    ),
    Broken(
        "the next request is random",
        "test_hooks_repeat_themselves",
        "parse_response() returned",
        {POLL: 'state={"job": job, "salt": __import__("random").Random().random()}, after=2.0'},
    ),
)
