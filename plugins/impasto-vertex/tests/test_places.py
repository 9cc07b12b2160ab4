"""Where a call goes: host, project, location, version, resource name; and who may lead it there."""

from pathlib import Path

import pytest

from impasto.errors import BadRequestError
from impasto.testing import Script, sample

# Imagen is gone; nothing here depends on the day.
pytestmark = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")

SAMPLES = Path(__file__).parent / "samples"
IMAGEN, GEMINI = sample(SAMPLES / "imagen.json"), sample(SAMPLES / "gemini.json")
CALL = {"prompt": "a fox", "model": "vertex_ai/gemini-3-pro-image"}
TOKEN = {"access_token": "ya29.0123456789abcdef"}
OURS = {**CALL, **TOKEN, "vertex_project": "my-proj"}
KEY = "AQ.0123456789abcdef"
MODEL = "publishers/google/models/gemini-3-pro-image"
GLOBAL = "https://aiplatform.googleapis.com/v1beta1"


def sent(call, answer=GEMINI):
    """Return the only request of *call*."""
    script = Script(answer)
    script.play(call)
    (request,) = script.sent
    return request


class TestHosts:
    @pytest.mark.parametrize(
        ("location", "host"),
        [
            ("global", "aiplatform.googleapis.com"),
            ("us", "aiplatform.us.rep.googleapis.com"),
            ("eu", "aiplatform.eu.rep.googleapis.com"),
            ("us-central1", "us-central1-aiplatform.googleapis.com"),
            ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
        ],
    )
    def test_each_location_has_its_own(self, location, host):
        """
        The whole world, a part of it, or a region.
        """
        expected = (
            f"https://{host}/v1beta1/projects/my-proj/locations/{location}/{MODEL}:generateContent"
        )

        assert expected == sent({**OURS, "vertex_location": location}).url

    def test_global_where_nobody_says(self):
        """
        That is where Gemini's image models are, and what Google's SDK takes.
        """
        expected = f"{GLOBAL}/projects/my-proj/locations/global/{MODEL}:generateContent"

        assert expected == sent(OURS).url

    @pytest.mark.parametrize(
        "location",
        ["evil.example/", "evil.example#", "a.b", "x@y", "US", "-", "a" * 64, "é", 7],
    )
    @pytest.mark.parametrize("name", ["vertex_location", "vertex_ai_location"])
    def test_nobody_is_led_elsewhere_by_a_location(self, name, location):
        """
        What cannot be one is refused, and nothing is sent.
        """
        script = Script(GEMINI)

        with pytest.raises(BadRequestError, match="vertex_location=") as caught:
            script.play({**OURS, name: location})
        assert ([], "vertex_location") == (script.sent, caught.value.param)

    @pytest.mark.parametrize("project", ["a/b", "..", "p?x=1", "p#x", "-", "p q", "p\\", "@x", 7])
    def test_nobody_is_led_elsewhere_by_a_project(self, project):
        """
        The same for a project.
        """
        script = Script(GEMINI)

        with pytest.raises(BadRequestError, match="vertex_project=") as caught:
            script.play({**CALL, **TOKEN, "vertex_project": project})
        assert ([], "vertex_project") == (script.sent, caught.value.param)

    @pytest.mark.parametrize("project", ["p", "my-proj", "example.com:my-proj", "123456789012"])
    def test_projects_as_google_names_them(self, project):
        """
        Names, names within a domain, numbers.
        """
        assert f"/projects/{project}/" in sent({**OURS, "vertex_project": project}).url

    @pytest.mark.parametrize("version", ["../v1", "v1/x", "V1", "v", "v1?", "1"])
    def test_a_version_is_one(self, version):
        """
        It is a segment of the path, and no more.
        """
        with pytest.raises(BadRequestError, match="api_version="):
            sent({**OURS, "api_version": version})


