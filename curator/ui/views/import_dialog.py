"""What a source would give, before anything is read: which Importer, what its columns mean, its first samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from curator.engine.errors import CuratorError, InputError
from curator.engine.import_preview import Preview, preview
from curator.engine.registry import registry
from curator.ui import theme
from curator.ui.job_bridge import JobBridge
from curator.ui.language import tr
from curator.ui.messages import in_words
from curator.ui.models.import_fields import EXAMPLE, IS, KEPT, PICTURES, SOURCE, FieldsModel, FirstRowsModel
from curator.ui.reading import Reading
from curator.ui.views.param_form import ParamForm

if TYPE_CHECKING:
    from curator.ui.views.dialogs import Dialogs

EMPTY, LOOKING, ERROR, NOTHING, READY = "empty", "looking", "error", "nothing", "ready"
TYPING_MS = 400
"""A look waits until nothing more is typed."""
IGNORE = "ignore"
"""The role of a column that means nothing although its name says so."""
Before = Callable[[Sequence[Path]], tuple[str, str, dict[str, Any]] | None]


class ImportDialog(QDialog):
    """Emits ``import_requested(paths, name, importer, params)``; :attr:`state` is one of the five above.

    Args:
        paths: what to import, [] to choose here; the first is looked at, the others are read the same way.
        before: name, Importer and parameters of a Dataset that was imported from these paths, if any.
    """

    import_requested = Signal(list, str, str, dict)

    def __init__(
        self, paths: Sequence[Path], bridge: JobBridge, dialogs: Dialogs, before: Before, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Import"))
        self._dialogs, self._before = dialogs, before
        self._reading = Reading(None, bridge, self)
        self.paths: list[Path] = []
        self.params: dict[str, Any] = {}
        self.found: Preview | None = None
        self.state = EMPTY
        self._mapping: dict[str, str] = {}
        self._named, self._options_of = False, ""
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._typing.timeout.connect(lambda: self.look(self._options_of))
        self._build_form()
        self._build_tabs()
        self._lay_out()
        self.finished.connect(self._reading.drop)
        self.choose(paths)

    def _build_form(self) -> None:
        self.place = QLineEdit()
        self.place.setReadOnly(True)
        self.file = QPushButton(tr("&Files…"))
        self.file.clicked.connect(lambda: self.choose(self._dialogs.instruction_files() or self.paths))
        self.folder = QPushButton(tr("F&older…"))
        self.folder.clicked.connect(self._choose_folder)
        self.importer = QComboBox()
        self.importer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.importer.activated.connect(self._importer_chosen)
        self.name = QLineEdit()
        self.name.textEdited.connect(self._name_edited)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        for widget, name, tip in (
            (self.place, tr("Source"), tr("What is imported; it is never changed")),
            (self.file, tr("Files"), tr("Choose files: records, tables, archives")),
            (self.folder, tr("Folder"), tr("Choose a folder")),
            (self.importer, tr("Importer"), tr("How the source is read; the surest comes first")),
            (self.name, tr("Dataset name"), tr("The name of the new dataset; a known one is extended")),
            (self.words, tr("What was found"), ""),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)

    def _build_tabs(self) -> None:
        self.fields, self.rows = FieldsModel(self), FirstRowsModel(self)
        self.fields.mapped.connect(self._map)
        self.field_table = _table(self.fields, tr("Columns"), EXAMPLE)
        self.field_table.setItemDelegateForColumn(IS, RoleDelegate(self.field_table))
        self.row_table = _table(self.rows, tr("First samples"), 4)
        self.options = QScrollArea()
        self.options.setWidgetResizable(True)
        self.options.setFrameShape(QScrollArea.Shape.NoFrame)
        self.problems = QPlainTextEdit()
        self.problems.setReadOnly(True)
        self.problems.setAccessibleName(tr("Problems"))
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for page, title in (
            (self.row_table, tr("First &samples")),
            (self.field_table, tr("&Columns")),
            (self.problems, tr("&Problems")),
            (self.options, tr("O&ptions")),
        ):
            self.tabs.addTab(page, title)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.addWidget(self.place, 1)
        line.addWidget(self.file)
        line.addWidget(self.folder)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(tr("Source"), line)
        form.addRow(tr("Impo&rter"), self.importer)
        form.addRow(tr("Dataset &name"), self.name)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.ok = buttons.addButton(tr("&Import"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.ok.setObjectName("primary")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.words)
        column.addWidget(self.tabs, 1)
        column.addWidget(buttons)
        letter = self.fontMetrics().averageCharWidth()
        self.resize(letter * 130, letter * 85)

    # ---- what is asked -----------------------------------------------------------------------------------------

    def choose(self, paths: Sequence[Path]) -> None:
        """Look at these."""
        self.paths = list(paths)
        more = tr(" and {count} more", count=len(paths) - 1) if len(paths) > 1 else ""
        self.place.setText(f"{paths[0]}{more}" if paths else "")
        self._mapping, self.params, self._options_of = {}, {}, ""
        if not paths:
            self._show(EMPTY, tr("Choose files or a folder; nothing is read before you say Import."))
            return
        name, importer, params = self._before(paths) or ("", "", {})
        self._named = bool(name)
        self.name.setText(name)
        self.params = dict(params)
        pairs = (part.rpartition("=") for part in str(params.get("map", "")).split(",") if "=" in part)
        self._mapping = {column.strip(): role.strip() for column, _, role in pairs}
        self.look(importer)

    def look(self, importer: str = "") -> None:
        """Look at the first path with an Importer, or with the surest; the answer of an older look is dropped."""
        self._typing.stop()
        path, params = self.paths[0], dict(self.params)
        self._show(LOOKING, tr("Looking at {name}…", name=path.name))

        def work() -> Preview:
            try:
                return preview(path, importer, params)
            except CuratorError:
                raise
            except Exception as error:  # an importer from elsewhere may stumble in any way
                raise InputError(tr("Looking failed: {found}", found=error)) from error

        self._reading.ask(work, self._take)

    def accept(self) -> None:
        """Ask for the import and close, unless what was typed last has not been looked at."""
        if self._typing.isActive():
            self.look(self._options_of)
        elif self.state == READY and self.found is not None:
            self.import_requested.emit(self.paths, self.name.text().strip(), self.found.importer, dict(self.params))
            super().accept()

    def _choose_folder(self) -> None:
        if (folder := self._dialogs.images_folder()) is not None:
            self.choose([folder])

    def _importer_chosen(self) -> None:
        if self.paths and (name := self.importer.currentData()):
            self._mapping, self.params, self._options_of = {}, {}, ""
            self.look(name)

    def _name_edited(self, text: str) -> None:
        self._named = bool(text.strip())
        self._enable()

    def _map(self, column: str, role: str) -> None:
        self._mapping[column] = role or IGNORE
        self.params["map"] = ",".join(f"{c}={r}" for c, r in self._mapping.items())
        self.look(self.found.importer if self.found else "")

    # ---- what was found ----------------------------------------------------------------------------------------

    def _take(self, found: Preview | CuratorError) -> None:
        if isinstance(found, CuratorError):
            self.found = None
            self._show(ERROR, in_words(found))
            return
        self.found = found
        self._fill_importers(found)
        self._fill_options(found)
        self.fields.show_fields(found.fields, found.roles)
        for row in range(self.fields.rowCount()):
            index = self.fields.index(row, IS)
            if self.fields.flags(index) & Qt.ItemFlag.ItemIsEditable:
                self.field_table.openPersistentEditor(index)
        self.rows.show_rows(found.rows)
        for column in range(1, self.rows.columnCount() - 1):
            empty = all(not self.rows.index(row, column).data() for row in range(self.rows.rowCount()))
            self.row_table.setColumnHidden(column, empty)
        if all(row.images in ((), (row.source,)) for row in found.rows):
            self.row_table.setColumnHidden(PICTURES, True)  # a source that is the picture
        wanted = self.row_table.sizeHintForColumn(SOURCE) + 12
        self.row_table.setColumnWidth(SOURCE, max(80, min(wanted, self.row_table.width() * 2 // 3)))
        self.problems.setPlainText("\n".join([*(f"{p.source}: {p.reason}" for p in found.problems), *found.log]))
        self.tabs.setTabText(
            2, tr("&Problems ({count})", count=len(found.problems)) if found.problems else tr("&Problems")
        )
        if not self._named:
            self.name.setText(found.name)
        self._say(found)

    def _say(self, found: Preview) -> None:
        if found.error:
            self._show(ERROR if found.candidates else NOTHING, f"{found.error} {found.hint}".strip())
        elif not found.rows:
            more = tr(" Say in Columns what they mean.") if found.roles and found.fields else ""
            self._show(
                NOTHING,
                tr("{importer} understands none of the first samples.{more}", importer=found.importer, more=more),
            )
            if self.tabs.currentWidget() is not self.options:
                self.tabs.setCurrentWidget(self.field_table if more else self.problems)
        else:
            kind = tr("pictures") if found.kind == "image" else tr("instruction records")
            kind += tr(", read as {format}", format=found.format) if found.format else ""
            kind += tr(", with pairs of answers") if found.has_pairs else ""
            aside = (
                "; " + tr("{count} of the first would be set aside", count=len(found.problems))
                if found.problems
                else ""
            )
            sure = (
                tr("{confidence:.0%} sure", confidence=found.confidence) if found.confidence else tr("Read as you said")
            )
            self._show(READY, f"{sure}: {kind}{aside}.")

    def _fill_importers(self, found: Preview) -> None:
        self.importer.clear()
        sure = {c.name: c.confidence for c in found.candidates}
        others = sorted(s.name for s in registry().all() if s.role == "importer" and s.name not in sure)
        for name in (*sure, *others):
            words = (
                tr("{confidence:.0%} sure", confidence=sure[name])
                if name in sure
                else tr("does not recognise it by itself")
            )
            self.importer.addItem(f"{name} ({words})", name)
        self.importer.setCurrentIndex(self.importer.findData(found.importer))

    def _fill_options(self, found: Preview) -> None:
        """The parameters of the Importer, but for the mapping, which has its own page. The form of an Importer stays
        as it is, so that typing goes on after each look."""
        if found.importer == self._options_of:
            return
        self._options_of = found.importer
        spec = next((s for s in registry().all() if s.role == "importer" and s.name == found.importer), None)
        form = ParamForm([p for p in spec.params if p.name != "map"] if spec else ())
        form.show_values({name: value for name, value in self.params.items() if name != "map"})
        form.changed.connect(self._set_options)
        self.options.setWidget(form)
        self.tabs.setTabVisible(self.tabs.indexOf(self.options), bool(form.fields))

    def _set_options(self, values: dict[str, Any]) -> None:
        mapping = {"map": self.params["map"]} if "map" in self.params else {}
        self.params = {**values, **mapping}
        self._typing.start()

    def _show(self, state: str, words: str) -> None:
        self.state = state
        self.words.setText(words)
        theme.mark(self.words, "bad", state in (ERROR, NOTHING))
        theme.mark(self.words, "faint", state in (EMPTY, LOOKING, READY))
        self.tabs.setVisible(state != EMPTY)
        for page in (self.row_table, self.field_table, self.problems):  # but not the options, which are typed into
            page.setEnabled(state != LOOKING)
        self.importer.setEnabled(state not in (EMPTY, LOOKING))
        self._enable()

    def _enable(self) -> None:
        self.ok.setEnabled(self.state == READY and bool(self.name.text().strip()))


class RoleDelegate(QStyledItemDelegate):
    """A list of roles in each row."""

    def createEditor(
        self, parent: QWidget, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QWidget:
        """The list."""
        box = QComboBox(parent)
        model = index.model()
        assert isinstance(model, FieldsModel)
        for role in model.roles:
            box.addItem(role or tr(KEPT), role)
        box.setAccessibleName(tr("What {column} is", column=model.index(index.row(), 0).data()))
        box.activated.connect(lambda: self.commitData.emit(box))
        return box

    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        """Show the role in force."""
        assert isinstance(editor, QComboBox)
        editor.setCurrentIndex(editor.findData(index.data(Qt.ItemDataRole.EditRole)))

    def setModelData(
        self, editor: QWidget, model: QAbstractItemModel, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Hand the choice on."""
        assert isinstance(editor, QComboBox)
        model.setData(index, editor.currentData(), Qt.ItemDataRole.EditRole)


def _table(model: QAbstractItemModel, name: str, wide: int) -> QTableView:
    table = QTableView()
    table.setAccessibleName(name)
    table.setModel(model)
    table.setWordWrap(False)
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    table.verticalHeader().setVisible(False)
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 14)
    header = table.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    letter = table.fontMetrics().averageCharWidth()
    for column in range(model.columnCount()):
        table.setColumnWidth(column, letter * (14 if column and wide != EXAMPLE else 26))
    header.setSectionResizeMode(wide, QHeaderView.ResizeMode.Stretch)
    return table
