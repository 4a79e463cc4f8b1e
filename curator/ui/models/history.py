"""The latest undoable writes, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from curator.engine.errors import CuratorError
from curator.ui.messages import in_words

if TYPE_CHECKING:
    from curator.engine.project import Project
    from curator.engine.records import HistoryEntry

SHOWN = 100


class HistoryModel(QAbstractListModel):
    """One line for each write; what was undone is struck out."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[HistoryEntry] = []
        self.fault = ""
        """Why nothing is listed, "" when it could be read."""

    def read(self, project: Project | None) -> None:
        """Look again."""
        self.beginResetModel()
        self._entries, self.fault = [], ""
        try:
            self._entries = list(project.history(SHOWN)) if project is not None else []
        except CuratorError as error:
            self.fault = in_words(error)
        self.endResetModel()

    @property
    def undo_label(self) -> str:
        """What undo would take back; "" for nothing."""
        return next((e.label for e in self._entries if not e.undone), "")

    @property
    def redo_label(self) -> str:
        """What redo would do again; "" for nothing. Only writes undone since the latest one can come back."""
        label = ""
        for entry in self._entries:
            if not entry.undone:
                break
            label = entry.label
        return label

    def entry(self, index: QModelIndex | QPersistentModelIndex) -> int:
        """Id of the write at a place."""
        return self._entries[index.row()].id

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Writes known."""
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> Any:
        """The words of the undo entry."""
        if not index.isValid() or index.row() >= len(self._entries):
            return None
        entry = self._entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.label
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{entry.created}: {entry.label}{' (undone)' if entry.undone else ''}"
        if role == Qt.ItemDataRole.FontRole and entry.undone:
            font = QFont()
            font.setStrikeOut(True)
            return font
        return None
