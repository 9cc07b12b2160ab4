"""Where requests go, and with which keys."""

from pathlib import Path
from typing import Any

import pytest

from impasto.errors import BadRequestError, MissingCredentialsError
from impasto.testing import Script, png, sample

ANSWER = sample(Path(__file__).parent / "samples" / "url.json")
CALL = {"prompt": "a fox", "model": "together_ai/black-forest-labs/FLUX.2-pro"}
KEYS = ("TOGETHER_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHERAI_API_KEY", "TOGETHER_AI_TOKEN")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a key and nothing else."""
    for variable in (*KEYS, "TOGETHER_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TOGETHER_API_KEY", "tgp_environment")


def sent(**more: Any) -> Any:
    script = Script(ANSWER)
    script.play({**CALL, **more})
    (request,) = script.sent
    return request


class TestBase:
    def test_together_itself(self):
        """
        Without a word it is Together, for generations and edits alike.
        """
        expected = "https://api.together.ai/v1/images/generations"

        assert expected == sent().url
        assert expected == sent(image=png()).url

    @pytest.mark.parametrize("host", ["https://api.together.ai", "https://api.together.xyz"])
    @pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/images/generations"])
    @pytest.mark.parametrize("way", ["argument", "variable"])
    def test_every_way_to_write_a_base(self, monkeypatch, host, path, way):
        """
        Both hosts, with "/v1" as the SDK wanted it before 3.0 or without as it does since.
        """
        monkeypatch.setenv("TOGETHER_BASE_URL", host + path if way == "variable" else "")
        arguments = {"api_base": host + path} if way == "argument" else {}

        assert f"{host}/v1/images/generations" == sent(**arguments).url

    def test_a_gateway(self):
        """
        A path of its own stays as it is; `base_url` is the SDK's name for it.
        """
        base = "https://gateway.example/together/v1"

        assert f"{base}/images/generations" == sent(base_url=base).url

    def test_which_goes_first(self, monkeypatch):
        """
        The argument, then the variable.
        """
        monkeypatch.setenv("TOGETHER_BASE_URL", "https://second.example")

        assert "https://second.example/v1/images/generations" == sent().url
        assert (
            "https://first.example/v1/images/generations"
            == sent(api_base="https://first.example").url
        )

    def test_no_url(self):
        """
        Nothing is sent, and the error says what it takes.
        """
        with pytest.raises(BadRequestError, match=r"https://api\.together\.ai"):
            sent(api_base="api.together.ai")


class TestKey:
    @pytest.mark.parametrize("variable", KEYS)
    def test_every_variable(self, monkeypatch, variable):
        """
        The SDK's, and the others that LiteLLM reads.
        """
        monkeypatch.delenv("TOGETHER_API_KEY")
        monkeypatch.setenv(variable, "tgp_of_another_name")

        assert "Bearer tgp_of_another_name" == sent().headers["Authorization"]

    def test_which_key_goes_first(self, monkeypatch):
        """
        The argument, then the variables in their order.
        """
        monkeypatch.delenv("TOGETHER_API_KEY")
        for variable in reversed(KEYS):
            monkeypatch.setenv(variable, f"key-of-{variable}")
            assert f"Bearer key-of-{variable}" == sent().headers["Authorization"]

        assert "Bearer tgp_argument" == sent(api_key="tgp_argument").headers["Authorization"]

    def test_no_key(self, monkeypatch):
        """
        The error names the variables, and nothing is sent.
        """
        monkeypatch.delenv("TOGETHER_API_KEY")
        script = Script(ANSWER)
        with pytest.raises(MissingCredentialsError) as caught:
            script.play(CALL)

        assert (KEYS, []) == (caught.value.variables, script.sent)


class TestNames:
    @pytest.mark.parametrize(
        ("model", "more"),
        [
            ("together_ai/black-forest-labs/FLUX.1-schnell", {}),
            ("together/black-forest-labs/FLUX.1-schnell", {}),
            ("black-forest-labs/FLUX.1-schnell", {"custom_llm_provider": "together_ai"}),
        ],
    )
    def test_the_owner_stays(self, model, more):
        """
        "together_ai" and "together" are the provider; the rest is the model's whole name.
        """
        request = sent(model=model, **more)

        assert b'"model":"black-forest-labs/FLUX.1-schnell"' in request.body
