"""The Skills of a Dataset: how large, how many chosen, what is typical; and its classes in the same bars."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSpinBox,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from curator.engine.errors import CuratorError
from curator.engine.skills import MOST_PARTS, Skill
from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.messages import in_words
from curator.ui.models.samples import one_line
from curator.ui.models.skills import BUDGET, NAME, NUMBER_ROLE, QUOTA, SHARES_ROLE, SkillsModel
from curator.ui.views.coverage import SOON_MS
from curator.ui.views.gallery_paint import draw_fitted
from curator.ui.views.picture import ENLARGE, Picture
from curator.ui.views.skill_faces import SkillFaces
from curator.ui.waiting import waiting_words

if TYPE_CHECKING:
    from curator.engine.records import Dataset, Subset
    from curator.ui.desk import Desk

NO_SKILLS = noop("No skills yet. Run a recipe with a clusterer, such as “diverse”.")
NO_CLASSES = noop("No sample has a class yet. Label some, or import class folders.")
KEYS = ("skill-show", "skill-rename", "skill-quota", "skill-budget", "skill-merge", "skill-split", "skill-hide")
TYPICAL = 3
BARS = 12
"""Pixels below a name."""


class SkillsPanel(QWidget):
    """States: empty (no dataset, or nothing clustered), loading (an import runs), error, ready."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._state, self._commands = desk, desk.state, desk.commands.skills
        self.setAccessibleName(tr("Skills"))
        self.by = QComboBox()
        self.by.addItems([tr("Skills"), tr("Classes")])
        self.by.setAccessibleName(tr("Show skills or classes"))
        self.by.setToolTip(tr("What the rows are"))
        self.hidden = QCheckBox(tr("Hidden &too"))
        self.hidden.setToolTip(tr("Show hidden skills as well"))
        self.words = QLabel()
        self.words.setWordWrap(True)
        theme.mark(self.words, "faint")
        self.model = SkillsModel(self._commands.set_name, self._commands.set_quota, self._commands.set_budget, self)
        self.table = QTableView()
        self.faces = SkillFaces(desk, self)
        self.faces.changed.connect(self.table.viewport().update)
        self._set_up_table(desk)
        self.typical = QGridLayout()
        head = QHBoxLayout()
        head.addWidget(self.by, 1)
        head.addWidget(self.hidden)
        column = QVBoxLayout(self)
        column.addLayout(head)
        column.addWidget(self.words)
        column.addWidget(self.table, 1)
        column.addWidget(self._make_buttons(desk))
        column.addLayout(self.typical)
        self.by.currentIndexChanged.connect(self.refresh)
        self.hidden.toggled.connect(self.refresh)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self.refresh)
        self._state.keep_changed.connect(self._soon.start)
        self._state.shown_changed.connect(self.refresh)
        self._state.data_changed.connect(self.refresh)
        self._commands.rename_asked.connect(lambda: self._edit(NAME))
        self._commands.quota_asked.connect(lambda: self._edit(QUOTA))
        self._commands.budget_asked.connect(lambda: self._edit(BUDGET))
        self.refresh()

    def _set_up_table(self, desk: Desk) -> None:
        table = self.table
        table.setAccessibleName(tr("Table of skills"))
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setItemDelegateForColumn(NAME, _Balance(self.faces, table))
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setCornerButtonEnabled(False)
        table.verticalHeader().hide()
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        table.addActions([desk.actions[k] for k in KEYS])
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + BARS + 8)
        table.doubleClicked.connect(self._double_clicked)
        table.selectionModel().selectionChanged.connect(self._chosen)

    def _make_buttons(self, desk: Desk) -> QWidget:
        self.buttons = QWidget()
        both = QVBoxLayout(self.buttons)
        both.setContentsMargins(0, 0, 0, 0)
        line = self._line_of(desk, both, "skill-show", "skill-quota", "skill-budget")
        line.addStretch(1)
        line = self._line_of(desk, both, "skill-merge", "skill-split")
        self.parts = theme.inset(QSpinBox())
        self.parts.setRange(2, MOST_PARTS)
        self.parts.setPrefix(tr("into "))
        self.parts.setAccessibleName(tr("Parts of a split"))
        self.parts.setToolTip(tr("How many skills a split makes"))
        self.parts.valueChanged.connect(lambda value: setattr(self._commands, "parts", value))
        line.addWidget(self.parts)
        line.addStretch(1)
        return self.buttons

    def _line_of(self, desk: Desk, column: QVBoxLayout, *keys: str) -> QHBoxLayout:
        """A line of buttons for actions."""
        line = QHBoxLayout()
        column.addLayout(line)
        for key in keys:
            button = QToolButton()
            button.setDefaultAction(desk.actions[key])
            button.setAccessibleName(desk.actions[key].statusTip())
            line.addWidget(button)
        return line

    # ---- what is shown ---------------------------------------------------------------------------------------

    def refresh(self, *_: object) -> None:
        """Read the Skills, or classes, of the Dataset shown."""
        by_skill, kept = self.by.currentIndex() == 0, self._commands.numbers
        found, words = self._read(by_skill)
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.table.setVisible(bool(found))
        self.buttons.setVisible(bool(found) and by_skill)
        self.hidden.setVisible(by_skill)
        self.table.setColumnHidden(QUOTA, all(s.quota is None for s in found))
        self.table.setColumnHidden(BUDGET, all(s.budget is None and not s.fate for s in found))
        self.model.show_skills(found, editable=by_skill)
        shown = [skill for row in range(len(found)) if (skill := self.model.skill(row)) is not None]
        self.faces.show(self._state.project, self._state.dataset, shown if by_skill else ())
        for number in kept if by_skill else ():
            if (place := self.model.place(number)) >= 0:
                self.table.selectRow(place)
        self._chosen()

    def _read(self, by_skill: bool) -> tuple[list[Skill], str]:
        project, dataset = self._state.project, self._state.dataset
        if project is None or dataset is None or not self._state.ready:
            return [], waiting_words(self._state)
        subset = self._state.subset or self._newest(dataset)
        try:
            if not by_skill:
                found = self._classes(dataset, subset)
                return found, "" if found else tr(NO_CLASSES)
            found = project.skillset.all(dataset.id, subset.id if subset else None, self._state.keep)
        except CuratorError as error:
            return [], in_words(error)
        shown = [s for s in found if self.hidden.isChecked() or not s.hidden]
        return shown, "" if found else tr(NO_SKILLS)

    def _newest(self, dataset: Dataset) -> Subset | None:
        return self._desk.tree.newest_subset(dataset.id)

    def _classes(self, dataset: Dataset, subset: Subset | None) -> list[Skill]:
        assert self._state.project is not None
        browse = self._state.project.browse
        column = browse.column(dataset.id, "class")
        codes = column.values
        sizes = np.bincount(codes[codes >= 0], minlength=len(column.names))
        chosen = np.zeros(len(column.names), np.int64)
        if subset is not None:
            rows = self._desk.samples.ranking(subset)[: self._state.keep]
            picked = codes[rows[rows < len(codes)]]
            chosen = np.bincount(picked[picked >= 0], minlength=len(column.names))
        return [Skill(i, name, int(sizes[i]), int(chosen[i])) for i, name in enumerate(column.names)]

    def _chosen(self, *_: object) -> None:
        rows = sorted({i.row() for i in self.table.selectionModel().selectedRows()})
        skills = [s for row in rows if (s := self.model.skill(row)) is not None]
        by_skill = self.by.currentIndex() == 0
        self._commands.numbers = tuple(s.number for s in skills) if by_skill else ()
        self._commands.names = tuple(s.name for s in skills) if by_skill else ()
        self._show_typical(skills[0] if by_skill and skills else None)

    def _show_typical(self, skill: Skill | None) -> None:
        """A few Samples that say what a Skill is."""
        while (old := self.typical.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        project, dataset = self._state.project, self._state.dataset
        if skill is None or project is None or dataset is None:
            return
        try:
            samples = project.browse.samples(dataset.id, project.skillset.typical(dataset.id, skill.number, TYPICAL))
        except CuratorError:  # an undo took the skills away
            return
        for i, sample in enumerate(samples):
            if sample.images:
                picture = Picture(self._desk.thumbs, lines=4)
                picture.show_path(Path(dataset.root) / sample.images[0])
                self.typical.addWidget(picture, 0, i)
            button = QPushButton(one_line(sample.text or sample.source, 40) if not sample.images else tr("Go to"))
            button.setFlat(True)
            button.setToolTip(tr("Put the cursor on this sample"))
            button.setAccessibleName(tr("Go to {source}", source=sample.source))
            button.clicked.connect(lambda _on=False, row=sample.row: self._state.set_current(row))
            self.typical.addWidget(button, *((1, i) if sample.images else (i, 0)))

    def _double_clicked(self, index: QModelIndex) -> None:
        if index.column() not in (NAME, QUOTA, BUDGET):
            self._commands.show()

    def _edit(self, column: int) -> None:
        rows = self.table.selectionModel().selectedRows()
        if rows:
            self.table.setColumnHidden(column, False)
            index = self.model.index(rows[0].row(), column)
            self.table.setCurrentIndex(index)
            self.table.edit(index)


class _Balance(QStyledItemDelegate):
    """A name above two bars: its share of the pile, and of the subset; green when it has its share, red when not.

    At its left is the face of the Skill, where the Dataset has pictures.
    """

    def __init__(self, faces: SkillFaces, table: QTableView) -> None:
        super().__init__(table)
        self._faces = faces

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The tip has the numbers."""
        words, place = QStyleOptionViewItem(option), QRect(option.rect)
        place.setBottom(place.bottom() - BARS)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, option.palette.highlight())
        if self._faces.any:
            self._draw_face(painter, QRect(option.rect), index.data(NUMBER_ROLE))
            place.setLeft(place.left() + place.height() + BARS)
        words.rect = place
        super().paint(painter, words, index)
        pile, subset, top = index.data(SHARES_ROLE)
        c, room = theme.colors(option.palette), place.width() - 8
        colour = c.bad if subset < 0.8 * pile else c.good
        if option.state & QStyle.StateFlag.State_Selected:
            colour = c.on_accent
        for share, paint, y in ((pile, theme.mix(c.ground, c.text, 0.3), 1), (subset, colour, 6)):
            painter.fillRect(QRectF(place.left() + 4, place.bottom() + y, max(1.0, room * share / top), 4), paint)

    def _draw_face(self, painter: QPainter, place: QRect, number: int) -> None:
        side = place.height() - 4
        square = QRect(place.left() + 2, place.top() + 2, side, side)
        picture = self._faces.picture(number, side * painter.device().devicePixelRatioF())
        if picture is not None:
            painter.save()
            draw_fitted(painter, square, picture, ENLARGE)
            painter.restore()
