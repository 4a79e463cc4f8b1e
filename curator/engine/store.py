"""The Store: everything durable in a Project. It and the ``store_...`` modules beneath hold the only SQL."""

from __future__ import annotations

from pathlib import Path

from curator.engine.arrays import sweep_parts
from curator.engine.errors import StoreError
from curator.engine.history import now
from curator.engine.schema import FILE, connect
from curator.engine.store_runs import RunStore


class Store(RunStore):
    """One open Project folder. Safe to share between threads; two Stores on one folder are safe too."""

    @classmethod
    def create(cls, folder: Path) -> Store:
        """Make a Project in a folder that does not exist or is empty; raises :class:`StoreError`.

        The database gets its name when it is whole. What a kill before that leaves does not count as something.
        """
        draft = folder / f"{FILE}.new"
        ours = {"arrays", *(draft.name + end for end in ("", "-wal", "-shm", "-journal"))}
        try:
            if folder.exists() and (not folder.is_dir() or any(f.name not in ours for f in folder.iterdir())):
                raise StoreError(f"{folder} exists already.", "Choose another name, or open it.")
            (folder / "arrays").mkdir(parents=True, exist_ok=True)
            for file in folder.glob(f"{draft.name}*"):
                file.unlink()
            connect(draft, new=True).conn.close()
            draft.rename(folder / FILE)
        except OSError as error:
            raise StoreError(f"{folder} cannot be made: {error.strerror}.") from None
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Open a Project; raises :class:`StoreError` when there is none or it cannot be used."""
        if not (folder / FILE).is_file():
            raise StoreError(f"There is no project at {folder}.", f"Make one with: curator init {folder}")
        try:
            (folder / "arrays").mkdir(exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder} cannot be used: {error.strerror}.") from None
        return cls(folder, connect(folder / FILE))

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self.claims.close()
            self.db.conn.close()
        with self._aside_lock:
            self._closed = True
            if self._aside is not None:
                self._aside.conn.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def arrays(self) -> Path:
        """Folder of the array files."""
        return self.folder / "arrays"

    def sweep(self) -> None:
        """Tidy what a kill left behind. Runs that a living process is at work on are left alone."""
        with self.write():
            running = [i for (i,) in self.rows("select id from run where status = 'running'")]
            dead = [(now(), i) for i in running if not self.claims.busy(f"run-{i}")]
            self.db.conn.executemany("update run set status = 'interrupted', finished = ? where id = ?", dead)
            mine = "select id from run where status not in ('done', 'running')"
            for table in ("subset_sample", "omission"):
                sql = f"delete from {table} where subset_id in (select id from subset where run_id in ({mine}))"
                self.db.execute(sql)
            self.db.execute(f"delete from subset where run_id in ({mine})")
            self.claims.sweep()
        sweep_parts(self.arrays)

    def check(self) -> list[str]:
        """What is wrong; empty when nothing is."""
        faults = [f"database: {r[0]}" for r in self.rows("pragma integrity_check") if r[0] != "ok"]
        faults += [f"database: row {r[1]} of {r[0]} points nowhere" for r in self.rows("pragma foreign_key_check")]
        files = "select file from embedding union select file from score union select file from projection"
        files += " union select labels_file from clustering union select membership_file from clustering"
        faults += [
            f"{f} is missing from the arrays folder"
            for (f,) in self.rows(files)
            if f and not (self.arrays / f).is_file()
        ]
        short = (
            "select name from subset where not hidden and size !="
            " (select count(*) from subset_sample where subset_id = subset.id)"
        )
        faults += [f"subset “{name}” does not have the rows it should" for (name,) in self.rows(short)]
        short = (
            "select name from dataset where not hidden and size != (select count(*) from sample"
            " where dataset_id = dataset.id and row >= 0 and row < dataset.size)"
        )
        faults += [f"dataset “{name}” does not have the rows it should" for (name,) in self.rows(short)]
        return faults
