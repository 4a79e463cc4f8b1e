"""Facts of whole sources, which belong to no single Sample: categories that no picture shows, names of classes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from curator.engine.history import clean
from curator.engine.store import Store


class SourceFacts:
    """What Importers learned of the sources of Datasets, over a Store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, dataset_id: int, path: str, facts: Mapping[str, Any]) -> None:
        """Keep what was learned of one path, in place of what was known of it before."""
        with self._store.write():
            key = (dataset_id, clean(path))
            self._store.db.execute("delete from source_facts where dataset_id = ? and path = ?", key)
            if facts:
                text = clean(json.dumps(facts, ensure_ascii=False))
                self._store.db.execute("insert into source_facts values (?, ?, ?)", (*key, text))

    def of(self, dataset_id: int) -> dict[str, Any]:
        """The facts of all sources of a Dataset in the order they were imported: lists are joined, without what is
        twice in them; of anything else the first counts."""
        found: dict[str, Any] = {}
        sql = "select facts from source_facts where dataset_id = ? order by rowid"
        for (text,) in self._store.rows(sql, (dataset_id,)):
            for name, value in json.loads(text).items():
                known = found.setdefault(name, value)
                if known is not value and isinstance(known, list) and isinstance(value, list):
                    seen = {json.dumps(one, sort_keys=True) for one in known}
                    known += [one for one in value if json.dumps(one, sort_keys=True) not in seen]
        return found
