"""The contract of the provider Oil, for whatever plugin claims to be one for it."""

from impasto.testing import PNG, ProviderContract, event_stream, reply

PAINTING = reply({"state": "painting", "job": "j-7"})
DONE = reply({"state": "done", "pictures": ["https://cdn.oil.example/7.png"]})


class OilContract(ProviderContract):
    call = {
        "prompt": "a fox",
        "model": "oil/oil-2",
        "size": "1024x768",
        "quality": "fine",
        "api_key": "oil-0123456789abcdef",
    }
    conversation = (PAINTING, PAINTING, DONE)
    edit_call = {**call, "image": PNG, "mask": PNG}
    edit_conversation = (PAINTING, DONE)
    refusal = (PAINTING, reply({"state": "refused", "why": "it shows a weapon"}))
    streamed = (
        event_stream(
            {"sketch": "https://cdn.oil.example/7-1.png"},
            {"picture": "https://cdn.oil.example/7.png"},
        ),
    )
    failed = (PAINTING, reply({"state": "failed", "why": "the canvas tore"}))
