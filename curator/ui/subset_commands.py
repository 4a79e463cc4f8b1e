"""What can be done with the Subset shown: rename, lock, note, copy, remove, keep fewer, compare, run again."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication

from curator.engine.errors import CuratorError
from curator.ui.handlers import Handlers
from curator.ui.language import tr, tr_n
from curator.ui.messages import Notice, notice_of_error

DIAL_STEP = 0.05
"""Of a Subset: what a step of the budget dial by key is."""


class SubsetCommands(Handlers):
    """Handlers of the actions on subsets."""

    compare_asked = Signal()
    keep_asked = Signal()
    recipe_wanted = Signal(str)
    """The text of a Recipe that shall run again."""

    def rename(self) -> None:
        """Ask for another name."""
        project, subset = self._state.project, self._state.subset
        if project is None or subset is None:
            return
        name = self._dialogs.ask_text(tr("Rename the subset"), tr("Name"), subset.name)
        if name is not None and name.strip() != subset.name:
            self._write(lambda: project.subsets.rename(subset.id, name))

    def note(self) -> None:
        """Ask for a note."""
        project, subset = self._state.project, self._state.subset
        if project is None or subset is None:
            return
        text = self._dialogs.ask_text(tr("Note on “{name}”", name=subset.name), tr("Note"), subset.note or "")
        if text is not None and text != subset.note:
            self._write(lambda: project.subsets.note(subset.id, text))

    def lock(self) -> None:
        """Lock the Subset, or unlock it."""
        project, subset = self._state.project, self._state.subset
        if project is not None and subset is not None:
            self._write(lambda: project.subsets.lock(subset.id, not subset.locked))

    def copy(self) -> None:
        """A copy under another name."""
        project, subset = self._state.project, self._state.subset
        if project is not None and subset is not None:
            self._write(lambda: project.subsets.duplicate(subset.id))

    def remove(self) -> None:
        """Take the Subset out of sight; undo brings it back."""
        project, subset = self._state.project, self._state.subset
        if project is not None and subset is not None:
            self._write(lambda: project.subsets.remove(subset.id))

    def from_highlight(self) -> None:
        """Ask for a name, and make a Subset of what is highlighted."""
        project, dataset = self._state.project, self._state.dataset
        if project is None or dataset is None or not (ids := self._state.highlighted_ids()):
            return
        name = self._dialogs.ask_text(
            tr_n("New subset of {n:,} sample", "New subset of {n:,} samples", len(ids)), tr("Name"), tr("by hand")
        )
        if name is not None:
            self._write(lambda: project.subsets.by_hand(name, dataset.id, ids))

    def highlight_picks(self, subset_id: int, ranks: tuple[int, ...]) -> None:
        """Highlight the samples with these ranks, and put the cursor on the first."""
        if (project := self._state.project) is None:
            return
        try:
            rows = [pick.row for pick in project.pages.choices(subset_id, sorted(ranks))]
            self._state.show_subset(subset_id)
        except CuratorError as error:
            self._notice(notice_of_error(error))
            return
        self._state.set_highlight(rows)
        if rows:
            self._state.set_current(rows[0])

    def keep(self) -> None:
        """Keep as many as the budget dial says."""
        self.keep_asked.emit()

    def keep_first(self, count: int) -> None:
        """A new Subset of the first ``count``."""
        project, subset = self._state.project, self._state.subset
        if project is not None and subset is not None:
            self._write(lambda: project.subsets.trim(subset.id, count))

    def dial_less(self) -> None:
        """A step down."""
        self._dial(-1)

    def dial_more(self) -> None:
        """A step up."""
        self._dial(1)

    def _dial(self, steps: int) -> None:
        state = self._state
        if state.subset is not None:
            step = max(1, round(state.subset.size * DIAL_STEP))
            state.set_keep(max(1, (state.keep or state.subset.size) + steps * step))

    def dial_knee(self) -> None:
        """Where more samples begin to add less than on average."""
        project, subset = self._state.project, self._state.subset
        if project is None or subset is None:
            return
        try:
            knee = project.dials.of(subset.id).knee
        except CuratorError as error:
            self._notice(notice_of_error(error))
            return
        if not knee:
            self._notice(
                Notice(tr("There is no knee: each sample adds about as much."), tr("Measure coverage to look closer."))
            )
            return
        self._state.set_keep(knee)

    def compare(self) -> None:
        """Show two Subsets side by side."""
        self.compare_asked.emit()

    def copy_recipe(self) -> None:
        """The text of the Recipe behind the Subset, into the clipboard."""
        if text := self._recipe():
            QGuiApplication.clipboard().setText(text)
            self._notice(Notice(tr("The recipe is in the clipboard."), good=True))

    def run_again(self) -> None:
        """Put the Recipe behind the Subset into the recipe panel, ready to run."""
        if text := self._recipe():
            self.recipe_wanted.emit(text)

    def _recipe(self) -> str:
        """Of the Run that the library's cursor is on, else of the Subset shown."""
        project, subset = self._state.project, self._state.subset
        if project is not None and self._state.run is not None:
            return project.run(self._state.run).recipe
        if project is None or subset is None:
            return ""
        try:
            text = str(project.subsets.card(subset.id).get("recipe", ""))
        except CuratorError as error:
            self._notice(notice_of_error(error))
            return ""
        if not text:
            self._notice(Notice(tr("“{name}” was made by hand; there is no recipe behind it.", name=subset.name)))
        return text

    def go_to(self, entry: int) -> None:
        """Back, or forward, to a step of the history."""
        project = self._state.project
        if project is not None:
            self._write(lambda: project.go_to(entry))
