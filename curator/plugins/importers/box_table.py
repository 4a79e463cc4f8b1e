"""Tables with a box on each row: those of Open Images, of TensorFlow's examples, and the like."""

from __future__ import annotations

import csv
import itertools
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from curator.engine import packed
from curator.engine.api import Draft, InputError, Skip, Source, Task, importer
from curator.engine.json_text import json_text
from curator.plugins.importers.drafts import clean, first_of_each, image_draft, most_frequent_first, split_in
from curator.plugins.importers.finding import Finder, column_in
from curator.plugins.importers.image_list import HEADER, LABEL, ImageList, first_rows, name_in, table_at, tables_at
from curator.plugins.importers.json_records import open_text
from curator.plugins.importers.piles import Pile, notable_names
from curator.plugins.importers.places import readable
from curator.plugins.importers.splits import split_of_file
from curator.plugins.importers.tables import Row, column_of, count_lines, read_csv

SIDES = (("xmin", "ymin", "xmax", "ymax"), ("x_min", "y_min", "x_max", "y_max"), ("x1", "y1", "x2", "y2"))
"""Columns of left, top, right and bottom."""
WHOLE = ("bbox", "box")
"""Columns with all of [left, top, width, height]."""
KINDS = ("class", "label", "labelname", "class_name", "category", "category_name", "name")
MOST_BYTES = 2**28
"""Up to this size rows of a picture may lie anywhere in the table; in a larger one they have to follow each other."""
AGAIN = "pictures come again further down; what is said of them first counts."
DESCRIPTIONS = "class-descriptions*.csv"
SMALL = 2**22


class _Form(NamedTuple):
    """The columns of a table: of left, top, right and bottom, or one of the whole box; of the class, "" for none;
    whether the numbers are shares of the picture."""

    sides: tuple[str, ...]
    kind: str
    shares: bool

    @property
    def all(self) -> frozenset[str]:
        """All of these columns."""
        return frozenset((*self.sides, self.kind))


@importer("box-table", version=1, kinds={"image"})
@dataclass(frozen=True)
class BoxTable(ImageList):
    """A CSV with a box on each row: columns such as ImageID, XMin, XMax, YMin, YMax, LabelName, or filename, bbox.

    Rows of the same picture are one sample; its record holds its boxes, each with the other columns of its row, and its
    classes are theirs. Numbers that are all between 0 and 1 are shares of the picture, others are pixels. A row without
    numbers is a picture without a box. Names of classes for the codes of Open Images are read from
    class-descriptions*.csv beside the table. Pictures are found as by image-list.
    """

    def match(self, path: Path) -> float:
        """0.05 more than the importer of lists, where there are columns of boxes."""
        if not path.is_file() or _form(first_rows(table_at(path.absolute())), self.label) is None:
            return 0.0
        sure = super().match(path)
        return sure and min(1.0, sure + 0.05)

    def columns(self, path: Path) -> dict[str, str]:
        """None: a record is not a row."""
        return {}

    def open(self, path: Path) -> Source:
        """As the importer of lists; raises :class:`InputError` when there are no columns of boxes too."""
        source = super().open(path)
        if _form(first_rows(table_at(path.absolute())), self.label) is None:
            known = " or ".join(map(", ".join, SIDES))
            raise InputError(f"{path.name} has no columns of boxes.", f"They are called {known}, or bbox.")
        return Source(source.kind, source.root, source.name, "box-table")

    def read(self, path: Path, source: Source, task: Task) -> Iterator[Draft | Skip]:
        """Pictures in the order in which the table names them first."""
        path, classes = path.absolute(), set[str]()
        pile = self.pile(path, source)
        items = (item for table in tables_at(path) for item in self.read_table(path, table, pile, task))
        for item in first_of_each(items, AGAIN, task):
            classes.update(item.labels if isinstance(item, Draft) else ())
            yield item
        source.facts["categories"] = [{"id": number, "name": name} for number, name in enumerate(sorted(classes), 1)]

    def read_table(self, path: Path, table: Path, pile: Pile, task: Task) -> Iterator[Draft | Skip]:
        """What the rows of each picture in one of the tables give."""
        finder, first = self.finder(path, table, pile), first_rows(table)
        column, form = column_in(first, self.column), _form(first, self.label)
        if form is None:
            return
        place, names = table.relative_to(path.parent).as_posix(), _names_of_classes(table)
        with packed.open_stream(table) as file:
            rows = task.track(read_csv(file, HEADER), LABEL, count_lines(path) if packed.on_disk(table) else 0)
            for name, found in _gathered(rows, column, whole=packed.size_of(table) <= MOST_BYTES):
                yield _item(pile, finder, f"{place}#{found[0].place}", name, found, form, names)


