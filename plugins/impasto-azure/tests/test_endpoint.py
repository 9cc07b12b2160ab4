"""Where requests go: resources, deployments, versions, and hosts that get no key."""

import json
from pathlib import Path
from typing import Any

import pytest

import impasto
from impasto.errors import BadRequestError
from impasto.testing import PNG, FakeServer, Script, reply, sample

SAMPLES = Path(__file__).parent / "samples"
ANSWER = sample(SAMPLES / "gpt-image.json")
BASE = "https://my-res.openai.azure.com"
CLASSIC = f"{BASE}/openai/deployments/dep/images/generations?api-version=2025-04-01-preview"
CALL = {"prompt": "a fox", "model": "azure/dep"}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "az-environment")


def sent(**more: Any) -> Any:
    script = Script(ANSWER)
    script.play({**CALL, **more})
    (request,) = script.sent
    return request


def model_in(request: Any) -> Any:
    return json.loads(request.body).get("model")


class TestClassic:
    @pytest.mark.parametrize(
        "base",
        [
            BASE,
            f"{BASE}/",
            f"{BASE}/openai",
            f"{BASE}/openai/",
            f"{BASE}/openai/deployments/dep",
            f"{BASE}/openai/deployments/dep/",
            f"{BASE}/openai/deployments/dep/images/generations",
            f"{BASE}/openai/deployments/dep/images/edits",
            CLASSIC,
            f"{BASE}#/home",
        ],
    )
    def test_every_way_to_write_a_base(self, base):
        """
        The resource, with or without "/openai", or the whole URL of the deployment.
        """
        request = sent(api_base=base)

        assert (CLASSIC, None) == (request.url, model_in(request))

    def test_edits_have_a_url_of_their_own(self):
        """
        Also where the base is that of generations.
        """
        edits = CLASSIC.replace("generations", "edits")

        assert edits == sent(api_base=BASE, image=PNG).url
        assert edits == sent(api_base=CLASSIC, image=PNG).url
        assert b'name="model"' not in sent(api_base=BASE, image=PNG).body

    def test_a_gateway_with_a_path(self):
        """
        The path stays in front, as in the SDK.
        """
        url = sent(api_base="https://apim.example/pictures/eu").url

        assert (
            "https://apim.example/pictures/eu/openai/deployments/dep/images/generations"
            "?api-version=2025-04-01-preview"
        ) == url

    def test_a_deployment_in_the_base_stays(self):
        """
        A whole URL is meant as it stands, whatever the model is called.
        """
        url = sent(api_base=f"{BASE}/openai/deployments/d9", model="azure/m").url

        assert url.startswith(f"{BASE}/openai/deployments/d9/images/")

    def test_azure_deployment(self):
        """
        The SDK's argument goes before the model's name.
        """
        url = sent(api_base=BASE, azure_deployment="other").url

        assert url.startswith(f"{BASE}/openai/deployments/other/images/")

    @pytest.mark.parametrize(
        ("name", "segment"),
        [
            ("our-pictures_2.5", "our-pictures_2.5"),
            ("my dép/x:1", "my%20d%C3%A9p%2Fx:1"),
            ("a?b#c%d", "a%3Fb%23c%25d"),
            ("../../x", "..%2F..%2Fx"),
            ("...", "..."),
        ],
    )
    def test_a_name_is_one_segment(self, name, segment):
        """
        Nothing in it leaves its place in the path.
        """
        url = sent(api_base=BASE, model=f"azure/{name}").url

        assert url.startswith(f"{BASE}/openai/deployments/{segment}/images/")

    @pytest.mark.parametrize("name", [".", ".."])
    def test_a_name_that_is_a_way_out(self, name):
        """
        It would be another path; nothing is sent.
        """
        script = Script(ANSWER)
        with pytest.raises(BadRequestError, match="no deployment's name") as caught:
            script.play({**CALL, "api_base": BASE, "model": f"azure/{name}"})

        assert ("model", []) == (caught.value.param, script.sent)


