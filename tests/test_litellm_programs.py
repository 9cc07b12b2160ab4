"""The programs of LiteLLM's image documentation, with another import, against a real server."""

import asyncio
import base64
import inspect
import io
import json
import urllib.request
import warnings

import PIL.Image
import pytest

import impasto as litellm
from impasto import (
    AuthenticationError,
    BadRequestError,
    ContentPolicyViolationError,
    ImageGenerationRequestQuality,
    ModelRetiredWarning,
    RateLimitError,
    aimage_generation,
    image_generation,
)
from impasto.testing import PNG, FakeServer, Reply, png, reply

OTTER = "A cute baby sea otter"
KEY = "sk-0123456789abcdef"
SQUARE = base64.b64encode(png(32, 16)).decode()


class OpenAI(FakeServer):
    """OpenAI as those programs know it: DALL-E answers with URLs unless told otherwise."""

    def __init__(self):
        super().__init__(self._paint)

    def _paint(self, received):
        if received.path.startswith("/pictures/"):
            return reply(body=PNG, headers={"Content-Type": "image/png"})
        asked = json.loads(received.body)
        by_url = asked["model"].startswith("dall-e") and "b64_json" not in asked.values()
        one = {"revised_prompt": f"{asked['prompt']}, swimming"}
        one |= {"url": f"{self.url}/pictures/1.png"} if by_url else {"b64_json": SQUARE}
        answer = {"created": 1_780_000_000, "data": [one] * asked.get("n", 1)}
        return reply(answer, headers={"x-request-id": "req_7"})

    @property
    def bodies(self):
        return [one.json() for one in self.received if one.method == "POST"]


