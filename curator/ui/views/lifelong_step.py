"""What a lifelong step needs to know: what came in, how much to train on, how much the pool may hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from curator.engine.errors import CuratorError
from curator.engine.lifelong import LifelongRequest
from curator.engine.recipe import builtin_names, load_recipe
from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.messages import in_words

if TYPE_CHECKING:
    from curator.engine.project import Project
    from curator.engine.records import Dataset, LifelongStep
    from curator.ui.desk import Desk

MOST = 100_000_000
TRAIN_SHARE = 0.1
AS_BEFORE = noop("as in the step before")
FIRST_CHOICE = "balanced"


class StepDialog(QDialog):
    """Emits ``step_requested(LifelongRequest)``. States: ready (with or without
    something that came in), error."""

    step_requested = Signal(object)

    def __init__(self, desk: Desk, project: Project, dataset: Dataset, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Add a lifelong step"))
        self._desk, self._project, self._dataset = desk, project, dataset
        steps = project.lifelong.steps(dataset.id)
        self._before: LifelongStep | None = steps[-1] if steps else None
        self.about = QLabel(
            tr(
                "What comes in joins “{name}”; old and new are clustered together, some are chosen to train on, "
                "and what is redundant is hidden from the pool. One undo takes all of it back.",
                name=dataset.name,
            )
        )
        self.about.setWordWrap(True)
        theme.mark(self.about, "faint")
        self.came_in = QListWidget()
        self.came_in.setAccessibleName(tr("What came in"))
        self.came_in.setToolTip(tr("Files, folders and datasets whose samples join the pile; Delete takes one away"))
        self.came_in.setMaximumHeight(self.fontMetrics().height() * 6)
        self.add, self.remove = QToolButton(), QPushButton(tr("&Take away"))
        self.train, self.pool = _spin(1, tr("Training budget")), _spin(0, tr("Pool budget"))
        self.recipe = QComboBox()
        self.recipe.setAccessibleName(tr("Recipe"))
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        theme.mark(self.problem, "bad")
        self._fill()
        self._lay_out()
        self._judge()

    def _fill(self) -> None:
        before, size = self._before, self._dataset.size
        self.train.setValue(before.chosen if before is not None else max(1, round(size * TRAIN_SHARE)))
        self.train.setToolTip(tr("How many samples are chosen to train on in this step"))
        self.pool.setSpecialValueText(tr("no limit"))
        self.pool.setToolTip(tr("How many samples the pool may hold after the step; the most redundant are hidden"))
        self.pool.setValue(before.pool_after if before is not None and before.pruned else 0)
        if before is not None:
            self.recipe.addItem(tr(AS_BEFORE))
        for name in builtin_names():
            if load_recipe(name).clusterer is not None:
                self.recipe.addItem(name)
        if before is None:
            self.recipe.setCurrentText(FIRST_CHOICE)
        self.recipe.setToolTip(
            tr("How the samples are chosen; adapt-infinity is the method of the paper and needs a language model")
        )

    def _lay_out(self) -> None:
        self.add.setText(tr("&Add…"))
        self.add.setToolTip(tr("What came in since the last step"))
        self.add.setAccessibleName(tr("Add what came in"))
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.add)
        if self._dataset.kind == "image":
            menu.addAction(tr("A &folder of pictures…")).triggered.connect(self._ask)
        else:
            menu.addAction(tr("&Files of records…")).triggered.connect(self._ask)
        for other in self._project.contents().datasets:
            plan = self._project.importing.plan(other.id) if other.kind == self._dataset.kind else None
            if plan is not None and other.id != self._dataset.id:
                action = menu.addAction(tr("The dataset “{name}”", name=other.name).replace("&", "&&"))
                action.triggered.connect(lambda _=False, paths=plan.paths: self.bring([Path(p) for p in paths]))
        self.add.setMenu(menu)
        self.remove.setToolTip(tr("Leave what is highlighted in the list out"))
        self.remove.clicked.connect(self._take_away)
        self.came_in.itemSelectionChanged.connect(self._judge)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        beside = QVBoxLayout()
        beside.addWidget(self.came_in)
        for button in (self.add, self.remove):
            beside.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        form.addRow(tr("What came in"), beside)
        form.addRow(tr("&Training budget"), self.train)
        form.addRow(tr("&Pool budget"), self.pool)
        form.addRow(tr("&Recipe"), self.recipe)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go = self.buttons.addButton(tr("Take the &step"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.go.setObjectName("primary")
        self.go.setDefault(True)
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.about)
        column.addLayout(form)
        column.addWidget(self.problem)
        column.addWidget(self.buttons)
        self.resize(self.fontMetrics().averageCharWidth() * 72, self.sizeHint().height())

    # ---- what came in ----------------------------------------------------------------------------------------

    @property
    def paths(self) -> tuple[str, ...]:
        """What came in, in the order of the list."""
        return tuple(self.came_in.item(i).text() for i in range(self.came_in.count()))

    def bring(self, paths: list[Path]) -> None:
        """Add to the list, each once."""
        for path in paths:
            if str(path) not in self.paths:
                self.came_in.addItem(QListWidgetItem(str(path)))
        self._judge()

    def _ask(self) -> None:
        if self._dataset.kind == "image":
            folder = self._desk.dialogs.images_folder()
            self.bring([folder] if folder is not None else [])
        else:
            self.bring(list(self._desk.dialogs.instruction_files()))

    def _take_away(self) -> None:
        for item in self.came_in.selectedItems():
            self.came_in.takeItem(self.came_in.row(item))
        self._judge()

    def _judge(self) -> None:
        self.remove.setEnabled(bool(self.came_in.selectedItems()))
        missing = [p for p in self.paths if not Path(p).exists()]
        self.problem.setText(tr("{path} is not there any more.", path=missing[0]) if missing else "")
        self.problem.setVisible(bool(missing))
        self.go.setEnabled(not missing)

    def _take(self) -> None:
        try:
            request = LifelongRequest(
                self._dataset.name, self._recipe(), self.train.value(), self.pool.value(), self.paths,
                self._desk.settings.device,
            )  # fmt: skip
        except CuratorError as error:
            self.problem.setText(in_words(error))
            self.problem.show()
            return
        self.step_requested.emit(request)
        self.accept()

    def _recipe(self) -> str:
        if self._before is not None and self.recipe.currentText() == tr(AS_BEFORE):
            return self._project.run(self._before.run_id).recipe
        return load_recipe(self.recipe.currentText()).to_toml()


def _spin(low: int, name: str) -> QSpinBox:
    spin = theme.inset(QSpinBox())
    spin.setRange(low, MOST)
    spin.setGroupSeparatorShown(True)
    spin.setAccessibleName(name)
    return spin
