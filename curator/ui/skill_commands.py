"""What the skill actions do; the panel says which Skills are meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from curator.engine.filter_language import quoted
from curator.ui.language import noop, tr
from curator.ui.messages import Notice

if TYPE_CHECKING:
    from curator.engine.jobs import Job
    from curator.engine.project import Project
    from curator.engine.records import Dataset
    from curator.engine.skills import Skills
    from curator.engine.types import Changes
    from curator.ui.job_bridge import JobBridge
    from curator.ui.state import AppState

NONE = noop("Highlight a skill in the Skills panel first.")


class SkillCommands(QObject):
    """``numbers`` are the Skills highlighted in the panel, ``names`` theirs; ``parts`` is how many a split makes."""

    rename_asked = Signal()
    quota_asked = Signal()
    budget_asked = Signal()

    def __init__(
        self,
        state: AppState,
        bridge: JobBridge,
        write: Callable[[Callable[[], Changes]], bool],
        submit: Callable[[Callable[[], Job]], bool],
        tell: Callable[[Notice], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._bridge = state, bridge
        self._write, self._submit, self._tell = write, submit, tell
        self.numbers: tuple[int, ...] = ()
        self.names: tuple[str, ...] = ()
        self.parts = 2

    def rename(self) -> None:
        """Edit the name in its place."""
        if self._where():
            self.rename_asked.emit()

    def quota(self) -> None:
        """Edit the cap in its place."""
        if self._where():
            self.quota_asked.emit()

    def budget(self) -> None:
        """Edit the budget in its place."""
        if self._where():
            self.budget_asked.emit()

    def show(self) -> None:
        """Show only the Samples of the Skills."""
        if self._where():
            names = ",".join(quoted(name) for name in self.names)
            self._state.set_query(replace(self._state.query, where=f"skill:{names}"))

    def hide(self) -> None:
        """Leave the Skills out of the list, or show them again when all of them are hidden."""
        if (place := self._where()) is not None:
            project, dataset = place
            known = {s.number: s.hidden for s in project.skillset.all(dataset.id)}
            hidden = not all(known.get(n, False) for n in self.numbers)
            self._write(lambda: project.skillset.hide(dataset.id, self.numbers, hidden))

    def merge(self) -> None:
        """Make one Skill of several."""
        if (place := self._where()) is not None:
            project, dataset = place
            self._submit(
                lambda: project.skillset.submit_merge(dataset.id, self.numbers, listener=self._bridge.listener)
            )

    def split(self) -> None:
        """Divide a Skill."""
        if (place := self._where()) is not None:
            project, dataset = place
            self._submit(
                lambda: project.skillset.submit_split(
                    dataset.id, self.numbers[0], self.parts, listener=self._bridge.listener
                )
            )

    def set_name(self, number: int, name: str) -> bool:
        """Give one Skill another name; False when it was refused."""
        project, dataset = self._state.project, self._state.dataset
        if project is None or dataset is None or not name.strip():
            return False
        return self._write(lambda: project.skillset.rename(dataset.id, number, name))

    def set_quota(self, number: int, text: str) -> bool:
        """Cap one Skill; no text lifts the cap."""
        return self._set_number(number, text, lambda skills: skills.set_quota)

    def set_budget(self, number: int, text: str) -> bool:
        """Say how many of one Skill a Run shall pick; no text gives it its share again."""
        return self._set_number(number, text, lambda skills: skills.set_budget)

    def _set_number(self, number: int, text: str, how: Callable[[Skills], Callable[..., Changes]]) -> bool:
        project, dataset = self._state.project, self._state.dataset
        if project is None or dataset is None or (text.strip() and not text.strip().isdecimal()):
            return False
        value = int(text) if text.strip() else None
        return self._write(lambda: how(project.skillset)(dataset.id, [number], value))

    def _where(self) -> tuple[Project, Dataset] | None:
        project, dataset = self._state.project, self._state.dataset
        if project is None or dataset is None:
            return None
        if not self.numbers:
            self._tell(Notice(tr(NONE)))
            return None
        return project, dataset
