"""What can be asked of the engine: frozen dataclasses of plain values, the only things that go down the pipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ImportRequest:
    """Read ``paths`` into the Dataset ``name`` (made when new, extended when there). ``importer`` "" = by looking."""

    paths: tuple[str, ...]
    name: str = ""
    importer: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Words for the Job."""
        return f"Import {', '.join(self.paths)}"


@dataclass(frozen=True)
class RunRequest:
    """Execute a Recipe (TOML text) on a Dataset. ``subset`` names the result, "" = after the Recipe."""

    dataset: str
    recipe: str
    subset: str = ""
    device: str = "auto"
    batch: int = 0

    @property
    def title(self) -> str:
        """Words for the Job."""
        return f"Run a recipe on {self.dataset}"


@dataclass(frozen=True)
class ProjectionRequest:
    """Lay out the newest Embedding of a Dataset in the plane, for the map."""

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
    """Write a Subset to ``target`` with the exporter ``format``."""

    subset: str
    target: str
    format: str
    params: Mapping[str, Any] = field(default_factory=dict)
    overwrite: bool = False

    @property
    def title(self) -> str:
        """Words for the Job."""
        return f"Export {self.subset}"


Request = ImportRequest | RunRequest | ProjectionRequest | ExportRequest
