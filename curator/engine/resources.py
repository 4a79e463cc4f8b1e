"""Where the files that come with Curator are: recipes, demo data, the small encoder."""

from __future__ import annotations

from pathlib import Path

from curator.engine.errors import InputError

_PACKAGE = Path(__file__).resolve().parents[1]
PLACES = (_PACKAGE / "resources", _PACKAGE.parent / "resources")
"""Inside an installed package, or beside it in a source checkout."""


def resource(*parts: str) -> Path:
    """The path of a file or folder that comes with Curator, such as ``resource("recipes", "diverse.toml")``.

    Raises:
        InputError: this installation lacks it.
    """
    for place in PLACES:
        if (found := place.joinpath(*parts)).exists():
            return found
    raise InputError(
        f"This installation of Curator has no “{'/'.join(('resources', *parts))}”.",
        "Install Curator again, or run it from a complete checkout.",
    )
