"""The subjects of a Project, ``project.NAME``: each is made, and its module loaded, when it is first asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curator.engine.bulk import Bulk
    from curator.engine.dial import Dials
    from curator.engine.duplicates import DuplicateLists
    from curator.engine.estimating import Estimates
    from curator.engine.exports import Exporting
    from curator.engine.imports import Imports
    from curator.engine.jobs import Job, Listener
    from curator.engine.lifelong import Lifelong
    from curator.engine.requests import Request
    from curator.engine.skills import Skills
    from curator.engine.standing import Standings
    from curator.engine.store import Store
    from curator.engine.store_choices import SkillChoices
    from curator.engine.studies import Rounds
    from curator.engine.subsets import Subsets
    from curator.engine.trials import Trials


class Subjects(ABC):
    """What :class:`~curator.engine.project.Project` offers by subject."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @abstractmethod
    def _submit(self, request: Request, listener: Listener | None) -> Job:
        """Hand in long work."""

    @cached_property
    def score_choices(self) -> SkillChoices:
        """What scores choose in each Skill."""
        from curator.engine.store_choices import SkillChoices

        return SkillChoices(self._store)

    @cached_property
    def skillset(self) -> Skills:
        """Skills, and what is made of them by hand."""
        from curator.engine.skills import Skills

        return Skills(self._store, self._submit)

    @cached_property
    def lifelong(self) -> Lifelong:
        """Steps of a pool that goes on growing."""
        from curator.engine.lifelong import Lifelong

        return Lifelong(self._store, self._submit)

    @cached_property
    def subsets(self) -> Subsets:
        """What is done with Subsets."""
        from curator.engine.subsets import Subsets

        return Subsets(self._store)

    @cached_property
    def dials(self) -> Dials:
        """Budgets smaller than a Subset's."""
        from curator.engine.dial import Dials

        return Dials(self._store, self._submit)

    @cached_property
    def bulk(self) -> Bulk:
        """Edits of many Samples at once."""
        from curator.engine.bulk import Bulk

        return Bulk(self._store, self._submit)

    @cached_property
    def standings(self) -> Standings:
        """What a Sample represents, and what represents it."""
        from curator.engine.standing import Standings

        return Standings(self._store)

    @cached_property
    def estimates(self) -> Estimates:
        """What work would cost."""
        from curator.engine.estimating import Estimates

        return Estimates(self._store)

    @cached_property
    def duplicates(self) -> DuplicateLists:
        """Near-copies at any threshold."""
        from curator.engine.duplicates import DuplicateLists

        return DuplicateLists(self._store, self._submit)

    @cached_property
    def rounds(self) -> Rounds:
        """Labelling in rounds."""
        from curator.engine.studies import Rounds

        return Rounds(self._store, self._submit)

    @cached_property
    def exporting(self) -> Exporting:
        """Looking at an export beforehand."""
        from curator.engine.exports import Exporting

        return Exporting(self._store)

    @cached_property
    def importing(self) -> Imports:
        """Looking at an import beforehand, and importing again."""
        from curator.engine.imports import Imports

        return Imports(self._store, self._submit)

    @cached_property
    def trials(self) -> Trials:
        """Selectors against each other."""
        from curator.engine.trials import Trials

        return Trials(self._store, self._submit)
