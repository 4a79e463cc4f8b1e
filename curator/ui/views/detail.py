"""One Sample in full: picture or record, labels, and why it was chosen."""

from __future__ import annotations

import html
import math
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFormLayout, QFrame, QLabel, QTextBrowser, QVBoxLayout, QWidget

from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.models.samples import number, one_line
from curator.ui.models.turns import turns
from curator.ui.views.fitting import ScrolledColumn
from curator.ui.views.picture import Picture, item_boxes

if TYPE_CHECKING:
    from PySide6.QtCore import QUrl

    from curator.ui.models.samples import Item
    from curator.ui.state import AppState
    from curator.ui.thumbnails import Thumbnails
    from curator.ui.views.detail_more import DetailMore

CHOICE = (noop("Rank"), noop("Gain"), noop("Weight"), noop("Skill"))
PIN_WORDS = {"in": noop("Pinned in"), "out": noop("Pinned out")}
CAPTION = 400
EMPTY = noop("Highlight a sample to see it here.")


class RecordView(QTextBrowser):
    """Shows text that may come from strangers: no links are followed and nothing is loaded."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOpenLinks(False)
        self.setAccessibleName(tr("Record"))

    def loadResource(self, _type: int, _name: QUrl) -> None:  # type: ignore[override]
        """Nothing, whatever is asked for."""
        return

    def show_record(self, record: str, text: str) -> None:
        """A record as turns."""
        faint = theme.colors(self.palette()).faint.name()
        parts = [
            f'<p style="margin:0 0 2px 0; color:{faint}"><b>{html.escape(t.speaker)}</b></p>'
            f'<p style="margin:0 0 12px 0; white-space:pre-wrap">{html.escape(t.text)}</p>'
            for t in turns(record, text)
        ]
        self.setHtml("".join(parts))


class DetailPanel(ScrolledColumn):
    """Follows the cursor of the views."""

    def __init__(
        self, state: AppState, thumbs: Thumbnails, more: DetailMore | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.more = more
        self.setAccessibleName(tr("Sample"))
        self._state = state
        self.picture = Picture(thumbs)
        self.record = RecordView()
        self.title = _words(bold=True)
        self.facts = _words(faint=True)
        self.why = QFrame()
        self.why.setObjectName("card")
        self.reason = _words()
        self._form = QFormLayout()
        self.values = {name: _words() for name in CHOICE}
        self.nearest = Picture(thumbs, lines=7)
        self.nearest_words = _words(faint=True)
        self._lay_out()
        self.show_item(None)

    def _lay_out(self) -> None:
        inside = QVBoxLayout(self.why)
        heading = _words(bold=True)
        heading.setText(tr("Why it was chosen"))
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, value in self.values.items():
            title = _words(faint=True)
            title.setText(tr(name))
            self._form.addRow(title, value)
        inside.addWidget(heading)
        inside.addWidget(self.reason)
        inside.addLayout(self._form)
        inside.addWidget(self.nearest_words)
        inside.addWidget(self.nearest)
        body = QWidget()
        column = QVBoxLayout(body)
        for widget, stretch in ((self.picture, 2), (self.record, 3)):
            column.addWidget(widget, stretch)
        for label in (self.title, self.facts, self.why):
            column.addWidget(label)
        if self.more is not None:
            column.addWidget(self.more)
        column.addStretch(1)
        self.setWidget(body)

    def show_item(self, item: Item | None) -> None:
        """Show one Sample, or that there is none."""
        if self.more is not None:
            self.more.show_item(item)
        image = item.image if item else None
        self.picture.setVisible(image is not None)
        self.picture.show_path(image, item_boxes(item))
        records = self._state.dataset is not None and self._state.dataset.kind == "instruction"
        has_record = item is not None and records
        self.record.setVisible(has_record)
        self.facts.setVisible(item is not None)
        self.why.setVisible(item is not None and item.choice is not None)
        self.title.setFont(theme.scaled(self.font(), 1.0, bold=item is not None))
        self.title.setAlignment(Qt.AlignmentFlag.AlignLeft if item is not None else Qt.AlignmentFlag.AlignCenter)
        theme.mark(self.title, "faint", item is None)
        if item is None:
            self.title.setText(tr(EMPTY))
            return
        if has_record:
            self.record.show_record(item.sample.record, item.sample.text)
        self.title.setText(_breakable(item.sample.source))
        lines = _facts(item, caption=not has_record)
        if item.choice is None and self._state.subset is None:
            lines.append(tr("Show a subset to see why a sample was chosen."))
        self.facts.setText("\n".join(lines))
        self._show_choice(item)

    def _show_choice(self, item: Item) -> None:
        choice = item.choice
        if choice is None:
            return
        self.reason.setText(choice.reason[:1].upper() + choice.reason[1:] or tr("No reason was recorded."))
        shown = {
            "Rank": f"{choice.rank:,}",
            "Gain": number(choice.gain) if math.isfinite(choice.gain or math.nan) else "",
            "Weight": number(choice.weight) if choice.weight not in (None, 1.0) else "",
            "Skill": choice.skill,
        }
        for name, value in self.values.items():
            value.setText(shown[name])
            self._form.setRowVisible(value, bool(shown[name]))
        self._show_nearest(choice.nearest_id)

    def _show_nearest(self, sample_id: int | None) -> None:
        project, dataset = self._state.project, self._state.dataset
        found = project.samples_by_id([sample_id]) if project is not None and sample_id is not None else []
        self.nearest_words.setVisible(bool(found))
        self.nearest.setVisible(bool(found and found[0].images))
        if found and dataset is not None:
            self.nearest_words.setText(tr("Closest earlier pick: {source}", source=_breakable(found[0].source)))
            if found[0].images:
                self.nearest.show_path(Path(dataset.root) / found[0].images[0])


def _facts(item: Item, *, caption: bool) -> list[str]:
    sample = item.sample
    lines = [one_line(sample.text, CAPTION)] if caption and item.image is not None and sample.text else []
    if sample.width:
        lines.append(tr("{width:,} × {height:,} pixels", width=sample.width, height=sample.height))
    if sample.labels:
        lines.append(tr("Labels: {labels}", labels=", ".join(sample.labels)))
    if sample.pin:
        lines.append(tr(PIN_WORDS.get(sample.pin, sample.pin)))
    if sample.problem:
        lines.append(tr("Set aside: {problem}", problem=sample.problem))
    return lines


def _breakable(source: str) -> str:
    """A path that may be broken after its slashes."""
    return source.replace("/", "/\u200b").replace("_", "_\u200b").replace("-", "-\u200b")


def _words(*, bold: bool = False, faint: bool = False) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setMinimumWidth(QFontMetrics(label.font()).averageCharWidth() * 8)
    if bold:
        label.setFont(theme.scaled(label.font(), 1.0, bold=True))
    if faint:
        theme.mark(label, "faint")
    return label
