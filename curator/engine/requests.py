"""What can be asked of the engine: frozen dataclasses of plain values, the only things that go down the pipe.

A request may be defined beside its subject; it names the function that carries it out, so that whoever sends it need
not load that function's module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, ClassVar, Protocol

NAMED = 3
"""Of many paths, how many the title of an import names."""


def recipe_name(text: str) -> str:
    """The name in the text of a Recipe, "" when it has none; the rest of the text may be anything."""
    found = re.search(r'^name\s*=\s*"([^"\n]*)"', text, re.MULTILINE)
    return found[1] if found else ""


class Request(Protocol):
    """A frozen dataclass of plain values.

    Attributes:
        handler: "package.module:function" with the signature ``(store, request, task, *, polite) -> Changes``;
            ``polite`` asks for pauses between chunks of rows, for another writer. Loaded in the worker only.
    """

    handler: ClassVar[str]

    @property
    def title(self) -> str:
        """Words for the Job."""
        ...


@dataclass(frozen=True)
class ImportRequest:
    """Read ``paths`` into the Dataset ``name`` (made when new, extended when there; without paths it is imported again
    as it was). ``importer`` "" = by looking. ``renew`` takes new content of Samples that changed, under their ids."""

    handler: ClassVar[str] = "curator.engine.import_run:import_samples"

    paths: tuple[str, ...]
    name: str = ""
    importer: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    renew: bool = False

    @property
    def title(self) -> str:
        """Words for the Job."""
        names = [PurePath(path).name or path for path in self.paths[:NAMED]]
        more = len(self.paths) - len(names)
        return f"Import {', '.join(names) or self.name}" + (f" and {more:,} more" if more else "")


@dataclass(frozen=True)
class RunRequest:
    """Execute a Recipe (TOML text) on a Dataset. ``subset`` names the result, "" = after the Recipe."""

    handler: ClassVar[str] = "curator.engine.running:run_recipe"

    dataset: str
    recipe: str
    subset: str = ""
    device: str = "auto"
    batch: int = 0

    @property
    def title(self) -> str:
        """Words for the Job."""
        name = recipe_name(self.recipe)
        return f"Run “{name}” on {self.dataset}" if name else f"Run a recipe on {self.dataset}"


@dataclass(frozen=True)
class ProjectionRequest:
    """Lay out the newest Embedding of a Dataset in the plane, for the map."""

    handler: ClassVar[str] = "curator.engine.pipeline:make_projection"

    dataset: str
    projector: str = "pca"
    params: Mapping[str, Any] = field(default_factory=dict)
    device: str = "auto"
    seed: int = 0

    @property
    def title(self) -> str:
        """Words for the Job."""
        return f"Map of {self.dataset} ({self.projector})"


@dataclass(frozen=True)
class ExportRequest:
    """Write a Subset to ``target`` with the exporter ``format``; ``options`` are those of :class:`ExportOptions`."""

    handler: ClassVar[str] = "curator.engine.exports:export_subset"

    subset: str
    target: str
    format: str
    params: Mapping[str, Any] = field(default_factory=dict)
    overwrite: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Words for the Job."""
        return f"Export {self.subset}"
