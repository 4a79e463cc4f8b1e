"""One step of a Recipe: which plugin, in which place, with which parameters."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from curator.engine.recipe import Step
from curator.engine.registry import PluginSpec, registry
from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.views.param_form import ParamForm

NONE = "none"
AUTO = "auto"
ABOUT_AUTO = noop("The best encoder that can run here; the run records which one it was.")
ABOUT_NONE = noop("Without skills: selectors that need them are not ready.")


def offered(role: str, kind: str) -> list[PluginSpec]:
    """Plugins of a role that work on this kind of Dataset ("" = any)."""
    return [s for s in registry().all() if s.role == role and (not kind or kind in s.kinds)]


class StepCard(QFrame):
    """Emits ``changed(step or None)``, ``moved(-1 or 1)`` and ``removed``.

    Args:
        role: of the plugins offered.
        kind: of the Dataset, "" for any.
        step: what the Recipe says now; None for no such step.
        extra: a choice without a plugin: "auto" or "none".
        place: (place, count) in a chain that can be reordered, None elsewhere.
    """

    changed = Signal(object)
    moved = Signal(int)
    removed = Signal()

    def __init__(
        self,
        role: str,
        kind: str,
        step: Step | None,
        extra: str = "",
        place: tuple[int, int] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.role, self.step = role, step
        self.plugin = QComboBox()
        self.plugin.setAccessibleName(f"{role.capitalize()}" + (f" {place[0] + 1}" if place else ""))
        self.plugin.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.plugin.setMinimumContentsLength(10)
        for name in [extra] * bool(extra) + [s.name for s in offered(role, kind)]:
            self.plugin.addItem(name)
        if step is not None and self.plugin.findText(step.name) < 0:
            self.plugin.addItem(step.name)
        self.plugin.setCurrentText(step.name if step is not None else extra)
        self.plugin.currentTextChanged.connect(self._chosen)
        self.head = QHBoxLayout()
        self.head.addWidget(self.plugin, 1)
        if place is not None:
            self._add_buttons(*place)
        self.about = QLabel()
        self.about.setWordWrap(True)
        theme.mark(self.about, "faint")
        self.form: ParamForm | None = None
        self.column = QVBoxLayout(self)
        self.column.addLayout(self.head)
        self.column.addWidget(self.about)
        self._build_form()

    def _add_buttons(self, place: int, count: int) -> None:
        self.up = self._button("↑", tr("Earlier in the chain"), lambda: self.moved.emit(-1), place > 0)
        self.down = self._button("↓", tr("Later in the chain"), lambda: self.moved.emit(1), place < count - 1)
        needed = self.role == "selector" and count == 1
        self.remove = self._button("✕", tr("Remove this {role}", role=self.role), self.removed.emit, not needed)

    def _button(self, sign: str, tip: str, then: object, on: bool) -> QToolButton:
        button = QToolButton()
        button.setText(sign)
        button.setAutoRaise(True)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setEnabled(on)
        button.clicked.connect(then)
        self.head.addWidget(button)
        return button

    def _build_form(self) -> None:
        name = self.plugin.currentText()
        known = name in registry().names(self.role)
        if known:
            spec = registry().get(self.role, name)
            self.about.setText(spec.summary)
            self.about.setToolTip(spec.help)
            self.form = ParamForm(spec.params)
            self.form.show_values(self.step.params if self.step is not None else {})
            self.form.changed.connect(self._edited)
            self.column.addWidget(self.form)
        else:
            words = {AUTO: tr(ABOUT_AUTO), NONE: tr(ABOUT_NONE)}
            self.about.setText(words.get(name, tr("This plugin is not installed.")))

    def show_step(self, step: Step | None) -> None:
        """Take in values that changed elsewhere; the plugin is the same."""
        self.step = step
        if self.form is not None and step is not None:
            self.form.show_values(step.params)

    def _chosen(self, name: str) -> None:
        with QSignalBlocker(self.plugin):
            self.changed.emit(None if name == NONE else Step(name))

    def _edited(self, values: dict[str, object]) -> None:
        self.step = Step(self.plugin.currentText(), values)
        self.changed.emit(self.step)
