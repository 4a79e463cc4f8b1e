"""How well a Subset covers its pile: figures beside random, and counts by skill or class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from curator.ui.language import noop, tr

SHARE_ROLE = int(Qt.ItemDataRole.UserRole) + 1
AnyIndex = QModelIndex | QPersistentModelIndex
Count = tuple[str, int, int]


@dataclass(frozen=True)
class Figure:
    """One measure of the Subset, and the same of a random subset of equal size."""

    name: str
    value: str
    random: str
    better: bool | None


def figures(summary: dict[str, Any]) -> list[Figure]:
    """The measures in a Subset's summary, in words."""
    found: list[Figure] = []
    for key, word in (("skills", tr("Skills covered")), ("classes", tr("Classes covered"))):
        if key in summary:
            (covered, pile), rival = summary[key], summary.get(f"random_{key}")
            ahead = None if rival is None or rival[0] == covered else covered > rival[0]
            found.append(
                Figure(
                    word,
                    tr("{covered:,} of {pile:,}", covered=covered, pile=pile),
                    f"{rival[0]:,}" if rival else "–",
                    ahead,
                )
            )
    for key, word, sign in (
        ("mean_similarity", tr("Mean similarity to the closest pick"), 1),
        ("radius", tr("Distance of the worst covered sample"), -1),
    ):
        value, rival = summary.get(key), summary.get(f"random_{key}")
        if value is not None:
            ahead = None if rival is None else sign * (value - rival) > 0
            found.append(Figure(word, f"{value:.3f}", "–" if rival is None else f"{rival:.3f}", ahead))
    return found


class CountsModel(QAbstractTableModel):
    """Name, chosen, in the pile; the share chosen under ``SHARE_ROLE``."""

    columns = (noop("Name"), noop("Chosen"), noop("Pile"))

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._counts: list[Count] = []

    def show_counts(self, counts: list[Count]) -> None:
        """Show these, the largest first."""
        self.beginResetModel()
        self._counts = sorted(counts, key=lambda c: (-c[2], c[0]))
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """One for each skill or class."""
        return 0 if parent.isValid() else len(self._counts)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """Name, chosen, pile."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Titles."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return tr(self.columns[section]) if 0 <= section < len(self.columns) else None
        if role == Qt.ItemDataRole.TextAlignmentRole and section == 0:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: AnyIndex, role: int = 0) -> Any:
        """Words and numbers."""
        if not index.isValid():
            return None
        name, chosen, pile = self._counts[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (name, f"{chosen:,}", f"{pile:,}")[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return tr("{name}: {chosen:,} of {pile:,} chosen", name=name, chosen=chosen, pile=pile)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() > 0:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == SHARE_ROLE:
            return chosen / pile if pile else 0.0
        return None
