"""What is said of a call's cost before it holds what it did cost, in all that was recorded."""

import asyncio
import importlib
import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from impasto._api import registry
from impasto._arguments import sort
from impasto._explain import explained
from impasto.errors import ImpastoError
from impasto.testing import Script, sample
from impasto.testing._script import blocking

sys.path.insert(0, str(Path(__file__).parent))
from test_recordings import PLAYED, ROOT, answer, nothing_set, unpacked  # noqa: F401

pytestmark = [
    pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning"),
    pytest.mark.filterwarnings("ignore::impasto.ImpastoWarning"),
]

WHERE = (__file__, 1, globals())
# Answers with tokens or sizes, each with the call that its echo says it answers.
GPT = {"prompt": "a red fox", "size": "1024x1024", "quality": "high", "api_key": "k"}
AZURE = {**GPT, "base_model": "gpt-image-1-mini", "api_base": "https://a.openai.azure.com"}
IMAGEN = {"prompt": "a fox", "access_token": "t", "vertex_project": "p"}
GEMINI = {**IMAGEN, "max_output_tokens": 9000}
SAMPLES = [
    ("openai", "gpt-image", {**GPT, "model": "openai/gpt-image-1-mini"}),
    ("openai", "gpt-image", {**GPT, "quality": "auto", "model": "openai/gpt-image-1-mini"}),
    ("openai", "gpt-image", {**GPT, "size": "auto", "model": "openai/gpt-image-2"}),
    (
        "openai",
        "gpt-image-two",
        {**GPT, "n": 2, "size": "1536x1024", "quality": "low", "model": "openai/gpt-image-1-mini"},
    ),
    ("openai", "gpt-image-edit", {**GPT, "model": "openai/gpt-image-2", "quality": "auto"}),
    ("azure", "gpt-image", {**AZURE, "model": "azure/mine"}),
    ("vertex", "gemini", {**GEMINI, "model": "vertex_ai/gemini-2.5-flash-image"}),
    ("vertex", "gemini", {**GEMINI, "model": "vertex_ai/gemini-3-pro-image"}),
    ("vertex", "imagen-two", {**IMAGEN, "n": 2, "model": "vertex_ai/imagen-4.0-generate-001"}),
]


def sorted_out(call):
    arguments = dict(call)
    return sort(arguments.pop("kind", "edit" if "image" in arguments else "generate"), arguments)


def told(script, call):
    """Return what is said of *call* beforehand."""
    return blocking(explained(script().client, sorted_out(call), WHERE))


def holds(estimate, response, wanted):
    """Return whether *estimate* holds; where pictures are missing, only its upper end.

    So it is where a few pixels stand in for a picture that is paid by its area.
    """
    cost = response.cost.amount
    stand_ins = estimate.basis == "megapixel" and any(
        (one.width or 99) < 64 for one in response.data
    )
    whole = len(response.data) >= wanted and not stand_ins
    return (estimate.low <= cost or not whole) and cost <= estimate.high


@pytest.mark.parametrize(("plugin", "recording"), PLAYED)
def test_recorded_calls(plugin, recording, nothing_set):  # noqa: F811
    """
    The interval holds the cost; where there is none, it says why.
    """
    for name, value in recording.get("env", {}).items():
        nothing_set.setenv(name, value)
    module = importlib.import_module(plugin.replace("-", "_"))
    script = lambda: Script(*map(answer, recording["answers"]), plugin=module)  # noqa: E731
    call = unpacked(recording["call"])
    try:
        response = script().play(call)
    except ImpastoError:
        pytest.skip("no picture came")

    said = told(script, call)

    assert (said.estimate is None) == bool(said.unpriced)
    if said.estimate is not None and response.cost is not None:
        assert holds(said.estimate, response, recording["call"].get("n") or 1), (
            said.estimate,
            response.cost,
        )


@pytest.mark.parametrize(("plugin", "name", "call"), SAMPLES)
def test_recorded_answers(plugin, name, call, nothing_set):  # noqa: F811
    """
    Of each kind of price: by the token, by the picture; blocking and awaited alike.
    """
    path = ROOT / f"plugins/impasto-{plugin}/tests/samples/{name}.json"
    script = lambda: Script(sample(path))  # noqa: E731

    response, said = script().play(call), told(script, call)
    awaited = asyncio.run(script().client.perform(sorted_out(call), WHERE))
    said_again = asyncio.run(explained(script().client, sorted_out(call), WHERE))

    assert (response.cost, said.estimate) == (awaited.cost, said_again.estimate)
    assert holds(said.estimate, response, call.get("n", 1)), (said.estimate, response.cost)


def catalogued():
    for path in sorted(ROOT.glob("plugins/*/*/models.json")):
        for row in json.loads(path.read_text())["models"]:
            yield path.parents[1].name, row["name"]


@pytest.mark.parametrize(("plugin", "model"), [*catalogued()])
def test_a_price_or_a_reason(plugin, model):
    """
    Every model that we list has prices with source, date and certainty, or says why it has none.
    """
    loaded = registry.plugin(plugin.removeprefix("impasto-")).loaded()
    card = loaded.catalogue.get(model)

    assert bool(card.prices) != bool(card.unpriced)
    assert all(one.source and one.date for one in (*card.prices, *card.tokens))
    assert all(one.certainty for one in card.prices)


def test_how_many_have_one(capsys):
    """
    All of them have a price or a reason; most have a price.
    """
    cards = [
        registry.plugin(plugin.removeprefix("impasto-")).loaded().catalogue.get(model)
        for plugin, model in catalogued()
    ]
    count = Counter("price" if card.prices else "reason" for card in cards)
    with capsys.disabled():
        print(f"\nof {len(cards)} models {count['price']} have a price, {count['reason']} a reason")

    assert len(cards) == count["price"] + count["reason"]
    assert count["reason"] < count["price"]
