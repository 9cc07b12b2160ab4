"""Ways to break the plugin `oil`: what to change in it, and the test that is to catch it."""

from broken import (
    answers,
    calls,
    catalogues,
    impure_hooks,
    keys,
    parameters,
    plugins,
    polls,
    streams,
)
from broken._way import Broken

BROKEN: tuple[Broken, ...] = (
    *plugins.BROKEN,
    *catalogues.BROKEN,
    *calls.BROKEN,
    *impure_hooks.BROKEN,
    *parameters.BROKEN,
    *keys.BROKEN,
    *answers.BROKEN,
    *polls.BROKEN,
    *streams.BROKEN,
)
