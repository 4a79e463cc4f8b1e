"""Form fields for the typed parameters of plugins: one kind of widget for each kind of parameter."""

from __future__ import annotations

import math
import re
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from curator.engine.errors import InputError
from curator.engine.params import Param, check
from curator.ui import theme
from curator.ui.language import tr
from curator.ui.messages import in_words

TICKS = 1000
LOG_FROM = 200
"""Ranges of whole numbers longer than this get a slider that grows in proportion."""
MOST = 2_000_000_000
LONGEST_ZERO = 24


def words_of(name: str) -> str:
    """A parameter's name for people."""
    return name.replace("_", " ").capitalize()


def range_words(param: Param) -> str:
    """ "2 to 2,048 dimensions"."""
    low = "" if param.low is None else f"{param.low:,g}"
    high = "" if param.high is None else f"{param.high:,g}"
    span = (
        tr("{low} to {high}", low=low, high=high)
        if low and high
        else tr("from {low}", low=low)
        if low
        else tr("up to {high}", high=high)
        if high
        else ""
    )
    return f"{span} {param.unit}".strip() if span else ""


def zero_words(param: Param) -> str:
    """What 0 stands for, where the help says so: "all" of "Keep at most so many; 0 = all"."""
    found = re.search(r"\b0 = ([^,;.]+)", param.help)
    if found is None:
        return ""
    return found[1].strip() if len(found[1]) <= LONGEST_ZERO else "automatic"


def example_of(param: Param) -> str:
    """What may be written, as the help of a list shows it: "train=0.9,test=0.1"; else a list of anything."""
    if param.type is not tuple:
        return ""
    found = re.search(r"[\w-]+=[^\s,;)]+(,[\w-]+=[^\s,;)]+)*", param.help)
    return found[0] if found else "a, b, c"


class Field(QWidget):
    """One parameter: a widget, and beneath it what is wrong with the value. Emits ``changed(name, value)``."""

    changed = Signal(str, object)

    def __init__(self, param: Param, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.param = param
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        theme.mark(self.problem, "bad")
        self.problem.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.line = QHBoxLayout()
        column.addLayout(self.line)
        column.addWidget(self.problem)
        self.input = self._build()
        self.line.addWidget(self.input, 1)
        span = range_words(param)
        tip = param.help + (f" ({span})" if span else "")
        for widget in self.findChildren(QWidget):
            if widget is not self.problem:
                widget.setToolTip(tip)
        self.input.setAccessibleName(words_of(param.name))
        self.input.setAccessibleDescription(tip)

    def _build(self) -> QWidget:
        raise NotImplementedError

    def show_value(self, value: Any) -> None:
        """Show a value that came from elsewhere, without saying that it changed."""
        raise NotImplementedError

    def _say(self, value: Any) -> None:
        try:
            value = check(self.param, value, words_of(self.param.name))
        except InputError as error:
            self.problem.setText(in_words(error))
            self.problem.show()
            return
        self.problem.hide()
        self.changed.emit(self.param.name, value)


class SwitchField(Field):
    """True or false."""

    def _build(self) -> QWidget:
        self.box = QCheckBox()
        self.box.toggled.connect(self._say)
        return self.box

    def show_value(self, value: Any) -> None:
        """Tick or untick."""
        with QSignalBlocker(self.box):
            self.box.setChecked(bool(value))


class ChoiceField(Field):
    """One of several words."""

    def _build(self) -> QWidget:
        self.combo = QComboBox()
        for choice in self.param.choices:
            self.combo.addItem(str(choice) or tr("none"), choice)
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(8)
        self.combo.currentIndexChanged.connect(lambda: self._say(self.combo.currentData()))
        return self.combo

    def show_value(self, value: Any) -> None:
        """Choose it."""
        if (place := self.combo.findData(value)) >= 0:
            with QSignalBlocker(self.combo):
                self.combo.setCurrentIndex(place)


class TextField(Field):
    """Free text, or a list of texts with commas between."""

    def _build(self) -> QWidget:
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(example_of(self.param))
        self.edit.textEdited.connect(self._say)
        return self.edit

    def show_value(self, value: Any) -> None:
        """Write it, unless the same thing is written there already in other words."""
        text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        if self.edit.text() != text and not self.edit.hasFocus():
            self.edit.setText(text)


class NumberField(Field):
    """A whole or real number: a box, and a slider where both ends are known."""

    def _build(self) -> QWidget:
        low = self.param.low if self.param.low is not None else -MOST
        high = self.param.high if self.param.high is not None else MOST
        self.low, self.high = float(low), float(high)
        self.whole = self.param.type is int
        self.spin: QSpinBox | QDoubleSpinBox
        if self.whole:
            self.spin = theme.inset(QSpinBox())
            self.spin.setRange(int(max(low, -MOST)), int(min(high, MOST)))
        else:
            self.spin = theme.inset(QDoubleSpinBox())
            self.spin.setDecimals(3 if self.high - self.low <= 10 else 2)
            self.spin.setRange(self.low, self.high)
            self.spin.setSingleStep(0.01 if self.high - self.low <= 1 else 0.1)
        self.spin.setGroupSeparatorShown(True)
        self.spin.setKeyboardTracking(False)
        self.spin.setMinimumWidth(self.fontMetrics().averageCharWidth() * 14)
        if self.param.unit:
            self.spin.setSuffix(f" {self.param.unit}")
        if self.param.low == 0 and (zero := zero_words(self.param)):
            self.spin.setSpecialValueText(zero)
        self.spin.valueChanged.connect(self._typed)
        self.slider: QSlider | None = None
        if self.param.low is not None and self.param.high is not None:
            self.slider = QSlider(Qt.Orientation.Horizontal)
            self.slider.setRange(0, TICKS)
            self.slider.setAccessibleName(tr("{name} slider", name=words_of(self.param.name)))
            self.slider.setMinimumWidth(self.fontMetrics().averageCharWidth() * 8)
            self.slider.valueChanged.connect(self._slid)
            self.line.addWidget(self.slider, 1)
        return self.spin

    def show_value(self, value: Any) -> None:
        """Show it in the box and on the slider."""
        with QSignalBlocker(self.spin):
            self.spin.setValue(int(value) if self.whole else float(value))  # type: ignore[arg-type]
        self._move_slider()

    def _typed(self, value: float) -> None:
        self._move_slider()
        self._say(value)

    def _slid(self, tick: int) -> None:
        value = self._at(tick)
        with QSignalBlocker(self.spin):
            self.spin.setValue(round(value) if self.whole else value)  # type: ignore[arg-type]
        self._say(self.spin.value())

    def _move_slider(self) -> None:
        if self.slider is not None:
            with QSignalBlocker(self.slider):
                self.slider.setValue(self._tick(float(self.spin.value())))

    @property
    def _log(self) -> bool:
        return self.whole and self.high - self.low > LOG_FROM

    def _at(self, tick: int) -> float:
        share = tick / TICKS
        if self._log:
            return self.low + math.expm1(share * math.log1p(self.high - self.low))
        return self.low + share * (self.high - self.low)

    def _tick(self, value: float) -> int:
        span = self.high - self.low
        if span <= 0:
            return 0
        share = math.log1p(value - self.low) / math.log1p(span) if self._log else (value - self.low) / span
        return round(TICKS * share)


def field_for(param: Param) -> Field:
    """The widget that suits a parameter."""
    if param.type is bool:
        return SwitchField(param)
    if param.choices:
        return ChoiceField(param)
    if param.type in (int, float):
        return NumberField(param)
    return TextField(param)
