"""Keys that nothing but a key can look like, and an ear for them wherever they should not be."""

from __future__ import annotations

import base64
import json
import pickle
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from attrs import evolve, frozen
from vendors import KEYS, VENDORS

from impasto._models import Catalogue, Model
from impasto.testing import PNG, Received, Reply

# With characters that URLs and JSON write otherwise
_SONG = 'canary/4f7a+2c9e"8b1d'
_PLAIN = "CANARY4F7A2C9E8B1D"  # where a name must be one


@frozen(kw_only=True)
class SignIn:
    """One way to sign in at a service.

    Attributes:
        name: The service.
        secrets: The keys, by the settings that hold them.
        wrapped: How a setting is given to a call: a function, for a token that is asked for.
        variables: The environment's names for the keys; none where they are arguments only.
    """

    name: str
    secrets: Mapping[str, str]
    wrapped: Callable[[str], Any] = str
    variables: tuple[str, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that hold the keys."""
        return dict(zip(self.variables, self.secrets.values(), strict=False))

    def call(self, base: str) -> dict[str, Any]:
        """Return the arguments of a call at *base* that names the keys itself."""
        given = {setting: self.wrapped(key) for setting, key in self.secrets.items()}
        return {**self.keyless(base), **given}

    def keyless(self, base: str) -> dict[str, Any]:
        """Return the arguments of a call at *base* that leaves the keys to the environment."""
        settings = VENDORS[self.name].settings
        secret = {"api_key", "access_token", "aws_access_key_id", "aws_secret_access_key"}
        kept = {word: value for word, value in settings.items() if word not in secret}
        below = "/v1" if self.name == "together_ai" else ""
        return {"prompt": "a fox", **kept, "api_base": f"{base}{below}"}

    def sings(self, received: Received) -> bool:
        """Return whether one of the keys came with a request, where it belongs."""
        head = f"{received.path} {received.headers}"
        return any(key in head or json.dumps(key)[1:-1] in head for key in self.secrets.values())


def sign_ins() -> dict[str, SignIn]:
    """Return every way to sign in that needs nobody but the service."""
    bird = {setting: f"{_SONG}{setting}" for setting in ("api_key", "token", "secret", "session")}
    return {
        "openai": SignIn(
            name="openai", secrets={"api_key": bird["api_key"]}, variables=("OPENAI_API_KEY",)
        ),
        "azure, a key": SignIn(
            name="azure", secrets={"api_key": bird["api_key"]}, variables=("AZURE_API_KEY",)
        ),
        "azure, a token": SignIn(
            name="azure", secrets={"azure_ad_token": bird["token"]}, variables=("AZURE_AD_TOKEN",)
        ),
        "azure, a function": SignIn(
            name="azure",
            secrets={"azure_ad_token_provider": bird["token"]},
            wrapped=lambda key: lambda: key,
        ),
        "bedrock, keys": SignIn(
            name="bedrock",
            secrets={
                "aws_access_key_id": _PLAIN,
                "aws_secret_access_key": bird["secret"],
                "aws_session_token": bird["session"],
            },
            variables=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        ),
        "bedrock, a token": SignIn(
            name="bedrock",
            secrets={"api_key": bird["api_key"]},
            variables=("AWS_BEARER_TOKEN_BEDROCK",),
        ),
        "vertex_ai, a token": SignIn(name="vertex_ai", secrets={"access_token": bird["token"]}),
        "vertex_ai, a function": SignIn(
            name="vertex_ai",
            secrets={"access_token": bird["token"]},
            wrapped=lambda key: lambda: key,
        ),
        "replicate": SignIn(
            name="replicate", secrets={"api_key": bird["api_key"]}, variables=("REPLICATE_API_KEY",)
        ),
        "together_ai": SignIn(
            name="together_ai",
            secrets={"api_key": bird["api_key"]},
            variables=("TOGETHER_API_KEY",),
        ),
    }


_ADMITTED = {
    "openai": {"authorization": f"Bearer {KEYS['openai']}"},
    "azure": {"api-key": KEYS["azure"]},
    "bedrock": {"authorization": f"Credential={KEYS['bedrock']}/x/bedrock/aws4_request"},
    "vertex_ai": {"authorization": f"Bearer {KEYS['vertex_ai']}"},
    "replicate": {"authorization": f"Bearer {KEYS['replicate']}"},
    "together_ai": {"authorization": f"Bearer {KEYS['together_ai']}"},
}


def admitted(name: str, received: Received) -> Reply:
    """Return what the service answers to whom it lets in."""
    known = evolve(received, headers={**received.headers, **_ADMITTED[name]})
    return VENDORS[name].answer(known, PNG)


# --- listening -------------------------------------------------------------------------------------


def spellings(key: str) -> set[bytes]:
    """Return *key* as it may stand in a text: as it is, encoded, or within something encoded."""
    plain = {key, quote(key), quote(key, safe=""), quote_plus(key), json.dumps(key)[1:-1]}
    whole = key.encode()
    # At each of the three places where a byte can stand in base64, without what neighbours change.
    inner = (base64.b64encode(bytes(at) + whole)[4 * bool(at) : -4] for at in range(3))
    found = {one.encode() for one in plain} | {one.rstrip(b"=")[2:] for one in inner}
    return found | {one.replace(b"+", b"-").replace(b"/", b"_") for one in found}


class Ear:
    """Hears keys.

    Attributes:
        heard: Where, in words.
        listened: How many texts it listened to.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._songs = {name: spellings(key) for name, key in keys.items()}
        self.heard: list[str] = []
        self.listened = 0

    def listen(self, where: str, text: str | bytes) -> None:
        """Listen to *text*."""
        self.listened += 1
        data = text.encode("utf-8", "replace") if isinstance(text, str) else text
        for name, songs in self._songs.items():
            if any(song in data for song in songs):
                self.heard.append(f"{name} in {where}")

    def listen_to_all(self, where: str, one: object) -> None:
        """Listen to whatever anybody can make of *one*: what it shows, and what leads on from it."""
        for path, found in _reachable(where, one):
            self.listen(f"repr of {path}", repr(found))
            if type(found).__str__ is not object.__str__:  # which is repr again
                self.listen(f"str of {path}", str(found))
        try:
            self.listen(f"the pickle of {where}", pickle.dumps(one))
        except Exception as error:  # much of it cannot be pickled, and says so
            self.listen(f"the error of pickling {where}", repr(error))
        if isinstance(one, BaseException):
            self.listen(f"the traceback of {where}", "".join(traceback.format_exception(one)))

    def listen_to_files(self, folder: Path) -> None:
        """Listen to the names and contents of all files in *folder*."""
        for path in sorted(folder.rglob("*")):
            self.listen("the name of a file", str(path))
            if path.is_file():
                self.listen(path.name, path.read_bytes())


def _reachable(where: str, one: object) -> Iterator[tuple[str, object]]:
    """Yield *one*, and all objects of ours and errors that lead on from it, with their paths."""
    waiting, seen = [(where, one)], set()
    while waiting:
        path, found = waiting.pop()
        if id(found) in seen or isinstance(found, str | bytes | int | float | type | None):
            continue
        seen.add(id(found))
        if isinstance(found, Model | Catalogue):  # which are read from files
            continue
        if isinstance(found, BaseException) or type(found).__module__.startswith("impasto"):
            yield path, found
        waiting += [(f"{path}.{name}", inner) for name, inner in _parts(found)]


def _parts(found: object) -> Iterator[tuple[str, object]]:
    if isinstance(found, Mapping):
        yield from ((str(key), inner) for key, inner in found.items())
    elif isinstance(found, list | tuple | set | frozenset):
        yield from ((str(index), inner) for index, inner in enumerate(found))
    elif isinstance(found, BaseException):
        yield from (("__cause__", found.__cause__), ("__context__", found.__context__))
        yield from (("args", found.args), *vars(found).items())
    elif type(found).__module__.startswith("impasto"):
        slots = (slot for kind in type(found).__mro__ for slot in getattr(kind, "__slots__", ()))
        yield from ((slot, getattr(found, slot, None)) for slot in slots if slot != "__weakref__")
        yield from getattr(found, "__dict__", {}).items()