class TestModels:
    @pytest.mark.parametrize(
        ("model", "path"),
        [
            ("gemini-3-pro-image", f"projects/my-proj/locations/us/{MODEL}"),
            ("google/gemini-3-pro-image", f"projects/my-proj/locations/us/{MODEL}"),
            (MODEL, f"projects/my-proj/locations/us/{MODEL}"),
            (f"projects/p2/locations/eu/{MODEL}", f"projects/p2/locations/eu/{MODEL}"),
            (
                "projects/p2/locations/eu/models/gemini-tuned",
                "projects/p2/locations/eu/models/gemini-tuned",
            ),
            (
                "black-forest/flux",
                "projects/my-proj/locations/us/publishers/black-forest/models/flux",
            ),
        ],
    )
    def test_names_and_resource_names(self, model, path):
        """
        A full name changes the path; where a location is given, the host stays that one's, as
        recorded.
        """
        call = {**OURS, "model": f"vertex_ai/{model}", "vertex_location": "us"}
        expected = f"https://aiplatform.us.rep.googleapis.com/v1beta1/{path}:generateContent"

        assert expected == sent(call).url

    def test_a_full_name_brings_its_location(self):
        """
        Where none is given, the host is that of the name.
        """
        name = f"projects/p2/locations/europe-west4/{MODEL}"
        expected = f"https://europe-west4-aiplatform.googleapis.com/v1beta1/{name}:generateContent"

        assert expected == sent({**CALL, **TOKEN, "model": f"vertex_ai/{name}"}).url

    @pytest.mark.parametrize("location", ["evil.example%23", "EVIL", "a.b"])
    def test_but_no_strange_one(self, location):
        """
        It ends in the host like any other.
        """
        with pytest.raises(BadRequestError):
            sent({**OURS, "model": f"vertex_ai/projects/p2/locations/{location}/{MODEL}"})

    @pytest.mark.parametrize(
        ("model", "path"),
        [
            ("endpoints/99", "projects/my-proj/locations/us/endpoints/99"),
            ("projects/p2/locations/us/endpoints/99", "projects/p2/locations/us/endpoints/99"),
        ],
    )
    @pytest.mark.parametrize(
        ("base", "method", "answer"),
        [
            ("gemini-2.5-flash-image", "generateContent", GEMINI),
            ("imagen-3.0-generate-002", "predict", IMAGEN),
        ],
    )
    def test_endpoints(self, model, path, base, method, answer):
        """
        `base_model` says what stands behind the number.
        """
        call = {**OURS, "model": f"vertex_ai/{model}", "base_model": base, "vertex_location": "us"}

        assert sent(call, answer).url.endswith(f"/v1beta1/{path}:{method}")

    def test_an_endpoint_alone(self):
        """
        A number does not say what stands behind it; guessing would cost.
        """
        with pytest.raises(BadRequestError, match="pass base_model") as caught:
            sent({**OURS, "model": "vertex_ai/endpoints/99"})

        assert "base_model" == caught.value.param

    @pytest.mark.parametrize(
        "model",
        [
            "../evil",
            "a/../b",
            "bad model?x=1",
            "a&b",
            "a#b",
            "a:predict?x",
            "//x",
            "a//b",
            "a/",
            "é",
        ],
    )
    def test_nobody_is_led_elsewhere_by_a_model(self, model):
        """
        What cannot be a name is refused, and nothing is sent.
        """
        script = Script(GEMINI)

        with pytest.raises(BadRequestError, match="cannot be a model") as caught:
            script.play({**OURS, "model": f"vertex_ai/{model}"})
        assert ([], "model") == (script.sent, caught.value.param)

    @pytest.mark.parametrize("model", ["imagegeneration@006", "vertex_ai/imagegeneration@006"])
    def test_the_name_that_answers_bare(self, model):
        """
        Imagen 2 goes out with its version.
        """
        script = Script(IMAGEN)
        script.play({**OURS, "model": model})

        assert script.sent[0].url.endswith("/publishers/google/models/imagegeneration@006:predict")

    def test_the_other_prefix(self):
        """
        "vertex/" is "vertex_ai/".
        """
        script = Script(GEMINI)
        script.play({**OURS, "model": "vertex/gemini-3-pro-image"})

        assert script.sent[0].url.endswith(f"{MODEL}:generateContent")

    @pytest.mark.parametrize(
        ("model", "method"),
        [
            ("gemini-2.0-flash-preview-image", "generateContent"),
            ("nano-banana-9", "generateContent"),
            ("imagen-5.0-generate-001", "predict"),
            ("imagegeneration@007", "predict"),
            ("virtual-try-on-002", "predict"),
        ],
    )
    def test_models_that_nobody_listed(self, model, method):
        """
        The family is in the name; what is no Imagen is asked as Gemini is.
        """
        answer = GEMINI if method == "generateContent" else IMAGEN
        script = Script(answer)
        response = script.play({**OURS, "model": f"vertex_ai/{model}"})

        assert script.sent[0].url.endswith(f":{method}")
        assert "unverified" == response.params["prompt"].outcome


class TestExpressMode:
    def test_a_key_needs_no_project(self):
        """
        The path is short, and the key is in Google's header.
        """
        request = sent({**CALL, "api_key": KEY})

        assert f"{GLOBAL}/{MODEL}:generateContent" == request.url
        assert KEY == request.headers["x-goog-api-key"]
        assert "Authorization" not in request.headers

    def test_a_key_with_a_project(self):
        """
        Who gives both gets both.
        """
        request = sent({**CALL, "api_key": KEY, "vertex_project": "my-proj"})

        assert f"{GLOBAL}/projects/my-proj/locations/global/{MODEL}:generateContent" == request.url
        assert KEY == request.headers["x-goog-api-key"]


