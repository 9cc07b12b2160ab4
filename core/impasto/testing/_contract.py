"""The contract of a provider plugin, as a test class to inherit.

class TestContract(ProviderContract):
    plugin = impasto_acme
    call = {"prompt": "a fox", "model": "acme/oil-2", "api_key": "acme-0123456789"}
    conversation = [sample(HERE / "samples/submitted.json"), sample(HERE / "samples/done.json")]
"""

from __future__ import annotations

from impasto.testing._catalogued import Catalogued
from impasto.testing._conversing import Converses
from impasto.testing._dropping import DropsOnRequest
from impasto.testing._failing import Fails
from impasto.testing._keys_at_home import KeepsKeysAtHome
from impasto.testing._loading import Loads
from impasto.testing._parameters import LosesNoParameter
from impasto.testing._polling import Polls
from impasto.testing._pure import IsPure
from impasto.testing._rendering import Renders
from impasto.testing._streaming import Streams


class ProviderContract(
    Loads,
    Catalogued,
    Converses,
    IsPure,
    LosesNoParameter,
    DropsOnRequest,
    KeepsKeysAtHome,
    Fails,
    Polls,
    Streams,
    Renders,
):
    """What every plugin keeps, tested against its own recorded answers.

    Attributes:
        plugin: The plugin's module.
        call: Keyword arguments of an `image_generation` that works, *model* and key included.
        conversation: The provider's answers to it, in order, the pictures last; of a provider
            that is polled, one of them says "not yet".
        models: The plugin's models.json, where it does not lie in its package.
        edit_call: Likewise for `image_edit`, where the provider has it.
        edit_conversation: The answers to it.
        refusal: Answers to *call* that end in a refusal, where the provider is known to refuse.
        failed: Answers to *call* that end in a failed job, where the provider has jobs.
        streamed: Answers to *call* with ``stream=True``, where the provider streams; the last of
            them is a stream of events, as `event_stream()` makes one.
        learned: The answer to the plugin's `learn` request, where it has that hook.
        samples: Values, by name, for parameters of which models.json does not say enough to make
            one up, such as a list of objects.
        polls_elsewhere: True where polls are meant to leave the provider's origins.
        key_in_body: True for the few providers that want their key in the body.
        nothing_is_a_refusal: True where the answer ``{}`` means that every picture was refused.
    """
