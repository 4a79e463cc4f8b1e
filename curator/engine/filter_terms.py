"""What the terms of the filter language mean: each becomes one boolean for each row."""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.browse_columns import Column, Columns
from curator.engine.errors import InputError
from curator.engine.filter_language import Both, Either, Filter, FilterError, Not, Term
from curator.engine.records import Dataset, Subset

Mask = NDArray[np.bool_]
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
SIMILAR = ("like", "near", "picture")
"""Terms that rank rather than hide: words, Samples by id, a picture file."""
FLAGS = {
    "broken": "cannot be read",
    "chosen": "in at least one subset",
    "duplicate": "a copy or near-copy of another sample",
    "hidden": "hidden by hand",
    "labelled": "has a label",
    "noise": "in no skill",
    "pinned": "pinned in or out",
}
WORD = re.compile(r"\w+")


@dataclass
class Reading:
    """A filter at work on one Dataset.

    Attributes:
        subset: what ``rank`` and ``gain`` speak of.
        similarity: float64 [n] for a term of :data:`SIMILAR`.
        words_ready: brings the index of words up to date; called before it is used.
    """

    columns: Columns
    dataset: Dataset
    subsets: Sequence[Subset]
    subset: Subset | None
    similarity: Callable[[Term], NDArray[np.float64]]
    words_ready: Callable[[], None]
    found: dict[int, NDArray[np.float64]] = field(default_factory=dict)

    def mask(self, part: Filter) -> Mask:
        """The rows that a filter lets through, bool [n]; raises :class:`FilterError`."""
        match part:
            case Not(inner):
                return ~self.mask(inner)
            case Both(parts):
                return np.logical_and.reduce([self.mask(p) for p in parts])
            case Either(parts):
                return np.logical_or.reduce([self.mask(p) for p in parts])
            case Term():
                try:
                    return self._term(part)
                except FilterError:
                    raise
                except InputError as error:
                    raise FilterError(error.text, error.hint, part.start, part.end) from None
        raise AssertionError(part)

    def _term(self, term: Term) -> Mask:
        if term.field == "":
            return self._anywhere(term.values[0])
        if (reader := _FIELDS.get(term.field)) is not None:
            if term.op in "<>=" and term.field in SIMILAR:
                raise InputError(f"“{term.field}” takes a colon.", f"For example: {term.field}:…")
            return np.logical_or.reduce([reader(self, value, term) for value in term.values])
        return self._number(term)

    # ---- numbers ---------------------------------------------------------------------------------------------

    def _number(self, term: Term) -> Mask:
        values = self._numbers(term)
        if term.op in (":", "~"):
            return np.logical_or.reduce([_between(values, value, term) for value in term.values])
        with np.errstate(invalid="ignore"):
            known = np.isfinite(values)
            tests = [known & COMPARE[term.op](values, _real(value)) for value in term.values]
        return np.logical_and.reduce(tests) if term.op == "!=" else np.logical_or.reduce(tests)

    def _numbers(self, term: Term) -> NDArray[np.float64]:
        name = term.field
        if name == "row":
            return np.arange(1, self.dataset.size + 1, dtype=np.float64)
        if name == "similarity":
            if not self.found:
                raise InputError("There is nothing to be similar to.", 'Search first: like:"red car" similarity>0.2')
            return next(iter(self.found.values()))
        if name in ("rank", "gain") and self.subset is not None:
            name = f"{name}:{self.subset.id}"
        column = self.columns.get(self.dataset, name) if name.partition(".")[0] in NUMBER_FIELDS else None
        if column is None or column.kind != "number":
            close = difflib.get_close_matches(name, [*NUMBER_FIELDS, *_FIELDS], 1)
            hint = f"Did you mean “{close[0]}”?" if close else 'Put text that holds a colon in quotation marks: "a:b".'
            raise InputError(f"There is no field “{term.field}”.", hint)
        return np.asarray(column.values, np.float64)

    # ---- names -----------------------------------------------------------------------------------------------

    def _label(self, value: str, term: Term) -> Mask:
        labels = self.columns.labels(self.dataset)
        codes = _matching(labels.names, value, "label")
        mask = np.zeros(self.dataset.size, bool)
        mask[labels.rows[np.isin(labels.codes, codes)]] = True
        return mask if term.op != "!=" else ~mask

    def _category(self, value: str, term: Term) -> Mask:
        column = self.columns.get(self.dataset, term.field)
        if term.field == "source":
            return self._source(value)
        mask = np.isin(column.values, _matching(column.names, value, term.field))
        return mask if term.op != "!=" else ~mask

    def _source(self, value: str) -> Mask:
        return self._like("source", value)

    def _like(self, column: str, value: str) -> Mask:
        return self._rows(self.columns.rows_among(self.dataset, self.columns.sql.ids_like(self.dataset, column, value)))

    def _in(self, value: str, _term: Term) -> Mask:
        if value == "latest" and self.subsets:
            return self._members(self.subsets[-1])
        key = value.removeprefix("subset-")
        found = [s for s in self.subsets if s.name.lower() == value.lower()]
        found = found or [s for s in self.subsets if str(s.id) == key]
        if not found:
            raise InputError(f"There is no subset “{value}” of this dataset.", _known([s.name for s in self.subsets]))
        return self._members(found[0])

    def _members(self, subset: Subset) -> Mask:
        return self._rows(self.columns.ranks(self.dataset, subset).rows)

    def _pin(self, value: str, _term: Term) -> Mask:
        if value not in ("in", "out", "none"):
            raise InputError(f"A pin is not “{value}”.", "Use pin:in, pin:out or pin:none.")
        values = self.columns.get(self.dataset, "pin").values
        return np.asarray(values == {"in": 0, "out": 1, "none": -1}[value])

    def _is(self, value: str, _term: Term) -> Mask:
        rows, hidden = self.columns.set_aside(self.dataset)
        match value:
            case "broken":
                return self._rows(rows[~hidden])
            case "hidden":
                return self._rows(rows[hidden])
            case "duplicate":
                return self.columns.stands_for(self.dataset) >= 0
            case "labelled":
                return self._rows(self.columns.labels(self.dataset).rows)
            case "noise":
                return np.asarray(self.columns.get(self.dataset, "skill").values < 0)
            case "pinned":
                return np.asarray(self.columns.get(self.dataset, "pin").values >= 0)
            case "chosen":
                return np.asarray(self.columns.get(self.dataset, "subset").values >= 0)
        raise InputError(f"A sample is never “{value}”.", f"Use is: with {', '.join(FLAGS)}.")

    # ---- words -----------------------------------------------------------------------------------------------

    def _text(self, value: str, term: Term) -> Mask:
        if term.op == ":":
            return self._like("text", value)
        return self._words(value)

    def _words(self, value: str) -> Mask:
        words = WORD.findall(value)
        if not words:
            raise InputError("There is no word in this text.", 'Write text:"…" to look for signs.')
        self.words_ready()
        prefix = "*" if not value.rstrip()[-1:].isspace() and value.rstrip().endswith("*") else ""
        match = '"' + " ".join(words) + '"' + (" *" if prefix else "")
        return self._rows(self.columns.rows_among(self.dataset, self.columns.sql.ids_with_words(match)))

    def _anywhere(self, value: str) -> Mask:
        """Bare words: in the text, the source, a label or the name of a skill."""
        mask = self._source(value)
        if WORD.search(value):
            mask |= self._words(value.rstrip("*") + "*")
        labels = self.columns.labels(self.dataset)
        inside = [i for i, name in enumerate(labels.names) if value.lower() in name.lower()]
        mask[labels.rows[np.isin(labels.codes, inside)]] = True
        skills = self.columns.get(self.dataset, "skill")
        inside = [i for i, name in enumerate(skills.names) if value.lower() in name.lower()]
        return np.asarray(mask | np.isin(skills.values, inside))

    # ---- one by one, and by likeness -------------------------------------------------------------------------

    def _id(self, value: str, _term: Term) -> Mask:
        if not value.isdecimal():
            raise InputError(f"“{value}” is not the number of a sample.")
        return self._rows(self.columns.rows_of_ids(self.dataset, [int(value)]))

    def _similar(self, _value: str, term: Term) -> Mask:
        if term.start not in self.found:  # all values of a term are one question
            self.found[term.start] = self.similarity(term)
        return np.isfinite(self.found[term.start])

    def _rows(self, rows: NDArray[Any]) -> Mask:
        mask = np.zeros(self.dataset.size, bool)
        mask[rows] = True
        return mask


