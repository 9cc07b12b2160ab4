"""Keys and bases: arguments, then variables, then the default."""

from pathlib import Path

import pytest

import impasto_replicate
from impasto.errors import (
    AuthenticationError,
    BadRequestError,
    MissingCredentialsError,
    UnsupportedParamsError,
)
from impasto.testing import Script, sample

SAMPLES = Path(__file__).parent / "samples"
DONE = sample(SAMPLES / "done.json")
CALL = {"prompt": "a fox", "model": "replicate/black-forest-labs/flux-schnell"}
PATH = "/v1/models/black-forest-labs/flux-schnell/predictions"
VARIABLES = (
    "REPLICATE_API_TOKEN",
    "REPLICATE_API_KEY",
    "REPLICATE_BASE_URL",
    "REPLICATE_API_BASE",
    "REPLICATE_POLL_INTERVAL",
)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    """Hide the settings of whoever runs this."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def sent(**more):
    stage = Script(DONE, plugin=impasto_replicate)
    stage.play({**CALL, **more})
    return stage.sent[0]


class TestKey:
    @pytest.mark.parametrize(
        ("said", "variables", "key"),
        [
            pytest.param({"api_key": "a"}, {"REPLICATE_API_TOKEN": "t"}, "a", id="the argument"),
            pytest.param({}, {"REPLICATE_API_TOKEN": "t"}, "t", id="the SDK's variable"),
            pytest.param({}, {"REPLICATE_API_KEY": "k"}, "k", id="LiteLLM's variable"),
            pytest.param(
                {}, {"REPLICATE_API_KEY": "k", "REPLICATE_API_TOKEN": "t"}, "t", id="both"
            ),
            pytest.param({"api_key": lambda: "f"}, {}, "f", id="a function"),
        ],
    )
    def test_where_it_is_from(self, monkeypatch, said, variables, key):
        """
        It goes as a bearer's.
        """
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

        assert f"Bearer {key}" == sent(**said).headers["Authorization"]

    def test_there_is_none(self):
        """
        Nothing is sent, and the message names both variables.
        """
        with pytest.raises(MissingCredentialsError) as caught:
            sent()

        assert ("REPLICATE_API_TOKEN", "REPLICATE_API_KEY") == caught.value.variables

    def test_a_gateway_may_have_its_own(self):
        """
        With api_base no key is needed.
        """
        assert "Authorization" not in sent(api_base="https://gw.example").headers

    @pytest.mark.parametrize("key", ["r8_a\n", "r8 a", "r8_\u00e9"])
    def test_what_is_no_key(self, key):
        """
        It was copied badly; the message does not show it.
        """
        with pytest.raises(AuthenticationError) as caught:
            sent(api_key=key)

        assert key.strip() not in str(caught.value)

    def test_another_word_for_it(self):
        """
        The SDK's api_token is no word here, and no secret gets into an input.
        """
        with pytest.raises(UnsupportedParamsError) as caught:
            sent(api_key="r8_0123456789", api_token="r8_0123456789")

        assert "api_token" == caught.value.param


class TestBase:
    @pytest.mark.parametrize(
        ("base", "url"),
        [
            ("https://gw.example", f"https://gw.example{PATH}"),
            ("https://gw.example/", f"https://gw.example{PATH}"),
            ("https://gw.example/v1", f"https://gw.example{PATH}"),
            ("https://gw.example/v1/", f"https://gw.example{PATH}"),
            ("https://gw.example/rep", f"https://gw.example/rep{PATH}"),
        ],
    )
    def test_with_and_without_the_version(self, base, url):
        """
        Both forms are in use.
        """
        assert url == sent(api_base=base).url

    @pytest.mark.parametrize(
        ("said", "variables", "host"),
        [
            pytest.param({}, {}, "api.replicate.com", id="the default"),
            pytest.param({}, {"REPLICATE_BASE_URL": "https://one.example"}, "one.example", id="1"),
            pytest.param({}, {"REPLICATE_API_BASE": "https://two.example"}, "two.example", id="2"),
            pytest.param(
                {},
                {
                    "REPLICATE_API_BASE": "https://two.example",
                    "REPLICATE_BASE_URL": "https://one.example",
                },
                "one.example",
                id="the SDK's before the other",
            ),
            pytest.param(
                {"api_base": "https://mine.example"},
                {"REPLICATE_BASE_URL": "https://one.example"},
                "mine.example",
                id="the argument",
            ),
        ],
    )
    def test_where_it_is_from(self, monkeypatch, said, variables, host):
        """
        The argument, then the variables in their order.
        """
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

        assert f"https://{host}{PATH}" == sent(api_key="r8_0123456789", **said).url

    def test_what_is_no_url(self):
        """
        It is refused by its name.
        """
        with pytest.raises(BadRequestError) as caught:
            sent(api_base="gw.example", api_key="r8_0123456789")

        assert "api_base" == caught.value.param
