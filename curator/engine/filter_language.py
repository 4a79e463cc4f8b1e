"""The filter language: ``label:dog score.sharpness<0.2 -in:"diverse 500" (pin:in OR text~"python")``.

Terms side by side must all hold. This module knows the grammar only; what a term means is in ``filter_terms``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from curator.engine.errors import InputError

GRAMMAR = r"""
?start: either
?either: all ("OR"i all)*
?all: (unary "AND"i?)* unary
?unary: ("-" | "NOT"i) unary -> negated
      | "(" either ")"
      | term
term: FIELD OP value ("," value)* -> compared
    | value -> bare
value: QUOTED | WORD

FIELD.3: /[a-z]+(\.[\w-]+)?(?=\s*(:|~|[<>]=?|!?=))/i
OP: ":" | "~" | "<=" | ">=" | "!=" | "<" | ">" | "="
QUOTED: /"(\\.|[^"\\])*"/
WORD: /[^\s(),":~<>=!-][^\s(),"]*/
    | /-(?=[\d.])[^\s(),"]+/
%ignore /\s+/
"""
MAX_LENGTH = 10_000
KEYWORDS = frozenset({"or", "and", "not"})
DEEPEST = 50


class FilterError(InputError):
    """A filter that cannot be understood; ``start`` and ``end`` are the places in its text that are at fault."""

    def __init__(self, text: str, hint: str = "", start: int = 0, end: int = 0) -> None:
        super().__init__(text, hint)
        self.start, self.end = start, max(end, start + 1)


@dataclass(frozen=True)
class Term:
    """One condition. ``field`` is "" for bare words; ``op`` is ":", "~", "<", "<=", ">", ">=", "=" or "!="."""

    field: str
    op: str
    values: tuple[str, ...]
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Not:
    """Everything that ``part`` is not."""

    part: Filter


@dataclass(frozen=True)
class Both:
    """All ``parts`` hold."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Either:
    """At least one of ``parts`` holds."""

    parts: tuple[Filter, ...]


Filter = Term | Not | Both | Either


def parse_filter(text: str) -> Filter | None:
    """The filter that ``text`` says, None for none.

    Raises:
        FilterError: naming the place of the fault.
    """
    if not text.strip():
        return None
    from lark import Token, Tree  # only now: a window starts without a filter
    from lark.exceptions import UnexpectedInput, VisitError

    if len(text) > MAX_LENGTH:
        raise FilterError("This filter is too long.", f"Use at most {MAX_LENGTH:,} characters.", MAX_LENGTH, len(text))
    if _depth(text) > DEEPEST:
        raise FilterError("This filter has too many brackets inside each other.", "", 0, len(text))
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        ended = getattr(getattr(error, "token", None), "type", "") == "$END"
        raise _in_words(text, None if ended else error.pos_in_stream) from None
    except (VisitError, RecursionError):
        raise FilterError("This filter is too involved.", "Say it in fewer words.", 0, len(text)) from None
    assert isinstance(tree, Tree | Token)
    return _read(tree)


def quoted(value: str) -> str:
    """A value as it must be written in a filter."""
    plain = value and not any(c in ' \t\n(),":~<>=!\\' for c in value) and value.lower() not in KEYWORDS
    if plain and not value.startswith("-"):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def by_meaning(text: str) -> str:
    """The filter with its bare words, where they must all hold, as one search by meaning.

    ``red car label:dog`` becomes ``like:"red car" label:dog``.

    Raises:
        FilterError: the text is not a filter.
    """
    parsed = parse_filter(text)
    parts = parsed.parts if isinstance(parsed, Both) else (parsed,)
    bare = [p for p in parts if isinstance(p, Term) and not p.field]
    if not bare:
        return text
    rest, end = "", 0
    for part in bare:
        rest, end = rest + text[end : part.start], part.end
    rest = " ".join((rest + text[end:]).split())
    return f"like:{quoted(' '.join(p.values[0] for p in bare))} {rest}".strip()


@lru_cache(maxsize=1)
def _parser() -> Any:
    from lark import Lark

    return Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


def _in_words(text: str, place: int | None) -> FilterError:
    if place is None or place < 0 or place >= len(text):
        return FilterError("This filter stops in the middle.", _MORE, len(text.rstrip()) - 1, len(text))
    if text[place] == '"':
        return FilterError("A quotation mark is not closed.", 'Write "night street".', place, len(text))
    end = place + 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return FilterError(f"“{text[place:end]}” does not fit here.", _MORE, place, end)


_MORE = 'For example: label:dog score.sharpness<0.2 -in:"diverse 500"'


def _read(tree: Any) -> Filter:
    kind = tree.data
    if kind == "negated":
        return Not(_read(tree.children[0]))
    if kind in ("either", "all"):
        parts = tuple(_read(child) for child in tree.children)
        return Either(parts) if kind == "either" else Both(parts)
    start, end = tree.meta.start_pos, tree.meta.end_pos
    if kind == "bare":
        return Term("", ":", (_value(tree.children[0]),), start, end)
    field, op, *values = tree.children
    return Term(str(field).lower(), str(op), tuple(_value(v) for v in values), start, end)


def _value(tree: Any) -> str:
    token = str(tree.children[0])
    if not token.startswith('"'):
        return token
    inside, plain, i = token[1:-1], [], 0
    while i < len(inside):
        i += inside[i] == "\\"
        plain.append(inside[i])
        i += 1
    return "".join(plain)
