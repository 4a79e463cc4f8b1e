"""Plugins by role and name: how they register, and where they are found.

Three places are searched in order: every module below ``curator.plugins``, entry points of the group
``curator.plugins``, then trusted files of the user's plugins folder. All three go through the same decorators. A
module that fails to load is listed with its error and never stops the start; a second plugin of the same role and
name is such an error too.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import json
import pkgutil
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, is_dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from curator.engine.errors import InputError, PluginError
from curator.engine.params import Param, build, params_of

API_VERSION = 1
ROLES = ("importer", "encoder", "projector", "clusterer", "scorer", "selector", "exporter")
NEEDS = frozenset({"vectors", "membership", "skills", "labels", "scores", "samples", "encode_texts"})
TRUST_FILE = "trusted.json"
BUILT_IN = "curator.plugins"

PluginClass = TypeVar("PluginClass", bound=type)


@dataclass(frozen=True)
class PluginSpec:
    """One registered plugin. ``needs`` names the fields of ``Inputs`` it cannot work without; ``uses`` those that it
    reads where they are there, so that its answer depends on them; ``kinds`` the kinds of Dataset it reads;
    ``version`` is part of every fingerprint its output carries."""

    role: str
    name: str
    version: int
    cls: type
    needs: frozenset[str]
    kinds: frozenset[str]
    origin: str
    uses: frozenset[str] = frozenset()

    @property
    def reads(self) -> frozenset[str]:
        """All fields of ``Inputs`` that its answer depends on."""
        return self.needs | self.uses

    @property
    def params(self) -> tuple[Param, ...]:
        """The parameters it takes."""
        return params_of(self.cls)

    @property
    def summary(self) -> str:
        """First line of its help."""
        return self.help.split("\n", 1)[0]

    @property
    def help(self) -> str:
        """Its whole help: the docstring of the class."""
        return inspect.cleandoc(self.cls.__doc__ or "")

    def make(self, values: dict[str, Any] | None = None) -> Any:
        """An instance with these parameter values; raises :class:`InputError` for a bad one."""
        return build(self.cls, values or {}, owner=f"{self.role} “{self.name}”")


@dataclass(frozen=True)
class LoadFailure:
    """A plugin module that did not load, and why."""

    origin: str
    text: str
    traceback: str


Place = tuple[str, Callable[[], Any]]
"""Where a plugin module comes from, and how it is loaded."""


class Registry:
    """Plugins by (role, name). One per process; see :func:`registry`.

    Whoever asks for a plugin waits until all that are expected have been loaded.
    """

    def __init__(self) -> None:
        self._specs: dict[tuple[str, str], PluginSpec] = {}
        self._loading = "curator"
        self._failures: list[LoadFailure] = []
        self._installed = self._busy = self._complete_now = False
        self._expected: Iterator[Place] = iter(())
        self._lock = threading.RLock()

    def add(self, spec: PluginSpec) -> None:
        """Register one plugin; raises :class:`PluginError` for a bad or duplicate declaration."""
        if not is_dataclass(spec.cls):
            raise PluginError(f"Plugin “{spec.name}” must be a dataclass.", "Put @dataclass(frozen=True) under it.")
        if spec.role not in ROLES or not spec.reads <= NEEDS:
            raise PluginError(f"Plugin “{spec.name}” names an unknown role or need.")
        earlier = self._specs.get((spec.role, spec.name))
        if earlier is not None and earlier.cls.__qualname__ + earlier.cls.__module__ != (
            spec.cls.__qualname__ + spec.cls.__module__
        ):
            raise PluginError(
                f"Two {spec.role}s are called “{spec.name}” ({earlier.origin} and {spec.origin}).",
                "Rename or remove one of them.",
            )
        self._specs[spec.role, spec.name] = spec

    def names(self, role: str) -> tuple[str, ...]:
        """Names of all plugins of a role, sorted."""
        self._complete()
        return tuple(sorted(name for r, name in self._specs if r == role))

    def all(self) -> tuple[PluginSpec, ...]:
        """Every plugin, by role in the order of the pipeline, then by name."""
        self._complete()
        return tuple(sorted(self._specs.values(), key=lambda s: (ROLES.index(s.role), s.name)))

    def get(self, role: str, name: str) -> PluginSpec:
        """One plugin; raises :class:`InputError` naming those there are."""
        self._complete()
        try:
            return self._specs[role, name]
        except KeyError:
            raise InputError(
                f"There is no {role} called “{name}”.", f"Known: {', '.join(self.names(role)) or 'none'}."
            ) from None

    @property
    def failures(self) -> list[LoadFailure]:
        """Plugin modules that did not load."""
        self._complete()
        return self._failures

    def discover(self, plugins_dir: Path | None = None) -> None:
        """Load all three places. Safe to call twice: what is installed is looked through the first time only."""
        self.expect(plugins_dir)
        self._complete()

    def expect(self, plugins_dir: Path | None = None) -> None:
        """As :meth:`discover`, but when the first plugin is asked for, or by and by with :meth:`load_one`."""
        with self._lock:
            self._complete_now = False
            self._expected = chain(self._expected, self._places(plugins_dir))

    @property
    def complete(self) -> bool:
        """Whether all that is expected has been loaded: asking for a plugin then takes no time."""
        return self._complete_now

    def load_one(self) -> bool:
        """Load one of the modules that are expected; False when none is left."""
        with self._lock:
            if self._busy:  # a module that is being loaded asks for other plugins: it gets those there are
                return False
            self._busy = True
            try:
                if (place := next(self._expected, None)) is not None:
                    self._load(*place)
                else:
                    self._expected, self._complete_now = iter(()), True
            finally:
                self._busy = False
            return place is not None

    def _complete(self) -> None:
        while self.load_one():
            pass

    def _places(self, plugins_dir: Path | None) -> Iterator[Place]:
        if not self._installed:
            self._installed = True
            built_in = importlib.import_module(BUILT_IN)  # by name: they are strangers to the engine
            for module in pkgutil.walk_packages(built_in.__path__, BUILT_IN + "."):
                if not module.ispkg:
                    yield module.name, partial(importlib.import_module, module.name)
            from importlib.metadata import entry_points  # loads the package "email", for nothing

            for point in entry_points(group=BUILT_IN):
                yield point.value, point.load
        if plugins_dir is not None and plugins_dir.is_dir():
            for file in trusted_files(plugins_dir):
                yield str(file), partial(_import_file, file)

    def _load(self, origin: str, load: Callable[[], Any]) -> None:
        self._loading = origin
        try:
            load()
        except Exception as error:
            self._failures = [f for f in self._failures if f.origin != origin]
            self._failures.append(LoadFailure(origin, str(error), traceback.format_exc()))
        finally:
            self._loading = "curator"

    @property
    def loading(self) -> str:
        """Where the module that is being imported now comes from."""
        return self._loading


_registry = Registry()


def registry() -> Registry:
    """The registry of this process."""
    return _registry


def _decorator(role: str) -> Callable[..., Callable[[PluginClass], PluginClass]]:
    def declare(
        name: str,
        *,
        version: int,
        needs: Iterable[str] = (),
        uses: Iterable[str] = (),
        kinds: Iterable[str] = ("image", "instruction"),
        api: int = API_VERSION,
    ) -> Callable[[PluginClass], PluginClass]:
        def register(cls: PluginClass) -> PluginClass:
            if api != API_VERSION:
                raise PluginError(f"Plugin “{name}” asks for version {api} of the plugin API; this is {API_VERSION}.")
            wants = frozenset(needs), frozenset(kinds), _registry.loading, frozenset(uses)
            spec = PluginSpec(role, name, version, cls, *wants)
            _registry.add(spec)
            return cls

        return register

    declare.__name__ = role
    declare.__doc__ = f"Class decorator: register a dataclass as the {role} called ``name``."
    return declare


importer = _decorator("importer")
encoder = _decorator("encoder")
projector = _decorator("projector")
clusterer = _decorator("clusterer")
scorer = _decorator("scorer")
selector = _decorator("selector")
exporter = _decorator("exporter")


def file_digest(file: Path) -> str:
    """sha256 of a plugin file, which is what trust is given to."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def trusted_files(plugins_dir: Path) -> list[Path]:
    """Plugin files that the user has said yes to, unchanged since."""
    known = _trusted(plugins_dir)
    return [f for f in sorted(plugins_dir.glob("*.py")) if known.get(f.name) == file_digest(f)]


def untrusted_files(plugins_dir: Path) -> list[Path]:
    """Plugin files that wait for a yes, or changed after it."""
    trusted = set(trusted_files(plugins_dir))
    return [f for f in sorted(plugins_dir.glob("*.py")) if f not in trusted]


def trust(file: Path) -> None:
    """Remember that this file, as it is now, may run."""
    known = _trusted(file.parent)
    known[file.name] = file_digest(file)
    temporary = file.parent / (TRUST_FILE + ".new")
    temporary.write_text(json.dumps(known, indent=1), encoding="utf-8")
    temporary.replace(file.parent / TRUST_FILE)


def _trusted(plugins_dir: Path) -> dict[str, str]:
    try:
        known = json.loads((plugins_dir / TRUST_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _import_file(file: Path) -> None:
    spec = importlib.util.spec_from_file_location(f"curator_user_plugin_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise PluginError(f"{file} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
