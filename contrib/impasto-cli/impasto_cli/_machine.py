"""Looks at what is around impasto: Python, versions, proxies, certificates, extras."""

from __future__ import annotations

import os
import platform
import re
import ssl
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import importlib_metadata

import impasto
from impasto import _extras  # the group's name is the runtime's
from impasto_cli._findings import Finding

_NAME = re.compile(r"[A-Za-z0-9._-]+")
# As impasto reads them: OpenSSL's own two, and the one of requests.
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


def findings() -> Iterator[Finding]:
    """Yield what was found on this machine, without a network."""
    yield Finding("Python", f"{platform.python_version()} on {platform.system()}, {sys.executable}")
    yield Finding("versions", ", ".join(_versions()))
    yield Finding("proxies", _proxies())
    yield from _certificates()
    yield from _extras_found()
    yield from _own_variables()


def _versions() -> list[str]:
    needed = importlib_metadata.requires("impasto") or []
    names = [_NAME.match(one) for one in needed if "extra ==" not in one]
    ours = ["impasto", "impasto-cli", *(name[0] for name in names if name is not None)]
    return [f"{name} {_version(name)}" for name in ours]


def _version(name: str) -> str:
    try:
        return str(importlib_metadata.version(name))
    except importlib_metadata.PackageNotFoundError:
        return "is not installed"


def _proxies() -> str:
    found = urllib.request.getproxies()
    skipped = found.pop("no", None)
    told = [f"{scheme} by way of {_place(url)}" for scheme, url in sorted(found.items())]
    told += [f"but not to {skipped}"] if skipped and found else []
    return ", ".join(told) or "none"


def _place(url: str) -> str:
    """Return where *url* leads, without the password that may be in it."""
    netloc = urlsplit(url if "://" in url else f"http://{url}").netloc
    return netloc.rpartition("@")[2]


def _certificates() -> Iterator[Finding]:
    given = [(name, os.environ[name]) for name in _CERTIFICATES if os.environ.get(name)]
    if not given:
        yield Finding("certificates", "those of the system")
    for name, value in given:
        yield _checked(name, Path(value))


def _checked(name: str, path: Path) -> Finding:
    """Look whether certificates can be read from *path*, as impasto will read them."""
    remedy = (
        f"set {name} to a PEM file{' or folder' if name != 'SSL_CERT_FILE' else ''}, or unset it"
    )
    if not path.exists():
        return Finding(name, f"{path} does not exist", "wrong", remedy)
    if path.is_dir():
        return Finding(name, f"{path}, a folder")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError) as error:
        why = getattr(error, "reason", None) or error.strerror or str(error)
        return Finding(name, f"{path} holds no certificates ({why})", "wrong", remedy)
    return Finding(name, f"{path}, {context.cert_store_stats()['x509']} certificates")


def _extras_found() -> Iterator[Finding]:
    points = importlib_metadata.entry_points(group=_extras.GROUP)
    installed = sorted({point.name for point in points})
    active = [name.strip() for name in os.environ.get("IMPASTO_EXTRAS", "").split(",")]
    active = [name for name in active if name]
    told = [f"{name} ({'active' if name in active else 'not active'})" for name in installed]
    yield Finding("extras", ", ".join(told) or "none")
    for name in active:
        if name not in installed:
            yield Finding(
                "IMPASTO_EXTRAS",
                f"it names {name!r}, which is not installed",
                "wrong",
                f"pip install impasto-{name}, or take {name} out of IMPASTO_EXTRAS",
            )


def _own_variables() -> Iterator[Finding]:
    """Yield what is set of impasto's own variables."""
    allowed, model = os.environ.get("IMPASTO_PLUGINS"), os.environ.get("IMPASTO_MODEL")
    if allowed is not None:
        yield Finding("IMPASTO_PLUGINS", f"allows only {allowed or 'none'}")
    if model:
        yield _routed(model)
    if os.environ.get("IMPASTO_METADATA", "").lower() in ("1", "true", "yes", "on"):
        yield Finding("IMPASTO_METADATA", "pictures are saved with their prompts, by this command")


def _routed(model: str) -> Finding:
    try:
        impasto.registry.route(model)
    except impasto.ImpastoError as error:
        remedy = "set IMPASTO_MODEL to provider/model, or unset it"
        return Finding("IMPASTO_MODEL", str(error), "wrong", remedy)
    return Finding("IMPASTO_MODEL", model)