class TestV1:
    @pytest.mark.parametrize(
        ("settings", "query"),
        [
            ({"api_base": f"{BASE}/openai/v1"}, ""),
            ({"api_base": f"{BASE}/openai/v1/"}, ""),
            ({"api_base": f"{BASE}/openai/v1/images/generations"}, ""),
            (
                {"api_base": f"{BASE}/openai/v1/images/generations?api-version=preview"},
                "?api-version=preview",
            ),
            ({"api_base": f"{BASE}/openai/v1", "api_version": "preview"}, "?api-version=preview"),
            ({"api_base": BASE, "api_version": "v1"}, "?api-version=v1"),
            ({"api_base": BASE, "api_version": "preview"}, "?api-version=preview"),
            ({"api_base": f"{BASE}/openai", "api_version": "latest"}, "?api-version=latest"),
        ],
    )
    def test_the_body_names_the_deployment(self, settings, query):
        """
        By the base or by the version; the page's own example has "?api-version=preview".
        """
        request = sent(**settings)

        assert f"{BASE}/openai/v1/images/generations{query}" == request.url
        assert "dep" == model_in(request)

    def test_edits(self):
        """
        A field of the form names the deployment.
        """
        request = sent(api_base=f"{BASE}/openai/v1", image=PNG)

        assert f"{BASE}/openai/v1/images/edits" == request.url
        assert b'name="model"\r\n\r\ndep\r\n' in request.body

    def test_azure_deployment(self):
        """
        It is what the body names.
        """
        assert "other" == model_in(sent(api_base=f"{BASE}/openai/v1", azure_deployment="other"))

    def test_a_dated_version_is_left_out(self, monkeypatch):
        """
        v1 knows none, and programs of before have one in their environment.
        """
        monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")

        assert f"{BASE}/openai/v1/images/generations" == sent(api_base=f"{BASE}/openai/v1").url


class TestVersion:
    @pytest.mark.parametrize(
        "variable", ["OPENAI_API_VERSION", "AZURE_API_VERSION", "AZURE_OPENAI_API_VERSION"]
    )
    def test_variables(self, monkeypatch, variable):
        """
        The SDK's, LiteLLM's, and one that many programs have.
        """
        monkeypatch.setenv(variable, "2024-10-21")

        assert sent(api_base=BASE).url.endswith("?api-version=2024-10-21")

    def test_which_goes_first(self, monkeypatch):
        """
        That of a whole URL, the argument, the SDK's variable.
        """
        monkeypatch.setenv("AZURE_API_VERSION", "2024-01-01")
        monkeypatch.setenv("OPENAI_API_VERSION", "2024-02-02")
        whole = CLASSIC.replace("2025-04-01-preview", "2024-04-04")

        assert sent(api_base=BASE).url.endswith("=2024-02-02")
        assert sent(api_base=BASE, api_version="2024-03-03").url.endswith("=2024-03-03")
        assert whole == sent(api_base=whole, api_version="2024-03-03").url

    def test_the_rest_of_a_query_stays(self):
        """
        A gateway's own words are not lost.
        """
        url = sent(api_base=f"{BASE}?tenant=a%20b").url

        assert url.endswith("?tenant=a%20b&api-version=2025-04-01-preview")

    def test_it_is_one_value(self):
        """
        It cannot bring another parameter along.
        """
        assert sent(api_base=BASE, api_version="1&x=2").url.endswith("?api-version=1%26x%3D2")


