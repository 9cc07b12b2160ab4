"""A job as JSON: what another process needs to ask for it, and nothing that is secret."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from impasto import _costs
from impasto._answer import Fate, ImageResponse, Usage
from impasto._arguments import Asked
from impasto._call import COMMON, Call, Params
from impasto._costs import Cost
from impasto._freeze import Additions
from impasto._http import Request, origin
from impasto._image import Image
from impasto._inputs import ImageFile
from impasto._learning import as_far_as_known
from impasto._made import Made, linked, without_dropped
from impasto._notices import Origin
from impasto._orders import Order, Orders
from impasto._performance import Performance
from impasto._plugin import Loaded, Plugin
from impasto._provider import Provider
from impasto._redact import without
from impasto._settings import Resolved, resolve
from impasto._steering import steered
from impasto._version import __version__
from impasto.errors import BadRequestError, ImpastoError
from impasto.hookspecs import CONTRACT

if TYPE_CHECKING:
    from impasto._dispatch import Dispatch
    from impasto._engine import Conversation
    from impasto._line import Line

_UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, RecursionError)
FORMAT = 1  # changes when an older version of impasto could no longer read it

_WORDS = tuple(name for name in COMMON if name not in ("image", "mask"))
_PLAIN = ("kind", "catalogue_name", "drop_params", "timeout", "detached", *_WORDS)
_OF_A_REQUEST = ("url", "method", "headers", "json", "step", "state", "after", "progress")
_OF_AN_IMAGE = ("url", "b64_json", "revised_prompt", "seed", "provider_specific_fields")
_OF_A_RESPONSE = ("request_id", "size", "quality", "background", "output_format")
_OF_AN_ERROR = ("message", "status_code", "code", "param", "request_id", "maybe_accepted")
_ADDED = ("extra_headers", "headers", "extra_query")


# --- writing ----------------------------------------------------------------------------------


def written(orders: Orders, submitted: datetime) -> str:
    """Return *orders*, of which one at least has a handle, as JSON.

    Raises:
        ImpastoError: one of them is on its way, so that nobody knows what became of it.
    """
    performance, call = orders.performance, orders.call
    lines = [order.conversation.line for order in orders.orders]
    document = {
        **framed(performance, call, lines),
        "submitted": submitted.isoformat(),
        "notes": list(orders.notes),
        "orders": [_order(order) for order in orders.orders],
    }
    return without(json.dumps(document), [key for line in lines for key in line.secrets()])


def framed(performance: Performance, call: Call, lines: Sequence[Line]) -> dict[str, Any]:
    """Return what is to be written of *call*, but for its orders; *lines* are theirs."""
    plugin = performance.plugin
    return {
        "impasto_job": FORMAT,
        "versions": {
            "impasto": __version__,
            "contract": list(CONTRACT),
            **({plugin.distribution: plugin.version} if plugin.distribution else {}),
        },
        "provider": call.provider,
        "plugin": call.provider if call.provider in plugin.names else min(plugin.names),
        "model": call.model,
        "call": {**_call(call), "max_retries": performance.asked.max_retries},
        "left_out": sorted(_left_out(performance, call)),
        "home": sorted(frozenset[str]().union(*(line.home for line in lines))),
        "fates": [_fate(fate) for fate in performance.told_besides().values()],
    }


def _call(call: Call) -> dict[str, Any]:
    values = {name: getattr(call, name) for name in _PLAIN}
    return {
        **{name: value for name, value in values.items() if value is not None},
        "settings": {name: one for name, one in call.settings.items() if _is_json(one)},
        "extra": {name: one for name, one in call.extra.items() if _is_json(one)},
    }


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def _left_out(performance: Performance, call: Call) -> Iterator[str]:
    """Yield names of what the call had and the JSON has not: pictures, and what may hold keys."""
    additions = performance.asked.additions
    yield from (name for name, one in call.extra.items() if isinstance(one, ImageFile))
    yield from ["image"] if call.images else []
    yield from ["mask"] if call.mask is not None else []
    yield from ["extra_headers"] if additions.headers else []
    yield from ["extra_query"] if additions.query else []


def _order(order: Order) -> dict[str, Any]:
    conversation = order.conversation
    known = {
        "n": conversation.call.n,
        "seed": conversation.call.seed,
        "fates": fates_told(conversation),
    }
    if order.handle is not None:
        return {**known, "request": request_told(order.handle)}
    if isinstance(order.outcome, ImpastoError):
        return {**known, "error": error_told(order.outcome)}
    if order.outcome is not None:
        return {**known, "pictures": pictures_told(order.outcome)}
    raise ImpastoError(
        "one of the orders is on its way: nothing is known yet that could be asked for",
        provider=conversation.call.provider,
        model=conversation.call.model,
    )


def request_told(handle: Request) -> dict[str, Any]:
    """Return *handle*, which asks for a job, as JSON.

    Raises:
        ImpastoError: it cannot be written.
    """
    told = {name: getattr(handle, name) for name in _OF_A_REQUEST}
    if handle.form is not None or handle.body is not None or not _is_json(told):
        raise ImpastoError(
            f"the request that asks for this job ({handle.step or handle.method}) holds what JSON "
            "has no word for, so that no other process can send it"
        )
    return told


def _fate(fate: Fate) -> dict[str, Any]:
    told = fate.model_dump()
    return {name: told[name] for name in ("name", "outcome", "given", "sent", "note")}


def fates_told(conversation: Conversation) -> list[dict[str, Any]]:
    """Return as JSON what became of the parameters."""
    params = conversation.params
    return [_fate(fate) for fate in params.fates] if params is not None else []


def error_told(error: ImpastoError) -> dict[str, Any]:
    """Return *error* as JSON."""
    return {"type": type(error).__name__, **{name: getattr(error, name) for name in _OF_AN_ERROR}}


def pictures_told(response: ImageResponse) -> dict[str, Any]:
    """Return *response*, the outcome of one order, as JSON."""
    images = [{name: image[name] for name in _OF_AN_IMAGE} for image in response.data]
    usage = response.usage.model_dump() if response.usage is not None else None
    return {
        "created": response.created,
        "model": response.model,
        "usage": usage,
        "charged": _cost_told(response.charged),
        "notes": list(response.notes),
        "data": images,
        **{name: getattr(response, name) for name in _OF_A_RESPONSE},
    }


def _cost_told(cost: Cost | None) -> list[str] | None:
    return None if cost is None else [str(cost.amount), cost.currency, cost.source]


# --- reading ----------------------------------------------------------------------------------


@frozen
class Stored:
    """What was read, before anything is imported or asked.

    Attributes:
        text: As it was read.
        document: The same.
        given: Settings, headers and query from the caller.
        dispatch: What it is asked with.
        where: The user's line of code, for warnings.
    """

    text: str
    document: Mapping[str, Any]
    given: Mapping[str, Any] = field(repr=False)
    dispatch: Dispatch
    where: Origin = field(repr=False)

    @classmethod
    def read(cls, text: str, given: Mapping[str, Any], dispatch: Dispatch, where: Origin) -> Stored:
        """Return what *text* holds.

        Raises:
            BadRequestError: it is no job, or from a newer version of impasto.
        """
        try:
            document = json.loads(text)
            version = document["impasto_job"]
            if version == FORMAT:
                datetime.fromisoformat(document["submitted"])
                made = cls(text, document, dict(given), dispatch, where)
                if made.handles() and made.provider and made.model:
                    return made
                raise ValueError("nothing in it can be asked for")
        except _UNREADABLE as error:
            raise _no_job(error) from None
        raise BadRequestError(
            f"this job was written in form {version!r} by another version of impasto; this one, "
            f"{__version__}, reads form {FORMAT}.  Try: pip install --upgrade impasto"
        )

    @property
    def provider(self) -> str:
        """Canonical name of the provider."""
        return str(self.document["provider"])

    @property
    def model(self) -> str:
        """As it was sent."""
        return str(self.document["model"])

    @property
    def submitted(self) -> datetime:
        """When it was."""
        return datetime.fromisoformat(self.document["submitted"])

    def handles(self) -> list[Request]:
        """Return the requests that ask for it."""
        return [_handle(one) for one in self.document["orders"] if "request" in one]

    async def opened(self) -> Orders:
        """Return the orders, ready to be asked for.

        Raises:
            MissingCredentialsError: there is no key for it.
            BadRequestError: its place is another one than that of this process's settings.
            PluginError: the plugin is broken, or not of the version that wrote it.
        """
        try:
            plugin = self.dispatch.registry.plugin(str(self.document["plugin"]))
            loaded = await asyncio.to_thread(plugin.loaded)
            return self._opened(plugin, loaded)
        except _UNREADABLE as error:
            raise _no_job(error) from error

    def _opened(self, plugin: Plugin, loaded: Loaded) -> Orders:
        settings = _settings(loaded.provider, self.document, self.given)
        said = self.document["call"]
        asked = Asked(
            kind=said["kind"],
            timeout=said["timeout"],
            max_retries=said["max_retries"],
            additions=_additions(self.given),
        )
        performance = Performance(
            plugin=plugin,
            loaded=loaded,
            asked=asked,
            wires=self.dispatch.wires,
            deadline=math.inf,
            settings=settings,
            where=self.where,
        )
        performance.keep_fates(map(_fate_of, self.document["fates"]))
        call = Call(
            provider=loaded.provider.name,
            model=self.model,
            card=loaded.catalogue.get(said["catalogue_name"]),
            settings=settings.public,
            extra=said["extra"],
            **{name: said[name] for name in _PLAIN if name in said},
        )
        call, _ = as_far_as_known(performance.conversation(call))
        home = _home(loaded.provider, settings, self.document["home"])
        orders = [_order_of(performance, call, home, one) for one in self.document["orders"]]
        return Orders(call, orders, tuple(self.document["notes"]))


def _no_job(error: Exception) -> BadRequestError:
    return BadRequestError(
        f"this is no job that Job.to_json() wrote: {type(error).__name__}: {error}"
    )


def _handle(order: Mapping[str, Any]) -> Request:
    return Request(**{name: order["request"][name] for name in _OF_A_REQUEST}, buys=False)


def _fate_of(told: Mapping[str, Any]) -> Fate:
    return Fate(**told)


def _additions(given: Mapping[str, Any]) -> Additions:
    added = steered({name: given[name] for name in _ADDED if name in given})
    additions: Additions = added["additions"]
    return additions


def _order_of(
    performance: Performance, call: Call, home: frozenset[str], told: Mapping[str, Any]
) -> Order:
    conversation = performance.conversation(evolve(call, n=told["n"], seed=told["seed"]))
    conversation.params = Params(fates=tuple(map(_fate_of, told["fates"])))
    conversation.line.home = home
    if "request" in told:
        handle = _handle(told)
        return Order(conversation, handle=handle, progress=handle.progress)
    if "nothing" in told:  # a journal knows more of it
        return Order(conversation)
    if "error" in told:
        return Order(conversation, outcome=error_of(call, told["error"]))
    return Order(
        conversation, outcome=response_of(conversation.call, conversation.params, told["pictures"])
    )


def error_of(call: Call, told: Mapping[str, Any]) -> ImpastoError:
    """Return the error that `error_told()` wrote."""
    return error_again(call.provider, call.model, told)


def error_again(provider: str, model: str, told: Mapping[str, Any]) -> ImpastoError:
    """Return the error of that provider and model which `error_told()` wrote."""
    from impasto import errors

    kind = getattr(errors, told["type"], ImpastoError)
    fields = {name: told[name] for name in _OF_AN_ERROR if name != "message"}
    error: ImpastoError = kind(told["message"], provider=provider, model=model, **fields)
    return error


def response_of(call: Call, params: Params, told: Mapping[str, Any]) -> ImageResponse:
    """Return the response that `pictures_told()` wrote."""
    made = Made(without_dropped(call, params.fates), told["created"], told.get("request_id"))
    more: dict[str, Any] = {name: told.get(name) for name in _OF_A_RESPONSE}
    return ImageResponse(
        created=told["created"],
        model=told["model"],
        provider=call.provider,
        usage=None if told["usage"] is None else Usage(**told["usage"]),
        charged=_cost_of(told.get("charged")),
        data=linked([Image(**one) for one in told["data"]], made),
        notes=tuple(told.get("notes", ())),
        params={fate.name: fate for fate in params.fates},
        asked=_costs.asked(call),
        **more,
    )


def _cost_of(told: Sequence[str] | None) -> Cost | None:
    if told is None:
        return None
    amount, currency, source = told
    return Cost.reported(amount, currency, source=source)


# --- whose it is ------------------------------------------------------------------------------


def _settings(
    provider: Provider, document: Mapping[str, Any], given: Mapping[str, Any]
) -> Resolved:
    """Return the settings: those of the job, but for what leads a key somewhere.

    Raises:
        BadRequestError: a URL is not the one that the job was submitted with.
    """
    unknown = [name for name in given if name not in provider.settings and name not in _ADDED]
    if unknown:
        known = ", ".join([*provider.settings, *_ADDED])
        raise BadRequestError(
            f"{unknown[0]} is no setting of {provider.name}; from_json() takes {known}",
            param=unknown[0],
            provider=provider.name,
        )
    then = document["call"]["settings"]
    words = {
        name: value
        for name, value in then.items()
        if name in provider.settings and not _is_for_the_key(provider, name)
    }
    settings = resolve(provider, {**words, **given})
    for name, value in then.items():
        setting = provider.settings.get(name)
        if setting is not None and setting.url and settings.public.get(name) != value:
            raise BadRequestError(
                f"this job was submitted with {name}={value!r}, here it is "
                f"{settings.public.get(name)!r}; pass {name}={value!r} to from_json() if the key "
                "may go there",
                param=name,
                provider=provider.name,
            )
    return settings


def _is_for_the_key(provider: Provider, name: str) -> bool:
    """Return whether a setting says where a key goes, or belongs to one."""
    setting = provider.settings[name]
    return setting.url or setting.group is not None


def _home(provider: Provider, settings: Resolved, told: list[str]) -> frozenset[str]:
    """Return the homes of the key that *told* names.

    Raises:
        BadRequestError: nothing but the JSON says that one of them is.
    """
    urls = [settings.public.get(name) for name, one in provider.settings.items() if one.url]
    known = provider.origins | {origin(url) for url in urls if url}
    strange = sorted(set(told) - known)
    if strange:
        raise BadRequestError(
            f"this job says that {provider.name}'s keys go to {strange[0]}, and neither the "
            "plugin nor a setting here says so; nothing was sent",
            provider=provider.name,
        )
    return frozenset(told)
