"""What a model's name says: where it is ordered, and what is looked up before."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import impasto_replicate
from impasto.errors import BadRequestError, NotFoundError
from impasto.testing import Script, html, reply, sample

SAMPLES = Path(__file__).parent / "samples"
API = "https://api.replicate.com/v1"
VERSION = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"
DONE, SDXL, FINE_TUNE, FLUX_2, OLD = (
    sample(SAMPLES / f"{name}.json")
    for name in ("done", "model-sdxl", "model-fine-tune", "model-flux-2", "version-sdxl")
)
UNCHECKED = (
    "nothing says which model's inputs these are, so nothing was checked; "
    "base_model='owner/name' says it"
)


def script(*answers, **stage):
    return Script(*answers, plugin=impasto_replicate, **stage)


def asked(model, **more):
    return {"prompt": "a fox", "model": f"replicate/{model}", "api_key": "r8_0123456789", **more}


def shown(stage):
    return [(request.method, request.url.removeprefix(API)) for request in stage.sent]


def order(stage):
    """Return the body of the order, which is the last thing sent."""
    return json.loads(stage.sent[-1].body)


class TestNames:
    def test_a_listed_official_model(self):
        """
        One request, by the model's name, which waits for the picture.
        """
        stage = script(DONE)
        response = stage.play(asked("black-forest-labs/flux-schnell"))

        assert [("POST", "/models/black-forest-labs/flux-schnell/predictions")] == shown(stage)
        assert {"input": {"prompt": "a fox"}} == order(stage)
        assert () == response.notes

    def test_the_default_model(self):
        """
        Who names only the provider gets it.
        """
        stage = script(DONE)
        stage.play({**asked("-"), "model": None, "custom_llm_provider": "replicate"})

        assert [("POST", "/models/black-forest-labs/flux-schnell/predictions")] == shown(stage)

    @pytest.mark.parametrize(
        "call",
        [
            pytest.param(asked("stability-ai/sdxl"), id="with the provider in front"),
            pytest.param(
                {**asked(""), "model": "stability-ai/sdxl", "custom_llm_provider": "replicate"},
                id="beside the provider",
            ),
            pytest.param(
                asked("stability-ai/sdxl", custom_llm_provider="replicate"), id="with both"
            ),
        ],
    )
    def test_a_community_model(self, call):
        """
        It runs by its latest version, which is looked up.
        """
        stage = script(SDXL, DONE)
        stage.play(call)

        assert [("GET", "/models/stability-ai/sdxl"), ("POST", "/predictions")] == shown(stage)
        assert {"version": VERSION, "input": {"prompt": "a fox"}} == order(stage)

    def test_a_version_of_a_listed_model(self):
        """
        Its parameters are known, so nothing is looked up.
        """
        stage = script(DONE)
        stage.play(asked(f"stability-ai/sdxl:{VERSION}", negative_prompt="rain"))

        assert [("POST", "/predictions")] == shown(stage)
        assert {
            "version": VERSION,
            "input": {"prompt": "a fox", "negative_prompt": "rain"},
        } == order(stage)

    def test_a_version_of_another_model(self):
        """
        It is that version's schema that counts.
        """
        stage = script(OLD, DONE)
        stage.play(asked(f"me/my-sdxl:{VERSION}", size="512x768"))

        assert [
            ("GET", f"/models/me/my-sdxl/versions/{VERSION}"),
            ("POST", "/predictions"),
        ] == shown(stage)
        assert {
            "version": VERSION,
            "input": {"prompt": "a fox", "width": 512, "height": 768},
        } == order(stage)

    def test_a_bare_version(self):
        """
        Nothing says whose it is: the caller's words pass, and the answer says so.
        """
        stage = script(DONE)
        response = stage.play(asked(VERSION, seed=7))

        assert [("POST", "/predictions")] == shown(stage)
        assert {"version": VERSION, "input": {"prompt": "a fox", "seed": 7}} == order(stage)
        assert "unverified" == response.params["seed"].outcome
        assert (UNCHECKED,) == response.notes

    def test_a_deployment(self):
        """
        It has a path of its own, and hides its model.
        """
        stage = script(DONE)
        response = stage.play(asked("deployments/acme/my-app"))

        assert [("POST", "/deployments/acme/my-app/predictions")] == shown(stage)
        assert {"input": {"prompt": "a fox"}} == order(stage)
        assert (UNCHECKED,) == response.notes

    @pytest.mark.parametrize("model", ["deployments/acme/my-app", VERSION])
    def test_base_model_says_what_is_behind(self, model):
        """
        A listed model needs no look; then its limits hold.
        """
        stage = script(DONE)
        response = stage.play(asked(model, size="512x512", base_model="stability-ai/sdxl"))

        assert {"prompt": "a fox", "width": 512, "height": 512} == order(stage)["input"]
        assert (1, ()) == (len(stage.sent), response.notes)

    @pytest.mark.parametrize("model", ["deployments/acme/my-app", VERSION])
    def test_a_base_model_that_nobody_listed(self, model):
        """
        Its schema is looked up, but its version is not what runs.
        """
        stage = script(FINE_TUNE, DONE)
        stage.play(asked(model, size="512x512", base_model="me/my-lora"))

        assert ("GET", "/models/me/my-lora") == shown(stage)[0]
        assert "custom" == order(stage)["input"]["aspect_ratio"]
        assert ("version" in order(stage)) == (model == VERSION)

    @pytest.mark.parametrize(
        "model",
        [
            "sdxl",
            "a/b/c",
            "a/../b",
            "../predictions",
            "a/b:",
            "a/b:..",
            "a/b?x=1",
            "a/b#c",
            "a /b",
            "a/b%2f..",
            "deployments/a/b:1",
            VERSION[:-1],
            VERSION.upper(),
        ],
    )
    def test_what_is_no_name(self, model):
        """
        Nothing is sent, and nothing in a name leads anywhere else.
        """
        stage = script()
        with pytest.raises(BadRequestError, match="is no model of Replicate") as caught:
            stage.play(asked(model))

        assert ("model", []) == (caught.value.param, stage.sent)


class TestLooking:
    """What is learned of a model, and what not."""

    def test_an_official_model_of_which_only_the_name_is_listed(self):
        """
        Its schema is looked up; it runs by its name.
        """
        stage = script(FLUX_2, DONE)
        stage.play(asked("black-forest-labs/flux-2-pro", output_format="jpeg"))

        assert [
            ("GET", "/models/black-forest-labs/flux-2-pro"),
            ("POST", "/models/black-forest-labs/flux-2-pro/predictions"),
        ] == shown(stage)
        assert {"input": {"prompt": "a fox", "output_format": "jpg"}} == order(stage)

    def test_a_listed_model_is_official_where_nothing_else_is_said(self):
        """
        An answer without "is_official" does not turn it into a community model.
        """
        said = json.loads(FLUX_2.body)
        del said["is_official"]
        stage = script(reply(said), DONE)
        stage.play(asked("black-forest-labs/flux-2-pro"))

        assert {"input": {"prompt": "a fox"}} == order(stage)

    def test_it_is_done_once(self):
        """
        Six first calls at a time, and one more, look once.
        """
        stage = script(SDXL, *[DONE] * 7)
        with ThreadPoolExecutor(6) as threads:
            list(threads.map(stage.play, [asked("stability-ai/sdxl")] * 6))
        stage.play(asked("stability-ai/sdxl"))

        assert ["GET", *["POST"] * 7] == [request.method for request in stage.sent]

    @pytest.mark.parametrize(
        "unreadable",
        [
            pytest.param(html(502), id="an error"),
            pytest.param(reply([]), id="a list"),
            pytest.param(reply({"latest_version": 7}), id="no version"),
            pytest.param(reply(fault="drop"), id="no answer"),
        ],
    )
    def test_it_cannot_be_done(self, unreadable):
        """
        The call goes on as an official model's, in the usual words, and says that nobody checked.
        """
        stage = script(unreadable, DONE)
        response = stage.play(asked("me/mine", seed=7, n=1, output_compression=90))

        assert ("POST", "/models/me/mine/predictions") == shown(stage)[1]
        assert {
            "prompt": "a fox",
            "seed": 7,
            "num_outputs": 1,
            "output_quality": 90,
        } == order(stage)["input"]
        assert {"unverified"} == {fate.outcome for fate in response.params.values()}
        assert response.notes[0].startswith(
            f"{API}/models/me/mine could not be read, so nothing was checked against it: "
        )

    def test_a_model_without_a_schema(self):
        """
        Its version runs; the answer says that there was nothing to check against.
        """
        said = {"is_official": False, "latest_version": {"id": "abc", "openapi_schema": {}}}
        stage = script(reply(said), DONE)
        response = stage.play(asked("me/mine", steps=4))

        assert {"version": "abc", "input": {"prompt": "a fox", "steps": 4}} == order(stage)
        assert (
            "the model publishes no input schema, so nothing was checked against one",
        ) == response.notes

    def test_it_need_not_be_done(self):
        """
        check_schema=False takes the model for an official one.
        """
        stage = script(DONE)
        response = stage.play(asked("me/mine", check_schema=False, steps=4))

        assert [("POST", "/models/me/mine/predictions")] == shown(stage)
        assert (UNCHECKED,) == response.notes

    def test_yes_or_no(self):
        """
        Anything else is a mistake.
        """
        stage = script()
        with pytest.raises(BadRequestError, match="True or False") as caught:
            stage.play(asked("me/mine", check_schema="no"))

        assert ("check_schema", []) == (caught.value.param, stage.sent)

    def test_without_a_look_a_community_model_is_not_found(self):
        """
        Replicate's words come first, then the way out.
        """
        gone = sample(SAMPLES / "error-404.json")
        with pytest.raises(NotFoundError) as caught:
            script(gone).play(asked("stability-ai/sdxl", check_schema=False))

        assert caught.value.message.startswith("The requested resource could not be found.")
        assert "'owner/name:version'" in caught.value.message
        assert not caught.value.maybe_accepted

    def test_a_version_that_is_not_found(self):
        """
        There the hint would be none.
        """
        gone = sample(SAMPLES / "error-404.json")
        with pytest.raises(NotFoundError) as caught:
            script(gone).play(asked(f"stability-ai/sdxl:{VERSION}"))

        assert "The requested resource could not be found." == caught.value.message
