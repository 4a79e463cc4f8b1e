"""Labels by hand: a class for what is highlighted, by number or by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from curator.engine.bulk import AT_ONCE
from curator.engine.errors import CuratorError
from curator.ui.handlers import Handlers
from curator.ui.language import tr
from curator.ui.messages import Notice

if TYPE_CHECKING:
    from curator.engine.types import Changes
    from curator.ui.state import AppState
    from curator.ui.views.dialogs import Dialogs

NUMBERED = 9


class Labelling(Handlers):
    """Handlers of the actions on labels.

    Args:
        many: gives what is highlighted a class where it is more than the window can wait for.
    """

    def __init__(
        self,
        state: AppState,
        dialogs: Dialogs,
        write: Callable[[Callable[[], Changes]], bool],
        notice: Callable[[Notice], None],
        many: Callable[[str | None], None],
    ) -> None:
        super().__init__(state, dialogs, write, notice)
        self._many = many

    def classes(self) -> tuple[str, ...]:
        """Names of the classes of the Dataset shown; the first nine answer to the number keys."""
        project, dataset = self._state.project, self._state.dataset
        if project is None or dataset is None or not self._state.ready:
            return ()
        try:
            return tuple(project.browse.column(dataset.id, "class").names)
        except CuratorError:
            return ()

    def pick(self, number: int) -> None:
        """Give what is highlighted the class with this number, from 1."""
        names = self.classes()
        if not 1 <= number <= min(NUMBERED, len(names)):
            self._notice(
                Notice(tr("There is no class number {number}.", number=number), tr("Press L to name a new one."))
            )
            return
        self._set(names[number - 1])

    def ask(self) -> None:
        """Ask for a class, an old or a new one."""
        name = self._dialogs.class_name(self.classes())
        if name is not None and name.strip():
            self._set(name.strip())

    def clear(self) -> None:
        """Take the user's label away from what is highlighted."""
        self._set(None)

    def _set(self, name: str | None) -> None:
        project = self._state.project
        if project is None or not self._state.ready:
            return
        if len(self._state.highlight) > AT_ONCE:
            self._many(name)
        elif ids := self._state.highlighted_ids():
            self._write(lambda: project.set_label(ids, name))
