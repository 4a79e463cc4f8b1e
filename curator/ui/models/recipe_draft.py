"""A Recipe while it is being changed by hand: text, and what is wrong with it. No Qt here."""

from __future__ import annotations

from curator.engine.errors import CuratorError, InputError
from curator.engine.recipe import Recipe, load_recipe
from curator.engine.registry import registry


class RecipeDraft:
    """TOML text that is always here, and the Recipe it makes when it is sound."""

    def __init__(self) -> None:
        self.text = ""
        self.recipe: Recipe | None = None
        self.problem: CuratorError | None = None
        self._kind = ""

    def load(self, name: str) -> None:
        """Start from a built-in Recipe or a file."""
        try:
            self.set_text(load_recipe(name).to_toml())
        except CuratorError as error:
            self.recipe, self.problem = None, error

    def for_kind(self, kind: str) -> None:
        """Check against this kind of Dataset from now on ("" = any)."""
        self._kind = kind
        self.set_text(self.text)

    def set_text(self, text: str) -> None:
        """Take what was typed."""
        self.text, self.recipe, self.problem = text, None, None
        try:
            recipe = Recipe.from_toml(text)
            if self._kind:
                recipe.check(registry(), self._kind)
            self.recipe = recipe
        except CuratorError as error:
            self.problem = error

    @property
    def budget(self) -> int | None:
        """The budget of the last selector that has one."""
        if self.recipe is None:
            return None
        for step in reversed(self.recipe.selectors):
            try:
                params = {p.name: p.default for p in step.spec(registry(), "selector").params}
            except InputError:
                continue
            if "budget" in params:
                return int(step.params.get("budget", params["budget"]))
        return None

    def set_budget(self, budget: int) -> None:
        """Change the budget, where there is one."""
        if self.recipe is not None and self.budget not in (None, budget):
            self.set_text(self.recipe.override("selector.budget", str(budget), registry()).to_toml())
