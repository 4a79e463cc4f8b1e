"""One declaration for each parameter: dataclass field -> form, command-line option, TOML and docs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from curator.engine.errors import InputError

_KEY = "curator.param"


@dataclass(frozen=True)
class Param:
    """The description of one parameter, for whoever builds a form, a help text or a check from it.

    ``low`` and ``high`` are inclusive; ``choices`` limits a string; ``unit`` is for display ("cosine", "samples").
    """

    name: str
    type: type
    default: Any
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    advanced: bool = False


def param(
    default: Any,
    *,
    help: str,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    unit: str = "",
    advanced: bool = False,
) -> Any:
    """Declare a parameter as a dataclass field. Types: bool, int, float, str or tuple[str, ...]."""
    meta = {"help": help, "low": low, "high": high, "choices": choices, "unit": unit, "advanced": advanced}
    return dataclasses.field(default=default, metadata={_KEY: meta})


def params_of(cls: type) -> tuple[Param, ...]:
    """The parameters that a plugin class declares, in order."""
    hints = get_type_hints(cls)
    return tuple(
        Param(name=f.name, type=_plain(hints[f.name]), default=f.default, **f.metadata[_KEY])
        for f in dataclasses.fields(cls)
        if _KEY in f.metadata
    )


def _plain(hint: Any) -> type:
    if get_origin(hint) in (Union, UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
    return get_origin(hint) or hint


def build(cls: type, values: dict[str, Any], *, owner: str = "") -> Any:
    """Make a plugin from plain values, checking names, types and ranges.

    Raises:
        InputError: naming the parameter and what it takes. Strings are converted ("500" -> 500), as they
            come from a command line.
    """
    known = {p.name: p for p in params_of(cls)}
    owner = owner or cls.__name__
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise InputError(
            f"{owner} has no parameter “{unknown[0]}”.",
            f"It takes: {', '.join(known) or 'no parameters'}.",
        )
    return cls(**{name: check(known[name], value, owner) for name, value in values.items()})


def check(spec: Param, value: Any, owner: str) -> Any:
    """Convert and check one value; raises :class:`InputError` when it does not fit."""
    try:
        value = _convert(spec.type, value)
    except (TypeError, ValueError):
        raise InputError(
            f"{owner}: “{spec.name}” must be {_TYPE_WORDS.get(spec.type, spec.type.__name__)}, not {value!r}."
        ) from None
    too_low = spec.low is not None and not value >= spec.low
    too_high = spec.high is not None and not value <= spec.high
    if too_low or too_high:
        raise InputError(f"{owner}: “{spec.name}” is {value}, but must be {_range_words(spec)}.")
    if spec.choices and value not in spec.choices:
        raise InputError(f"{owner}: “{spec.name}” is “{value}”.", f"Choose one of: {', '.join(spec.choices)}.")
    return value


_TYPE_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text", tuple: "a list of texts"}


def _convert(kind: type, value: Any) -> Any:
    if kind is bool:
        if isinstance(value, str):
            return (
                {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[value.lower()]
                if value.lower() in ("true", "yes", "1", "false", "no", "0")
                else _fail()
            )
        return value if isinstance(value, bool) else _fail()
    if kind is tuple:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(str(p).strip() for p in parts if str(p).strip())
    if isinstance(value, bool) or (kind is str and not isinstance(value, str)):
        return _fail()
    if kind is int:
        number = int(value)
        return number if isinstance(value, str) or number == value else _fail()
    return kind(value)


def _fail() -> Any:
    raise ValueError


def _range_words(spec: Param) -> str:
    if spec.low is not None and spec.high is not None:
        return f"between {spec.low:g} and {spec.high:g}"
    return f"at least {spec.low:g}" if spec.low is not None else f"at most {spec.high:g}"


def values_of(plugin: Any) -> dict[str, Any]:
    """The parameter values of a plugin as plain values, ready for TOML and fingerprints."""
    out = {p.name: getattr(plugin, p.name) for p in params_of(type(plugin))}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in out.items()}
