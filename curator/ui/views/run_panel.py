"""Choose a Recipe, a budget, and run. The Recipe's text is there for those who want to change more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from curator.engine.recipe import builtin_names
from curator.ui import theme
from curator.ui.models.recipe_draft import RecipeDraft

if TYPE_CHECKING:
    from curator.engine.records import Dataset
    from curator.ui.views.dialogs import Dialogs

FROM_FILE = "From a file…"
FIRST_CHOICE = {"image": "diverse", "instruction": "balanced"}
UNLIMITED = "no limit"
MAX_BUDGET = 100_000_000


class RunPanel(QScrollArea):
    """Emits ``run_requested(recipe, subset name)``."""

    run_requested = Signal(object, str)

    def __init__(self, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self._dialogs = dialogs
        self.draft = RecipeDraft()
        self._kind = ""
        self.recipes = QComboBox()
        self.recipes.addItems([*builtin_names(), FROM_FILE])
        self.recipes.activated.connect(self._pick)
        self.about = QLabel()
        self.about.setWordWrap(True)
        theme.mark(self.about, "faint")
        self.budget = QSpinBox()
        self.budget.setRange(1, MAX_BUDGET)
        self.budget.setGroupSeparatorShown(True)
        self.budget.setKeyboardTracking(False)
        self.budget.valueChanged.connect(self._budget_changed)
        self.name = QLineEdit()
        self.name.setPlaceholderText("after the recipe")
        self.advanced = QToolButton()
        self.advanced.setText("Recipe text")
        self.advanced.setCheckable(True)
        self.advanced.toggled.connect(self._show_text)
        self.text = QPlainTextEdit()
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.textChanged.connect(self._typed)
        self.validity = QLabel()
        self.validity.setWordWrap(True)
        self.go = QPushButton("&Run")
        self.go.setObjectName("primary")
        self.go.clicked.connect(self.run)
        self._lay_out()
        self._describe()
        self.set_dataset(None)

    def _lay_out(self) -> None:
        body = QWidget()
        column, form = QVBoxLayout(body), QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow("Reci&pe", self.recipes)
        form.addRow(self.about)
        form.addRow("&Budget", self.budget)
        form.addRow("Subset &name", self.name)
        column.addLayout(form)
        for widget in (self.advanced, self.text, self.validity, self.go):
            column.addWidget(widget)
        column.addStretch(1)
        self.setWidget(body)
        self.text.hide()

    def _describe(self) -> None:
        for widget, name, tip in (
            (self.recipes, "Recipe", "How the subset is chosen"),
            (self.budget, "Budget", "How many samples to keep"),
            (self.name, "Name of the new subset", "What the new subset is called"),
            (self.advanced, "Show the text of the recipe", "Change any parameter of the recipe"),
            (self.text, "Text of the recipe", "The recipe as TOML"),
            (self.go, "Run the recipe", "Choose a subset (Ctrl+R)"),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)

    def set_dataset(self, dataset: Dataset | None) -> None:
        """What the Recipe will run on."""
        kind = dataset.kind if dataset is not None else ""
        if kind and kind != self._kind:
            first = FIRST_CHOICE.get(kind, "")
            if self.recipes.findText(first) >= 0:
                self.recipes.setCurrentText(first)
                self.draft.load(first)
        self._kind = kind
        if not self.draft.text and self.recipes.count() > 1:
            self.draft.load(self.recipes.currentText())
        self.draft.for_kind(kind)
        self._show_draft()

    def run(self) -> None:
        """What the button does."""
        if self.draft.recipe is not None and self._kind:
            self.run_requested.emit(self.draft.recipe, self.name.text().strip())

    def _pick(self, _index: int) -> None:
        name = self.recipes.currentText()
        if name == FROM_FILE:
            path = self._dialogs.recipe_file()
            if path is None:
                return
            name = str(path)
        self.draft.load(name)
        if self.draft.problem is None:
            self.draft.for_kind(self._kind)
        self._show_draft()

    def _budget_changed(self, value: int) -> None:
        self.draft.set_budget(value)
        self._show_draft()

    def _typed(self) -> None:
        self.draft.set_text(self.text.toPlainText())
        self._show_draft(text=False)

    def _show_text(self, on: bool) -> None:
        self.text.setVisible(on)
        self._show_draft()

    def _show_draft(self, text: bool = True) -> None:
        draft, recipe = self.draft, self.draft.recipe
        problem = draft.problem if draft.text else None
        for widget in (self.budget, self.text):
            widget.blockSignals(True)
        if text and self.text.toPlainText() != draft.text:
            self.text.setPlainText(draft.text)
        budget = draft.budget
        if recipe is not None:
            self.budget.setEnabled(budget is not None)
            self.about.setText(recipe.description)
        if budget is not None:
            self.budget.setMinimum(0 if draft.may_be_unlimited else 1)
            self.budget.setSpecialValueText(UNLIMITED if draft.may_be_unlimited else "")
            self.budget.setValue(budget)
        for widget in (self.budget, self.text):
            widget.blockSignals(False)
        self.about.setVisible(bool(self.about.text()))
        self.validity.setText(
            f"{problem.text} {problem.hint}".strip() if problem else "The recipe is valid." if recipe else ""
        )
        self.validity.setVisible(problem is not None or self.advanced.isChecked())
        theme.mark(self.validity, "bad", problem is not None)
        theme.mark(self.validity, "good", problem is None)
        self.go.setEnabled(recipe is not None and bool(self._kind))