NUMBER_FIELDS = ("row", "score", "entropy", "gain", "rank", "similarity", "width", "height", "length", "images")
_FIELDS: dict[str, Callable[[Reading, str, Term], Mask]] = {
    "label": Reading._label,
    "class": Reading._category,
    "skill": Reading._category,
    "source": Reading._category,
    "in": Reading._in,
    "pin": Reading._pin,
    "is": Reading._is,
    "text": Reading._text,
    "id": Reading._id,
    **{name: Reading._similar for name in SIMILAR},
}


def similar_terms(part: Filter | None) -> list[Term]:
    """The terms of a filter that search by likeness."""
    match part:
        case None:
            return []
        case Not(inner):
            return similar_terms(inner)
        case Both(parts) | Either(parts):
            return [term for p in parts for term in similar_terms(p)]
        case Term():
            return [part] if part.field in SIMILAR else []
    raise AssertionError(part)


def uses_words(part: Filter | None) -> bool:
    """Whether a filter needs the index of words."""
    match part:
        case Not(inner):
            return uses_words(inner)
        case Both(parts) | Either(parts):
            return any(uses_words(p) for p in parts)
        case Term(field=name, op=op):
            return name == "" or (name == "text" and op != ":")
    return False


def _matching(names: Sequence[str], value: str, what: str) -> list[int]:
    """Codes of the names that a value means: as written, else whatever the capitals; ``*`` stands for anything."""
    wanted = value.lower()
    if "*" in value:
        found = [i for i, name in enumerate(names) if fnmatchcase(name.lower(), wanted)]
    else:
        found = [i for i, name in enumerate(names) if name == value]
        found = found or [i for i, name in enumerate(names) if name.lower() == wanted]
    if not found:
        close = difflib.get_close_matches(value, names, 1, 0.6)
        hint = f"Did you mean “{close[0]}”?" if close else _known(names)
        raise InputError(f"There is no {what} “{value}”.", hint)
    return found


def _known(names: Sequence[str]) -> str:
    return f"Known: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}." if names else "There is none yet."


def _between(values: NDArray[np.float64], value: str, term: Term) -> Mask:
    low, dash, high = value.partition("-") if value.count("-") == 1 and value[0] != "-" else (value, "", "")
    with np.errstate(invalid="ignore"):
        if dash:
            return np.asarray((values >= _real(low)) & (values <= _real(high)))
        return np.asarray(values == _real(value))


def _real(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise InputError(f"“{value}” is not a number.") from None


def category(column: Column, name: str) -> Column:
    """The column, if its rows can be put in groups; raises :class:`InputError`."""
    if column.kind != "category":
        raise InputError(f"Samples cannot be grouped by {name}.", "Use class, skill, subset, source, pin or duplicate.")
    return column
