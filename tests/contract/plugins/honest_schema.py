"""A provider whose models are learned about first, and that answers in events."""

from impasto import hookimpl
from impasto.types import (
    Image,
    ImageResponse,
    Model,
    Parameter,
    Partial,
    Provider,
    Request,
    Setting,
    query,
)

CONTRACT = (1, 0)
HOME = "https://schema.example"


@hookimpl
def describe():
    key = Setting(env=("SCHEMA_KEY",), secret=True, required=True)
    return Provider(name="schema", settings={"api_key": key}, auth=query("key"))


@hookimpl
def learn(call):
    return Request(url=f"{HOME}/models/{call.model}", method="GET")


@hookimpl
def read_card(call):
    if call.learned is None:
        return None
    fields = call.learned["fields"]
    parameters = {name: Parameter(type=kind) for name, kind in fields.items()}
    return Model(name=call.model, parameters=parameters, max_images=1)


@hookimpl
def translate_params(call):
    return call.translate("prompt", "seed", "output_format")


@hookimpl
def build_request(call, params):
    return Request(url=f"{HOME}/models/{call.model}", json=dict(params.values))


@hookimpl
def parse_event(event):
    data = event["data"]
    if "done" in data:
        return ImageResponse(data=[Image(b64_json=data["done"])])
    return Partial(progress=data["progress"])


@hookimpl
def parse_response(response):
    raise ValueError(f"events were expected, not {response.content_type}")
