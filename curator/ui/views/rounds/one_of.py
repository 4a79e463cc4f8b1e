"""A page about one of several things made of the Dataset shown: which one, and the one Job that works on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from curator.engine.errors import CuratorError
from curator.ui import theme
from curator.ui.language import tr
from curator.ui.messages import in_words

if TYPE_CHECKING:
    from curator.engine.jobs import Job
    from curator.engine.project import Project
    from curator.ui.desk import Desk


class OneOfSeveral(QWidget):
    """Subclasses say what there is (:meth:`_all`, :meth:`_get`) and show it (:meth:`_show`, :meth:`_tell`).

    Attributes:
        one: what is shown, None for nothing.
        fault: why it cannot be read, "" when it can.
    """

    tables: ClassVar[frozenset[str]]
    """A change of these is looked at."""
    new: ClassVar[str] = ""
    """The entry below the others that begins another one, "" for none."""

    def __init__(self, desk: Desk, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._job: Job | None = None
        self.one: Any = None
        self.fault = ""
        self.chosen = QComboBox()
        self.chosen.setAccessibleName(name)
        self.chosen.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.words = QLabel()
        theme.mark(self.words, "faint")

    def _all(self, project: Project, dataset_id: int) -> Sequence[Any]:
        """What there is, the oldest first; each has an ``id`` and a ``name``."""
        raise NotImplementedError

    def _get(self, project: Project, key: int) -> Any:
        """One of them."""
        raise NotImplementedError

    def _show(self) -> None:
        """Show :attr:`one`; may raise :class:`CuratorError`."""
        raise NotImplementedError

    def _tell(self) -> None:
        """Words for what goes on, and what can be pressed."""
        raise NotImplementedError

    def _follow(self) -> None:
        """Connect, once everything is built, and look."""
        state, bridge = self._desk.state, self._desk.bridge
        state.project_changed.connect(self.refresh)
        state.shown_changed.connect(self.refresh)
        state.data_changed.connect(lambda tables: self.refresh() if tables & self.tables else None)
        bridge.changed.connect(lambda job: self._tell() if self._is_mine(job) else None)
        bridge.ended.connect(self._job_ended)
        self.chosen.activated.connect(self._choose)
        self.refresh()

    def refresh(self) -> None:
        """Those of the Dataset shown, and the newest or the one chosen before."""
        project, dataset = self._desk.state.project, self._desk.state.dataset
        found: Sequence[Any] = ()
        self.fault = ""
        try:
            found = self._all(project, dataset.id) if project and dataset else ()
        except CuratorError as error:
            self.fault = in_words(error)
        kept = next((one for one in found if self.one is not None and one.id == self.one.id), None)
        self.one = kept or (found[-1] if found else None)
        self.chosen.clear()
        for one in found:
            self.chosen.addItem(one.name, one.id)
        if self.new:
            self.chosen.addItem(tr(self.new), None)
        self.chosen.setCurrentIndex(self.chosen.findData(self.one.id) if self.one else len(found))
        self._show_it()

    def _choose(self, index: int) -> None:
        project, key = self._desk.state.project, self.chosen.itemData(index)
        self.one, self.fault = None, ""
        try:
            self.one = self._get(project, key) if project is not None and key is not None else None
        except CuratorError as error:
            self.fault = in_words(error)
        self._show_it()

    def _show_it(self) -> None:
        try:
            self._show()
        except CuratorError as error:
            self.one, self.fault = None, in_words(error)
            self._show()
        theme.mark(self.words, "bad", bool(self.fault))
        self._tell()

    def _is_mine(self, job: Job) -> bool:
        return self._job is not None and job.id == self._job.id

    def _submit(self, submit: Callable[[], Job]) -> None:
        def work() -> Job:
            self._job = submit()
            return self._job

        self._desk.submit(work)
        self._tell()

    def _job_ended(self, job: Job) -> None:
        if not self._is_mine(job):
            return
        self._job = None
        project = self._desk.state.project
        if job.changes is not None and job.changes.focus is not None and project is not None:
            with suppress(CuratorError):  # what was made is hidden again; what there is comes with the refresh
                self.one = self._get(project, job.changes.focus[1])
        self.refresh()
