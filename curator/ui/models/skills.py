"""Skills, or classes, as rows: size, how many were chosen, quota, and who has more or less than a fair share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from curator.ui.language import noop, tr

if TYPE_CHECKING:
    from curator.engine.skills import Skill

AnyIndex = QModelIndex | QPersistentModelIndex
SHARES_ROLE = int(Qt.ItemDataRole.UserRole) + 1
"""(share of the pile, share of the subset, the largest of all such shares)."""
NUMBER_ROLE = SHARES_ROLE + 1
NAME, SIZE, CHOSEN, QUOTA, BUDGET = range(5)
COLUMNS = (noop("Name"), noop("Pile"), noop("Chosen"), noop("Cap"), noop("Budget"))
HELP = {
    NAME: noop("The upper bar is its share of the pile, the lower one its share of the subset"),
    QUOTA: noop("The most samples of a skill that a run may pick"),
    BUDGET: noop(
        "How many samples of a skill a run shall pick, where its selector shares over skills\n"
        "(recipes “balanced” and “adapt-infinity”); ▽ starved: it got fewer, ■ full"
    ),
}
FATES = {"starved": " ▽", "full": " ■", "": ""}
Edit = Callable[[int, str], bool]


class SkillsModel(QAbstractTableModel):
    """The largest first. ``rename``, ``cap`` and ``budget`` are asked when a cell was edited: did it go well?"""

    def __init__(self, rename: Edit, cap: Edit, budget: Edit, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._edits = {NAME: rename, QUOTA: cap, BUDGET: budget}
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
        """Name, pile, chosen, cap, budget."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Titles."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        if role == Qt.ItemDataRole.ToolTipRole and section in HELP:
            return tr(HELP[section])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if section == NAME else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        return tr(COLUMNS[section]) if role == Qt.ItemDataRole.DisplayRole else None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Names, caps and budgets of Skills can be edited."""
        found = super().flags(index)
        if self._editable and index.column() in self._edits:
            found |= Qt.ItemFlag.ItemIsEditable
        return found

    def data(self, index: AnyIndex, role: int = 0) -> Any:
        """Words, numbers and shares."""
        if not index.isValid() or (skill := self.skill(index.row())) is None:
            return None
        pile, subset = skill.size / self._pile, skill.chosen / self._subset
        if role == NUMBER_ROLE:
            return skill.number
        if role == SHARES_ROLE:
            return pile, subset, self._top
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in (SIZE, CHOSEN, QUOTA, BUDGET):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.EditRole:
            value = {NAME: skill.name, QUOTA: skill.quota, BUDGET: skill.budget}.get(index.column())
            return "" if value is None else str(value)
        if role == Qt.ItemDataRole.ToolTipRole:
            fate = (
                "\n" + tr("{fate}: {chosen:,} chosen", fate=skill.fate.capitalize(), chosen=skill.chosen)
                if skill.fate
                else ""
            )
            return tr(
                "{name}: {pile:.1%} of the pile, {subset:.1%} of the subset{fate}",
                name=skill.name,
                pile=pile,
                subset=subset,
                fate=fate,
            )
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        quota = "" if skill.quota is None else f"{skill.quota:,}"
        budget = ("" if skill.budget is None else f"{skill.budget:,}") + FATES[skill.fate]
        return (skill.name, f"{skill.size:,}", f"{skill.chosen:,}", quota, budget.strip())[index.column()]

    def setData(self, index: AnyIndex, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        """Rename, cap or budget; what was refused stays as it was."""
        skill = self.skill(index.row())
        if skill is None or not self._editable or role != Qt.ItemDataRole.EditRole:
            return False
        edit = self._edits.get(index.column())
        return edit is not None and edit(skill.number, str(value))
