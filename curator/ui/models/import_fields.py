"""A look at a source as two tables: its columns with what they are taken for, and its first samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from curator.ui.language import noop, tr

if TYPE_CHECKING:
    from curator.engine.import_preview import Field, PreviewRow

AnyIndex = QModelIndex | QPersistentModelIndex
COLUMN, IS, EXAMPLE = range(3)
FIELD_TITLES = (noop("Column"), noop("Is"), noop("Example"))
SOURCE, PICTURES = 0, 3
ROW_TITLES = (noop("Source"), noop("Labels"), noop("Split"), noop("Pictures"), noop("Text"))
KEPT = noop("kept in the record")
"""What is shown for the role ""."""
NO_PARENT = QModelIndex()


class FieldsModel(QAbstractTableModel):
    """Columns; the role can be changed where the Importer has ``roles``."""

    mapped = Signal(str, str)
    """A column and the role chosen for it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fields: Sequence[Field] = ()
        self.roles: tuple[str, ...] = ()

    def show_fields(self, fields: Sequence[Field], roles: Sequence[str]) -> None:
        """Show these."""
        self.beginResetModel()
        self._fields, self.roles = tuple(fields), ("", *roles) if roles else ()
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = NO_PARENT) -> int:
        """One for each column of the source."""
        return 0 if parent.isValid() else len(self._fields)

    def columnCount(self, parent: AnyIndex = NO_PARENT) -> int:
        """Column, role, example."""
        return 0 if parent.isValid() else len(FIELD_TITLES)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words; to an editor, the role itself."""
        if not index.isValid() or role not in (
            Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.ToolTipRole,
        ):  # fmt: skip
            return None
        field = self._fields[index.row()]
        if index.column() == IS:
            return field.role if role == Qt.ItemDataRole.EditRole else field.role or tr(KEPT)
        return field.name if index.column() == COLUMN else field.example

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for another role; the table changes when the source was looked at again."""
        if role != Qt.ItemDataRole.EditRole or not self.flags(index) & Qt.ItemFlag.ItemIsEditable:
            return False
        if value not in self.roles or value == self._fields[index.row()].role:
            return False
        self.mapped.emit(self._fields[index.row()].name, value)
        return True

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """A name with a comma has no place in a mapping."""
        plain = super().flags(index)
        if not index.isValid() or index.column() != IS or not self.roles:
            return plain
        name = self._fields[index.row()].name
        return plain if "," in name or name != name.strip() else plain | Qt.ItemFlag.ItemIsEditable

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Titles."""
        return _title(FIELD_TITLES, section, orientation, role)


class FirstRowsModel(QAbstractTableModel):
    """The first samples of a source."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[str, ...]] = []

    def show_rows(self, rows: Sequence[PreviewRow]) -> None:
        """Show these."""
        self.beginResetModel()
        self._rows = [
            (r.source, ", ".join(r.labels), r.split, ", ".join(r.images), " ".join(r.text.split())) for r in rows
        ]
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = NO_PARENT) -> int:
        """At most twenty."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = NO_PARENT) -> int:
        """The same for pictures and records."""
        return 0 if parent.isValid() else len(ROW_TITLES)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words."""
        if index.isValid() and role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._rows[index.row()][index.column()]
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Titles."""
        return _title(ROW_TITLES, section, orientation, role)


def _title(titles: Sequence[str], section: int, orientation: Qt.Orientation, role: int) -> Any:
    if role != Qt.ItemDataRole.DisplayRole:
        return None
    return tr(titles[section]) if orientation == Qt.Orientation.Horizontal and section < len(titles) else section + 1
