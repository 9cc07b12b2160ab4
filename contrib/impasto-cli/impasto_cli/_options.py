"""Options that the commands which make pictures have in common, and the call that they become."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

import impasto
from impasto_cli._exits import Failure

Function = TypeVar("Function", bound=Callable[..., Any])

_TEXT = frozenset({"api_key", "api_version"})  # a key of nothing but digits is no number


def _words(
    ctx: click.Context, param: click.Parameter, given: tuple[str, ...]
) -> list[tuple[str, Any]]:
    """Return name and value of each "NAME=VALUE"."""
    pairs = [one.partition("=") for one in given]
    if any(not name or not equals for name, equals, _ in pairs):
        # What was given is not shown: it may be a key.
        raise click.BadParameter("it takes NAME=VALUE, such as moderation=low", ctx, param)
    return [(name, value_of(name, text)) for name, _, text in pairs]


def value_of(name: str, text: str) -> Any:
    """Return what *text* says, the value of the parameter or setting *name*."""
    return text if name in _TEXT else _value(text)


def _value(text: str) -> Any:
    """Return what *text* says where it is JSON, else *text* itself."""
    try:
        return json.loads(text, parse_constant=_no_json)
    except ValueError:
        return text


def _no_json(word: str) -> NoReturn:
    raise ValueError(f"{word} is Python's, not JSON's")  # NaN, Infinity


def _models(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[click.shell_completion.CompletionItem]:
    from impasto_cli._completing import models  # reads catalogues; only for the shell

    return models(ctx, param, incomplete)


_MODEL = click.option(
    "-m",
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    shell_complete=_models,
    help='"provider/model", such as openai/gpt-image-2; several draw the same side by side.',
)
_ONE_MODEL = click.option(
    "-m",
    "--model",
    metavar="MODEL",
    shell_complete=_models,
    help='"provider/model", such as openai/gpt-image-2.',
)
_COUNT = click.option(
    "-n", type=click.IntRange(min=1), metavar="COUNT", help="How many pictures, of each model."
)
_SIZE = click.option("--size", help='"WxH" in pixels, such as 1024x1536.')
_WORDS = (
    click.option("--quality", help="In the model's words, such as low or high."),
    click.option(
        "--seed",
        type=int,
        help="The same seed makes the same picture, where the model knows seeds.",
    ),
    click.option("--style", help="In the model's words."),
    click.option("--negative-prompt", help="What is not to be seen."),
    click.option("--background", help="Such as transparent."),
    click.option("--output-format", help="Such as png, jpeg, webp."),
)
_FALLBACK = click.option(
    "--fallback",
    "fallbacks",
    multiple=True,
    metavar="MODEL",
    shell_complete=_models,
    callback=lambda ctx, param, given: [*given] or None,
    help="Model to go on to where another one fails, unless that may cost money or was a refusal; "
    "as often as needed.",
)
_STREAM = (
    click.option(
        "--stream",
        is_flag=True,
        default=None,
        help="Show pictures on their way, as far as the provider and the terminal can.",
    ),
    click.option(
        "--partials",
        "partial_images",
        type=click.IntRange(min=0),
        metavar="COUNT",
        help="How many partial pictures to ask for, of models that make them; as with --stream.",
    ),
)
_BUDGET = (
    click.option(
        "--budget",
        metavar="AMOUNT",
        help='Most that all of it may cost, such as "1.50 USD"; what may cost more is not sent.',
    ),
    click.option(
        "--unpriced",
        type=click.Choice(["refuse", "allow"]),
        help="Whether --budget allows calls of which nobody can say what they cost; by default not.",
    ),
)
_STEERING = (
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="For all of it, waiting and repeats included; by default 600.",
    ),
    click.option("--api-base", help="Another place to send to, such as a gateway."),
    click.option(
        "--drop-params", is_flag=True, default=None, help="Leave out what the model does not take."
    ),
    click.option(
        "-p",
        "--param",
        "words",
        multiple=True,
        callback=_words,
        metavar="NAME=VALUE",
        help="The provider's own parameters and settings, as JSON or text; as often as needed.",
    ),
)
_METADATA = click.option(
    "--metadata/--no-metadata",
    default=False,
    envvar="IMPASTO_METADATA",
    help="Write model, prompt, seed and parameters into the files; by default no, unless "
    "IMPASTO_METADATA=1 is set.",
)
JOURNAL = click.option(
    "--journal",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="IMPASTO_JOURNAL",
    show_envvar=True,
    help="File in which it is written what was ordered, and what came.",
)
_AGAIN = click.option(
    "--again",
    type=click.Choice(["ambiguous"]),
    help="Ask again for what may have been paid for, but did not come.",
)
_BOOKING = (
    JOURNAL,
    click.option(
        "--idempotency-key",
        metavar="KEY",
        help="What the journal knows the call by: run again with it, nothing is paid for twice.",
    ),
    _AGAIN,
)
_OUTPUT = (
    click.option(
        "-o",
        "--out",
        type=click.Path(path_type=Path),
        help="File to write; by default a free name.  Several pictures get numbers.",
    ),
    click.option("--overwrite", is_flag=True, help="Replace files that exist."),
    _METADATA,
    click.option(
        "--sheet",
        type=click.Path(path_type=Path),
        help="Contact sheet to write, an HTML page; several models get one in any case.",
    ),
    click.option(
        "--preview/--no-preview",
        default=None,
        help="Show the pictures in the terminal; by default where it can show pictures.",
    ),
    click.option(
        "--keep-partials",
        type=click.Path(path_type=Path, file_okay=False, writable=True),
        metavar="FOLDER",
        help="Save pictures on their way there, too; made where it is missing; as with --stream.",
    ),
    click.option("--open", "opened", is_flag=True, help="Open what was made in the usual viewer."),
    click.option("-q", "--quiet", is_flag=True, help="No progress, notes or preview."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
)

_LISTED = (
    click.option(
        "-o",
        "--out",
        type=click.Path(path_type=Path, file_okay=False),
        required=True,
        help="Folder for pictures, manifest and contact sheet; made where it is missing.",
    ),
    click.option(
        "--concurrency",
        type=click.IntRange(min=1),
        default=8,
        metavar="COUNT",
        help="Most calls at once; by default 8, fewer where the provider takes fewer.",
    ),
    JOURNAL,
    _AGAIN,
    click.option(
        "--sheet/--no-sheet",
        default=True,
        help="Write a contact sheet of all that came, in this run and before; by default yes.",
    ),
    _METADATA,
    *_OUTPUT[-2:],
)


def prompted(function: Function) -> Function:
    """Give *function* the options of a call that has a prompt."""
    return _decorated(
        function,
        (
            *(_MODEL, _FALLBACK, _COUNT, _SIZE, *_WORDS, *_BUDGET, *_STEERING, *_STREAM),
            *(*_BOOKING, *_OUTPUT),
        ),
    )


def unprompted(function: Function) -> Function:
    """Give *function* the options of a call that has a picture alone."""
    return _decorated(
        function,
        (
            *(_MODEL, _FALLBACK, _COUNT, _SIZE, *_BUDGET, *_STEERING, *_STREAM),
            *(*_BOOKING, *_OUTPUT),
        ),
    )


def resumed(function: Function) -> Function:
    """Give *function* the options of a call that was made before."""
    return _decorated(function, (JOURNAL, _STEERING[0], _STEERING[-1], *_OUTPUT))


def planned(function: Function) -> Function:
    """Give *function* the options of a call of one model that is only shown."""
    return _decorated(function, (_ONE_MODEL, _COUNT, _SIZE, *_WORDS, *_STEERING, _OUTPUT[-1]))


def listed(function: Function) -> Function:
    """Give *function* the options of many calls, whose prompts are in a file."""
    return _decorated(
        function, (_ONE_MODEL, _FALLBACK, _COUNT, _SIZE, *_WORDS, *_BUDGET, *_STEERING, *_LISTED)
    )


def _decorated(function: Function, options: tuple[Callable[[Function], Function], ...]) -> Function:
    for option in reversed(options):
        function = option(function)
    return function


def arguments(options: Mapping[str, Any], words: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the keyword arguments of the call, from those of *options* that are given.

    Raises:
        Failure: something is given twice; which one was meant is not for us to say.
    """
    call = {name: one for name, one in options.items() if one is not None}
    for name, value in words:
        if name in call:
            raise Failure(f"{name} is given twice; give it once", 2)
        call[name] = value
    return _budgeted(call)


def _budgeted(call: dict[str, Any]) -> dict[str, Any]:
    """Return *call* with the budget that its options name: one for all calls that come of it."""
    unknown = call.pop("unpriced", None)
    if "budget" in call:
        call["budget"] = impasto.budget(call["budget"], unknown=unknown or "refuse")
    elif unknown is not None:
        raise Failure("--unpriced says what --budget allows; give --budget as well", 2)
    return call
