"""The middle of the window: start page, or the Samples shown as gallery or table, with a line saying what they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolBar, QToolButton, QVBoxLayout, QWidget

from curator.ui import theme
from curator.ui.language import noop, tr, tr_n
from curator.ui.models.marks import Marks
from curator.ui.views.arrange import ArrangeBar
from curator.ui.views.elided import ElidedLabel
from curator.ui.views.fitting import FittingStack
from curator.ui.views.gallery import FIRST, LARGEST, SMALLEST, Gallery
from curator.ui.views.label_keys import LabelKeys
from curator.ui.views.loading import LoadingPage
from curator.ui.views.picture import Preview
from curator.ui.views.search_box import SearchBox
from curator.ui.views.spoken import Announcer
from curator.ui.views.start import StartPage
from curator.ui.views.table import SampleTable

if TYPE_CHECKING:
    from pathlib import Path

    from curator.ui.desk import Desk
    from curator.ui.models.samples import Item
    from curator.ui.pages import Page

IN_VIEW = ("pin-in", "pin-out", "pin-clear", "label", "label-clear", "preview", "more-like", "highlight-all")
SHORT = {
    "all-samples": noop("Show all"), "export": noop("Export…"), "instructions": noop("Records"),
    "rounds": noop("Rounds"), "lifelong": noop("Timeline"),
}  # fmt: skip
"""Words for the buttons of the header where the menu's are too long."""


TITLE = 22
"""Letters of a name that stay, however narrow the window."""
EMPTY = noop("There is nothing in this subset. Show the whole dataset, or choose another subset in the library.")
NOT_FOUND = noop("Nothing here fits the filter. Clear it to see everything again.")


