"""A model is asked only for the kind of work that it does; else the error says what would do."""

import json

import pytest

from impasto import UnsupportedParamsError
from impasto.testing import PNG, Script

MODELS = {
    "models": [
        {"name": "oil-2"},
        {"name": "mender-1", "kinds": ["edit"]},
        {
            "name": "mender-0",
            "kinds": ["edit"],
            "lifecycle": {"retires": "2025-01-01", "source": "-"},
        },
        {"name": "echo-1", "kinds": ["vary"]},
    ]
}


@pytest.fixture
def models(tmp_path):
    path = tmp_path / "models.json"
    path.write_text(json.dumps(MODELS))
    return path


@pytest.mark.parametrize(
    ("kind", "model", "said"),
    [
        (
            "generate",
            "mender-1",
            "it works on pictures: image_edit() takes one, as image; these do: oil-2",
        ),
        ("edit", "oil-2", "it takes no picture to work on; these do: mender-1"),
        (
            "vary",
            "oil-2",
            "it makes no variations; image_edit() with a prompt does nearly the same; these do: echo-1",
        ),
    ],
)
def test_it_is_refused_before_anything_is_sent(acme, models, kind, model, said):
    """
    With what does it, gone models apart, even where parameters may be dropped.
    """
    script = Script(plugin=acme.plugin(), models=models)
    picture = {} if kind == "generate" else {"image": PNG}
    with pytest.raises(UnsupportedParamsError) as caught:
        script.play(
            {**acme.call, "kind": kind, "model": f"acme/{model}", "drop_params": True, **picture}
        )

    assert f"acme/{model}: {said}" == str(caught.value)
    assert ("image", []) == (caught.value.param, script.sent)


def test_a_provider_that_does_no_such_work_says_so(acme, tmp_path):
    """
    Then another provider is the way out.
    """
    path = tmp_path / "models.json"
    path.write_text(json.dumps({"models": [{"name": "oil-2"}]}))
    script = Script(plugin=acme.plugin(), models=path)
    with pytest.raises(UnsupportedParamsError, match="none of acme's present models does, so ask"):
        script.play({**acme.call, "kind": "edit", "image": PNG})

    assert [] == script.sent


def test_a_model_that_nobody_listed_is_asked(acme, models):
    """
    What it does is for its provider to say.
    """
    script = Script(acme.pictures(), plugin=acme.plugin(), models=models)

    assert script.play({**acme.call, "model": "acme/other"}).data
