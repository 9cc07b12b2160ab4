"""One provider's plugin: found by name, imported on first use, with a small relay of its own."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import importlib_metadata
import pluggy
from attrs import field, frozen

from impasto import hookspecs
from impasto.errors import PluginError

if TYPE_CHECKING:
    from impasto._models import Catalogue
    from impasto._provider import Credentials, Provider, Settings
    from impasto._settings import Resolved
    from impasto._shared import Shared


class Memory:
    """What core keeps of a plugin for the life of the process.

    Attributes:
        learned: Answers to its `learn` requests.
        names: Answers of its `resolve_model`.
        credentials: Answers of its `get_credentials`, until they expire, and what they are for.
        settings: What was resolved, by arguments and environment.
    """

    def __init__(self) -> None:
        from impasto._shared import Shared  # asyncio, which `import impasto` does without

        self.learned: Shared[Any] = Shared()
        self.names: dict[str, str | None] = {}
        self.settings: dict[Any, Resolved] = {}
        self.credentials: Shared[tuple[Credentials, Settings]] = Shared()


@frozen
class Loaded:
    """A plugin ready for use.

    Attributes:
        hook: Its relay.
        provider: What it described itself as.
        catalogue: Its models.
        own: Names of the hooks that it implements itself.
        memory: What was asked of it and of its provider.
    """

    hook: Any
    provider: Provider
    catalogue: Catalogue = field(repr=False)
    own: frozenset[str]
    memory: Memory = field(factory=Memory, repr=False)


class Plugin:
    """A provider's plugin, whether loaded yet or not."""

    def __init__(
        self,
        key: str,
        find: Callable[[], ModuleType],
        models: Callable[[], Path | None],
        distribution: importlib_metadata.Distribution | None = None,
    ) -> None:
        self.key = key
        self.names: set[str] = set()
        self._find = find
        self._models = models
        self._distribution = distribution
        self._loaded: Loaded | None = None
        self._failure: PluginError | None = None
        self._lock = threading.Lock()

    @classmethod
    def of_entry_point(cls, entry_point: importlib_metadata.EntryPoint) -> Plugin:
        """Return the plugin behind *entry_point*, without importing it."""

        def find() -> ModuleType:
            module: ModuleType = entry_point.load()
            return module

        found = cast("importlib_metadata.Distribution | None", entry_point.dist)
        return cls(entry_point.value, find, lambda: _beside(entry_point.module), found)

    @classmethod
    def of_module(cls, name: str, module: ModuleType, models: Path | None = None) -> Plugin:
        """Return the plugin that *module* is; *models* is its models.json."""
        plugin = cls(name, lambda: module, lambda: models or _inside(module))
        plugin.names.add(name)
        return plugin

    @property
    def distribution(self) -> str | None:
        """The distribution that it came with."""
        return str(self._distribution.name) if self._distribution is not None else None

    @property
    def version(self) -> str | None:
        """That distribution's version."""
        return str(self._distribution.version) if self._distribution is not None else None

    @property
    def ready(self) -> Loaded | None:
        """The loaded plugin, or None before its first use: a look that costs nothing."""
        return self._loaded

    def loaded(self) -> Loaded:
        """Import the plugin if that was not done yet, and return it; may take a while.

        Raises:
            PluginError: it is broken, or does not fit this version; the same one each time.
        """
        with self._lock:
            if self._failure is not None:
                raise self._failure.with_traceback(None)
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def state(self) -> tuple[str, str | None]:
        """Return "ready", "broken" or "installed", and what is wrong."""
        if self._failure is not None:
            return "broken", self._failure.message
        return ("ready" if self._loaded is not None else "installed"), None

    def bare_names(self) -> list[str]:
        """Return the models that answer without a provider in front; a broken plugin has none."""
        from impasto._catalogues import bare_names  # not before somebody leaves out the provider

        try:
            path = self._models()
            return bare_names(path) if path is not None else []
        except Exception:  # noqa: BLE001 - a broken catalogue breaks its own plugin only, when that is used
            return []

    def models_file(self) -> Path | None:
        """Return where its models.json is, found without importing it."""
        return self._models()

    def catalogue(self) -> Catalogue:
        """Return its models, read without importing it.

        Raises:
            PluginError: models.json is unsound.
        """
        from impasto._catalogues import read_catalogue

        path = self._models()
        try:
            return read_catalogue(path)
        except ValueError as error:
            raise self.error(f"{path} is unsound: {error}", error) from error

    def priced(self) -> Catalogue:
        """Return `catalogue()` with people's own prices in it.

        Raises:
            PluginError: models.json is unsound.
            BadRequestError: a list of one's own is.
        """
        from impasto import _prices

        _prices.ready()
        return _prices.applied(self.catalogue(), sorted(self.names))

    def error(self, message: str, cause: BaseException | None = None) -> PluginError:
        """Return a `PluginError` that names the distribution and its version."""
        who = f"{self.distribution} {self.version}" if self.distribution else f"plugin {self.key}"
        error = PluginError(
            f"{who}: {message}", distribution=self.distribution, version=self.version
        )
        error.__cause__ = cause
        return error

    def _load(self) -> Loaded:
        try:
            return self._assemble(self._find())
        except PluginError as error:
            self._failure = error
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a stranger's module raises must break only itself
            self._failure = self.error(self._why(error), error)
        raise self._failure

    def _why(self, error: BaseException) -> str:
        reason = f"{type(error).__name__}: {error}"
        wanted = [
            requirement
            for requirement in (self._distribution.requires or [] if self._distribution else [])
            if requirement.startswith("impasto") and not requirement.startswith("impasto-")
        ]
        if isinstance(error, ImportError) and wanted:
            have = importlib_metadata.version("impasto")
            return f"cannot be imported ({reason}); it requires {wanted[0]}, installed is {have}"
        return f"cannot be loaded ({reason})"

    def _assemble(self, module: ModuleType) -> Loaded:
        from impasto._provider import Provider  # nothing of this is needed to import impasto

        self._refuse_contract(module)
        manager = pluggy.PluginManager("impasto")
        manager.add_hookspecs(hookspecs)
        try:
            manager.register(module, name=self.key)
            manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise self.error(f"{error}", error) from error
        own = self._own_hooks(manager, module)
        provider = manager.hook.describe()
        if not isinstance(provider, Provider):
            raise self.error(f"describe() returned {provider!r}, not a Provider")
        return Loaded(_relay(manager), provider, self.catalogue(), own)

    def _own_hooks(self, manager: pluggy.PluginManager, module: ModuleType) -> frozenset[str]:
        callers = manager.get_hookcallers(module) or []
        for caller in callers:
            for implementation in caller.get_hookimpls():
                # pluggy 1.6 and 1.7 treat them differently, and a misspelt one goes unnoticed.
                if implementation.kwargnames:
                    raise self.error(
                        f"{caller.name}() gives {', '.join(implementation.kwargnames)} a default; "
                        "hooks name the arguments that they need, without defaults"
                    )
        own = frozenset(caller.name for caller in callers)
        needed = hookspecs.REQUIRED + (() if "render" in own else hookspecs.REQUIRED_TO_SEND)
        missing = [name for name in needed if name not in own]
        if missing:
            raise self.error(f"has no {', '.join(missing)}; is it marked @impasto.hookimpl?")
        return own

    def _refuse_contract(self, module: ModuleType) -> None:
        contract = getattr(module, "CONTRACT", None)
        have = hookspecs.CONTRACT
        if not (isinstance(contract, tuple) and len(contract) == 2):
            raise self.error(f"has no line CONTRACT = {have}, the version of the hooks it is for")
        if contract[0] == have[0] and contract[1] <= have[1]:
            return
        newer = contract > have
        remedy = "impasto" if newer else (self.distribution or self.key)
        raise self.error(
            f"is for version {contract[0]}.{contract[1]} of the plugin contract, but impasto "
            f"{importlib_metadata.version('impasto')} has {have[0]}.{have[1]}.  "
            f"Try: pip install --upgrade {remedy}"
        )


