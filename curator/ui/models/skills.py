"""Skills, or classes, as rows: size, how many were chosen, quota, and who has more or less than a fair share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

if TYPE_CHECKING:
    from curator.engine.skills import Skill

AnyIndex = QModelIndex | QPersistentModelIndex
SHARES_ROLE = int(Qt.ItemDataRole.UserRole) + 1
"""(share of the pile, share of the subset, the largest of all such shares)."""
NAME, SIZE, CHOSEN, QUOTA, BALANCE = range(5)
COLUMNS = ("Name", "Pile", "Chosen", "Cap", "Balance")
Edit = Callable[[int, str], bool]


class SkillsModel(QAbstractTableModel):
    """The largest first. ``rename`` and ``cap`` are asked when a cell was edited, and say whether it went well."""

    def __init__(self, rename: Edit, cap: Edit, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rename, self._cap = rename, cap
        self._skills: list[Skill] = []
        self._editable = False
        self._pile = self._subset = 1

    def show_skills(self, skills: Sequence[Skill], *, editable: bool) -> None:
        """Show these."""
        self.beginResetModel()
        self._skills = sorted(skills, key=lambda s: (-s.size, s.number))
        self._editable = editable
        self._pile = max(1, sum(s.size for s in skills))
        self._subset = max(1, sum(s.chosen for s in skills))
        self._top = max((max(s.size / self._pile, s.chosen / self._subset) for s in skills), default=1.0) or 1.0
        self.endResetModel()

    def skill(self, row: int) -> Skill | None:
        """The Skill at a place."""
        return self._skills[row] if 0 <= row < len(self._skills) else None

    def place(self, number: int) -> int:
        """Where a Skill is, -1 for nowhere."""
        return next((i for i, s in enumerate(self._skills) if s.number == number), -1)

    # ---- Qt --------------------------------------------------------------------------------------------------

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """One for each."""
        return 0 if parent.isValid() else len(self._skills)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """Name, pile, chosen, quota, balance."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Titles."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        if role == Qt.ItemDataRole.ToolTipRole and section == BALANCE:
            return "Above, its share of the pile; below, its share of the subset"
        return COLUMNS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Names and quotas of Skills can be edited."""
        found = super().flags(index)
        if self._editable and index.column() in (NAME, QUOTA):
            found |= Qt.ItemFlag.ItemIsEditable
        return found

    def data(self, index: AnyIndex, role: int = 0) -> Any:
        """Words, numbers and shares."""
        if not index.isValid() or (skill := self.skill(index.row())) is None:
            return None
        pile, subset = skill.size / self._pile, skill.chosen / self._subset
        if role == SHARES_ROLE:
            return pile, subset, self._top
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in (SIZE, CHOSEN, QUOTA):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.EditRole:
            return skill.name if index.column() == NAME else str(skill.quota if skill.quota is not None else "")
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{skill.name}: {pile:.1%} of the pile, {subset:.1%} of the subset"
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        quota = "" if skill.quota is None else f"{skill.quota:,}"
        return (skill.name, f"{skill.size:,}", f"{skill.chosen:,}", quota, "")[index.column()]

    def setData(self, index: AnyIndex, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        """Rename, or cap; what was refused stays as it was."""
        skill = self.skill(index.row())
        if skill is None or not self._editable or role != Qt.ItemDataRole.EditRole:
            return False
        edit = {NAME: self._rename, QUOTA: self._cap}.get(index.column())
        return edit is not None and edit(skill.number, str(value))
