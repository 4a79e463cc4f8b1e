"""Studies as front ends see them: ``project.rounds``."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from curator.engine.arrays import open_array
from curator.engine.errors import InputError
from curator.engine.jobs import Job, Listener, Submit
from curator.engine.label_files import read_labels
from curator.engine.params import Param, params_of
from curator.engine.store_rounds import RoundStore
from curator.engine.study import LABELLED, OPEN, SKIPPED, UNLISTED, Pick, RoundRecord, Space, Study, StudyPlan
from curator.engine.types import Changes

if TYPE_CHECKING:
    from curator.engine.store import Store


@dataclass(frozen=True)
class StartStudy:
    """Start a Study on a Dataset. ``plan`` holds values of :class:`StudyPlan`; ``name`` "" = after the selector."""

    handler: ClassVar[str] = "curator.engine.rounds:start_study"

    dataset: str
    name: str = ""
    plan: Mapping[str, Any] = field(default_factory=dict)
    device: str = "auto"
    batch: int = 0

    @property
    def title(self) -> str:
        """Words for the Job."""
        return f"Start rounds of labels on {self.dataset}"


@dataclass(frozen=True)
class NextRound:
    """Fit the student to the labels so far and choose the next batch."""

    handler: ClassVar[str] = "curator.engine.rounds:next_round"

    study: int
    name: str = ""
    device: str = "auto"
    batch: int = 0

    @property
    def title(self) -> str:
        """Words for the Job."""
        return f"Next round of “{self.name}”"


class Rounds:
    """Rounds of labels in one Project. Answers are written at once and can be undone; the rest are Jobs."""

    def __init__(self, store: Store, submit: Submit) -> None:
        self._store, self._submit = store, submit
        self._rounds = RoundStore(store)

    @staticmethod
    def params() -> tuple[Param, ...]:
        """What a Study can be asked, for forms and help."""
        return params_of(StudyPlan)

    # ---- long work -------------------------------------------------------------------------------------------

    def start(
        self,
        dataset: str,
        plan: Mapping[str, Any] | None = None,
        name: str = "",
        device: str = "auto",
        batch: int = 0,
        listener: Listener | None = None,
    ) -> Job:
        """Start a Study; raises :class:`InputError` for values that do not fit, before anything starts."""
        StudyPlan.of(dict(plan or {}))
        return self._submit(
            StartStudy(self._store.dataset(dataset).name, name, dict(plan or {}), device, batch), listener
        )

    def next(self, study: int | str, device: str = "auto", batch: int = 0, listener: Listener | None = None) -> Job:
        """Fit the student and choose the next batch."""
        found = self.study(study)
        return self._submit(NextRound(found.id, found.name, device, batch), listener)

    # ---- reading ---------------------------------------------------------------------------------------------

    def studies(self, dataset: int | None = None) -> list[Study]:
        """All Studies, or those of one Dataset, oldest first."""
        return self._rounds.studies(dataset)

    def known_classes(self, dataset: int) -> tuple[str, ...]:
        """Names of the classes that a Dataset's source gives, sorted."""
        return tuple(sorted(set(self._rounds.given(dataset).values())))

    def study(self, key: int | str) -> Study:
        """A Study by id or name; raises :class:`InputError` naming those there are."""
        return self._rounds.study(key)

    def curve(self, study: int) -> list[RoundRecord]:
        """The rounds so far, each with how good the probabilities were that chose its batch."""
        return self._rounds.rounds(study)

    def batch(self, study: int) -> list[Pick]:
        """The newest batch by rank, answered or not."""
        rounds = self._rounds.rounds(study)
        return self._rounds.picks(study, rounds[-1].number) if rounds else []

    def picks(self, study: int) -> list[Pick]:
        """Every pick of every round."""
        return self._rounds.picks(study)

    def space(self, study: int) -> Space | None:
        """The probabilities that chose the newest batch; None when their file is gone (the next round makes it anew).

        Of more than 100,000 rows, 100,000 evenly spaced ones and every pick and label.
        """
        found = self.study(study)
        rounds = self.curve(found.id)
        file = self._store.arrays / rounds[-1].file
        if not file.is_file():
            return None
        whole = open_array(file)
        picks = [p.row for p in self.batch(found.id)]
        labelled = sorted(self._rounds.answers(found))
        rows = np.unique(
            np.concatenate([np.arange(0, len(whole), len(whole) // MOST + 1), picks, labelled]).astype(int)
        )
        readable = np.ones(len(rows), bool)
        readable[np.isin(rows, self._store.problem_rows(found.dataset_id))] = False
        rows = rows[readable]
        teacher_file = self._store.arrays / rounds[-1].teacher_file
        teacher = None
        if rounds[-1].teacher_file and teacher_file.is_file():
            logits = np.asarray(open_array(teacher_file)[rows], np.float64) / found.plan.temperature
            logits = np.exp(logits - logits.max(axis=1, keepdims=True))
            teacher = (logits / logits.sum(axis=1, keepdims=True)).astype(np.float32)
        place = {r: i for i, r in enumerate(rows.tolist())}
        return Space(
            found.classes,
            np.array(whole[rows], np.float32),
            rows.astype(np.int64),
            np.array([place[r] for r in picks if r in place], np.int64),
            np.array([place[r] for r in labelled if r in place], np.int64),
            teacher,
        )

    # ---- answers ---------------------------------------------------------------------------------------------

    def label(self, study: int, sample_ids: Sequence[int], name: str, author: str = "user") -> Changes:
        """Say what samples are: a class of the Study. Also stored as the user's label of each."""
        return self._answer(study, sample_ids, LABELLED, name, author)

    def skip(self, study: int, sample_ids: Sequence[int]) -> Changes:
        """Say nothing about samples; they are not asked about again."""
        return self._answer(study, sample_ids, SKIPPED)

    def unlisted(self, study: int, sample_ids: Sequence[int]) -> Changes:
        """Say that samples are none of the classes; they are not asked about again and nothing is learnt from them."""
        return self._answer(study, sample_ids, UNLISTED)

    def clear(self, study: int, sample_ids: Sequence[int]) -> Changes:
        """Take answers back."""
        return self._answer(study, sample_ids, OPEN)

    def _answer(
        self, study: int, sample_ids: Sequence[int], state: str, name: str = "", author: str = "user"
    ) -> Changes:
        found = self.study(study)
        words = {LABELLED: f"Label as “{name}”", SKIPPED: "Skip", UNLISTED: "Not in the list", OPEN: "Take back"}[state]
        count = "" if len(sample_ids) == 1 else f" ({len(sample_ids)} samples)"
        answers = {int(i): (state, name) for i in sample_ids}
        return self._rounds.answer(found, answers, author, f"{words}{count}, “{found.name}”")

    def label_file(self, study: int, file: Path, author: str = "file") -> Changes:
        """Labels from a CSV, JSON or JSONL file, see :func:`read_labels`; one entry of the history.

        Raises:
            InputError: the file cannot be read, or names a sample or class that is not there.
        """
        found = self.study(study)
        answers = read_labels(file, self._sources(found))
        return self._rounds.answer(found, answers, author, f"{len(answers)} labels from {file.name}, “{found.name}”")

    def _sources(self, study: Study) -> dict[str, int]:
        dataset = self._store.dataset(study.dataset_id)
        ids = self._store.sample_ids(dataset.id)
        sources = self._store.iter_sources(dataset.id, np.arange(dataset.size))
        return dict(zip(sources, ids.tolist(), strict=True))

    def rename(self, study: int, name: str) -> Changes:
        """Give a Study another name."""
        return self._rounds.rename(study, name)

    def remove(self, study: int) -> Changes:
        """Hide a Study; its labels stay, undo brings it back."""
        return self._rounds.hide(self.study(study))

    def export(self, study: int, target: Path, overwrite: bool = False) -> Path:
        """Write every pick with its answer (CSV), or picks, plan and curve (JSON), by the ending of ``target``.

        Raises:
            InputError: the file exists and ``overwrite`` is not set, or has another ending.
        """
        found = self.study(study)
        if target.suffix not in (".csv", ".json"):
            raise InputError(f"{target.name} is neither .csv nor .json.", "Choose one of these endings.")
        if target.exists() and not overwrite:
            raise InputError(f"{target} exists already.", "Choose another name, or say --overwrite to replace it.")
        picks = [asdict(p) for p in self.picks(found.id)]
        draft = target.with_name(target.name + ".new")
        with draft.open("w", encoding="utf-8", newline="") as out:
            if target.suffix == ".csv":
                writer = csv.DictWriter(
                    out, ["source", "sample_id", "class", "state", "round", "rank", "gain", "reason"]
                )
                writer.writeheader()
                for p in picks:
                    writer.writerow({**{k: p[k] for k in writer.fieldnames if k != "class"}, "class": p["answer"]})
            else:
                curve = [curve_point(r) for r in self.curve(found.id)]
                whole = {"study": found.name, "classes": found.classes, "plan": asdict(found.plan)}
                json.dump({**whole, "curve": curve, "picks": picks}, out, ensure_ascii=False, indent=1)
        draft.replace(target)
        return target


MOST = 100_000


def curve_point(record: RoundRecord) -> dict[str, Any]:
    """One point of the curve as plain values; None for what could not be measured."""
    values = {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in asdict(record.measures).items()}
    return {"round": record.number, "measured": record.measured, **values, "seconds": record.seconds}
