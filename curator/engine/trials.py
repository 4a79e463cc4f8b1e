"""Trials as front ends see them: ``project.trials``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from curator.engine.jobs import Job, Listener, Submit
from curator.engine.params import Param, params_of
from curator.engine.store_trials import TrialStore
from curator.engine.study import StudyPlan
from curator.engine.trial import ComparePlan, SimulatePlan, Trial, TrialPoint, compare_plan, simulate_plans
from curator.engine.trial_tables import Line, lines_of, write_trial
from curator.engine.types import Changes

if TYPE_CHECKING:
    from curator.engine.store import Store

Kind = Literal["simulate", "compare"]


@dataclass(frozen=True)
class TrialRequest:
    """Simulate or compare selectors on a Dataset. ``plan`` holds plain values; ``name`` "" = after the selectors."""

    handler: ClassVar[str] = "curator.engine.trials:carry_out"

    kind: Kind
    dataset: str
    name: str = ""
    plan: Mapping[str, Any] = field(default_factory=dict)
    device: str = "auto"
    batch: int = 0

    @property
    def title(self) -> str:
        """Words for the Job."""
        verb = "Simulate rounds" if self.kind == "simulate" else "Compare selectors"
        return f"{verb} on {self.dataset}"


def carry_out(store: Store, request: TrialRequest, task: Any, *, polite: bool = False) -> Changes:
    """Run a Trial."""
    from curator.engine import trying

    run = trying.simulate if request.kind == "simulate" else trying.compare
    return run(store, request, task, polite=polite)


class Trials:
    """Simulations and comparisons in one Project."""

    def __init__(self, store: Store, submit: Submit) -> None:
        self._store, self._submit = store, submit
        self._trials = TrialStore(store)

    @staticmethod
    def params(kind: Kind) -> tuple[Param, ...]:
        """What a Trial can be asked, for forms and help."""
        if kind == "compare":
            return params_of(ComparePlan)
        own = params_of(SimulatePlan)
        names = {p.name for p in own} | {"selector", "existing", "blend"}
        return (*own, *(p for p in params_of(StudyPlan) if p.name not in names))

    def submit(
        self,
        kind: Kind,
        dataset: str,
        plan: Mapping[str, Any] | None = None,
        name: str = "",
        device: str = "auto",
        batch: int = 0,
        listener: Listener | None = None,
    ) -> Job:
        """Start a Trial; raises :class:`InputError` for values that do not fit, before anything starts."""
        (simulate_plans if kind == "simulate" else compare_plan)(dict(plan or {}))
        found = self._store.dataset(dataset).name
        return self._submit(TrialRequest(kind, found, name, dict(plan or {}), device, batch), listener)

    def trials(self, dataset: int | None = None) -> list[Trial]:
        """All finished Trials, or those of one Dataset, oldest first."""
        return self._trials.trials(dataset)

    def trial(self, key: int | str) -> Trial:
        """A Trial by id or name; raises :class:`InputError` naming those there are."""
        return self._trials.trial(key)

    def points(self, trial: int) -> list[TrialPoint]:
        """Every measurement."""
        return self._trials.points(trial)

    def lines(self, trial: int) -> list[Line]:
        """Mean, spread and paired test of every selector and size, see :func:`lines_of`."""
        found = self.trial(trial)
        return lines_of(found.kind, self.points(found.id))

    def remove(self, trial: int) -> Changes:
        """Hide a Trial; undo brings it back."""
        return self._trials.hide(self.trial(trial))

    def export(self, trial: int, target: Path, overwrite: bool = False) -> Path:
        """Write a Trial by the ending of ``target``: .csv or .json with every point, .png or .svg with the plot.

        Raises:
            InputError: the file exists and ``overwrite`` is not set, or has another ending.
            NotReadyError: a plot was asked for and matplotlib is not installed.
        """
        found = self.trial(trial)
        return write_trial(found, self.points(found.id), target, overwrite)
