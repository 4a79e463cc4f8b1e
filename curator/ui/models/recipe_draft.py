"""A Recipe while it is being changed by hand: text, and what is wrong with it. No Qt here.

The text stays as it was written, comments included; changing the budget changes one number in it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from curator.engine.errors import CuratorError, InputError
from curator.engine.recipe import Recipe, builtin_names, load_recipe
from curator.engine.registry import registry
from curator.engine.resources import resource

BUDGET = re.compile(r"^\s*budget\s*=\s*(\d[\d_]*)\s*(?:#.*)?$", re.MULTILINE)


class RecipeDraft:
    """TOML text that is always here, and the Recipe it makes when it is sound."""

    def __init__(self) -> None:
        self.text = ""
        self.recipe: Recipe | None = None
        self.drawn: Recipe | None = None
        """What the text says, checked or not: what a form shows."""
        self.problem: CuratorError | None = None
        self._kind = ""

    def load(self, name: str) -> None:
        """Start from a built-in Recipe or a file."""
        try:
            load_recipe(name)
            path = resource("recipes", f"{name}.toml") if name in builtin_names() else Path(name)
            self.set_text(path.read_text(encoding="utf-8"))
        except CuratorError as error:
            self.recipe, self.problem = None, error

    def for_kind(self, kind: str) -> None:
        """Check against this kind of Dataset from now on ("" = any)."""
        self._kind = kind
        self.set_text(self.text)

    def set_text(self, text: str) -> None:
        """Take what was typed."""
        self.text, self.recipe, self.drawn, self.problem = text, None, None, None
        try:
            recipe = self.drawn = Recipe.from_toml(text)
            if self._kind:
                recipe.check(registry(), self._kind)
            self.recipe = recipe
        except CuratorError as error:
            self.problem = error

    @property
    def budget(self) -> int | None:
        """The budget of the last selector that has one."""
        place = self._budget_place()
        if self.recipe is None or place is None:
            return None
        step = self.recipe.selectors[place]
        default = next(p.default for p in step.spec(registry(), "selector").params if p.name == "budget")
        return int(step.params.get("budget", default))

    @property
    def may_be_unlimited(self) -> bool:
        """Whether a budget of 0 stands for no limit."""
        place = self._budget_place()
        if self.recipe is None or place is None:
            return False
        return any(
            p.name == "budget" and p.low == 0 for p in self.recipe.selectors[place].spec(registry(), "selector").params
        )

    def set_budget(self, budget: int) -> None:
        """Change the budget, where there is one."""
        place = self._budget_place()
        if self.recipe is None or place is None or self.budget == budget:
            return
        steps = list(self.recipe.selectors)
        steps[place] = replace(steps[place], params={**steps[place].params, "budget": budget})
        changed = replace(self.recipe, selectors=tuple(steps))
        found = list(BUDGET.finditer(self.text))
        start, end = found[-1].span(1) if found else (0, 0)
        text = f"{self.text[:start]}{budget}{self.text[end:]}"
        self.set_text(text if _same(text, changed) else changed.to_toml())

    def set_recipe(self, recipe: Recipe) -> None:
        """Take over a Recipe that was put together in a form. Comments in the text go; what they said may be wrong."""
        if self.drawn is None or self.drawn != recipe:
            self.set_text(recipe.to_toml())

    def set_param(self, selector: str, name: str, value: Any) -> None:
        """Change one parameter of the first selector of that name."""
        if self.drawn is None:
            return
        steps = list(self.drawn.selectors)
        for place, step in enumerate(steps):
            if step.name == selector:
                steps[place] = replace(step, params={**step.params, name: value})
                self.set_recipe(replace(self.drawn, selectors=tuple(steps)))
                return

    def _budget_place(self) -> int | None:
        for place in reversed(range(len(self.recipe.selectors) if self.recipe is not None else 0)):
            assert self.recipe is not None
            with suppress(InputError):
                if any(p.name == "budget" for p in self.recipe.selectors[place].spec(registry(), "selector").params):
                    return place
        return None


def _same(text: str, recipe: Recipe) -> bool:
    try:
        return Recipe.from_toml(text).identity() == recipe.identity()
    except CuratorError:
        return False
