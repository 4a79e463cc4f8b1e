"""Skills or classes of two Subsets side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt

from curator.ui.language import noop, tr
from curator.ui.models.titled import AnyIndex, TitledModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curator.engine.subsets import Balance

SHARES_ROLE = int(Qt.ItemDataRole.UserRole) + 1
"""(share of A, share of B), each of the largest count in the table."""


class BalanceModel(TitledModel):
    """Name, in A, in B, in the pile."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Balance] = []
        self._most = 1

    def show_balances(self, rows: Sequence[Balance]) -> None:
        """Show these, in their order."""
        self.beginResetModel()
        self._rows = list(rows)
        self._most = max([1, *(max(r.a, r.b) for r in self._rows)])
        self.endResetModel()

    @property
    def columns(self) -> tuple[str, ...]:
        """Titles of the columns."""
        return noop("Name"), "A", "B", noop("Pile")

    def count(self) -> int:
        """One for each skill or class."""
        return len(self._rows)

    def data(self, index: AnyIndex, role: int = 0) -> Any:
        """Words and numbers."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.name, f"{row.a:,}", f"{row.b:,}", f"{row.pile:,}")[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return tr(
                "{name}: {a:,} in A, {b:,} in B, {pile:,} in the pile", name=row.name, a=row.a, b=row.b, pile=row.pile
            )
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() > 0:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == SHARES_ROLE:
            return row.a / self._most, row.b / self._most
        return None