class TestPlace:
    @pytest.mark.parametrize("variable", ["AZURE_OPENAI_ENDPOINT", "AZURE_API_BASE"])
    def test_variables(self, monkeypatch, variable):
        """
        The SDK's, and LiteLLM's.
        """
        monkeypatch.setenv(variable, f"{BASE}/")

        assert CLASSIC == sent().url

    def test_the_name_of_the_resource(self, monkeypatch):
        """
        As @ai-sdk/azure has it.
        """
        monkeypatch.setenv("AZURE_RESOURCE_NAME", "my-res")

        assert CLASSIC == sent().url

    def test_which_goes_first(self, monkeypatch):
        """
        Any argument before any variable; the SDK's variable before the others.
        """
        monkeypatch.setenv("AZURE_RESOURCE_NAME", "third")
        monkeypatch.setenv("AZURE_API_BASE", "https://second.example")
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://first.example")

        assert sent().url.startswith("https://first.example/")
        assert CLASSIC == sent(azure_resource_name="my-res").url
        assert CLASSIC == sent(azure_endpoint=BASE).url
        assert CLASSIC == sent(api_base=BASE).url

    def test_no_place(self):
        """
        The error names argument and variables, and nothing is sent.
        """
        script = Script(ANSWER)
        with pytest.raises(BadRequestError, match="AZURE_OPENAI_ENDPOINT or AZURE_API_BASE") as no:
            script.play(CALL)

        assert ("api_base", []) == (no.value.param, script.sent)

    def test_two_places(self):
        """
        Nobody knows which one is meant.
        """
        with pytest.raises(BadRequestError, match="give one of the two"):
            sent(api_base=BASE, azure_endpoint="https://other.example")


class TestStrangers:
    """
    The key goes to the host that the user configured, and nobody else chooses that.
    """

    @pytest.mark.parametrize(
        "name",
        [
            "evil.example/",
            "evil.example#",
            "evil.example?",
            "evil.example\\",
            "user@evil",
            "my-res.evil.example",
            "my res",
            "-res",
            "res-",
            "res\n",
            "rés",
            "a" * 64,
        ],
    )
    def test_a_resources_name_is_one_label(self, name):
        """
        Anything else could lead to another host.
        """
        script = Script(ANSWER)
        with pytest.raises(BadRequestError) as caught:
            script.play({**CALL, "azure_resource_name": name})

        assert ("azure_resource_name", []) == (caught.value.param, script.sent)

    def test_a_redirect_gets_no_key(self):
        """
        What an answer names is not followed to another origin.
        """
        with FakeServer() as other, FakeServer() as server:
            moved = reply({}, status=307, headers={"Location": f"{other.url}/openai/images"})
            server.will(moved)
            with pytest.raises(impasto.APIError, match="not followed"):
                impasto.image_generation(**CALL, api_base=server.url, max_retries=0)

            assert ([], 1) == (other.received, len(server.received))

    def test_a_picture_is_fetched_without_a_key(self):
        """
        DALL-E's pictures lay in another place, whose URLs were signed.
        """
        script = Script(sample(SAMPLES / "dall-e-3.json"))
        call = {**CALL, "model": "azure/dall-e-3", "api_base": BASE}
        response = script.play({**call, "response_format": "b64_json"})

        assert ["https://dalleprodsec.blob.core.windows.net/x/img.png?sig=abc"] == script.fetched
        assert (1, True) == (len(script.sent), response.data[0].b64_json is not None)


class TestDocumentedPrograms:
    """
    As LiteLLM's documentation writes them, for deployments of any name.
    """

    @pytest.mark.parametrize("deployment", ["my-deployment", "gpt-image-1", "dall-e-3", "dall-e-2"])
    def test_environment(self, monkeypatch, deployment):
        """
        Key, base and version are in the environment.
        """
        monkeypatch.delenv("AZURE_OPENAI_API_KEY")
        with FakeServer() as server:
            monkeypatch.setenv("AZURE_API_KEY", "az-0123456789abcdef")
            monkeypatch.setenv("AZURE_API_BASE", f"{server.url}/")
            monkeypatch.setenv("AZURE_API_VERSION", "2024-02-01")
            response = impasto.image_generation(
                prompt="cute baby otter", model=f"azure/{deployment}"
            )
            (received,) = server.received

        assert 1 == len(response.data)
        assert f"/openai/deployments/{deployment}/images/generations?api-version=2024-02-01" == (
            received.path
        )
        assert "az-0123456789abcdef" == received.headers["api-key"]
        assert {"prompt": "cute baby otter"} == received.json()

    def test_arguments(self):
        """
        The same as arguments.
        """
        with FakeServer() as server:
            impasto.image_generation(
                prompt="cute baby otter",
                model="azure/my-deployment",
                api_key="az-0123456789abcdef",
                api_base=server.url,
                api_version="2024-02-01",
            )
            (received,) = server.received

        assert "az-0123456789abcdef" == received.headers["api-key"]
