"""The tree of Datasets, Runs and Subsets, and the list of what was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QHeaderView, QLabel, QListView, QStackedLayout, QTreeView, QWidget

from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.models.history import HistoryModel
from curator.ui.views.elided import FewLines
from curator.ui.waiting import waiting_words

if TYPE_CHECKING:
    from curator.engine.jobs import Job
    from curator.ui.desk import Desk


EMPTY = noop("Nothing imported yet.\nDrop a folder or a file here.")
NOT_DONE = noop("Nothing done yet.\nEach change is listed here, to go back to.")
ON_SUBSET = (
    "subset-rename", "subset-note", "subset-lock", "subset-copy", "subset-compare", "export", "copy-recipe",
    "run-again", "subset-remove",
)  # fmt: skip
ON_RUN = ("run-again", "copy-recipe")


class Library(QWidget):
    """Follows what is shown, and shows what is clicked; a Run is taken in hand, for its recipe."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._model, self._state = model, state = desk.tree, desk.state
        self.tree = QTreeView()
        self.tree.setAccessibleName(tr("Datasets, runs and subsets"))
        self.tree.setToolTip("")
        self.tree.setModel(model)
        self.tree.setUniformRowHeights(True)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self._offer(ON_SUBSET)
        self._empty = _empty()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.tree)
        self._stack.addWidget(self._empty)
        self.tree.selectionModel().currentChanged.connect(self._chosen)
        state.shown_changed.connect(self.follow)
        model.modelReset.connect(self.follow)
        desk.bridge.ended.connect(self._ended)
        self.follow()

    def _offer(self, keys: tuple[str, ...]) -> None:
        """These in the menu of the tree."""
        for action in self.tree.actions():
            self.tree.removeAction(action)
        self.tree.addActions([self._desk.actions[key] for key in keys if key in self._desk.actions])

    def _ended(self, job: Job) -> None:
        """A Run that failed writes no changes, but is listed."""
        if job.failure is not None:
            self._model.read(self._state.project)

    def follow(self) -> None:
        """Put the tree's cursor on what is shown."""
        words = self._model.fault or (waiting_words(self._state) if self._state.dataset is not None else tr(EMPTY))
        _say(self._empty, words, bad=bool(self._model.fault))
        self._stack.setCurrentWidget(self.tree if self._model.rowCount() else self._empty)
        self.tree.expandAll()
        dataset, subset, run = self._state.dataset, self._state.subset, self._state.run
        if dataset is not None:
            index = self._model.find(dataset.id, subset.id if subset else None)
            if run is not None and (place := self._model.place("run", run)).isValid():
                index = place
            if index.isValid() and self._model.node(self.tree.currentIndex()) != self._model.node(index):
                self.tree.setCurrentIndex(index)

    def _chosen(self, index: QModelIndex, _before: QModelIndex) -> None:
        node = self._model.node(index)
        if node is None:
            return
        self._offer(ON_RUN if node[0] == "run" else ON_SUBSET)
        if node[0] != "run":
            self._state.set_run(None)
        match node:
            case ("run", run_id):
                if self._state.dataset is None or self._model.dataset_of(index) != self._state.dataset.id:
                    self._state.show_dataset(self._model.dataset_of(index))
                self._state.set_run(run_id)
            case ("dataset", dataset_id):
                self._state.show_dataset(dataset_id)
            case ("subset", subset_id):
                self._state.show_subset(subset_id)


class HistoryList(QWidget):
    """What was done, newest first; a click, or Enter, goes back or forward to that step.

    Args:
        go_to: undoes or redoes up to a step, by its id.
    """

    def __init__(self, model: HistoryModel, go_to: Callable[[int], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view = QListView()
        view.setToolTip(tr("Go back to a step, or forward again"))
        for signal in (view.clicked, view.activated):
            signal.connect(lambda index: go_to(model.entry(index)))
        view.setAccessibleName(tr("History"))
        view.setModel(model)
        FewLines(view)
        view.setFrameShape(QListView.Shape.NoFrame)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(view)
        self._empty = _empty()
        self._stack.addWidget(self._empty)
        self._model = model
        model.modelReset.connect(self._look)
        self._look()

    def _look(self) -> None:
        _say(self._empty, self._model.fault or tr(NOT_DONE), bad=bool(self._model.fault))
        self._stack.setCurrentWidget(self.view if self._model.rowCount() else self._empty)


def _empty() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setMargin(12)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


def _say(label: QLabel, words: str, bad: bool) -> None:
    label.setText(words)
    theme.mark(label, "bad", bad)
    theme.mark(label, "faint", not bad)
