"""``README.md`` of an exported folder: what it is, and which files make up which split."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from curator.engine.api import ExportInfo


def write_card(folder: Path, info: ExportInfo, files: Mapping[str, str]) -> None:
    """Write the card.

    Args:
        folder: where it goes.
        info: what was exported.
        files: split -> pattern of its files, relative to the folder; "" becomes "train". This is what makes
            ``datasets.load_dataset(FOLDER)`` read them as they are meant.
    """
    lines = ["---", "configs:", "- config_name: default", "  data_files:"]
    for split, pattern in files.items():
        lines += [f"  - split: {(split or 'train').replace('-', '_')}", f'    path: "{pattern}"']
    name = info.subset.replace("\n", " ")
    lines += ["---", "", f"# {name}", ""]
    lines += [f"{info.total or info.count:,} {info.kind} samples chosen from “{info.dataset}” with Curator."]
    lines += ["Where they come from, and how they were chosen, is in curation.json.", ""]
    (folder / "README.md").write_bytes("\n".join(lines).encode("utf-8", "replace"))
