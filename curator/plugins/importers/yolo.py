"""YOLO: a folder of pictures and a parallel folder of text files with their boxes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curator.engine.api import Draft, InputError, Skip, Source, Task, importer, param
from curator.engine.json_text import json_text
from curator.plugins.importers.drafts import image_draft, most_frequent_first
from curator.plugins.importers.piles import Pile
from curator.plugins.importers.places import NAME_ROOT
from curator.plugins.importers.splits import split_of_folder
from curator.plugins.importers.walking import walk
from curator.plugins.importers.yolo_boxes import IMAGES, any_fits, label_files, label_name, lie_beside, read_boxes
from curator.plugins.importers.yolo_description import find_description, read_description

LABEL = "Reading images"
ROOT_HELP = "Folder that data.yaml may lead into (train: ../images/train); default: the one that is imported"


@importer("yolo", version=2, kinds={"image"})
@dataclass(frozen=True)
class Yolo:
    """YOLO (folders, ZIP or TAR): pictures in images/, a .txt of boxes for each in labels/ or beside it, data.yaml.

    Every picture is a sample; its record holds its boxes with the names of data.yaml, classes.txt or obj.names. The
    classes are those of its boxes, the most frequent first. A picture without a file of boxes is kept: it shows nothing
    of interest. The split is that of its folder, or the one whose folder or list of pictures in data.yaml it is in.
    The data.yaml may be named itself; where it leads to folders elsewhere (../images/train), “root” is the folder that
    holds all.
    """

    root: str = param("", help=ROOT_HELP)

    def match(self, path: Path) -> float:
        """0.96 where files beside pictures hold boxes; 0.95 with data.yaml and a folder of labels, 0.85 without the
        former, else 0."""
        folder, named = _place(path.absolute())
        pile = self._pile(folder)
        labels = label_files(pile)
        if named:
            description = read_description(pile, named)
            return 0.95 if description.folders or (description.names and labels) else 0.0
        if not labels:
            return 0.96 if lie_beside(folder) else 0.0
        return 0.95 if find_description(pile) else 0.85 if any_fits(pile, labels) else 0.0

    def open(self, path: Path) -> Source:
        """Raises :class:`InputError` when there are no files of boxes, or the folder is not below the root named."""
        path, named = _place(path.absolute())
        pile = self._pile(path)
        description = read_description(pile, named)
        if not (description.outside(pile.top) or label_files(pile) or lie_beside(path)):
            lost = f"“{description.lost[0]}” of data.yaml is not there{NAME_ROOT}." if description.lost else ""
            raise InputError(
                f"{path} has no folder called labels, and no boxes beside its pictures.",
                lost or "Name the folder with images and labels in it.",
            )
        return Source("image", pile.root, (path.name.split(".")[0] if pile.prefix else path.name) or "images", "yolo")

    def read(self, path: Path, source: Source, task: Task) -> Iterator[Draft | Skip]:
        """Pictures in the order of their paths."""
        path, named = _place(path.absolute())
        pile = self._pile(path)
        description = read_description(pile, named)
        images = []
        for found in [pile.walk(task), *(walk(pile.root, task, top=top) for top in description.outside(pile.top))]:
            yield from (Skip(pile.address(skip.source), skip.reason) for skip in found.skips)
            images += found.images
        if names := description.names:
            source.facts["categories"] = [{"id": number, "name": name} for number, name in enumerate(names)]
        beside = not label_files(pile) and lie_beside(path)
        for name in task.track(images, LABEL):
            address = pile.address(name)
            try:
                inside = pile.inside(name)
                split = split_of_folder(inside) or _split_below(inside) or description.split_of(name)
                draft = image_draft(pile.root, address, split=split)
                place = name.removesuffix(inside) + label_name(inside, beside=beside)
                boxes = read_boxes(pile.file(place), names)
            except InputError as error:
                yield Skip(address, error.text)
                continue
            labels = most_frequent_first(box["category_name"] for box in boxes)
            record = json_text({"file_name": name, "annotations": boxes})
            yield draft._replace(labels=labels, record=record)

    def _pile(self, path: Path) -> Pile:
        return Pile.at(path, root=self.root, advice=NAME_ROOT)


def _place(path: Path) -> tuple[Path, str]:
    """The folder or archive, and the name of the description where that is what the path leads to."""
    return (path.parent, path.name) if path.is_file() and path.suffix.lower() in (".yaml", ".yml") else (path, "")


def _split_below(image: str) -> str:
    return split_of_folder(image.replace(f"{IMAGES}/", "", 1))
