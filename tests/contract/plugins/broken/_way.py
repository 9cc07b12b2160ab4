"""One way to break the plugin `oil`, and the places in its code where things are changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple


class Broken(NamedTuple):
    """One way.

    Attributes:
        name: In words.
        caught_by: The test of `ProviderContract` that fails.
        said: A part of what the failure says.
        changes: Old and new texts, in the plugin's code or in its models.json.
    """

    name: str
    caught_by: str
    said: str
    changes: Mapping[str, str]

    @property
    def folder(self) -> str:
        """The name, as the name of a package."""
        return "oil_" + re.sub(r"\W+", "_", self.name)


# Ends in what *authorize* returns, which is to be added.
AUTHORIZE = """CONTRACT = (1, 0)

from attrs import evolve
from impasto import hookimpl as hook


@hook
def authorize(request, credentials):
    return """
SUBMIT = 'fields = {"model": call.model, **params.values}\n'
ANSWER = "    body = response.json()\n"
STATE = '    match body["state"]:\n'
POLL = 'state={"job": job}, after=2.0'
TRANSLATED = "    return call.translate("
DIMENSIONS = "        size=width_and_height,"
REFUSED = '            raise ContentPolicyViolationError(body["why"], stage="output")'
FAILED = '            raise APIError(body["why"])'
MAPPED = "    return class_of_status(response.status)(message, code=code)"
CANCEL = (
    '    return request.follow(_url(call, f"jobs/{request.state[\'job\']}/cancel"), method="POST")'
)
KEY = 'Setting(env=("OIL_KEY",), secret=True, required=True)'


def submit(line: str) -> dict[str, str]:
    """Return the change that puts *line* after `build_request` has put the fields together."""
    return {SUBMIT: f"{SUBMIT}    {line}\n"}


def answer(line: str) -> dict[str, str]:
    """Return the change that puts *line* in front of what `parse_response` reads."""
    return {ANSWER: f"    {line}\n{ANSWER}"}


def fates(change: str) -> dict[str, str]:
    """Return the change after which `translate_params` returns *change*, a call of `_changed`."""
    helper = (
        "def _changed(params, name, **fields):\n"
        "    from attrs import evolve\n"
        "    fates = [evolve(one, **fields) if one.name == name else one for one in params.fates]\n"
        "    return Params(params.values, tuple(one for one in fates if one.outcome))\n\n\n"
    )
    return {
        "@hookimpl\ndef build_request": helper + "@hookimpl\ndef build_request",
        TRANSLATED: "    params = call.translate(",
        '        response_format=always("url"),\n    )\n': (
            f'        response_format=always("url"),\n    )\n    return {change}\n'
        ),
    }
