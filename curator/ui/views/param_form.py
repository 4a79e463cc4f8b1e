"""A form for all parameters of a plugin; rarely needed ones wait behind "More"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QToolButton, QVBoxLayout, QWidget

from curator.engine.params import Param
from curator.ui.language import tr
from curator.ui.views.fields import Field, field_for, words_of


class ParamForm(QWidget):
    """Emits ``changed(values)`` with all values that are not defaults, and those that were given."""

    changed = Signal(dict)

    def __init__(self, params: Iterable[Param], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values: dict[str, Any] = {}
        self.fields: dict[str, Field] = {}
        self.more = QToolButton()
        self.more.setText(tr("More"))
        self.more.setCheckable(True)
        self.more.setAutoRaise(True)
        self.more.setToolTip(tr("Parameters that are rarely changed"))
        self.more.setAccessibleName(tr("Show rarely changed parameters"))
        self._rare = QWidget()
        self._rare.hide()
        self.more.toggled.connect(self._rare.setVisible)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        params = list(params)
        self._add([p for p in params if not p.advanced], column)
        column.addWidget(self.more)
        column.addWidget(self._rare)
        inner = QVBoxLayout(self._rare)
        inner.setContentsMargins(0, 0, 0, 0)
        self._add([p for p in params if p.advanced], inner)
        self.more.setVisible(any(p.advanced for p in params))

    def _add(self, params: list[Param], column: QVBoxLayout) -> None:
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for param in params:
            field = self.fields[param.name] = field_for(param)
            field.show_value(param.default)
            field.changed.connect(self._changed)
            form.addRow(words_of(param.name), field)
            form.labelForField(field).setToolTip(param.help)
        column.addLayout(form)

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Show these; what is not named goes back to its default."""
        self.values = dict(values)
        for name, field in self.fields.items():
            field.show_value(values.get(name, field.param.default))

    def _changed(self, name: str, value: Any) -> None:
        default = self.fields[name].param.default
        if value == default and name not in self.values:
            return
        self.values[name] = list(value) if isinstance(value, tuple) else value
        self.changed.emit(dict(self.values))
