"""The form that starts a study."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QPushButton, QSpinBox, QVBoxLayout, QWidget

from curator.engine.registry import registry
from curator.ui import theme
from curator.ui.language import noop, tr

INTRO = noop(
    "Name the classes. A teacher guesses each sample from the names, a selector chooses a small batch, you label it "
    "with one key a sample, a student learns from you and from the teacher, and chooses the next batch."
)
TEACHERS = (
    (noop("The class names (zero-shot)"), "zero-shot"),
    (noop("A probe on given labels"), "probe"),
    (noop("No teacher"), "none"),
)
FIRST = ("pcoreset", "margin", "entropy", "badge", "k-center", "typiclust", "class-balanced", "random")


class StartForm(QWidget):
    """Emits the values of a study plan, and its name."""

    asked = Signal(dict, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        intro = QLabel(tr(INTRO))
        intro.setWordWrap(True)
        theme.mark(intro, "faint")
        self._proposed_for = 0
        self.classes = QLineEdit()
        self.classes.setPlaceholderText(tr("cat, dog, horse"))
        self.selector = QComboBox()
        self.selector.addItems(selector_names())
        self.teacher = QComboBox()
        for words, value in TEACHERS:
            self.teacher.addItem(tr(words), value)
        self.batch = theme.inset(QSpinBox())
        self.batch.setRange(0, 10_000)
        self.batch.setSpecialValueText(tr("as many as classes"))
        self.name = QLineEdit()
        self.name.setPlaceholderText("rounds")
        self.start = QPushButton(tr("Start"))
        self.start.setObjectName("primary")
        form = QFormLayout()
        for words, widget in (
            (tr("&Classes"), self.classes),
            (tr("Chosen &by"), self.selector),
            (tr("&Teacher"), self.teacher),
            (tr("&Samples a round"), self.batch),
            (tr("&Name"), self.name),
        ):
            form.addRow(words, widget)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.addWidget(intro)
        column.addLayout(form)
        column.addWidget(self.start, 0, Qt.AlignmentFlag.AlignRight)
        column.addStretch(1)
        self.start.clicked.connect(self._ask)
        self.classes.returnPressed.connect(self._ask)

    def wants(self, dataset_id: int) -> bool:
        """Whether classes are to be proposed: there are none, or those of another Dataset."""
        return dataset_id != self._proposed_for or not self.classes.text()

    def propose(self, dataset_id: int, classes: tuple[str, ...]) -> None:
        """Fill in what the dataset suggests."""
        self._proposed_for = dataset_id
        self.classes.setText(", ".join(classes))
        self.classes.setCursorPosition(0)

    def _ask(self) -> None:
        values: dict[str, Any] = {
            "classes": self.classes.text(),
            "selector": self.selector.currentText(),
            "teacher": self.teacher.currentData(),
            "batch": self.batch.value(),
        }
        self.asked.emit(values, self.name.text().strip())


def selector_names() -> list[str]:
    """Selectors that pick a fixed number of samples, those meant for rounds first."""
    fitting = [s.name for s in registry().all() if s.role == "selector" and "budget" in {p.name for p in s.params}]
    return [n for n in FIRST if n in fitting] + [n for n in fitting if n not in FIRST]
