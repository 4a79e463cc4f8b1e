"""Settings: applied as soon as they are changed, and saved."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from curator.settings import DEVICES, THEMES, settings_file
from curator.ui import theme
from curator.ui.language import tr

if TYPE_CHECKING:
    from curator.ui.taste import Taste
    from curator.ui.views.dialogs import Dialogs

LEAST_MB, MOST_MB = 64, 1_000_000


class SettingsDialog(QDialog):
    """Not modal. There is nothing to confirm: each change takes effect at once."""

    def __init__(self, taste: Taste, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Settings"))
        self._taste, self._dialogs = taste, dialogs
        self._build_fields()
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        theme.mark(self.problem, "bad")
        self.problem.hide()
        where = QLabel(tr("Saved in {file}", file=settings_file()))
        where.setWordWrap(True)
        theme.mark(where, "faint")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.addLayout(self._form())
        column.addWidget(self.problem)
        column.addWidget(where)
        column.addWidget(buttons)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 70)

    def _build_fields(self) -> None:
        now = self._taste.now
        self.theme = QComboBox()
        for key, words in zip(THEMES, (tr("As the system"), tr("Light"), tr("Dark")), strict=True):
            self.theme.addItem(words, key)
        self.theme.setCurrentIndex(self.theme.findData(now.theme))
        self.theme.currentIndexChanged.connect(lambda: self._set(theme=self.theme.currentData()))
        self.device = QComboBox()
        self.device.addItems(DEVICES)
        self.device.setCurrentText(now.device)
        self.device.currentTextChanged.connect(lambda text: self._set(device=text))
        self.offline = QCheckBox(tr("Never reach for the network"))
        self.offline.setChecked(now.offline)
        self.offline.toggled.connect(lambda on: self._set(offline=on))
        self.cache_mb = theme.inset(QSpinBox())
        self.cache_mb.setRange(LEAST_MB, MOST_MB)
        self.cache_mb.setSuffix(tr(" MB"))
        self.cache_mb.setGroupSeparatorShown(True)
        self.cache_mb.setKeyboardTracking(False)
        self.cache_mb.setValue(now.cache_mb)
        self.cache_mb.valueChanged.connect(lambda mb: self._set(cache_mb=mb))
        self.cache, self.plugins = QLineEdit(str(now.cache_dir)), QLineEdit(str(now.plugins_dir))
        self.cache.editingFinished.connect(lambda: self._set(cache_dir=_folder(self.cache.text())))
        self.plugins.editingFinished.connect(lambda: self._set(plugins_dir=_folder(self.plugins.text())))
        for widget, name, tip in (
            (self.theme, tr("Theme"), tr("Colours of the window")),
            (self.device, tr("Device"), tr("Where encoders and other heavy work run; auto takes the best")),
            (self.offline, tr("Offline"), tr("Weights come only from this computer; for the next project")),
            (self.cache_mb, tr("Cache limit"), tr("Space for small pictures; the oldest go first")),
            (self.cache, tr("Cache folder"), tr("Small pictures and other things that may be deleted")),
            (self.plugins, tr("Plugins folder"), tr("Folder of your own plugins, for the next start")),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)

    def _form(self) -> QFormLayout:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(tr("&Theme"), self.theme)
        form.addRow(tr("&Device"), self.device)
        form.addRow("", self.offline)
        form.addRow(tr("Cache &limit"), self.cache_mb)
        for words, edit in ((tr("&Cache folder"), self.cache), (tr("&Plugins folder"), self.plugins)):
            label = QLabel(words)
            label.setBuddy(edit)
            form.addRow(label, self._with_browse(edit))
        return form

    def _with_browse(self, edit: QLineEdit) -> QHBoxLayout:
        button = QPushButton(tr("Browse…"))
        button.setToolTip(tr("Choose a folder"))
        button.setAutoDefault(False)
        button.clicked.connect(self._browser(edit))
        line = QHBoxLayout()
        line.addWidget(edit, 1)
        line.addWidget(button)
        return line

    def _browser(self, edit: QLineEdit) -> Callable[[], None]:
        def browse() -> None:
            if (folder := self._dialogs.folder(edit.accessibleName(), Path(edit.text()))) is not None:
                edit.setText(str(folder))
                edit.editingFinished.emit()

        return browse

    def _set(self, **values: object) -> None:
        try:
            self._taste.set(dataclasses.replace(self._taste.now, **values))  # type: ignore[arg-type]
        except OSError as error:
            self.problem.setText(tr("The settings cannot be saved: {fault}.", fault=error.strerror or error))
            self.problem.show()
            return
        self.problem.hide()


def _folder(text: str) -> Path:
    return Path(text.strip() or ".").expanduser().absolute()
