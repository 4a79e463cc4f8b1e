"""Where and how to export a Subset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
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
    QVBoxLayout,
    QWidget,
)

from curator.engine.registry import registry
from curator.ui import theme

if TYPE_CHECKING:
    from curator.ui.views.dialogs import Dialogs

FIRST_CHOICE = {"image": "folder", "instruction": "jsonl"}


class ExportDialog(QDialog):
    """Emits ``export_requested(format, target, overwrite)``."""

    export_requested = Signal(str, Path, bool)

    def __init__(self, subset: str, kind: str, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Export “{subset}”")
        self._dialogs, self._subset = dialogs, subset
        self.format = QComboBox()
        self.format.addItems([s.name for s in registry().all() if s.role == "exporter" and kind in s.kinds])
        self.format.setCurrentText(FIRST_CHOICE.get(kind, ""))
        self.format.setAccessibleName("Format")
        self.format.setToolTip("How the subset is written")
        self.about = QLabel()
        self.about.setWordWrap(True)
        theme.mark(self.about, "faint")
        self.target = QLineEdit()
        self.target.setMinimumWidth(self.fontMetrics().averageCharWidth() * 50)
        self.target.setAccessibleName("Target")
        self.target.setToolTip("The folder or file to write")
        self.browse = QPushButton("&Browse…")
        self.browse.setToolTip("Choose where to write")
        self.browse.clicked.connect(self._browse)
        self.overwrite = QCheckBox("&Replace what is there")
        self.overwrite.setToolTip("Without this, an existing target is left alone and the export refused")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.ok = buttons.addButton("&Export", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._lay_out(buttons)
        self.format.currentTextChanged.connect(self._format_changed)
        self.target.textChanged.connect(self._check)
        self._format_changed(self.format.currentText())

    def _lay_out(self, buttons: QDialogButtonBox) -> None:
        line = QHBoxLayout()
        line.addWidget(self.target, 1)
        line.addWidget(self.browse)
        form = QFormLayout()
        form.addRow("&Format", self.format)
        form.addRow(self.about)
        label = QLabel("&Target")
        label.setBuddy(self.target)
        form.addRow(label, line)
        form.addRow(self.overwrite)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(buttons)

    def accept(self) -> None:
        """Ask for the export and close."""
        path = Path(self.target.text().strip()).expanduser()
        self.export_requested.emit(self.format.currentText(), path, self.overwrite.isChecked())
        super().accept()

    def _proposed(self, format_: str) -> Path:
        safe = "".join(c if c.isalnum() or c in " -_." else "-" for c in self._subset).strip(" .") or "subset"
        ending = getattr(registry().get("exporter", format_).cls, "suffix", "") if format_ else ""
        return Path.home() / "Curator" / f"{safe}{ending}"

    def _format_changed(self, format_: str) -> None:
        self.about.setText(registry().get("exporter", format_).summary if format_ else "No exporter fits.")
        self.target.setText(str(self._proposed(format_)))
        self._check()

    def _check(self) -> None:
        self.ok.setEnabled(bool(self.format.currentText() and self.target.text().strip()))

    def _browse(self) -> None:
        if (path := self._dialogs.export_target(Path(self.target.text()))) is not None:
            self.target.setText(str(path))