def _relay(manager: pluggy.PluginManager) -> SimpleNamespace:
    """Return a function for each hook: the plugin's own, where it is the only one.

    pluggy has checked it by then; calling through pluggy costs four frames more for each hook, on
    the way of every call.
    """
    names = [name for name in vars(manager.hook) if not name.startswith("_")]
    return SimpleNamespace(**{name: _shortest(getattr(manager.hook, name)) for name in names})


def _shortest(caller: pluggy.HookCaller) -> Callable[..., Any]:
    implementations = caller.get_hookimpls()
    if len(implementations) != 1 or implementations[0].wrapper or implementations[0].hookwrapper:
        return caller
    function, wanted = implementations[0].function, implementations[0].argnames
    if caller.spec is not None and set(wanted) == set(caller.spec.argnames):
        return function
    return lambda **arguments: function(*[arguments[name] for name in wanted])


def _beside(module: str) -> Path | None:
    """Return the models.json of the package *module*, found without importing it."""
    spec = importlib.util.find_spec(module.partition(".")[0])
    folders = spec.submodule_search_locations if spec is not None else None
    return _existing(folders[0]) if folders else None


def _inside(module: ModuleType) -> Path | None:
    folders = list(getattr(module, "__path__", ()))
    return _existing(folders[0]) if folders else None


def _existing(folder: str) -> Path | None:
    path = Path(folder, "models.json")
    return path if path.is_file() else None
