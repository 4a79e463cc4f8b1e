"""A Recipe: the frozen description of how a Subset is made. TOML in, TOML out; no ids, no results."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import tomli_w

from curator.engine.errors import InputError
from curator.engine.registry import PluginSpec, Registry
from curator.engine.resources import resource

AUTO = "auto"
MAX_RECIPE_BYTES = 1_000_000
QUOTA_BY = ("", "skill", "class")


@dataclass(frozen=True)
class Step:
    """One plugin by name with its parameter values."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def spec(self, registry: Registry, role: str) -> PluginSpec:
        """The plugin that this step names; raises :class:`InputError`."""
        return registry.get(role, self.name)


@dataclass(frozen=True)
class Constraints:
    """Limits that every selector of the chain honours: at most ``at_most`` picks of each skill or class
    (0 = unlimited), with exceptions by name in ``named``."""

    by: Literal["", "skill", "class"] = ""
    at_most: int = 0
    named: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """Encoder -> clusterer -> scorers -> chain of selectors, with one seed and constraints.

    ``encoder.name`` may be "auto": the best encoder that can run here and now; the Run records which one it was.
    """

    name: str
    selectors: tuple[Step, ...]
    encoder: Step = Step(AUTO)
    clusterer: Step | None = None
    scorers: tuple[Step, ...] = ()
    constraints: Constraints = Constraints()
    seed: int = 0
    description: str = ""

    @classmethod
    def from_toml(cls, text: str) -> Recipe:
        """Read a Recipe; raises :class:`InputError` saying what is wrong where."""
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"The recipe is not valid TOML: {error}.") from None
        allowed = {f.name for f in dataclasses.fields(cls)}
        unknown = sorted(set(data) - allowed)
        if unknown:
            raise InputError(
                f"The recipe has an unknown entry “{unknown[0]}”.", f"Known: {', '.join(sorted(allowed))}."
            )
        selectors = tuple(_step(s, "selectors") for s in _tables(data, "selectors"))
        if not selectors:
            raise InputError("The recipe has no selector.", "Add at least one [[selectors]] table with a name.")
        return cls(
            name=_text(data, "name", "recipe"),
            description=_text(data, "description", ""),
            seed=_whole(data.get("seed", 0), "seed"),
            encoder=_step(data.get("encoder", {"name": AUTO}), "encoder"),
            clusterer=_step(data["clusterer"], "clusterer") if "clusterer" in data else None,
            scorers=tuple(_step(s, "scorers") for s in _tables(data, "scorers")),
            selectors=selectors,
            constraints=_constraints(data.get("constraints", {})),
        )

    def to_toml(self) -> str:
        """The same Recipe as TOML; ``from_toml(to_toml())`` gives an equal one."""
        data: dict[str, Any] = {"name": self.name, "description": self.description, "seed": self.seed}
        data["encoder"] = _table(self.encoder)
        if self.clusterer is not None:
            data["clusterer"] = _table(self.clusterer)
        if self.scorers:
            data["scorers"] = [_table(s) for s in self.scorers]
        data["selectors"] = [_table(s) for s in self.selectors]
        if self.constraints != Constraints():
            c = self.constraints
            data["constraints"] = {"by": c.by, "at_most": c.at_most, "named": dict(c.named)}
        return tomli_w.dumps(data)

    def check(self, registry: Registry, kind: str) -> Recipe:
        """Resolve every plugin and complete its parameters with defaults.

        Raises:
            InputError: a plugin or parameter is unknown, out of range, or does not read this kind of Dataset.
        """
        return dataclasses.replace(
            self,
            encoder=self.encoder
            if self.encoder.name == AUTO
            else complete_step(self.encoder, registry, "encoder", kind),
            clusterer=self.clusterer and complete_step(self.clusterer, registry, "clusterer", kind),
            scorers=tuple(complete_step(s, registry, "scorer", kind) for s in self.scorers),
            selectors=tuple(complete_step(s, registry, "selector", kind) for s in self.selectors),
        )

    def override(self, key: str, value: str, registry: Registry) -> Recipe:
        """Change one value by its dotted name, as ``--set`` does.

        ``seed=3`` · ``encoder=lsa`` (another plugin) · ``encoder.dims=128`` · ``clusterer.k=50`` ·
        ``selector.budget=500`` (the last selector that has a budget) · ``redundancy.threshold=0.9`` (the step of
        that name) · ``constraints.at_most=20``.
        """
        place, _, name = key.partition(".")
        if key == "seed":
            return dataclasses.replace(self, seed=_whole(value, "seed"))
        if place == "constraints" and name:
            now = {"by": self.constraints.by, "at_most": self.constraints.at_most, "named": self.constraints.named}
            changed = {**now, name: value}
            return dataclasses.replace(self, constraints=_constraints(changed))
        if place == "encoder":
            step = _changed(self.encoder, place, name, value)
            if step is None:
                raise InputError("A recipe needs an encoder.", "Use encoder=auto for the best one here.")
            return dataclasses.replace(self, encoder=step)
        if place == "clusterer":
            return dataclasses.replace(self, clusterer=_changed(self.clusterer, place, name, value))
        return self._override_step(place, name, value, registry)

    def _override_step(self, place: str, name: str, value: str, registry: Registry) -> Recipe:
        for role, steps in (("selector", self.selectors), ("scorer", self.scorers)):
            for i in reversed(range(len(steps))):
                known = {p.name for p in steps[i].spec(registry, role).params}
                if name and (steps[i].name == place or (place == role and name in known)):
                    changed = (*steps[:i], _with(steps[i], name, value), *steps[i + 1 :])
                    if role == "selector":
                        return dataclasses.replace(self, selectors=changed)
                    return dataclasses.replace(self, scorers=changed)
        places = ["seed", "encoder", "clusterer", "selector", "constraints"]
        places += [s.name for s in (*self.scorers, *self.selectors)]
        raise InputError(
            f"Nothing in this recipe is called “{place}{'.' + name if name else ''}”.",
            f"Use one of {', '.join(dict.fromkeys(places))}, as in selector.budget=500.",
        )

    def identity(self) -> dict[str, Any]:
        """All that can change the answer: the Recipe without its name and description."""
        data = tomllib.loads(self.to_toml())
        return {k: v for k, v in data.items() if k not in ("name", "description")}


