"""Compares this machine's clock with that of providers: signatures and tokens depend on it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from impasto._settings import resolve  # where a call would go
from impasto.errors import ImpastoError
from impasto.types import Provider, Request
from impasto_cli._findings import Finding

_SECONDS = 10.0  # to wait for one; a guess: longer than any handshake that still works
# AWS refuses signatures that are five minutes off; a minute is already nobody's intention.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
_TOLERATED = 60.0


def compared(providers: Sequence[Provider]) -> list[Finding]:
    """Ask each of *providers* for the time, at once and without a key."""
    asked = [(one, url) for one in providers if (url := _home(one)) is not None]
    return asyncio.run(_all(asked))


def _home(provider: Provider) -> str | None:
    """Return the URL that calls go to, as far as it is known without a call."""
    try:
        known = resolve(provider, {}, needed=False).public
    except ImpastoError:
        return None  # a finding of its own
    urls = [known[name] for name, one in provider.settings.items() if one.url and name in known]
    return next(iter([*urls, *sorted(provider.origins)]), None)


async def _all(asked: Sequence[tuple[Provider, str]]) -> list[Finding]:
    return await asyncio.gather(*(_one(provider, url) for provider, url in asked))


async def _one(provider: Provider, url: str) -> Finding:
    from impasto._transport import AIOHTTP  # the way of calls: their proxies, their certificates
    from impasto._wires import Lost, NotSent

    about = f"clock, {provider.name}"
    request = Request(url=url, method="HEAD", buys=False)
    try:
        async with asyncio.timeout(_SECONDS):
            answer = await AIOHTTP.send(request, lambda: None)
    except (NotSent, Lost, TimeoutError, ImpastoError) as error:
        why = str(error) or f"no answer within {_SECONDS:g} s"
        return Finding(
            about, f"{url} cannot be reached: {why}", "wrong", "look at proxies and certificates"
        )
    return _compared(about, answer.headers.get("date"))


def _compared(about: str, date: str | None) -> Finding:
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return Finding(about, "the provider answers, and does not tell the time")
    off = (datetime.now(UTC) - theirs).total_seconds()
    told = f"{abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} the provider's"
    if abs(off) <= _TOLERATED:
        return Finding(about, told if abs(off) >= 1 else "right")
    return Finding(about, told, "wrong", "set this machine's clock: signatures and tokens need it")
