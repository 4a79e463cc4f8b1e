"""Trials: selectors against each other on the user's own pile. What one is asked to do, and its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from curator.engine.errors import InputError
from curator.engine.params import build, param, params_of
from curator.engine.registry import registry
from curator.engine.study import StudyPlan

RIVALS = ("pcoreset", "random", "entropy", "margin", "k-center")
SHARED = ("classes", "teacher", "encoder", "templates", "temperature", "known", "shots", "rest_shots", "student")


@dataclass(frozen=True)
class SimulatePlan:
    """The loop of active learning by itself; further values are those of a Study."""

    selectors: tuple[str, ...] = param(RIVALS, help="Selectors to try")
    seeds: int = param(3, low=1, high=1000, help="How often, each time with other first labels and another hold-out")
    rounds: int = param(15, low=1, high=1000, help="Batches after the first labels")
    batch: int = param(0, low=0, help="Labels in a round; 0 = as many as classes", unit="samples")
    first: int = param(1, low=1, help="Labels of each class drawn at random to begin with", unit="samples")


@dataclass(frozen=True)
class ComparePlan:
    """Subsets of several sizes by several selectors, measured in the same way."""

    selectors: tuple[str, ...] = param(("pcoreset", "random", "k-center", "skill-quota"), help="Selectors to compare")
    budgets: tuple[str, ...] = param(("50", "100", "200"), help="Sizes of the subsets")
    seeds: int = param(3, low=1, high=1000, help="How often, each time with another hold-out")
    encoder: str = param("auto", help="Encoder of the vectors")
    clusterer: str = param("kmeans", help="Clusterer whose membership and skills selectors and measures use")
    scorers: tuple[str, ...] = param((), help="Scorers to run first, for selectors that need one")
    holdout: float = param(0.3, low=0.05, high=0.9, help="Share of the labelled samples kept for the probe's test")
    language_model: str = param(
        "",
        help="For instructions: fit the last layer of this language model to each subset, measure its loss on held-out"
        " records; “default” for the installed SmolLM2, or a folder, a GGUF file, ORG/NAME",
    )
    seed: int = param(0, low=0, help="The first seed", advanced=True)

    @property
    def sizes(self) -> list[int]:
        """The budgets as numbers, rising; raises :class:`InputError`."""
        try:
            found = sorted({int(b) for b in self.budgets})
        except ValueError:
            raise InputError(f"Budgets are whole numbers, not {', '.join(self.budgets)}.") from None
        if not found or found[0] < 1:
            raise InputError("A budget is at least 1.")
        return found


@dataclass(frozen=True)
class Trial:
    """A finished simulation or comparison. ``kind`` is "simulate" or "compare"; ``plan`` its values as given."""

    id: int
    dataset_id: int
    name: str
    kind: str
    plan: dict[str, Any]
    created: str


@dataclass(frozen=True)
class TrialPoint:
    """One measurement: ``step`` is the round or the number of the budget, ``spent`` the labels or samples chosen.

    ``measures`` by name, NaN for what could not be measured.
    """

    selector: str
    seed: int
    step: int
    spent: int
    measures: dict[str, float]


def simulate_plans(values: Mapping[str, Any]) -> tuple[SimulatePlan, StudyPlan]:
    """Both plans from one set of values; raises :class:`InputError` for what does not fit."""
    own = {p.name for p in params_of(SimulatePlan)}
    plan: SimulatePlan = build(SimulatePlan, {k: v for k, v in values.items() if k in own}, owner="A simulation")
    study = StudyPlan.of({k: v for k, v in values.items() if k not in own})
    _check(plan.selectors)
    return plan, study


def compare_plan(values: Mapping[str, Any]) -> ComparePlan:
    """The plan from plain values; raises :class:`InputError` for what does not fit."""
    plan: ComparePlan = build(ComparePlan, dict(values), owner="A comparison")
    _check(plan.selectors)
    registry().get("clusterer", plan.clusterer)
    assert plan.sizes
    return plan


def _check(selectors: tuple[str, ...]) -> None:
    if not selectors:
        raise InputError("There is no selector to try.", "Name some: --selectors pcoreset,random")
    for name in selectors:
        spec = registry().get("selector", name)
        if "budget" not in {p.name for p in spec.params}:
            raise InputError(f"The selector “{name}” picks no fixed number of samples.", "Leave it out.")