class CenterView(QWidget):
    """States: start (no Project, or an empty one), loading (the first import runs), ready (gallery, table, another
    page), empty (a filter or a Subset leaves nothing), error (samples cannot be read)."""

    def __init__(self, desk: Desk, pages: Sequence[Page] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._state, self._model = desk.state, desk.samples
        state, model, thumbs, actions = desk.state, desk.samples, desk.thumbs, desk.actions
        self._pages = {page.key: page for page in pages}
        self._made: dict[str, QWidget] = {}
        self.chosen = QItemSelectionModel(model, self)
        self.start = StartPage(actions)
        self.gallery = Gallery(model, state, thumbs, desk.hues, Marks(state, desk.bridge))
        Announcer(self.gallery, model, state)
        self.arrange = ArrangeBar(state, desk.bridge, SMALLEST, LARGEST)
        self.keys = LabelKeys(desk)
        self.table = SampleTable(model, self.chosen)
        self.loading = LoadingPage(thumbs, FIRST)
        self.nothing = _page()
        self.stack = FittingStack()
        for page in (self.start, self.loading, self.nothing, self.gallery, self.table):
            self.stack.addWidget(page)
        self.title = ElidedLabel(fewest=TITLE)
        self.title.setFont(theme.scaled(self.font(), 1.1, bold=True))
        self.about = ElidedLabel()
        theme.mark(self.about, "faint")
        self.header, self.heading = self._make_header(actions), self._make_heading(actions)
        self.search = SearchBox(desk)
        self.preview = Preview(thumbs, self.stack)
        self.preview.setAccessibleName(tr("Preview"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for bar in (self.header, self.search, self.heading):
            column.addWidget(bar)
        column.addWidget(self.stack, 1)
        column.addWidget(self.keys)
        self._wanted = "gallery"
        self._importing = False
        for view in (self.gallery, self.table):
            view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
            view.addActions([actions[a] for a in IN_VIEW])
        self.arrange.show_size(self.gallery.size_)
        self.arrange.size_changed.connect(self.gallery.set_size)
        self.gallery.size_changed.connect(self.arrange.show_size)
        self.gallery.label_asked.connect(desk.commands.labels.pick)
        desk.commands.arrange_asked.connect(self.arrange.open)
        self.gallery.activated.connect(self.toggle_preview)
        model.failed.connect(self.refresh, Qt.ConnectionType.QueuedConnection)
        model.dataChanged.connect(lambda: self.refresh() if self.stack.currentWidget() is self.nothing else None)
        state.highlight_changed.connect(self.describe)
        state.keep_changed.connect(self.describe)

    def _make_header(self, actions: dict[str, QAction]) -> QWidget:
        """The pages, how large pictures are, and the way out."""
        header = QWidget()
        line = QHBoxLayout(header)
        line.setContentsMargins(8, 5, 8, 5)
        bar = QToolBar()  # what does not fit into a small window waits behind its arrow
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self._switch = {key: actions[key] for key in ("gallery", "table", *self._pages)}
        for action in self._switch.values():
            action.setCheckable(True)
            bar.addAction(action)
            bar.widgetForAction(action).setAccessibleName(action.statusTip())
        for arrow in bar.findChildren(QToolButton, "qt_toolbar_ext_button"):
            arrow.setAccessibleName(tr("More pages"))
            arrow.setToolTip(tr("What does not fit here"))
        line.addWidget(bar, 1)
        line.addWidget(self.arrange.slider)
        line.addWidget(_tool(actions["export"]))
        for key, short in SHORT.items():
            actions[key].setIconText(tr(short))
        return header

    def _make_heading(self, actions: dict[str, QAction]) -> QWidget:
        """What is shown, and how it is arranged."""
        heading = QWidget()
        line = QHBoxLayout(heading)
        line.setContentsMargins(10, 0, 8, 4)
        line.addWidget(self.title)
        line.addWidget(self.about)
        self.whole = _tool(actions["all-samples"])
        line.addWidget(self.whole)
        line.addStretch(1)
        line.addWidget(self.arrange)
        return heading

    # ---- what is shown ---------------------------------------------------------------------------------------

    def show_view(self, name: str) -> None:
        """Prefer the "gallery", the "table" or another page, by its key, from now on."""
        self._wanted = name
        self.refresh()
        self.view.setFocus()

    def set_importing(self, importing: bool) -> None:
        """Whether an import runs: an empty Project then looks busy rather than empty."""
        self._importing = importing
        if not importing:
            self.loading.pictures.show_paths(())
        self.refresh()

    def show_first(self, paths: Sequence[Path]) -> None:
        """The first pictures of what is about to be imported; none when it is not imported after all."""
        self.loading.pictures.show_paths(paths)
        self.refresh()

    def prefer_for(self, kind: str) -> None:
        """Pictures as a gallery, records in columns; a page of another kind stays."""
        records = "instructions" if "instructions" in self._pages else "table"
        if self._wanted in (records, "table", "gallery"):
            self._wanted = records if kind == "instruction" else "gallery"

    @property
    def view(self) -> QWidget:
        """The page that is preferred."""
        if self._wanted not in self._pages:
            return self.table if self._wanted == "table" else self.gallery
        if self._wanted not in self._made:
            self._made[self._wanted] = self._pages[self._wanted].make(self._desk)
            self.stack.addWidget(self._made[self._wanted])
        return self._made[self._wanted]

    def refresh(self) -> None:
        """Choose the page that fits."""
        if self._state.dataset is None:
            page: QWidget = self.loading if self._importing or self.loading.pictures.paths else self.start
        elif self._model.fault or (not self._model.rowCount() and self._wanted not in self._pages):
            page = self.nothing
            self._say_nothing()
        else:
            page = self.view
        self.start.tell(self._state.project is not None)
        for key, action in self._switch.items():
            action.setChecked(key == self._wanted)
        self.stack.setCurrentWidget(page)
        self.header.setVisible(self._state.dataset is not None)
        self.heading.setVisible(self._state.dataset is not None)
        self.whole.setVisible(self._state.subset is not None)
        self.search.setVisible(self._state.dataset is not None)
        self.arrange.slider.setVisible(page is self.gallery)
        self.keys.refresh(page in (self.gallery, self.table))
        if self._wanted == "map" and page is self._made.get("map"):
            self.arrange.tint()
        if page not in (self.gallery, self.table):
            self.preview.leave()
        self.describe()

    def _say_nothing(self) -> None:
        label, fault = self.nothing.findChild(QLabel), self._model.fault
        if label is not None:
            label.setText(fault or tr(NOT_FOUND if self._state.query.where.strip() else EMPTY))
            theme.mark(label, "bad", bool(fault))

    def describe(self) -> None:
        """The words above the views."""
        dataset, subset, count = self._state.dataset, self._state.subset, len(self._state.highlight)
        if dataset is None:
            return
        self.title.setText(subset.name if subset else dataset.name)
        words = [tr_n("{n:,} sample", "{n:,} samples", dataset.size), f"{dataset.size:,}"]
        if subset:
            words = [tr("{size:,} of {pile:,}", size=subset.size, pile=dataset.size), f"{subset.size:,}"]
            if count <= 1:  # else room for what is highlighted
                words.insert(0, tr("{size} in {name}", size=words[0], name=dataset.name))
        words = [self._described(size) for size in words]
        if count > 1:
            many = tr("{count:,} highlighted", count=count)
            words = [f"{words[0]}   ·   {many}", many]
        self.about.shorter = tuple(words[1:])
        self.about.setText(words[0])

    def _described(self, size: str) -> str:
        """How much of a size is seen."""
        if not self._state.ready:
            size += tr(" so far; the import goes on")
        elif self._state.query.where.strip():
            size = tr("{found:,} of {size}", found=self._model.rowCount(), size=size)
        return (
            size if self._state.keep is None else tr("the first {keep:,} of {size}", keep=self._state.keep, size=size)
        )

    def toggle_preview(self) -> None:
        """Show the Sample with the cursor large, or go back."""
        if self.preview.isVisible():
            self.preview.leave()
        elif (item := self._model.item_of_row(self._state.current)) is not None and item.image is not None:
            self.preview.open_over(self.view, item)

    def follow(self, item: Item | None) -> None:
        """The cursor moved."""
        if self.preview.isVisible():
            self.preview.follow(item)


def _tool(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    button.setAccessibleName(action.statusTip())
    return button


def _page() -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    label = QLabel()
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    theme.mark(label, "faint")
    column.addStretch(1)
    column.addWidget(label)
    column.addStretch(1)
    return page
