"""The most typical picture of each Skill, beside its name: a name of found groups says little, a picture says it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap

from curator.engine.errors import CuratorError
from curator.ui.reading import Reading

if TYPE_CHECKING:
    from curator.engine.project import Project
    from curator.engine.records import Dataset
    from curator.engine.skills import Skill
    from curator.ui.desk import Desk

MOST = 60
"""Skills that have a face; looking for one reads the vectors of its Skill."""


class SkillFaces(QObject):
    """Follows :meth:`show`; looked for beside the window, and kept while the Skills stay the same."""

    changed = Signal()

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._thumbs, self._reading = desk.thumbs, Reading(desk.state, desk.bridge, self)
        self._of: object = None
        self._paths: dict[int, Path] = {}
        desk.thumbs.ready.connect(self._came)

    @property
    def any(self) -> bool:
        """Whether there is a picture at all."""
        return bool(self._paths)

    def show(self, project: Project | None, dataset: Dataset | None, skills: Sequence[Skill]) -> None:
        """The Skills listed, the largest first; none of a Dataset without pictures."""
        wanted = skills[:MOST] if dataset is not None and dataset.kind == "image" else ()
        of = (id(project), dataset and dataset.id, tuple((s.number, s.size) for s in wanted))
        if of == self._of:
            return
        self._of, self._paths = of, {}
        self._reading.drop()
        if project is not None and dataset is not None and wanted:
            numbers = [skill.number for skill in wanted]
            self._reading.ask(lambda: _faces(project, dataset, numbers), self._take)

    def picture(self, number: int, pixels: float) -> QPixmap | None:
        """Of a Skill, None while it is being fetched and where there is none."""
        path = self._paths.get(number)
        return self._thumbs.get(path, pixels) if path is not None else None

    def _take(self, found: dict[int, Path] | CuratorError) -> None:
        self._paths = {} if isinstance(found, CuratorError) else found  # an undo took the skills away
        self.changed.emit()

    def _came(self, path: str) -> None:
        if any(path == str(known) for known in self._paths.values()):
            self.changed.emit()


def _faces(project: Project, dataset: Dataset, numbers: Sequence[int]) -> dict[int, Path]:
    rows = {n: found[0] for n in numbers if (found := project.skillset.typical(dataset.id, n, 1))}
    samples = {s.row: s for s in project.browse.samples(dataset.id, list(rows.values()))}
    return {
        number: Path(dataset.root) / samples[row].images[0]
        for number, row in rows.items()
        if row in samples and samples[row].images
    }