def _form(rows: list[Row], label: str) -> _Form | None:
    """What the columns are; None where there are no boxes."""
    values = next((row.values for row in rows if not row.reason), {})
    kind = column_of(values, (label.lower(),) if label else KINDS)
    for names in SIDES:
        sides = tuple(column_of(values, (name,)) for name in names)
        if all(sides):
            return _Form(sides, kind, _are_shares(rows, sides))
    whole = column_of(values, WHOLE)
    boxes = [_box(row.values, (whole,)) for row in rows if whole and not row.reason and row.values.get(whole)]
    return _Form((whole,), kind, _are_shares(rows, (whole,))) if boxes and all(boxes) else None


def _are_shares(rows: list[Row], sides: tuple[str, ...]) -> bool:
    boxes = [box for row in rows if not row.reason and (box := _box(row.values, sides))]
    return bool(boxes) and all(0 <= side <= 1 for box in boxes for side in box)


def _box(values: Mapping[str, Any], sides: tuple[str, ...]) -> list[float] | None:
    """Left, top, width and height; None where the cells hold no numbers."""
    try:
        if len(sides) == 1:
            box = [float(side) for side in json.loads(values.get(sides[0]) or "")]
        else:
            left, top, right, bottom = (float(values.get(side) or "") for side in sides)
            box = [left, top, right - left, bottom - top]
    except (ValueError, TypeError, RecursionError):
        return None
    return [round(side, 6) for side in box] if len(box) == 4 and all(map(math.isfinite, box)) else None


def _gathered(rows: Iterator[Row], column: str, *, whole: bool) -> Iterator[tuple[str, list[Row]]]:
    """(name, its rows); rows with a fault stand alone under ""."""
    if not whole:
        for name, group in itertools.groupby(rows, lambda row: name_in(row, column)):
            yield name, list(group)
        return
    found: dict[str, list[Row]] = {}
    for row in rows:
        name = name_in(row, column)
        if row.reason or not name:
            yield "", [row]
        else:
            found.setdefault(name, []).append(row)
    yield from found.items()


def _item(
    pile: Pile, finder: Finder, line: str, name: str, rows: list[Row], form: _Form, names: Mapping[str, str]
) -> Draft | Skip:
    if not name:
        return Skip(line, rows[0].reason or "names no file")
    try:
        inside = finder.find(name)
        draft = image_draft(
            pile.root, pile.address(inside), split=split_in(rows[0].values) or split_of_file(line.rpartition("#")[0])
        )
    except InputError as error:
        return Skip(f"{line}: {readable(name)}", error.text)
    annotations, kinds = [], list[str]()
    for row in rows:
        said = {key: value for key, value in row.values.items() if key not in form.all and value != name}
        kind = clean(str(row.values.get(form.kind) or "")).strip()
        kind = names.get(kind, kind)
        box = _box(row.values, form.sides)
        if kind:
            kinds.append(kind)
        if box is not None and form.shares:
            box = [round(box[0] + box[2] / 2, 6), round(box[1] + box[3] / 2, 6), *box[2:]]
        if box is not None or kind:
            annotations.append(said | ({"category_name": kind} if kind else {}) | _placed(box, form.shares))
    record = json_text({"file_name": inside, "annotations": annotations})
    return draft._replace(labels=most_frequent_first(kinds), record=clean(record))


def _placed(box: list[float] | None, shares: bool) -> dict[str, Any]:
    return {} if box is None else {"yolo" if shares else "bbox": box}


def _names_of_classes(table: Path) -> dict[str, str]:
    """Code -> name of the classes of Open Images."""
    found: dict[str, str] = {}
    if (place := packed.split(table)) is None:
        files = [file for file in sorted(table.parent.glob(DESCRIPTIONS)) if file.is_file() and not file.is_symlink()]
    else:
        listed = (name for name in notable_names(place[0]) if Path(name).match(DESCRIPTIONS))
        files = [Path(packed.join(str(place[0]), name)) for name in listed]
    for file in files:
        if packed.size_of(file) <= SMALL:
            with open_text(packed.open_stream(file)) as text:
                found |= {row[0]: clean(row[1]) for row in csv.reader(text) if len(row) == 2 and row[0] != "LabelName"}
    return found
