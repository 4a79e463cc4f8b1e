"""Choose a Recipe or put one together, see what it will cost, try it on a sample, and run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from curator.engine.errors import CuratorError
from curator.engine.recipe import builtin_names
from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.messages import in_words
from curator.ui.models.recipe_draft import RecipeDraft
from curator.ui.views.composer import Composer
from curator.ui.views.duplicate_probe import DuplicateProbe
from curator.ui.views.fitting import ScrolledColumn
from curator.ui.views.jobs import duration
from curator.ui.waiting import waiting_words

if TYPE_CHECKING:
    from curator.engine.estimating import Estimate
    from curator.engine.recipe import Recipe
    from curator.engine.records import Dataset
    from curator.ui.desk import Desk

FROM_FILE = noop("From a file…")
FIRST_CHOICE = {"image": "diverse", "instruction": "balanced"}
UNLIMITED = noop("no limit")
MAX_BUDGET = 100_000_000
SAMPLE = 5000
PART = 5
"""A recipe as it came asks for one in so many, where its budget is more than the pile."""
ESTIMATE_AFTER_MS = 120


class RunPanel(ScrolledColumn):
    """Emits ``run_requested(recipe, subset name)``, ``preview_requested(recipe)`` and ``save_requested(text)``."""

    run_requested = Signal(object, str)
    preview_requested = Signal(object)
    save_requested = Signal(str, str)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._dialogs = desk.dialogs
        self.draft = RecipeDraft()
        self._kind = ""
        self._asked = self._fitted = 0
        self._dataset: Dataset | None = None
        self._build_choice()
        self._build_editing()
        self.probe = DuplicateProbe(desk)
        self.probe.threshold_chosen.connect(self.draft_threshold)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(ESTIMATE_AFTER_MS)
        self._later.timeout.connect(self.show_estimate)
        self._lay_out()
        self._describe()
        desk.state.data_changed.connect(self._data_changed)
        self.set_dataset(None)

    def _build_choice(self) -> None:
        self.recipes = QComboBox()
        self.recipes.addItems([*builtin_names(), tr(FROM_FILE)])
        self.recipes.setCurrentText(FIRST_CHOICE["image"])
        self.recipes.activated.connect(self._pick)
        self.save = QPushButton(tr("&Save…"))
        self.save.clicked.connect(self.save_recipe)
        self.about = QLabel()
        self.about.setWordWrap(True)
        theme.mark(self.about, "faint")
        self.budget = theme.inset(QSpinBox())
        self.budget.setRange(1, MAX_BUDGET)
        self.budget.setGroupSeparatorShown(True)
        self.budget.setKeyboardTracking(False)
        self.budget.valueChanged.connect(self._budget_changed)
        self.name = QLineEdit()
        self.name.setPlaceholderText(tr("after the recipe"))
        self.go = QPushButton(tr("&Run"))
        self.go.setObjectName("primary")
        self.go.clicked.connect(self.run)
        self.try_out = QPushButton(tr("Preview on {size:,}", size=SAMPLE))
        self.try_out.clicked.connect(self.preview)
        self.cost = QLabel()
        self.cost.setWordWrap(True)
        theme.mark(self.cost, "faint")

    def _build_editing(self) -> None:
        self.compose = QToolButton()
        self.compose.setText(tr("Steps"))
        self.compose.setCheckable(True)
        self.compose.toggled.connect(self._show_steps)
        self.composer = Composer()
        self.composer.changed.connect(self._composed)
        self.composer.hide()
        self.advanced = QToolButton()
        self.advanced.setText(tr("Recipe text"))
        self.advanced.setCheckable(True)
        self.advanced.toggled.connect(self._show_text)
        self.text = QPlainTextEdit()
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setMinimumHeight(self.fontMetrics().height() * 14)
        self.text.textChanged.connect(self._typed)
        self.validity = QLabel()
        self.validity.setWordWrap(True)

    def _lay_out(self) -> None:
        body = QWidget()
        column, form, line = QVBoxLayout(body), QFormLayout(), QHBoxLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        line.addWidget(self.recipes, 1)
        line.addWidget(self.save)
        label = QLabel(tr("Reci&pe"))
        label.setBuddy(self.recipes)
        form.addRow(label, line)
        form.addRow(self.about)
        form.addRow(tr("&Budget"), self.budget)
        form.addRow(tr("Subset &name"), self.name)
        buttons = QHBoxLayout()
        buttons.addWidget(self.go, 1)
        buttons.addWidget(self.try_out, 1)
        toggles = QHBoxLayout()
        toggles.addWidget(self.compose)
        toggles.addWidget(self.advanced)
        toggles.addStretch(1)
        column.addLayout(form)
        column.addLayout(buttons)
        for part in (self.validity, self.cost, self.probe):
            column.addWidget(part)
        column.addLayout(toggles)
        column.addWidget(self.composer)
        column.addWidget(self.text)
        column.addStretch(1)
        self.setWidget(body)
        self.text.hide()

    def _describe(self) -> None:
        for widget, name, tip in (
            (self.recipes, tr("Recipe"), tr("How the subset is chosen")),
            (self.save, tr("Save the recipe"), tr("Save the recipe as a TOML file")),
            (self.budget, tr("Budget"), tr("How many samples to keep")),
            (self.name, tr("Name of the new subset"), tr("What the new subset is called")),
            (self.compose, tr("Show the steps of the recipe"), tr("Choose encoder, clusterer, scorers and selectors")),
            (self.advanced, tr("Show the text of the recipe"), tr("Change any parameter of the recipe")),
            (self.text, tr("Text of the recipe"), tr("The recipe as TOML")),
            (self.go, tr("Run the recipe"), tr("Choose a subset (Ctrl+R)")),
            (
                self.try_out,
                tr("Preview the recipe"),
                tr("Try it on {size:,} samples drawn with its seed (Ctrl+Shift+R)", size=SAMPLE),
            ),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)

    # ---- what is run -----------------------------------------------------------------------------------------

    def set_dataset(self, dataset: Dataset | None) -> None:
        """What the Recipe will run on."""
        kind = dataset.kind if dataset is not None else ""
        if kind and kind != self._kind:
            first = FIRST_CHOICE.get(kind, "")
            if self.recipes.findText(first) >= 0:
                self.recipes.setCurrentText(first)
                self.draft.load(first)
                self._came()
        self._kind, self._dataset = kind, dataset
        if not self.draft.text and self.recipes.count() > 1:
            self.draft.load(self.recipes.currentText())
        self.draft.for_kind(kind)
        self._fit_budget()
        self.probe.pairs = None
        self._show_draft()

    def run(self) -> None:
        """What the button does."""
        if self.draft.recipe is not None and self._kind:
            self.run_requested.emit(self.draft.recipe, self.name.text().strip())

    def preview(self) -> None:
        """Try the Recipe on a sample."""
        if self.draft.recipe is not None and self.try_out.isEnabled():
            self.preview_requested.emit(self.draft.recipe)

    def save_recipe(self) -> None:
        """Keep the Recipe as a file."""
        if self.draft.recipe is not None:
            self.save_requested.emit(self.draft.recipe.name, self.draft.text)

    def load_text(self, text: str) -> None:
        """Take over a Recipe from elsewhere: that of a Run."""
        self.draft.set_text(text)
        self._show_draft()

    # ---- editing ---------------------------------------------------------------------------------------------

    def _pick(self, _index: int) -> None:
        name = self.recipes.currentText()
        if name == tr(FROM_FILE):
            path = self._dialogs.recipe_file()
            if path is None:
                return
            name = str(path)
        self.draft.load(name)
        if self.draft.problem is None:
            self.draft.for_kind(self._kind)
            self._came()
            self._fit_budget()
        self._show_draft()

    def _fit_budget(self) -> None:
        """A recipe as it came asks for a part of the pile, even of a small one; what the user wrote stays."""
        budget, size = self.draft.budget, self._dataset.size if self._dataset is not None else 0
        if budget is None or budget != self._fitted or size < 2 or not self._desk.state.ready:
            return
        self._fitted = self._asked if self._asked < size else part_of(size)
        self.draft.set_budget(self._fitted)

    def _came(self) -> None:
        """Another recipe was taken up: note what it asks for."""
        self._asked = self._fitted = self.draft.budget or 0

    def _budget_changed(self, value: int) -> None:
        self.draft.set_budget(value)
        self._show_draft()

    def _composed(self, recipe: Recipe) -> None:
        self.draft.set_recipe(recipe)
        self._show_draft()

    def draft_threshold(self, value: float) -> None:
        """Write the threshold of the redundancy step."""
        self.draft.set_param("redundancy", "threshold", value)
        self._show_draft()

    def _typed(self) -> None:
        self.draft.set_text(self.text.toPlainText())
        self._show_draft(text=False)

    def _show_text(self, on: bool) -> None:
        self.text.setVisible(on)
        self._show_draft()

    def _show_steps(self, on: bool) -> None:
        self.composer.setVisible(on)
        self._show_draft()

    def _show_draft(self, text: bool = True) -> None:
        draft, recipe = self.draft, self.draft.recipe
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
            self.budget.setSpecialValueText(tr(UNLIMITED) if draft.may_be_unlimited else "")
            self.budget.setValue(budget)
        for widget in (self.budget, self.text):
            widget.blockSignals(False)
        if self.compose.isChecked():
            self.composer.show_recipe(draft.drawn, self._kind)
        self.probe.show_recipe(recipe)
        self._show_validity()
        self._later.start()

    def _show_validity(self) -> None:
        recipe, problem = self.draft.recipe, self.draft.problem if self.draft.text else None
        self.about.setVisible(bool(self.about.text()))
        self.validity.setText(in_words(problem) if problem else tr("The recipe is valid.") if recipe else "")
        self.validity.setVisible(problem is not None or self.advanced.isChecked())
        theme.mark(self.validity, "bad", problem is not None)
        theme.mark(self.validity, "good", problem is None)
        ready = recipe is not None and self._desk.state.ready
        self.go.setEnabled(ready)
        self.save.setEnabled(recipe is not None)
        self.try_out.setVisible(self._dataset is None or self._dataset.size > SAMPLE)
        self.try_out.setEnabled(ready and self._dataset is not None and self._dataset.size > SAMPLE)

    # ---- what it costs ---------------------------------------------------------------------------------------

    def _data_changed(self, tables: frozenset[str]) -> None:
        self._later.start()
        if tables & {"duplicates", "sample", "pin", "embedding"}:
            self.probe.read()

    def show_estimate(self) -> None:
        """How long a Run, and a preview, would take."""
        estimates = getattr(self._desk.state.project, "estimates", None)
        if words := waiting_words(self._desk.state):
            self._say_cost(words)
            return
        if estimates is None or self._dataset is None or self.draft.recipe is None:
            self.cost.hide()
            return
        try:
            whole = estimates.of(self._dataset.name, self.draft.recipe)
            part = estimates.of(self._dataset.name, self.draft.recipe, SAMPLE)
        except CuratorError as error:
            self._say_cost(tr("What this costs is not known: {fault}", fault=in_words(error)))
            return
        words = cost_words(whole)
        if self._dataset.size > SAMPLE:
            words += tr(" Preview: about {duration}.", duration=duration(max(1.0, part.seconds)))
        parts = (
            f"{p.what}: {'there already' if p.basis == 'there' else f'{duration(p.seconds)} ({p.basis})'}"
            for p in whole.parts
        )
        self._say_cost(words, "\n".join(parts))

    def _say_cost(self, words: str, tip: str = "") -> None:
        self.cost.setText(words)
        self.cost.setToolTip(tip)
        self.cost.show()


def part_of(size: int) -> int:
    """A round number near a fifth of a pile: 50 of 250, 8 of 40, 1 of 3."""
    fifth = max(1, size // PART)
    unit = 10 ** max(0, len(str(fifth)) - 1)
    return fifth // unit * unit


def cost_words(estimate: Estimate) -> str:
    """ "About 2 min, measured from earlier runs." """
    time = tr("A moment") if estimate.seconds < 1 else tr("About {duration}", duration=duration(estimate.seconds))
    basis = (
        tr("going by earlier runs here")
        if estimate.basis == "measured"
        else tr("a rough figure for two processor cores")
    )
    ready = tr(" The vectors are there already.") if any(p.basis == "there" for p in estimate.parts) else ""
    return f"{time}, {basis}.{ready}"
