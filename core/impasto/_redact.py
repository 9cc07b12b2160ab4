"""Takes keys and pixels out of whatever a person or a log will see."""

from __future__ import annotations

import re
from collections.abc import Collection

from impasto.errors import ImpastoError

SHOWN_CHARACTERS = 2_000  # a guess: enough for every error body in the providers' samples
HIDDEN = "[hidden]"
SHORTEST_SECRET = 6  # characters; real keys have 20 and more
_LONG_RUN = re.compile(r"[A-Za-z0-9+/=_\-]{257,}")
_SHAPES_OF_KEYS = re.compile(
    r"(?i)\b(bearer\s+)[\w\-.~+/=]{8,}|\b(sk-|r8_|AKIA|ya29\.)[\w\-.*]{6,}"
    r"|\b(AIza|hf_|key_|tgp_|xai-)[\w\-.*]{16,}"  # shorter, "key_frames" would be one
)


def shown(text: str) -> str:
    """Return *text* fit to be shown: shortened, long base64 runs and likely keys replaced."""
    cut = text[: SHOWN_CHARACTERS * 8]
    brief = _LONG_RUN.sub(lambda run: f"[{len(run[0])} characters]", cut)
    brief = _SHAPES_OF_KEYS.sub(lambda key: (key[1] or key[2] or key[3]) + HIDDEN, brief)
    if len(brief) <= SHOWN_CHARACTERS and len(cut) == len(text):
        return brief
    return f"{brief[:SHOWN_CHARACTERS]}... ({len(text)} characters in all)"


def without(text: str, secrets: Collection[str]) -> str:
    """Return *text* with every one of *secrets* replaced."""
    for secret in _real(secrets):
        text = text.replace(secret, HIDDEN)
    return text


def _real(secrets: Collection[str]) -> list[str]:
    """Leave out what is too short for a key: hiding "x" would only garble the message.

    The longest comes first: of a key that another one begins with nothing must be left over.
    """
    real = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]
    return sorted(real, key=len, reverse=True) if len(real) > 1 else real


def clean(error: ImpastoError, secrets: Collection[str]) -> ImpastoError:
    """Take *secrets* out of *error*, its fields and its chain of causes; return it."""
    if error.body is not None:
        error.body = shown(error.body)
    error.headers = {
        name: without(value, secrets)
        for name, value in error.headers.items()
        if name not in {"set-cookie", "authorization", "proxy-authorization"}
    }
    for name, value in vars(error).items():  # of whatever class it is
        if isinstance(value, str):
            setattr(error, name, without(value, secrets))
        elif isinstance(value, tuple) and all(isinstance(one, str) for one in value):
            setattr(error, name, tuple(without(one, secrets) for one in value))
    error.args = (error.message,)
    _cut_telling_causes(error, secrets)
    return error


def _cut_telling_causes(error: BaseException, secrets: Collection[str]) -> None:
    """Drop the first cause that shows a secret, and with it all that lies behind."""
    for link in ("__cause__", "__context__"):
        cause: BaseException | None = getattr(error, link)
        if cause is None or cause is error:
            continue
        # JSONDecodeError keeps the whole document in `doc`.
        told = f"{cause!r} {cause} {getattr(cause, 'doc', '')} {vars(cause)!r}"
        if any(secret in told for secret in _real(secrets)):
            setattr(error, link, None)
        else:
            _cut_telling_causes(cause, secrets)
