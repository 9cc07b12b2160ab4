"""Where requests go, and with which keys and names."""

from pathlib import Path
from typing import Any

import pytest

from impasto.errors import BadRequestError, MissingCredentialsError
from impasto.testing import Script, png, sample

ANSWER = sample(Path(__file__).parent / "samples" / "gpt-image.json")
CALL = {"prompt": "a fox", "model": "openai/gpt-image-2"}
VARIABLES = (
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_API_BASE",
    "OPENAI_ORG_ID",
    "OPENAI_ORGANIZATION",
    "OPENAI_PROJECT_ID",
)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a key and nothing else."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")


def sent(**more: Any) -> Any:
    script = Script(ANSWER)
    script.play({**CALL, **more})
    (request,) = script.sent
    return request


class TestBase:
    def test_openai_itself(self):
        """
        Without a word it is OpenAI.
        """
        assert "https://api.openai.com/v1/images/generations" == sent().url

    def test_edits(self):
        """
        Edits have their own endpoint.
        """
        assert "https://api.openai.com/v1/images/edits" == sent(image=png()).url

    @pytest.mark.parametrize(
        "base",
        [
            "http://127.0.0.1:1234",
            "http://127.0.0.1:1234/",
            "http://127.0.0.1:1234/v1",
            "http://127.0.0.1:1234/v1/",
            "http://127.0.0.1:1234/v1/images/generations",
            "http://127.0.0.1:1234/v1/images/edits/",
        ],
    )
    def test_every_way_to_write_a_base(self, base):
        """
        With or without a final slash, with or without "/v1", or the whole URL.
        """
        assert "http://127.0.0.1:1234/v1/images/generations" == sent(api_base=base).url
        assert "http://127.0.0.1:1234/v1/images/edits" == sent(api_base=base, image=png()).url

    def test_a_path_of_its_own(self):
        """
        A path stays as it is: no "/v1" is added to it.
        """
        url = sent(api_base="https://gateway.example/openai/eu").url

        assert "https://gateway.example/openai/eu/images/generations" == url

    def test_a_query(self):
        """
        A gateway's query goes behind the path.
        """
        url = sent(api_base="https://gateway.example/openai/v1?api-version=preview").url

        assert "https://gateway.example/openai/v1/images/generations?api-version=preview" == url

    @pytest.mark.parametrize("variable", ["OPENAI_BASE_URL", "OPENAI_API_BASE"])
    def test_variables(self, monkeypatch, variable):
        """
        The SDK's variable, and the one that LiteLLM documents.
        """
        monkeypatch.setenv(variable, "http://127.0.0.1:1234/v1")

        assert "http://127.0.0.1:1234/v1/images/generations" == sent().url

    def test_which_goes_first(self, monkeypatch):
        """
        The argument, then the SDK's variable, then LiteLLM's.
        """
        monkeypatch.setenv("OPENAI_API_BASE", "http://third.example/v1")
        monkeypatch.setenv("OPENAI_BASE_URL", "http://second.example/v1")

        assert "http://second.example/v1/images/generations" == sent().url
        assert (
            "http://first.example/v1/images/generations"
            == sent(api_base="http://first.example/v1").url
        )


class TestAccount:
    def test_the_key_of_the_environment(self):
        """
        It goes into the header that OpenAI reads.
        """
        assert "Bearer sk-environment" == sent().headers["Authorization"]

    def test_the_key_of_the_call(self):
        """
        An argument goes before the environment.
        """
        assert "Bearer sk-argument" == sent(api_key="sk-argument").headers["Authorization"]

    def test_no_key(self, monkeypatch):
        """
        The error names the variable, and nothing is sent.
        """
        monkeypatch.delenv("OPENAI_API_KEY")
        script = Script(ANSWER)
        with pytest.raises(MissingCredentialsError) as caught:
            script.play(CALL)

        assert ("OPENAI_API_KEY",) == caught.value.variables
        assert [] == script.sent

    def test_a_server_of_ones_own_needs_no_key(self, monkeypatch):
        """
        With `api_base`, as an argument or a variable, a call without a key has no such header.
        """
        monkeypatch.delenv("OPENAI_API_KEY")
        by_argument = sent(api_base="http://127.0.0.1:1234")
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1234")
        by_variable = sent()

        assert "Authorization" not in by_argument.headers
        assert by_argument == by_variable

    @pytest.mark.parametrize(
        ("setting", "variables", "header"),
        [
            ("organization", ("OPENAI_ORG_ID", "OPENAI_ORGANIZATION"), "OpenAI-Organization"),
            ("project", ("OPENAI_PROJECT_ID",), "OpenAI-Project"),
        ],
    )
    def test_organization_and_project(self, monkeypatch, setting, variables, header):
        """
        An argument or a variable becomes a header, with generations and edits; else there is none.
        """
        assert header not in sent().headers
        for variable in variables:
            monkeypatch.setenv(variable, f"id-of-{variable}")
            assert f"id-of-{variable}" == sent().headers[header]
            monkeypatch.delenv(variable)

        assert "id-1" == sent(**{setting: "id-1"}).headers[header]
        assert "id-1" == sent(**{setting: "id-1"}, image=png()).headers[header]

    def test_a_line_break_in_an_organization(self, monkeypatch):
        """
        It would smuggle in another header; nothing is sent.
        """
        monkeypatch.setenv("OPENAI_ORG_ID", "org-1\r\nX-Evil: 1")
        script = Script(ANSWER)
        with pytest.raises(BadRequestError, match="OpenAI-Organization"):
            script.play(CALL)

        assert [] == script.sent

    def test_json_is_what_is_accepted(self):
        """
        As the SDK says, also for a form.
        """
        assert "application/json" == sent().headers["Accept"]
        assert "application/json" == sent(image=png()).headers["Accept"]
