"""Samples as rows of an Arrow table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curator.engine.api import ExportItem, NotReadyError
from curator.engine.json_text import json_text, without_halves
from curator.plugins.exporters.boxes import ordered
from curator.plugins.exporters.folder import fields_of, record_of

BATCH = 1000


def need_arrow() -> None:
    """Raise :class:`NotReadyError` when pyarrow is not installed."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise NotReadyError("Parquet needs the package pyarrow.", 'pip install "curator-desk[parquet]"') from None


@dataclass(frozen=True)
class Columns:
    """Names and types of columns.

    Attributes:
        kind: "image" or "instruction".
        types: field of the records -> Arrow type; None = the values do not fit together, written as JSON text.
        classes: names of classes, in order; () for none. Those that the source gives numbers to come first, all of
            them, so that a class has the same number in every subset.
        pictures: whether any sample has pictures.
        several: whether any sample has more than one; a column of images then takes the place of that of one image.
        halves: how many samples hold half of a surrogate pair, which Arrow cannot hold: it becomes a question mark.
    """

    kind: str
    types: dict[str, Any]
    classes: tuple[str, ...]
    pictures: bool
    several: bool = False
    halves: int = 0

    @classmethod
    def of(cls, items: Iterable[ExportItem], kind: str, facts: Mapping[str, Any] | None = None) -> Columns:
        """The columns of all samples; ``facts`` are those of their source."""
        types: dict[str, Any] = {}
        classes: set[str] = set()
        pictures, halves, batch = 0, 0, list[dict[str, Any]]()
        for item in items:
            pictures = max(pictures, len(item.images))
            if kind == "image" and item.labels:
                classes.add(item.labels[0])
            fields, changed = _fields(item, kind)
            halves += changed
            batch.append(fields)
            if len(batch) == BATCH:
                _merge_types(types, batch)
                batch = []
        _merge_types(types, batch)
        return cls(kind, types, ordered(classes, facts or {}), pictures > 0, pictures > 1, halves)

    @property
    def schema(self) -> Any:
        """The Arrow schema, with the features that ``datasets`` reads."""
        import pyarrow

        picture = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
        fields: list[Any] = []
        features: dict[str, Any] = {}
        if self.kind == "image":
            if not self.several:
                fields.append(("image", picture))
                features["image"] = {"_type": "Image"}
            if self.classes:
                fields.append(("label", pyarrow.int64()))
                features["label"] = {"names": list(self.classes), "_type": "ClassLabel"}
        for name, type_ in self.types.items():
            if self._holds_pictures(name):
                continue
            usable = type_ is not None and not pyarrow.types.is_null(type_)
            fields.append((name, type_ if usable else pyarrow.string()))
        if self._listed:
            fields.append(("images", pyarrow.list_(picture)))
            features["images"] = [{"_type": "Image"}]
        described = json.dumps({"info": {"features": features}})
        return pyarrow.schema(fields, metadata={"huggingface": described} if features else None)

    @property
    def _listed(self) -> bool:
        """Whether pictures are in a column of lists."""
        return self.several if self.kind == "image" else self.pictures

    def _holds_pictures(self, name: str) -> bool:
        return (self._listed and name in ("images", "image")) or (bool(self.classes) and name == "label")

    def row(self, item: ExportItem) -> tuple[dict[str, Any], int]:
        """The row of a sample and about how many bytes it takes; raises :class:`InputError` for a missing picture."""
        pictures = [
            {"bytes": item.read_image(n), "path": Path(name).name} for n, name in enumerate(item.image_names)
        ]  # fmt: skip
        size = sum(len(picture["bytes"]) for picture in pictures) + len(item.record) + 64
        row = {name: self._value(name, value) for name, value in _fields(item, self.kind)[0].items()}
        if self.kind == "image":
            row["image"] = pictures[0] if pictures else None
            if self.classes:
                row["label"] = self.classes.index(item.labels[0]) if item.labels else None
        if self._listed:
            row.pop("image", None)
            row["images"] = pictures
        return row, size

    def _value(self, name: str, value: Any) -> Any:
        if self.types.get(name, 0) is None and value is not None:
            return json_text(value)
        return value

    def table(self, rows: list[dict[str, Any]]) -> Any:
        """Rows as an Arrow table."""
        import pyarrow

        return pyarrow.Table.from_pylist(rows, schema=self.schema)


def _fields(item: ExportItem, kind: str) -> tuple[dict[str, Any], bool]:
    """The fields of a sample as Arrow can hold them, and whether halves of surrogate pairs were changed for that."""
    found = fields_of(item) if kind == "image" else record_of(item)
    if "\\ud" not in item.record and "\\uD" not in item.record:
        return found, False
    plain = without_halves(found)
    return plain, plain != found


def _merge_types(types: dict[str, Any], batch: list[dict[str, Any]]) -> None:
    """Widen the types of columns by the values of more rows."""
    import pyarrow

    names = dict.fromkeys(name for row in batch for name in row)
    for name in names:
        known = types.get(name, pyarrow.null())
        if known is None:
            continue
        try:
            new = pyarrow.array([row.get(name) for row in batch]).type
            pair = [pyarrow.schema([(name, known)]), pyarrow.schema([(name, new)])]
            merged = pyarrow.unify_schemas(pair, promote_options="permissive").field(name).type
            types[name] = merged if _keeps_values(known, new, merged) else None
        except (pyarrow.ArrowException, OverflowError, TypeError, ValueError):
            types[name] = None


def _keeps_values(known: Any, new: Any, merged: Any) -> bool:
    """Whether a wider type changes no value: whole numbers must not become real ones."""
    import pyarrow

    whole = [t for t in (known, new) if pyarrow.types.is_integer(t)]
    return not (whole and not pyarrow.types.is_integer(merged))