class TestBases:
    @pytest.mark.parametrize(
        ("base", "expected"),
        [
            ("https://gw.example", "https://gw.example/v1beta1"),
            ("https://gw.example/", "https://gw.example/v1beta1"),
            ("https://gw.example/vx", "https://gw.example/vx/v1beta1"),
            ("https://gw.example/vx/v1/", "https://gw.example/vx/v1"),
            ("https://gw.example:8443/v1", "https://gw.example:8443/v1"),
        ],
    )
    def test_a_server_of_the_users_own(self, base, expected):
        """
        The path goes behind it, as in Google's SDK; a version at its end is not doubled.
        """
        within = f"projects/my-proj/locations/global/{MODEL}:generateContent"

        assert f"{expected}/{within}" == sent({**OURS, "api_base": base}).url

    def test_a_query_stays(self):
        """
        Some gateways want one.
        """
        request = sent({**OURS, "api_base": "https://gw.example/vx?tenant=7"})

        assert request.url.endswith(f"{MODEL}:generateContent?tenant=7")

    def test_the_url_of_a_method(self):
        """
        LiteLLM's users give the whole of it.
        """
        base = "https://gw.example/my/models/m:generateContent"

        assert base == sent({**OURS, "api_base": base}).url


def arguments_and_environment():
    project, other = {"vertex_project": "of-the-call"}, {"vertex_ai_project": "of-the-call"}
    env = {"VERTEXAI_PROJECT": "of-the-variable"}
    yield pytest.param({**project, **TOKEN}, env, "of-the-call", id="argument")
    yield pytest.param({**other, **TOKEN}, env, "of-the-call", id="LiteLLM's other word")
    yield pytest.param(TOKEN, env, "of-the-variable", id="VERTEXAI_PROJECT")
    yield pytest.param(TOKEN, {"VERTEX_AI_PROJECT": "third"}, "third", id="VERTEX_AI_PROJECT")
    yield pytest.param(TOKEN, {"GOOGLE_CLOUD_PROJECT": "fourth"}, "fourth", id="Google's own")
    both = {"GOOGLE_CLOUD_PROJECT": "fourth", **env}
    yield pytest.param(TOKEN, both, "of-the-variable", id="LiteLLM's goes first")


class TestPrecedence:
    @pytest.mark.parametrize(("given", "environment", "project"), list(arguments_and_environment()))
    def test_projects(self, nothing_set, given, environment, project):
        """
        Argument, then the variables in their order.
        """
        for name, value in environment.items():
            nothing_set.setenv(name, value)

        assert f"/projects/{project}/" in sent({**CALL, **given}).url

    @pytest.mark.parametrize(
        "variable", ["VERTEXAI_LOCATION", "VERTEX_AI_LOCATION", "GOOGLE_CLOUD_LOCATION"]
    )
    def test_locations(self, nothing_set, variable):
        """
        The same for locations.
        """
        nothing_set.setenv(variable, "eu")

        assert "/locations/eu/" in sent(OURS).url
        assert "/locations/us/" in sent({**OURS, "vertex_ai_location": "us"}).url

    def test_both_words_for_one_thing(self):
        """
        If they differ, nobody knows which is meant.
        """
        with pytest.raises(BadRequestError, match="mean the same"):
            sent({**OURS, "vertex_ai_project": "another"})
        assert "/projects/my-proj/" in sent({**OURS, "vertex_ai_project": "my-proj"}).url

    @pytest.mark.parametrize(
        ("given", "environment", "keyed"),
        [
            pytest.param({}, {"GOOGLE_API_KEY": KEY}, True, id="a key alone"),
            pytest.param({"api_key": KEY}, {}, True, id="a given key"),
            pytest.param(
                {"api_key": KEY}, {"GOOGLE_CLOUD_PROJECT": "p"}, True, id="a given key, a project"
            ),
            pytest.param(
                {**TOKEN, "vertex_project": "p"}, {"GOOGLE_API_KEY": KEY}, False, id="a given token"
            ),
            pytest.param(
                TOKEN,
                {"GOOGLE_API_KEY": KEY, "GOOGLE_CLOUD_PROJECT": "p"},
                False,
                id="a key for something else",
            ),
        ],
    )
    def test_a_key_out_of_the_environment_gives_way(self, nothing_set, given, environment, keyed):
        """
        As in google-genai: what is given goes before it, and so does a known project, for many
        have set a key that is for the Gemini API alone.
        """
        for name, value in environment.items():
            nothing_set.setenv(name, value)
        request = sent({**CALL, **given})

        assert keyed == ("x-goog-api-key" in request.headers)
        assert keyed == ("/projects/" not in request.url)

    @pytest.mark.parametrize(
        ("value", "version"), [("v1", "v1"), ("beta", "v1beta1"), ("v1beta1", "v1beta1")]
    )
    def test_versions(self, nothing_set, value, version):
        """
        The SDK's variable is read as the SDK reads it.
        """
        nothing_set.setenv("GOOGLE_GENAI_API_VERSION", value)

        assert f".com/{version}/projects/" in sent(OURS).url
        assert ".com/v1beta2/projects/" in sent({**OURS, "api_version": "v1beta2"}).url
