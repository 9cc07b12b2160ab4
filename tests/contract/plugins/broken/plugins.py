"""Modules that are no plugins of this contract, or say the wrong things about themselves."""

from broken._way import KEY, Broken

BROKEN = (
    Broken(
        "no contract",
        "test_it_can_be_loaded",
        "CONTRACT = (1, 0)",
        {"CONTRACT = (1, 0)\n": ""},
    ),
    Broken(
        "a newer contract",
        "test_it_can_be_loaded",
        "pip install --upgrade impasto",
        {"CONTRACT = (1, 0)": "CONTRACT = (2, 0)"},
    ),
    Broken(
        "a misspelt hook",
        "test_it_can_be_loaded",
        "build_cancle",
        {"def build_cancel(": "def build_cancle("},
    ),
    Broken(
        "an argument with a default",
        "test_it_can_be_loaded",
        "without defaults",
        {"def build_cancel(call: Call, request: Request)": "def build_cancel(call, request=None)"},
    ),
    Broken(
        "an argument that hooks do not have",
        "test_it_can_be_loaded",
        "reply",
        {"def map_error(response: Response)": "def map_error(response, reply)"},
    ),
    Broken(
        "a hook that is not marked",
        "test_it_can_be_loaded",
        "has no translate_params",
        {"@hookimpl\ndef translate_params": "def translate_params"},
    ),
    Broken(
        "describe returns a dict",
        "test_it_can_be_loaded",
        "not a Provider",
        {"    return Provider(": "    return dict("},
    ),
    Broken(
        "a secret with a default",
        "test_it_describes_itself",
        "a key in a plugin is no secret",
        {KEY: 'Setting(env=("OIL_KEY",), secret=True, default="oil-key-of-the-author")'},
    ),
    Broken(
        "a key that is not secret",
        "test_it_describes_itself",
        "declare it secret=True",
        {KEY: 'Setting(env=("OIL_KEY",), required=True)'},
    ),
    Broken(
        "a setting named like a parameter",
        "test_it_describes_itself",
        "bears the name of a parameter",
        {'"api_base": Setting(': '"style": Setting(), "api_base": Setting('},
    ),
    Broken(
        "a name that nobody can write in front of a model",
        "test_it_describes_itself",
        "'Oil/Paint'",
        {'name="oil"': 'name="Oil/Paint"'},
    ),
)
