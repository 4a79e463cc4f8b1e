"""A table whose columns have titles and whose rows have no children."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from curator.ui.language import tr

AnyIndex = QModelIndex | QPersistentModelIndex


class TitledModel(QAbstractTableModel):
    """Subclasses say how many rows there are and what the columns are called."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Titles of the columns."""
        raise NotImplementedError

    def count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """Rows; none below a row."""
        return 0 if parent.isValid() else self.count()

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """Columns; none below a row."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Titles."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return tr(self.columns[section]) if 0 <= section < len(self.columns) else None
        return None
