"""One line above the views: in what order, under which headings, in which colours, and how large."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QWidget

from curator.engine.errors import CuratorError
from curator.ui import theme
from curator.ui.language import tr
from curator.ui.models.columns import SIMILARITY, column_of
from curator.ui.reading import Reading
from curator.ui.views.elided import ElidedButton

if TYPE_CHECKING:
    from pathlib import Path

    from curator.engine.browse import Field, Query
    from curator.engine.project import Project
    from curator.ui.job_bridge import JobBridge
    from curator.ui.state import AppState

NUMBERS = ("entropy", "gain", "rank", "width", "height", "length", "images")
SKILLFUL = frozenset({"dataset", "run", "clustering", "skill"})
"""Tables that a Dataset gets its skills with."""
Choice = tuple[str, str]
"""(name, words)"""


class ArrangeBar(QWidget):
    """Changes ``state.query`` and ``state.colour``. The menus are filled when they are opened: fields come and go."""

    size_changed = Signal(int)

    def __init__(
        self, state: AppState, bridge: JobBridge, smallest: int, largest: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._reading = state, Reading(state, bridge, self)
        self._wanted: dict[str, object] = {}
        self._tinting = Reading(state, bridge, self)
        self._decided: set[tuple[Path, int]] = set()
        self._asked: tuple[Path, int] | None = None
        self.sort = self._button(tr("Sort"), tr("Order of the samples"), self._fill_sort)
        self.group = self._button(tr("Group"), tr("Headings that samples are put under"), self._fill_group)
        self.colour = self._button(tr("Colour"), tr("What colours the map and the gallery"), self._fill_colour)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)  # stands with the pages
        self.slider.setRange(smallest, largest)
        self.slider.setPageStep(40)
        self.slider.setFixedWidth(self.fontMetrics().averageCharWidth() * 18)
        self.slider.setAccessibleName(tr("Size of the pictures"))
        self.slider.setToolTip(tr("Size of the pictures (Ctrl + wheel)"))
        self.slider.valueChanged.connect(self.size_changed)
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        theme.mark(self.words, "faint")
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        for widget in (self.words, self.sort, self.group, self.colour):
            line.addWidget(widget)
        state.query_changed.connect(self.refresh)
        state.colour_changed.connect(self.refresh)
        state.data_changed.connect(self._look_again)
        self.refresh()

    def _button(self, word: str, help: str, fill: Callable[[QMenu], None]) -> QToolButton:
        button = ElidedButton()
        button.shorter = (word,)
        button.setToolTip(help)
        button.setAutoRaise(True)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setProperty("word", word)
        menu = QMenu(button)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(partial(fill, menu))
        button.setMenu(menu)
        return button

    def refresh(self) -> None:
        """Say what is chosen."""
        query, ready = self._state.query, self._state.ready
        falling = " ↓" if query.descending else ""
        for button, name in (
            (self.sort, in_order(query) + falling),
            (self.group, spoken(query.group)),
            (self.colour, self._spoken_colour()),
        ):
            word = button.property("word")
            button.setText(f"{word}: {name}" if name else word)
            button.setAccessibleName(tr("{word} by: {name}", word=word, name=name or tr("nothing")))
            button.setEnabled(ready)

    def show_size(self, size: int) -> None:
        """The gallery was zoomed otherwise."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(size)

    def open(self, which: str) -> None:
        """Open the menu "sort", "group" or "colour"."""
        {"sort": self.sort, "group": self.group, "colour": self.colour}[which].showMenu()

    def tint(self) -> None:
        """By skill, once there are any, where nobody has decided what colours the Dataset: a grey map says little."""
        project, dataset, here = self._state.project, self._state.dataset, self._here()
        if project is None or dataset is None or here is None or here in self._decided:
            return
        if self._state.colour or not self._state.ready or here == self._asked:
            return
        self._asked = here

        def take(column: object) -> None:
            known = getattr(column, "names", ())  # an error has none
            if known and here not in self._decided and not self._state.colour:
                self._decided.add(here)
                self._state.set_colour("skill")

        self._tinting.ask(lambda: project.browse.column(dataset.id, "skill"), take)

    def _look_again(self, tables: frozenset[str]) -> None:
        """There may be skills now."""
        if tables & SKILLFUL:
            self._asked = None

    def _here(self) -> tuple[Path, int] | None:
        project, dataset = self._state.project, self._state.dataset
        return (project.folder, dataset.id) if project is not None and dataset is not None else None

    # ---- menus -----------------------------------------------------------------------------------------------

    def _fill_sort(self, menu: QMenu) -> None:
        query = self._state.query
        order = "rank" if query.subset_id is not None else "row"
        choices = [(order, tr("In the order of the ranking") if order == "rank" else tr("In the order of the import"))]
        choices += [(f.name, f.words) for f in self._fields() if f.sortable and f.name != order]
        self._fill(menu, choices, query.sort, lambda name: self._ask(sort=name))
        menu.addSeparator()
        falling = menu.addAction(tr("Largest first"))
        falling.setCheckable(True)
        falling.setChecked(query.descending)
        falling.triggered.connect(lambda on: self._ask(descending=on))

    def _fill_group(self, menu: QMenu) -> None:
        choices = [("", tr("No headings")), *((f.name, f.words) for f in self._fields() if f.groupable)]
        self._fill(menu, choices, self._state.query.group, lambda name: self._ask(group=name))

    def _fill_colour(self, menu: QMenu) -> None:
        self._fill(menu, self.colours(), self._state.colour, self._paint)

    def colours(self) -> list[Choice]:
        """What can be coloured by, with words for each."""
        found = [("", tr("No colours"))]
        for field in self._fields():
            if field.groupable or field.name in NUMBERS or field.name.startswith("score."):
                found.append((field.name, field.words))
        if SIMILARITY in (self._state.query.sort, self._state.colour):
            found.append((SIMILARITY, tr("How like it is to what was searched for")))
        project, dataset = self._state.project, self._state.dataset
        if project is not None and dataset is not None:
            mine = [s for s in project.contents().subsets if s.dataset_id == dataset.id]
            found += [(f"subset:{s.id}", tr("Whether it is in “{name}”", name=s.name)) for s in mine[-12:]]
        return found

    def _fill(self, menu: QMenu, choices: list[Choice], chosen: str, choose: Callable[[str], None]) -> None:
        menu.clear()
        group = QActionGroup(menu)
        for name, words in choices:
            text = words if name.startswith("subset:") else spoken(name) or "none"
            action = menu.addAction(text.replace("&", "&&"))
            action.setToolTip(words)
            action.setCheckable(True)
            action.setChecked(name == chosen)
            action.triggered.connect(partial(_call, choose, name))
            group.addAction(action)

    def _fields(self) -> tuple[Field, ...]:
        project, dataset = self._state.project, self._state.dataset
        if project is None or dataset is None or not self._state.ready:
            return ()
        try:
            return project.browse.fields(dataset.id, values=False)
        except CuratorError:
            return ()

    def _ask(self, **changes: object) -> None:
        """Arrange anew; the columns of a large pile are read beside the window, before any view asks for them."""
        self._wanted |= changes  # what was asked for a moment ago and is still being read counts too
        query = replace(self._state.query, **self._wanted)  # type: ignore[arg-type]

        def arrange() -> None:
            now, self._wanted = self._state.query, {}
            if (query.dataset_id, query.subset_id) == (now.dataset_id, now.subset_id):
                self._state.set_query(query)

        self._prepare(lambda project: project.browse.find(query), arrange)

    def _paint(self, name: str) -> None:
        query, here = self._state.query, self._here()
        if here is not None:
            self._decided.add(here)
        if self._state.dataset is not None and name:
            self._prepare(lambda project: column_of(project, query, name), lambda: self._state.set_colour(name))
        else:
            self._state.set_colour(name)

    def _prepare(self, read: Callable[[Project], object], then: Callable[[], None]) -> None:
        """Read, then do it; what cannot be read is told by the views that ask for it."""
        project = self._state.project
        if project is None:
            return
        self.words.setText(tr("Reading…"))

        def take(_outcome: object) -> None:
            self.words.clear()
            then()

        self._reading.ask(lambda: read(project), take)

    def _spoken_colour(self) -> str:
        name, project = self._state.colour, self._state.project
        if name.startswith("subset:") and project is not None:
            try:
                return project.subset(int(name.removeprefix("subset:"))).name
            except CuratorError:
                return name
        return spoken(name)


def in_order(query: Query) -> str:
    """What the samples are sorted by, for people."""
    if query.sort == "rank" and query.subset_id is not None:
        return tr("as picked")
    return tr("as imported") if query.sort == "row" else spoken(query.sort)


def _call(choose: Callable[[str], None], name: str, _checked: bool = False) -> None:
    choose(name)


def spoken(name: str) -> str:
    """A field for people: "score.length" is "length (score)", "row" is "order"."""
    if name.startswith("score."):
        return f"{name.removeprefix('score.')} (score)"
    return {"row": "order", "duplicate": "copies"}.get(name, name)
