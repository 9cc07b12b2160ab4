"""Which host is asked, and under which name a model is asked for."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from impasto.errors import BadRequestError
from impasto.testing import Script, sample

SAMPLES = Path(__file__).parent / "samples"
PICTURE = sample(SAMPLES / "stable-image.json")
CORE = "stability.stable-image-core-v1:1"
CALL = {"prompt": "a red fox", "model": f"bedrock/{CORE}", "api_key": "k-1"}
AWS = "https://bedrock-runtime.{}.amazonaws.com/model/{}/invoke"
WRITTEN = "stability.stable-image-core-v1%3A1"
# Nothing here depends on the day.
pytestmark = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")


def played(**more):
    """Return the request of a call, and the response."""
    script = Script(PICTURE)
    response = script.play({**CALL, **more})
    return script.sent[0], response


def url(**more):
    return played(**more)[0].url


class TestRegions:
    def test_the_default(self):
        """
        The region that has Stability's models on demand.
        """
        assert AWS.format("us-west-2", WRITTEN) == url()

    def test_the_order(self, monkeypatch):
        """
        An argument, LiteLLM's variable, that of most SDKs, boto3's.
        """
        found = []
        for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_REGION_NAME"):
            monkeypatch.setenv(name, f"{name.lower().replace('_', '-')}-1")
            found.append(urlsplit(url()).netloc.split(".")[1])
        found.append(urlsplit(url(aws_region_name="eu-central-1")).netloc.split(".")[1])

        assert [
            "aws-default-region-1",
            "aws-region-1",
            "aws-region-name-1",
            "eu-central-1",
        ] == found

    def test_of_an_arn(self, monkeypatch):
        """
        It counts where nobody named another one, as boto3 lets the client's win.
        """
        arn = f"arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.{CORE}"
        hosts = [urlsplit(url(model=f"bedrock/{arn}")).netloc]
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        hosts.append(urlsplit(url(model=f"bedrock/{arn}")).netloc)

        assert [
            "bedrock-runtime.eu-west-1.amazonaws.com",
            "bedrock-runtime.us-east-1.amazonaws.com",
        ] == hosts

    @pytest.mark.parametrize(
        "region", ["evil.example/", "us-west-2.evil.example", "us-west-2@evil", "x", "us west-2", 7]
    )
    def test_what_is_none_is_refused(self, region):
        """
        It becomes a part of the host, to which the key goes.
        """
        script = Script(PICTURE)
        with pytest.raises(BadRequestError, match="aws_region_name") as caught:
            script.play({**CALL, "aws_region_name": region})

        assert ("aws_region_name", []) == (caught.value.param, script.sent)


class TestHosts:
    @pytest.mark.parametrize(
        ("settings", "host"),
        [
            # botocore 1.44.5, bedrock-runtime's endpoint rules
            pytest.param({}, "bedrock-runtime.us-west-2.amazonaws.com", id="AWS"),
            pytest.param(
                {"aws_region_name": "us-gov-west-1"},
                "bedrock-runtime.us-gov-west-1.amazonaws.com",
                id="the government's",
            ),
            pytest.param(
                {"aws_region_name": "cn-north-1"},
                "bedrock-runtime.cn-north-1.amazonaws.com.cn",
                id="China",
            ),
            pytest.param(
                {"aws_use_fips_endpoint": True},
                "bedrock-runtime-fips.us-west-2.amazonaws.com",
                id="FIPS",
            ),
            pytest.param(
                {"aws_use_fips_endpoint": False},
                "bedrock-runtime.us-west-2.amazonaws.com",
                id="no FIPS",
            ),
            pytest.param(
                {"aws_use_dualstack_endpoint": True},
                "bedrock-runtime.us-west-2.api.aws",
                id="dual stack",
            ),
            pytest.param(
                {"aws_use_dualstack_endpoint": True, "aws_region_name": "cn-north-1"},
                "bedrock-runtime.cn-north-1.api.amazonwebservices.com.cn",
                id="dual stack in China",
            ),
            pytest.param(
                {"api_base": "https://gw.example:8443"}, "gw.example:8443", id="a gateway"
            ),
            pytest.param(
                {"api_base": "https://gw.example", "aws_use_fips_endpoint": True},
                "gw.example",
                id="a gateway goes before FIPS",
            ),
            pytest.param(
                {"aws_bedrock_runtime_endpoint": "https://vpce.example/"},
                "vpce.example",
                id="LiteLLM",
            ),
            pytest.param(
                {
                    "api_base": "https://one.example",
                    "aws_bedrock_runtime_endpoint": "https://two.example",
                },
                "one.example",
                id="both",
            ),
        ],
    )
    def test_is_asked(self, settings, host):
        """
        By region and kind of endpoint, unless another place is named.
        """
        assert host == urlsplit(url(**settings)).netloc

    @pytest.mark.parametrize(
        "variable",
        ["AWS_BEDROCK_RUNTIME_ENDPOINT", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL"],
    )
    def test_is_read_from_the_environment(self, monkeypatch, variable):
        """
        LiteLLM's variable, and the two of AWS's tools.
        """
        monkeypatch.setenv(variable, "https://gw.example/base")

        assert f"https://gw.example/base/model/{WRITTEN}/invoke" == url()

    @pytest.mark.parametrize(
        ("variable", "host"),
        [
            ("AWS_USE_FIPS_ENDPOINT", "bedrock-runtime-fips.us-west-2.amazonaws.com"),
            ("AWS_USE_DUALSTACK_ENDPOINT", "bedrock-runtime.us-west-2.api.aws"),
        ],
    )
    def test_kinds_are_read_from_the_environment(self, monkeypatch, variable, host):
        """
        Where they say "true", as for AWS's tools.
        """
        monkeypatch.setenv(variable, "true")

        assert host == urlsplit(url()).netloc


class TestNames:
    @pytest.mark.parametrize(
        ("model", "segment"),
        [
            # boto3 1.44.5, recorded 2026-11-22
            pytest.param(CORE, WRITTEN, id="a model"),
            pytest.param(f"us.{CORE}", f"us.{WRITTEN}", id="a profile"),
            pytest.param(f"us-gov.{CORE}", f"us-gov.{WRITTEN}", id="a profile of two words"),
            pytest.param(f"apac.{CORE}", f"apac.{WRITTEN}", id="apac"),
            pytest.param(f"global.{CORE}", f"global.{WRITTEN}", id="global"),
            pytest.param(
                f"arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.{CORE}",
                "arn%3Aaws%3Abedrock%3Aus-west-2%3A123456789012%3Ainference-profile"
                f"%2Fus.{WRITTEN}",
                id="a profile's ARN",
            ),
            pytest.param(
                f"arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/{CORE}",
                f"arn%3Aaws-us-gov%3Abedrock%3Aus-gov-west-1%3A%3Afoundation-model%2F{WRITTEN}",
                id="a model's ARN",
            ),
        ],
    )
    def test_are_encoded_whole_and_known(self, model, segment):
        """
        Colons and slashes too; what is checked is the row of the model behind the name.
        """
        request, response = played(model=f"bedrock/{model}", output_format="jpeg")

        assert f"/model/{segment}/invoke" == urlsplit(request.url).path
        assert "sent" == response.params["output_format"].outcome

    @pytest.mark.parametrize(
        "model",
        [
            "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdef123456",
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a0a0a0a0a0a0",
            "a b+c~d_e-f.g(h)*'é",
        ],
    )
    def test_that_tell_nothing_need_the_model(self, model):
        """
        Nothing says which body such a one takes, so nothing is sent; base_model says it.
        """
        script = Script(PICTURE)
        with pytest.raises(BadRequestError) as caught:
            script.play({**CALL, "model": f"bedrock/{model}"})
        _, response = played(model=f"bedrock/{model}", base_model=CORE, output_format="jpeg")

        assert ("base_model", []) == (caught.value.param, script.sent)
        assert "sent" == response.params["output_format"].outcome

    def test_model_id_is_asked_instead(self):
        """
        The model says what is checked, the id what is asked, its region where.
        """
        arn = "arn:aws:bedrock:eu-west-1:000000000000:application-inference-profile/a0a0a0a0a0a0"
        request, response = played(model_id=arn, output_format="jpeg")

        assert AWS.format("eu-west-1", arn.replace(":", "%3A").replace("/", "%2F")) == request.url
        assert "sent" == response.params["output_format"].outcome

    def test_an_alias_is_not_sent(self):
        """
        LiteLLM's users write it bare; AWS knows the model by its own name only.
        """
        script = Script(sample(SAMPLES / "sdxl.json"))
        script.play({**CALL, "model": "stability-ai/stable-diffusion-xl-base-1.0"})

        assert AWS.format("us-west-2", "stability.stable-diffusion-xl-v1") == script.sent[0].url

    @pytest.mark.parametrize(
        "model", ["stability.stable-diffusion-xl-v1", "amazon.titan-image-generator-v1"]
    )
    def test_bare_ones(self, model):
        """
        These two need no provider in front.
        """
        script = Script(sample(SAMPLES / "titan.json"))
        response = script.play({**CALL, "model": model})

        assert "bedrock" == response.provider
