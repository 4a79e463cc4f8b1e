"""Where and how to export a Subset, and what that would write."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    QScrollArea,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from curator.engine.registry import registry
from curator.ui import theme
from curator.ui.job_bridge import JobBridge
from curator.ui.language import tr
from curator.ui.views.export_findings import FindingsList, rules_of
from curator.ui.views.export_preview import ExportPreview, preview_with
from curator.ui.views.param_form import ParamForm

if TYPE_CHECKING:
    from curator.engine.export_preview import Preview
    from curator.engine.exports import Exporting
    from curator.ui.views.dialogs import Dialogs
    from curator.ui.views.export_preview import Look

OF_TRAINER = ("trainer", "length", "tokenizer", "findings")
"""Options that stand with what the trainer would do."""
FIRST_CHOICE = {"image": "folder", "instruction": "jsonl"}


class ExportDialog(QDialog):
    """Emits ``export_requested(format, target, overwrite, params, options)``.

    Args:
        subset: its name.
        kind: of its Dataset.
        exporting: what the Project says about exports; None offers no options and no look ahead.
        bridge: takes looks ahead out of the window's thread; one of its own by default.
    """

    export_requested = Signal(str, Path, bool, dict, dict)
    show_asked = Signal(tuple)
    """Ranks of samples to highlight in the window."""

    def __init__(
        self,
        subset: str,
        kind: str,
        dialogs: Dialogs,
        parent: QWidget | None = None,
        exporting: Exporting | None = None,
        bridge: JobBridge | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Export “{subset}”", subset=subset))
        self._dialogs, self._subset, self._exporting = dialogs, subset, exporting
        self.params: dict[str, Any] = {}
        self.options: dict[str, Any] = {}
        self._build_where(kind)
        self.forms = QTabWidget()
        self.forms.setDocumentMode(True)
        self.findings = FindingsList()
        self.findings.rules_changed.connect(self._options_changed)
        self.trainer_page: QWidget | None = None
        self.findings.show_asked.connect(self.show_asked)
        self.preview = ExportPreview(self._look, bridge or JobBridge(self))
        self.preview.shown.connect(self._found)
        self.finished.connect(self.preview.stop)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.ok = buttons.addButton(tr("&Export"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.ok.setObjectName("primary")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._lay_out(buttons)
        self.format.currentTextChanged.connect(self._format_changed)
        self.target.textChanged.connect(self._check)
        self.target.editingFinished.connect(self.preview.later)
        self._format_changed(self.format.currentText())

    def _build_where(self, kind: str) -> None:
        self.format = QComboBox()
        self.format.addItems([s.name for s in registry().all() if s.role == "exporter" and kind in s.kinds])
        self.format.setCurrentText(FIRST_CHOICE.get(kind, ""))
        self.format.setAccessibleName(tr("Format"))
        self.format.setToolTip(tr("How the subset is written"))
        self.about = QLabel()
        self.about.setWordWrap(True)
        theme.mark(self.about, "faint")
        self.target = QLineEdit()
        self.target.setMinimumWidth(self.fontMetrics().averageCharWidth() * 36)
        self.target.setAccessibleName(tr("Target"))
        self.target.setToolTip(tr("The folder or file to write"))
        self.browse = QPushButton(tr("&Browse…"))
        self.browse.setToolTip(tr("Choose where to write"))
        self.browse.clicked.connect(self._browse)
        self.overwrite = QCheckBox(tr("&Replace what is there"))
        self.overwrite.setToolTip(tr("Without this, an existing target is left alone and the export refused"))

    def _lay_out(self, buttons: QDialogButtonBox) -> None:
        line = QHBoxLayout()
        line.addWidget(self.target, 1)
        line.addWidget(self.browse)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(tr("&Format"), self.format)
        form.addRow(self.about)
        label = QLabel(tr("&Target"))
        label.setBuddy(self.target)
        form.addRow(label, line)
        form.addRow(self.overwrite)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(form)
        column.addWidget(self.forms, 1)
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        outer = QVBoxLayout(self)
        outer.addWidget(split, 1)
        outer.addWidget(buttons)
        self.forms.setVisible(self._exporting is not None)
        self.preview.setVisible(self._exporting is not None)
        if self._exporting is not None:
            split.addWidget(self.preview)
            letter = self.fontMetrics().averageCharWidth()
            self.resize(letter * 150, letter * 95)
            split.setSizes([letter * 62, letter * 88])

    def accept(self) -> None:
        """Ask for the export and close."""
        path = Path(self.target.text().strip()).expanduser()
        self.export_requested.emit(
            self.format.currentText(), path, self.overwrite.isChecked(), dict(self.params), dict(self.options)
        )
        super().accept()

    def _proposed(self, format_: str) -> Path:
        safe = "".join(c if c.isalnum() or c in " -_." else "-" for c in self._subset).strip(" .") or "subset"
        ending = getattr(registry().get("exporter", format_).cls, "suffix", "") if format_ else ""
        return Path.home() / "Curator" / f"{safe}{ending}"

    def _format_changed(self, format_: str) -> None:
        self.about.setText(registry().get("exporter", format_).summary if format_ else tr("No exporter fits."))
        self.target.setText(str(self._proposed(format_)))
        self.params = {}
        if format_ and self._exporting is not None:
            self._build_forms(self._exporting, format_)
            self.preview.later()
        self._check()

    def _build_forms(self, exporting: Exporting, format_: str) -> None:
        while self.forms.count():
            page = self.forms.widget(0)
            self.forms.removeTab(0)
            if page is self.trainer_page:
                self.findings.setParent(None)
            if page is not None:
                page.deleteLater()
        trainers = ("", *exporting.trainers(format_))
        self.options = {k: v for k, v in self.options.items() if k != "trainer" or v in trainers}
        offered = [dataclasses.replace(p, choices=trainers) if p.name == "trainer" else p for p in exporting.options()]
        own = registry().get("exporter", format_).params
        self.option_form = ParamForm([p for p in offered if p.name not in (*OF_TRAINER, "rules")])
        self.trainer_form = ParamForm([p for p in offered if p.name in OF_TRAINER])
        for form in (self.option_form, self.trainer_form):
            form.show_values({k: v for k, v in self.options.items() if k in form.fields})
            form.changed.connect(self._options_changed)
        if own:
            self.param_form = ParamForm(own)
            self.param_form.changed.connect(self._params_changed)
            self.forms.addTab(_scrolled(self.param_form), tr("Format"))
        self.forms.addTab(_scrolled(self.option_form), tr("Options"))
        if len(trainers) > 1:
            self.forms.addTab(self._trainer_tab(), tr("Trainer"))
        self.findings.rules = rules_of(self.options)
        self.findings.show_found(None, trainer=bool(self.options.get("trainer")))

    def _trainer_tab(self) -> QWidget:
        """Which trainer, and what it would do to the records."""
        self.trainer_page = QWidget()
        column = QVBoxLayout(self.trainer_page)
        column.addWidget(self.trainer_form)
        column.addWidget(self.findings, 1)
        return self.trainer_page

    def _params_changed(self, values: dict[str, Any]) -> None:
        self.params = values
        self.preview.later()

    def _options_changed(self, _values: dict[str, Any]) -> None:
        rules = {"rules": [f"{r}={c}" for r, c in self.findings.rules.items()]} if self.findings.rules else {}
        self.options = self.option_form.values | self.trainer_form.values | rules
        self.preview.later()

    def _found(self, found: Preview) -> None:
        self.findings.show_found(found, trainer=bool(self.options.get("trainer")))
        count, page = self.findings.count, self.trainer_page
        if page is not None and (place := self.forms.indexOf(page)) >= 0:
            self.forms.setTabText(place, tr("Trainer ({count})", count=count) if count else tr("Trainer"))

    def _look(self) -> Look | None:
        format_ = self.format.currentText()
        if self._exporting is None or not format_:
            return None
        return preview_with(
            self._exporting, self._subset, format_, self.target.text().strip(), self.params, self.options
        )

    def _check(self) -> None:
        self.ok.setEnabled(bool(self.format.currentText() and self.target.text().strip()))

    def _browse(self) -> None:
        if (path := self._dialogs.export_target(Path(self.target.text()))) is not None:
            self.target.setText(str(path))
            self.preview.later()


def _scrolled(form: ParamForm) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    body = QWidget()
    column = QVBoxLayout(body)
    column.addWidget(form)
    column.addStretch(1)
    area.setWidget(body)
    return area
