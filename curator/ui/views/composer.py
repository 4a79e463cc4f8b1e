"""A Recipe put together by hand: encoder, clusterer, scorers, and a chain of selectors."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from curator.engine.recipe import QUOTA_BY, Constraints, Recipe, Step
from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.views.step_card import AUTO, NONE, StepCard, offered

BY_WORDS = {"": noop("no limit"), "skill": noop("each skill"), "class": noop("each class")}
MANY = 100_000_000


class Composer(QWidget):
    """Emits ``changed(recipe)`` after each edit."""

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recipe: Recipe | None = None
        self._kind = ""
        self._shape: object = None
        self.cards: dict[str, list[StepCard]] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._body: QWidget | None = None

    def show_recipe(self, recipe: Recipe | None, kind: str) -> None:
        """Show a Recipe; None leaves the last one, greyed, while its text has a fault."""
        self.setEnabled(recipe is not None)
        if recipe is None:
            return
        shape = (kind, *(tuple(s.name for s in steps) for steps in _steps(recipe).values()))
        self.recipe, self._kind = recipe, kind
        if shape != self._shape:
            self._shape = shape
            self._rebuild()
        for role, steps in _steps(recipe).items():
            for card, step in zip(self.cards[role], steps or (None,), strict=False):
                card.show_step(step)
        self._show_limits()

    def _rebuild(self) -> None:
        assert self.recipe is not None
        if self._body is not None:
            self._column.removeWidget(self._body)
            self._body.hide()
            self._body.deleteLater()
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        recipe = self.recipe
        self.cards = {"encoder": [], "clusterer": [], "scorer": [], "selector": []}
        self._title(column, tr("Encoder"), tr("Turns samples into vectors"))
        self._single(column, "encoder", recipe.encoder, AUTO)
        self._title(column, tr("Skills"), tr("Groups of samples, found in the vectors"))
        self._single(column, "clusterer", recipe.clusterer, NONE)
        self._title(column, tr("Scores"), tr("A number for each sample, for selectors to go by"))
        self._chain(column, "scorer", recipe.scorers)
        self._title(column, tr("Selectors"), tr("Each works on what the one before left"))
        self._chain(column, "selector", recipe.selectors)
        self._title(column, tr("Limits"), tr("How many samples of one skill or class there may be"))
        column.addLayout(self._limits())
        self._column.addWidget(self._body)

    def _title(self, column: QVBoxLayout, text: str, tip: str) -> None:
        label = QLabel(text)
        label.setFont(theme.scaled(self.font(), 1.0, bold=True))
        label.setToolTip(tip)
        column.addWidget(label)

    def _single(self, column: QVBoxLayout, role: str, step: Step | None, extra: str) -> None:
        card = StepCard(role, self._kind, step, extra)
        card.changed.connect(lambda new: self._set(**{role: new}))
        self.cards[role].append(card)
        column.addWidget(card)

    def _chain(self, column: QVBoxLayout, role: str, steps: tuple[Step, ...]) -> None:
        for place, step in enumerate(steps):
            card = StepCard(role, self._kind, step, place=(place, len(steps)))
            card.changed.connect(self._at(role, place, lambda steps, i, new: [*steps[:i], new, *steps[i + 1 :]]))
            card.moved.connect(self._at(role, place, _swapped))
            card.removed.connect(self._at(role, place, lambda steps, i, _=0: [*steps[:i], *steps[i + 1 :]]))
            self.cards[role].append(card)
            column.addWidget(card)
        add = QPushButton(tr("Add a {role}", role=role))
        add.setToolTip(tr("Put one more {role} at the end of the chain", role=role))
        add.setEnabled(bool(offered(role, self._kind)))
        add.clicked.connect(lambda: self._append(role))
        setattr(self, f"add_{role}", add)
        column.addWidget(add)

    def _at(self, role: str, place: int, edit: Callable[..., list[Step]]) -> Callable[..., None]:
        def apply(*args: object) -> None:
            assert self.recipe is not None
            self._set(**{f"{role}s": tuple(edit(list(_steps(self.recipe)[role]), place, *args))})

        return apply

    def _append(self, role: str) -> None:
        assert self.recipe is not None
        steps = _steps(self.recipe)[role]
        taken = {s.name for s in steps}
        names = [s.name for s in offered(role, self._kind)]
        first = next((n for n in names if n not in taken), names[0])
        self._set(**{f"{role}s": (*steps, Step(first))})

    def _limits(self) -> QFormLayout:
        form = QFormLayout()
        self.by = QComboBox()
        self.by.setAccessibleName(tr("Limit by"))
        self.by.setToolTip(tr("Count each skill, or each class"))
        for key in QUOTA_BY:
            self.by.addItem(tr(BY_WORDS[key]), key)
        self.at_most = theme.inset(QSpinBox())
        self.at_most.setRange(0, MANY)
        self.at_most.setGroupSeparatorShown(True)
        self.at_most.setKeyboardTracking(False)
        self.at_most.setSpecialValueText(tr("no limit"))
        self.at_most.setAccessibleName(tr("At most"))
        self.at_most.setToolTip(tr("Samples of one skill or class"))
        self.seed = theme.inset(QSpinBox())
        self.seed.setRange(0, 2_147_483_647)
        self.seed.setKeyboardTracking(False)
        self.seed.setAccessibleName(tr("Seed"))
        self.seed.setToolTip(tr("The same seed gives the same subset"))
        self._show_limits()
        self.by.currentIndexChanged.connect(self._limited)
        self.at_most.valueChanged.connect(self._limited)
        self.seed.valueChanged.connect(lambda seed: self._set(seed=seed))
        form.addRow(tr("From"), self.by)
        form.addRow(tr("At most"), self.at_most)
        form.addRow(tr("Seed"), self.seed)
        return form

    def _show_limits(self) -> None:
        if self.recipe is None:
            return
        limits = self.recipe.constraints
        for widget in (self.by, self.at_most, self.seed):
            widget.blockSignals(True)
        self.by.setCurrentIndex(max(0, self.by.findData(limits.by)))
        self.at_most.setValue(min(limits.at_most, MANY))
        self.at_most.setEnabled(bool(limits.by))
        self.seed.setValue(min(self.recipe.seed, 2_147_483_647))
        for widget in (self.by, self.at_most, self.seed):
            widget.blockSignals(False)

    def _limited(self) -> None:
        assert self.recipe is not None
        by = self.by.currentData()
        self._set(constraints=Constraints(by, self.at_most.value() if by else 0, self.recipe.constraints.named))

    def _set(self, **values: object) -> None:
        assert self.recipe is not None
        changed = dataclasses.replace(self.recipe, **values)  # type: ignore[arg-type]
        if changed != self.recipe:
            self.changed.emit(changed)


def _steps(recipe: Recipe) -> dict[str, tuple[Step, ...]]:
    return {
        "encoder": (recipe.encoder,),
        "clusterer": (recipe.clusterer,) if recipe.clusterer is not None else (),
        "scorer": recipe.scorers,
        "selector": recipe.selectors,
    }


def _swapped(steps: list[Step], place: int, by: int) -> list[Step]:
    steps[place], steps[place + by] = steps[place + by], steps[place]
    return steps
