"""A pile that keeps growing: each step takes in what is new, chooses what to train on, and prunes the pool.

Source: Adapt-∞, arXiv 2410.10636: at each step old and new are clustered together, a training budget is chosen, and
what is redundant goes for good, so that the pool stays bounded. Here it is hidden, and undo brings it back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from curator.engine.errors import InputError
from curator.engine.recipe import Constraints, Recipe, Step
from curator.engine.records import LifelongSkill, LifelongStep
from curator.engine.registry import registry
from curator.engine.store import Store
from curator.engine.store_lifelong import LifelongStore


@dataclass(frozen=True)
class LifelongRequest:
    """One step of a lifelong pile.

    ``paths`` are added to ``dataset`` first (none: only choose and prune again). ``train_budget`` samples are chosen by
    the Recipe (TOML text; it must have a clusterer), and the pool is pruned to ``pool_budget`` (0: never).
    """

    handler: ClassVar[str] = "curator.engine.lifelong_steps:take_step"

    dataset: str
    recipe: str
    train_budget: int
    pool_budget: int = 0
    paths: tuple[str, ...] = ()
    device: str = "auto"
    batch: int = 0

    @property
    def title(self) -> str:
        """Words for the Job."""
        return f"Lifelong step of {self.dataset}"


class Lifelong:
    """Lifelong piles of a Project, for its front ends."""

    def __init__(self, store: Store, submit: Callable[..., Any]) -> None:
        self._steps, self._submit = LifelongStore(store), submit

    def submit_step(self, request: LifelongRequest, listener: Any = None) -> Any:
        """Take a step: a Job. Bad budgets and recipes raise :class:`InputError` here, before anything starts."""
        step_recipes(request, 1)
        return self._submit(request, listener)

    def steps(self, dataset: int | None = None) -> list[LifelongStep]:
        """The steps taken, oldest first; of one Dataset or of all."""
        return self._steps.steps(dataset)

    def skills(self, step: int) -> list[LifelongSkill]:
        """The Skills of one step, the largest first."""
        return self._steps.skills(step)

    def timeline(self, dataset: int | None = None) -> list[dict[str, Any]]:
        """Each step as plain values, with the names of the skills gained and starved."""
        rows = []
        for step in self.steps(dataset):
            skills = self.skills(step.id)
            names = {
                "gained_skills": [s.name for s in skills if s.gained],
                "starved_skills": [s.name for s in skills if s.starved],
            }
            rows.append({**dataclasses.asdict(step), **names})
        return rows


def step_recipes(request: LifelongRequest, number: int) -> tuple[Recipe, Recipe | None]:
    """The Recipe that chooses, and the one that prunes by the same skills."""
    if request.train_budget < 1 or request.pool_budget < 0:
        raise InputError("A lifelong step needs a training budget of at least 1, and no negative pool budget.")
    recipe = Recipe.from_toml(request.recipe)
    if recipe.clusterer is None:
        raise InputError(f"The recipe “{recipe.name}” has no clusterer.", "A lifelong step needs skills: add kmeans.")
    training = recipe.override("selector.budget", str(request.train_budget), registry())
    training = dataclasses.replace(training, name=f"{request.dataset} step {number} training")
    if not request.pool_budget:
        return training, None
    prune = Step("prune", {"budget": request.pool_budget})
    name = f"{request.dataset} step {number} pool"
    return training, dataclasses.replace(recipe, name=name, scorers=(), selectors=(prune,), constraints=Constraints())