@pytest.fixture
def openai(monkeypatch):
    """Start the server and point the documented variables at it."""
    for name in ("OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "IMPASTO_MODEL"):
        monkeypatch.delenv(name, raising=False)
    with OpenAI() as server:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_API_BASE", server.url)
        yield server


def blocking(*arguments, **keywords):
    return litellm.image_generation(*arguments, **keywords)


def awaited(*arguments, **keywords):
    return asyncio.run(litellm.aimage_generation(*arguments, **keywords))


both = pytest.mark.parametrize("generate", [blocking, awaited])
old_models = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")


@old_models
class TestPrograms:
    """One test for each program."""

    def test_basic(self, openai):
        """
        A prompt and a model give a URL, and go out as OpenAI's own SDK sends them.
        """
        response = litellm.image_generation(prompt=OTTER, model="dall-e-3")

        assert f"{openai.url}/pictures/1.png" == response.data[0].url
        assert [{"model": "dall-e-3", "prompt": OTTER}] == openai.bodies
        assert "/v1/images/generations" == openai.received[0].path
        assert f"Bearer {KEY}" == openai.received[0].headers["authorization"]

    @pytest.mark.parametrize("quality", ["hd", ImageGenerationRequestQuality.HD])
    def test_high_quality(self, openai, quality):
        """
        Quality is a word or the enum's member, which is the same on the wire.
        """
        image_generation(prompt=OTTER, model="dall-e-3", quality=quality, size="1024x1792")

        sent = {"model": "dall-e-3", "prompt": OTTER, "quality": "hd", "size": "1024x1792"}
        assert [sent] == openai.bodies

    def test_several_pictures_in_one_request(self, openai):
        """
        A model that makes several at once is asked once.
        """
        response = image_generation(prompt=OTTER, model="gpt-image-2", n=3)

        assert 3 == len(response.data)
        assert [{"model": "gpt-image-2", "prompt": OTTER, "n": 3}] == openai.bodies

    def test_several_pictures_of_a_model_that_makes_one(self, openai):
        """
        DALL-E 3 makes one at a time, so two are asked for side by side, and the list says so.
        """
        response = image_generation(prompt=OTTER, model="dall-e-3", n=2)

        assert 2 == len(response.data)
        assert [1, 1] == [body["n"] for body in openai.bodies]
        assert ("mapped", 2) == (response.params["n"].outcome, response.params["n"].given)

    def test_async(self, openai):
        """
        The async form is the same call, awaited; several run side by side.
        """

        async def main():
            first = aimage_generation(prompt=OTTER, model="dall-e-3")
            second = aimage_generation(prompt="a fox", model="gpt-image-2")
            return await asyncio.gather(first, second)

        otter, fox = asyncio.run(main())

        assert otter.data[0].url
        assert SQUARE == fox.data[0].b64_json

    def test_base64_to_pil(self, openai):
        """
        Base64 on demand, decoded with the standard library and opened with Pillow.
        """
        response = image_generation(prompt=OTTER, model="dall-e-3", response_format="b64_json")
        decoded = base64.b64decode(response.data[0].b64_json)

        assert (32, 16) == PIL.Image.open(io.BytesIO(decoded)).size
        assert "b64_json" == openai.bodies[0]["response_format"]

    def test_saving_from_a_url(self, openai, tmp_path):
        """
        What the URL leads to can be fetched with anything and written to a file.
        """
        response = image_generation(prompt=OTTER, model="dall-e-3")
        with urllib.request.urlopen(response.data[0].url) as answer:
            (tmp_path / "otter.png").write_bytes(answer.read())

        assert PNG == (tmp_path / "otter.png").read_bytes()
        assert PNG == response.data[0].save(tmp_path / "shorter.png").read_bytes()

    def test_an_edit(self, openai):
        """
        An edit takes a file opened with 'rb' and goes out as a form.
        """
        openai.will(reply({"data": [{"b64_json": SQUARE}]}))
        response = litellm.image_edit(
            image=io.BytesIO(PNG), prompt="add a hat", model="gpt-image-2"
        )

        assert SQUARE == response.data[0].b64_json
        assert "/v1/images/edits" == openai.received[0].path
        assert PNG in openai.received[0].body


REFUSALS = {
    "bad request": (
        reply({"error": {"message": "Invalid n", "code": "bad", "param": "n"}}, status=400),
        BadRequestError,
    ),
    "wrong key": (
        reply({"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}, status=401),
        AuthenticationError,
    ),
    "too many calls": (
        reply({"error": {"message": "Slow down"}}, status=429, headers={"retry-after": "7"}),
        RateLimitError,
    ),
    "moderation": (
        reply(
            {"error": {"message": "Rejected by the safety system", "code": "moderation_blocked"}},
            status=400,
        ),
        ContentPolicyViolationError,
    ),
    "content policy": (
        reply({"error": {"message": "No", "code": "content_policy_violation"}}, status=400),
        ContentPolicyViolationError,
    ),
}


class TestErrors:
    """The classes that those programs catch, with what they read off them."""

    @both
    @pytest.mark.parametrize("refusal", REFUSALS)
    def test_the_class_that_is_caught(self, openai, generate, refusal):
        """
        Each answer becomes the class of LiteLLM's name, with status, provider and model.
        """
        answer, kind = REFUSALS[refusal]
        openai.will(answer)
        with pytest.raises(kind) as caught:
            generate(prompt=OTTER, model="gpt-image-2", max_retries=0)
        error = caught.value

        assert kind is type(error)
        assert (answer.status, "openai", "openai") == (
            error.status_code,
            error.llm_provider,
            error.provider,
        )
        assert "gpt-image-2" == error.model
        assert json.loads(answer.body)["error"]["message"] in str(error)

    @pytest.mark.parametrize("refusal", REFUSALS)
    def test_blocking_and_async_errors_have_the_same_fields(self, openai, refusal):
        """
        Sync and async raise the same, field by field.
        """
        fields = []
        for generate in (blocking, awaited):
            openai.will(REFUSALS[refusal][0])
            with pytest.raises(litellm.APIError) as caught:
                generate(prompt=OTTER, model="gpt-image-2", max_retries=0)
            del caught.value.headers["date"]
            fields.append((type(caught.value), vars(caught.value)))

        assert fields[0] == fields[1]

    @pytest.mark.parametrize(
        "arguments",
        [
            {"n": 0},
            {"size": "big"},
            {"model": "nope/oil-2"},
            {"api_key": "sk-0123456789\n"},
            {"api_base": "localhost"},
            {"api_base": "http://127.0.0.1:9/v1"},
            {"timeout": 0.5},
        ],
        ids=["n", "size", "provider", "key", "base", "nobody there", "deadline"],
    )
    def test_so_have_those_that_no_provider_sent(self, openai, arguments):
        """
        Bad arguments, no connection, a deadline: the same class and fields in both forms.
        """
        call = {"prompt": OTTER, "model": "gpt-image-2", "max_retries": 0, **arguments}
        fields = []
        for generate in (blocking, awaited):
            openai.will(Reply(fault="hang"))
            with pytest.raises(litellm.ImpastoError) as caught:
                generate(**call)
            fields.append((type(caught.value), vars(caught.value)))

        assert fields[0] == fields[1]

    def test_a_rate_limit_says_for_how_long(self, openai):
        """
        The provider's wish is a number of seconds, and the call may be made again.
        """
        openai.will(REFUSALS["too many calls"][0])
        with pytest.raises(RateLimitError) as caught:
            image_generation(prompt=OTTER, model="gpt-image-2", max_retries=0)

        assert (7.0, True) == (caught.value.retry_after, caught.value.retryable)

    def test_a_moderated_prompt_is_a_bad_request(self, openai):
        """
        Whoever catches `BadRequestError` catches the refusals as well, as with LiteLLM.
        """
        openai.will(REFUSALS["moderation"][0])
        with pytest.raises(BadRequestError):
            image_generation(prompt=OTTER, model="gpt-image-2")


class TestRetiredModels:
    """A retired model warns, at the line that named it, and is sent all the same."""

    def test_warns_at_the_callers_line(self, openai):
        """
        The warning points at the line of the program, not into impasto.
        """
        line = inspect.currentframe().f_lineno + 2
        with pytest.warns(ModelRetiredWarning, match=r"2026-05-12.*gpt-image-2") as caught:
            response = image_generation(prompt=OTTER, model="dall-e-3")

        assert [(__file__, line)] == [(one.filename, one.lineno) for one in caught]
        assert response.data

    def test_warns_at_the_line_that_awaits(self, openai):
        """
        In a coroutine the line is that of the await.
        """
        lines = []

        async def main():
            lines.append(inspect.currentframe().f_lineno + 1)
            return await aimage_generation(prompt=OTTER, model="dall-e-3")

        with pytest.warns(ModelRetiredWarning) as caught:
            asyncio.run(main())

        assert [(__file__, lines[0])] == [(one.filename, one.lineno) for one in caught]

    def test_warns_in_the_program_that_runs_the_task(self, openai):
        """
        Run or gathered by asyncio, the line that made the task is gone; the program's own is not.
        """

        async def gathered():
            await asyncio.gather(aimage_generation(prompt=OTTER, model="dall-e-3"))

        line = inspect.currentframe().f_lineno + 2
        with pytest.warns(ModelRetiredWarning) as caught:
            asyncio.run(aimage_generation(prompt=OTTER, model="dall-e-3"))
        with pytest.warns(ModelRetiredWarning) as others:
            asyncio.run(gathered())

        assert [(__file__, line)] == [(one.filename, one.lineno) for one in caught]
        assert [__file__] == [one.filename for one in others]

    def test_a_current_model_does_not_warn(self, openai):
        """
        Nothing is said about a model that nobody retires.
        """
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            image_generation(prompt=OTTER, model="gpt-image-2")

        assert [] == caught


@old_models
class TestResponse:
    """The ways in which programs read the answer."""

    def test_attributes_and_keys_are_the_same(self, openai):
        """
        Written with dots or with brackets, it is the same value.
        """
        response = image_generation(prompt=OTTER, model="dall-e-3")

        assert response.data[0].url == response["data"][0]["url"]
        assert 1_780_000_000 == response.created == response["created"] == response.get("created")
        assert "data" in response
        assert "choices" not in response
        assert "none" == response.get("choices", "none")
        assert f"{OTTER}, swimming" == response.data[0].revised_prompt
        with pytest.raises(KeyError):
            response["choices"]

    @pytest.mark.parametrize("dump", ["model_dump", "json"])
    def test_the_answer_as_a_dict(self, openai, dump):
        """
        `model_dump()` and `json()` give plain data that JSON can hold.
        """
        response = image_generation(prompt=OTTER, model="dall-e-3")
        dumped = getattr(response, dump)()

        assert dumped == json.loads(json.dumps(dumped))
        assert response.data[0].url == dumped["data"][0]["url"]
        assert dumped == json.loads(response.model_dump_json())

    def test_hidden_params(self, openai):
        """
        What LiteLLM's users look up there: model, base, headers of the answer.
        """
        response = image_generation(prompt=OTTER, model="dall-e-3")
        hidden = response._hidden_params

        assert ("dall-e-3", "openai", openai.url) == (
            hidden["model"],
            hidden["custom_llm_provider"],
            hidden["api_base"],
        )
        assert "req_7" == hidden["additional_headers"]["llm_provider-x-request-id"]
        assert hidden["response_cost"] is None
        assert "req_7" == response.request_id


class TestDropParams:
    """A parameter that the model does not take raises, unless the caller said to drop it."""

    def test_raises_by_default(self, openai):
        """
        Nothing is lost in silence, and nothing was sent.
        """
        with pytest.raises(litellm.UnsupportedParamsError, match="style") as caught:
            image_generation(prompt=OTTER, model="gpt-image-2", style="vivid")

        assert "style" == caught.value.param
        assert [] == openai.received

    @both
    def test_per_call(self, openai, generate):
        """
        `drop_params=True` goes on without it, and the answer says so.
        """
        response = generate(prompt=OTTER, model="gpt-image-2", style="vivid", drop_params=True)

        assert "dropped" == response.params["style"].outcome
        assert [{"model": "gpt-image-2", "prompt": OTTER}] == openai.bodies

    @both
    def test_for_the_process(self, openai, generate, monkeypatch):
        """
        `litellm.drop_params = True` holds for every call that says nothing else.
        """
        monkeypatch.setattr(litellm, "drop_params", True)
        response = generate(prompt=OTTER, model="gpt-image-2", style="vivid")
        with pytest.raises(litellm.UnsupportedParamsError):
            generate(prompt=OTTER, model="gpt-image-2", style="vivid", drop_params=False)

        assert "dropped" == response.params["style"].outcome

    @both
    def test_named_ones_only(self, openai, generate):
        """
        `additional_drop_params` leaves out what it names, even where the model takes it.
        """
        response = generate(
            prompt=OTTER, model="gpt-image-2", quality="low", additional_drop_params=["quality"]
        )

        assert "dropped" == response.params["quality"].outcome
        assert [{"model": "gpt-image-2", "prompt": OTTER}] == openai.bodies


class TestMockResponse:
    """Nothing is sent, and no key is needed."""

    @both
    def test_a_url(self, openai, monkeypatch, generate):
        """
        A text is the picture's URL, as with LiteLLM.
        """
        monkeypatch.delenv("OPENAI_API_KEY")
        response = generate(
            prompt=OTTER, model="dall-e-3", mock_response="https://example.com/1.png"
        )

        assert "https://example.com/1.png" == response.data[0].url
        assert [] == openai.received

    @both
    def test_bytes(self, openai, generate):
        """
        Bytes are the picture itself.
        """
        response = generate(prompt=OTTER, model="gpt-image-2", mock_response=PNG)

        assert (PNG, 8) == (response.data[0].read(), response.data[0].width)

    @both
    def test_an_exception(self, openai, generate):
        """
        An exception is raised, so that a program's error handling can be tried.
        """
        with pytest.raises(RateLimitError, match="busy"):
            generate(prompt=OTTER, model="gpt-image-2", mock_response=RateLimitError("busy"))

        assert [] == openai.received


class TestBothForms:
    """Sync and async are one function in two forms."""

    @pytest.mark.parametrize("name", ["image_generation", "image_edit"])
    def test_one_signature(self, name):
        """
        The same parameters in the same order with the same defaults.
        """
        sync, other = getattr(litellm, name), getattr(litellm, f"a{name}")

        one, two = inspect.signature(sync), inspect.signature(other)
        assert [*one.parameters.values()] == [*two.parameters.values()]
        assert inspect.iscoroutinefunction(other)

    @both
    def test_positional_arguments(self, openai, generate):
        """
        Prompt, model, n, quality by position.
        """
        generate(OTTER, "gpt-image-2", 2, "low")

        sent = {"model": "gpt-image-2", "prompt": OTTER, "n": 2, "quality": "low"}
        assert [sent] == openai.bodies

    @both
    def test_no_model(self, openai, generate):
        """
        Without a model it is OpenAI's current one: the embedded renderer is never chosen silently.
        """
        response = generate(OTTER)

        assert ("openai", "gpt-image-2") == (response.provider, response.model)

    @both
    def test_the_model_of_the_environment(self, openai, generate, monkeypatch):
        """
        `IMPASTO_MODEL` is the model of calls that name none.
        """
        monkeypatch.setenv("IMPASTO_MODEL", "openai/my-own-model")
        generate(OTTER)

        assert "my-own-model" == openai.bodies[0]["model"]

    @both
    def test_a_provider_without_a_model(self, openai, generate, monkeypatch):
        """
        A provider alone means its default model, whatever model the environment names.
        """
        monkeypatch.setenv("IMPASTO_MODEL", "sketch/oil-1")
        response = generate(OTTER, custom_llm_provider="openai")

        assert ("openai", "gpt-image-2") == (response.provider, openai.bodies[0]["model"])

    @both
    @pytest.mark.parametrize("model", ["gpt-image-2", "openai/gpt-image-2"])
    def test_custom_llm_provider(self, openai, generate, model):
        """
        The provider given apart wins, and its own prefix is not part of the model.
        """
        response = generate(prompt=OTTER, model=model, custom_llm_provider="openai")

        assert ("openai", "gpt-image-2") == (response.provider, openai.bodies[0]["model"])

    @both
    def test_api_base_and_key_of_the_call(self, openai, generate, monkeypatch):
        """
        Arguments win over the environment, with or without "/v1" and a final slash.
        """
        monkeypatch.setenv("OPENAI_API_BASE", "http://127.0.0.1:9")
        for base in (openai.url, f"{openai.url}/", f"{openai.url}/v1", f"{openai.url}/v1/"):
            generate(OTTER, "gpt-image-2", api_base=base, api_key="sk-another-key")

        assert {"/v1/images/generations"} == {one.path for one in openai.received}
        assert {"Bearer sk-another-key"} == {
            one.headers["authorization"] for one in openai.received
        }

    @both
    def test_inside_a_running_loop(self, openai, generate):
        """
        The blocking form works where a loop is running, as in a notebook.
        """

        async def notebook():
            return litellm.image_generation(OTTER, "gpt-image-2")

        assert asyncio.run(notebook()).data
        assert generate(OTTER, "gpt-image-2").data