def builtin_names() -> tuple[str, ...]:
    """Names of the recipes that ship with Curator."""
    return tuple(sorted(p.stem for p in resource("recipes").glob("*.toml")))


def load_recipe(name: str) -> Recipe:
    """A built-in Recipe by name, or one from a TOML file; raises :class:`InputError`."""
    if name in builtin_names():
        path = resource("recipes") / f"{name}.toml"
    else:
        path = Path(name)
        if not path.is_file():
            raise InputError(
                f"There is no recipe “{name}”.",
                f"Name a TOML file or one of the built-in recipes: {', '.join(builtin_names())}.",
            )
        if path.stat().st_size > MAX_RECIPE_BYTES:
            raise InputError(f"{path} is too large to be a recipe.")
    try:
        return Recipe.from_toml(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file in UTF-8.") from None


def fingerprint(value: Any) -> str:
    """sha256 (hex) of a value's canonical JSON: the name of whatever was made from it."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def complete_step(step: Step, registry: Registry, role: str, kind: str) -> Step:
    """The step with all its parameters; raises :class:`InputError` when it does not fit this kind of Dataset."""
    from curator.engine.params import values_of

    spec = step.spec(registry, role)
    if kind not in spec.kinds:
        raise InputError(f"The {role} “{spec.name}” does not work on {kind} datasets.")
    return Step(step.name, values_of(spec.make(dict(step.params))))


def _with(step: Step, name: str, value: Any) -> Step:
    return Step(step.name, {**step.params, name: value})


def _changed(step: Step | None, place: str, name: str, value: str) -> Step | None:
    """The step with another plugin (no ``name``) or one other parameter; "none" takes it away."""
    if not name:
        return None if value == "none" else Step(value)
    if step is None:
        raise InputError(f"The recipe has no {place}.", f"Choose one first: --set {place}=NAME.")
    return _with(step, name, value)


def _table(step: Step) -> dict[str, Any]:
    return {"name": step.name, **{k: list(v) if isinstance(v, tuple) else v for k, v in step.params.items()}}


def _tables(data: dict[str, Any], key: str) -> list[Any]:
    tables = data.get(key, [])
    if not isinstance(tables, list):
        raise InputError(f"“{key}” must be a list of tables.", f"Write [[{key}]], with two brackets.")
    return tables


def _step(table: Any, where: str) -> Step:
    if not isinstance(table, dict) or not isinstance(table.get("name"), str):
        raise InputError(f"Each entry of “{where}” needs a name.", f'For example: name = "kmeans" under [{where}].')
    return Step(table["name"], {k: v for k, v in table.items() if k != "name"})


def _constraints(table: Any) -> Constraints:
    if not isinstance(table, dict) or set(table) - {"by", "at_most", "named"}:
        raise InputError("“constraints” takes by, at_most and named.")
    by = table.get("by", "")
    if by not in QUOTA_BY:
        raise InputError(f"constraints.by is “{by}”.", "Use “skill” or “class”.")
    named = table.get("named", {})
    if not isinstance(named, dict):
        raise InputError("constraints.named must be a table of name = number.")
    counts = {str(k): _whole(v, f"constraints.named.{k}") for k, v in named.items()}
    return Constraints(by, _whole(table.get("at_most", 0), "constraints.at_most"), counts)


def _text(data: dict[str, Any], key: str, default: str) -> str:
    value = data.get(key, default)
    if not isinstance(value, str):
        raise InputError(f"“{key}” must be text.")
    return value


def _whole(value: Any, name: str) -> int:
    try:
        if isinstance(value, bool) or int(value) != float(value) or int(value) < 0:
            raise ValueError
    except (TypeError, ValueError):
        raise InputError(f"“{name}” must be a whole number from 0 up, not {value!r}.") from None
    return int(value)
