"""Instruction records in columns, over the Samples that the query finds."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from curator.engine.dialogue import Dialogue, Turn, parse
from curator.engine.errors import InputError
from curator.engine.trainers.counting import estimated
from curator.ui.language import noop, tr
from curator.ui.models.columns import column_of
from curator.ui.models.samples import ITEM_ROLE, cell, number, one_line
from curator.ui.state import IMPORTING

if TYPE_CHECKING:
    from curator.engine.browse import Column
    from curator.engine.records import Sample
    from curator.ui.models.samples import SampleModel
    from curator.ui.state import AppState

AnyIndex = QModelIndex | QPersistentModelIndex
KEPT = 2000
CELL = 200
SORTS = {
    "Row": "row", "Rank": "rank", "Gain": "gain", "Pictures": "images", "Length": "length", "Labels": "class",
    "Skill": "skill", "Pin": "pin", "Source": "name", "Similarity": "similarity",
}  # fmt: skip
"""The columns that can be sorted by, and what the query calls them; scores come on top."""
PARTS = (
    noop("System"),
    noop("Instruction"),
    noop("Input"),
    noop("Output"),
    noop("Turns"),
    noop("Pictures"),
    noop("Tokens"),
)
NUMERIC = ("Row", "Rank", "Gain", "Turns", "Pictures", "Length", "Tokens", "Similarity")


@dataclass(frozen=True)
class Parts:
    """A record in the words of the table. ``fault`` says why it is not understood, "" when it is."""

    instruction: str = ""
    input: str = ""
    output: str = ""
    system: str = ""
    turns: int = 0
    pictures: int = 0
    tokens: int = 0
    fault: str = ""


def parts_of(record: str, text: str) -> Parts:
    """What the table shows of a record (JSON text)."""
    try:
        found = parse(record)
    except InputError as error:
        return Parts(instruction=text, turns=0, tokens=estimated(text), fault=error.text)
    spoken = (*found.turns, *found.chosen)
    first = next((t for t in spoken if t.role == "user"), None) or (spoken[0] if spoken else Turn("user"))
    answers = [t for t in spoken if t.role == "assistant"]
    instruction, given = first.text, ""
    if first.border:
        instruction, given = first.text[: first.border], first.text[first.border :]
    return Parts(
        instruction.strip(),
        given.strip(),
        _said(answers[-1]) if answers else "",
        next((t.text for t in found.turns if t.role == "system"), ""),
        sum(1 for t in spoken if t.role != "system"),
        len(found.images),
        tokens_of(found),
    )


def tokens_of(found: Dialogue) -> int:
    """Estimated tokens of all that is said."""
    return sum(estimated(_said(turn)) for turn in (*found.turns, *found.chosen, *found.rejected))


def _said(turn: Turn) -> str:
    return turn.text or "; ".join(f"{call.name}({call.arguments})" for call in turn.calls)


class InstructionModel(QAbstractTableModel):
    """A table over :class:`SampleModel`: same rows in the same order, other columns."""

    def __init__(self, samples: SampleModel, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._samples, self._state = samples, state
        self._parts: OrderedDict[int, Parts] = OrderedDict()
        self._values: dict[str, Column | None] = {}
        self.columns: tuple[str, ...] = self._find_columns()
        samples.modelAboutToBeReset.connect(self.beginResetModel)
        samples.modelReset.connect(self._reset)
        samples.dataChanged.connect(self._changed)
        state.data_changed.connect(self._forget)

    def _reset(self) -> None:
        self._values.clear()
        self._parts.clear()
        self.columns = self._find_columns()
        self.endResetModel()

    def _forget(self, _tables: object) -> None:
        self._values.clear()

    def _changed(self) -> None:
        self._values.clear()
        if self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    def _find_columns(self) -> tuple[str, ...]:
        """Those that the format of the first records has something for."""
        project, dataset, subset = self._state.project, self._samples.dataset, self._samples.subset
        first = (noop("Rank"), noop("Instruction")) if subset is not None else (noop("Row"), noop("Instruction"))
        if project is None or dataset is None or dataset.kind != "instruction":
            return first
        seen = [self.parts(i.sample) for i in self._samples.items(range(min(50, len(self._samples.rows))))]
        has = {
            "System": any(p.system for p in seen),
            "Input": any(p.input for p in seen),
            "Output": any(p.output for p in seen),
            "Turns": any(p.turns != 2 for p in seen),
            "Pictures": any(p.pictures for p in seen),
        }
        arriving = dataset.status == IMPORTING
        names = set() if arriving else {f.name for f in project.browse.fields(dataset.id, values=False)}
        scores = tuple(sorted(n for n in names if n.startswith("score.")))
        ranked = self._samples.query.sort == "similarity"
        found = [
            *first,
            *((noop("Similarity"),) if ranked else ()),
            *(name for name, there in has.items() if there),
            noop("Length"),
            noop("Tokens"),
            noop("Labels"),
            noop("Skill"),
        ]
        return (*found, *((noop("Gain"),) if subset is not None else ()), *scores, noop("Pin"), noop("Source"))

    def parts(self, sample: Sample) -> Parts:
        """A record in parts, remembered."""
        if (found := self._parts.get(sample.id)) is None:
            found = self._parts[sample.id] = parts_of(sample.record, sample.text)
            while len(self._parts) > KEPT:
                self._parts.popitem(last=False)
        return found

    def sort_name(self, column: int) -> str:
        """What a query calls a column, "" when it cannot be sorted by."""
        name = self.columns[column]
        return name if name.startswith("score.") else SORTS.get(name, "")

    def sort_by(self, column: int) -> None:
        """Sort by a column; once more turns the order round."""
        if not (name := self.sort_name(column)):
            return
        query = self._state.query
        turned = query.sort == name and not query.descending
        self._state.set_query(replace(query, sort=name, descending=turned))

    # ---- Qt --------------------------------------------------------------------------------------------------

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """As many as are shown."""
        return 0 if parent.isValid() else len(self._samples.rows)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """By the format of the records."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Titles."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        name = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return name.removeprefix("score.").capitalize() if name.startswith("score.") else tr(name)
        if role == Qt.ItemDataRole.ToolTipRole and name == "Tokens":
            return tr("Tokens, estimated: about one for each short word and each sign")
        if role == Qt.ItemDataRole.ToolTipRole:
            return tr("Sort by {column}", column=self.sort_name(section)) if self.sort_name(section) else tr(name)
        return None

    def data(self, index: AnyIndex, role: int = 0) -> Any:
        """One line for each cell; the whole text as a tip."""
        if not index.isValid() or not 0 <= index.column() < len(self.columns):
            return None
        name = self.columns[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and (name in NUMERIC or name.startswith("score.")):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, ITEM_ROLE):
            return None
        item = self._samples.item(index.row())
        if item is None or role == ITEM_ROLE:
            return item
        if name in ("Skill", "Similarity") or name.startswith("score."):
            return self._value(name if name.startswith("score.") else name.lower(), item.sample.row)
        if name in PARTS:
            length = 3 * CELL if role == Qt.ItemDataRole.ToolTipRole else CELL
            return _part(self.parts(item.sample), name, length)
        return f"{len(item.sample.text):,}" if name == "Length" else cell(item, name)

    def _value(self, name: str, row: int) -> str:
        project, dataset = self._state.project, self._samples.dataset
        if name not in self._values and project is not None and dataset is not None:
            try:
                self._values[name] = column_of(project, self._samples.query, name)
            except InputError:  # a dataset that is still being imported, or a score that an undo took away
                self._values[name] = None
        column = self._values.get(name)
        if column is None or not 0 <= row < len(column.values):
            return ""
        value = column.values[row]
        if column.kind == "number":
            return f"{value:.2f}" if name == "similarity" and value == value else number(float(value))
        return column.names[int(value)] if 0 <= value < len(column.names) else ""


def _part(parts: Parts, name: str, length: int) -> str:
    value = getattr(parts, name.lower())
    return f"{value:,}" if isinstance(value, int) else one_line(value, length)
