"""Numbers of every record of a pile by a language model, shared by whoever asks with the same settings."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from curator.engine.language.reading import Memory, Rows, read_all
from curator.engine.language.response import RESPONSE
from curator.engine.language.settings import LanguageModelParams
from curator.engine.language.source import ModelSource, find_model
from curator.engine.task import Task
from curator.engine.types import Inputs, SampleReader

CUT = RESPONSE.index("cut")
Wanted = Sequence[tuple[dict[str, Any], slice]]
"""(what a table is made from, which columns of the pass it holds)"""


def open_model(params: LanguageModelParams, device: str, task: Task) -> Any:
    """The model of these settings in memory, of one that reads pictures the part for text; the latest one is kept."""
    from curator.engine.language.loading import load
    from curator.engine.language.pictured import as_text, reads_pictures

    task.step("Loading the language model", 0, 1)
    source = find_model(params.model, task)
    dtype = params.number_format(device)
    model = as_text(source, dtype, device) if reads_pictures(source) else load(source, source.identity, dtype, device)
    task.step("Loading the language model", 1, 1)
    return model


def pictured(params: LanguageModelParams) -> ModelSource | None:
    """The files of these settings' model when it reads pictures, else None."""
    from curator.engine.language.pictured import reads_pictures

    source = find_model(params.model)
    return source if reads_pictures(source) else None


def pictured_pass(
    params: LanguageModelParams, source: ModelSource, device: str, task: Task, *, layer: int | None = None, **more: Any
) -> Any:
    """The pass of a vision-language model, which reads records with their pictures."""
    from curator.engine.language.pictured import PicturedPass

    task.step("Loading the language model", 0, 1)
    return PicturedPass(source, params.number_format(device), device, params.max_tokens, layer, **more)


def response_table(params: LanguageModelParams, inputs: Inputs, task: Task, *, alone: bool = False) -> Any:
    """float32 [n, 5], the columns of :data:`~curator.engine.language.response.RESPONSE`; NaN without a response.

    ``alone``: of responses that do not see their prompts.
    """
    about = {"pass": "alone" if alone else "response", **params.about(inputs.device)}

    def work() -> Any:
        if source := pictured(params):
            return pictured_pass(params, source, inputs.device, task, alone=alone)
        from curator.engine.language.passes import ResponsePass

        return ResponsePass(open_model(params, inputs.device, task), params.max_tokens, alone=alone)

    return make_tables([(about, slice(0, len(RESPONSE)))], work, inputs.samples, inputs.n, inputs.tables, task)[0]


def gradient_lengths(params: LanguageModelParams, layer: int, inputs: Inputs, task: Task) -> Any:
    """float32 [n]: length of the gradient of a layer. The pass makes :func:`response_table` too."""
    about = params.about(inputs.device)
    wanted = gradient_tables(about, layer)

    def work() -> Any:
        if source := pictured(params):
            return pictured_pass(params, source, inputs.device, task, layer=layer)
        from curator.engine.language.passes import GradientPass

        model = open_model(params, inputs.device, task)
        return GradientPass(model, params.max_tokens, model.middle(layer))

    return make_tables(wanted, work, inputs.samples, inputs.n, inputs.tables, task)[0][:, 0]


def gradient_tables(about: dict[str, Any], layer: int) -> Wanted:
    """The tables that a pass with gradients leaves: lengths first, then the numbers of the response."""
    r = len(RESPONSE)
    return [
        ({"pass": "gradient", "layer": layer, **about}, slice(r, r + 1)),
        ({"pass": "response", **about}, slice(0, r)),
    ]


def make_tables(
    wanted: Wanted, work: Any, reader: SampleReader | None, n: int, tables: Any, task: Task, first: Any = None
) -> list[Any]:
    """Tables that one pass makes together; only what the first of them lacks is computed.

    ``work()`` makes the pass. ``first`` is (rows, columns) of something else that the pass fills, such as a matrix of
    vectors, and then decides what is lacking instead of the first table.
    """
    assert reader is not None
    if tables is None:
        outs: list[tuple[Any, slice]] = [(Memory(n, c.stop - c.start), c) for _, c in wanted]
        run(work(), reader, n, [*([first] if first else []), *outs], task)
        return [memory.rows for memory, _ in outs]
    found = [tables.find(about) for about, _ in wanted]
    if first is None and found[0] is not None:
        return found
    writers = [
        None if f is not None else tables.writer(a, c.stop - c.start) for f, (a, c) in zip(found, wanted, strict=True)
    ]
    outs = [(w, c) for w, (_, c) in zip(writers, wanted, strict=True) if w is not None]
    outs = [*([first] if first else []), *outs]
    try:
        if any(out.done < n for out, _ in outs):
            run(work(), reader, n, outs, task)
    except BaseException:
        for writer in writers:
            if writer is not None:
                writer.close()
        raise
    for writer in writers:
        if writer is not None:
            writer.finish()
    return [tables.find(about) for about, _ in wanted]


def run(work: Any, reader: SampleReader, n: int, outs: Sequence[tuple[Rows, slice]], task: Task) -> None:
    """One pass over the pile; says how many records had to be cut."""
    count = _Cut()
    watched = [*outs, (count, slice(CUT, CUT + 1))] if work.counts_cuts else outs
    count.done = min((out.done for out, _ in outs), default=0)
    with work.capture.watching() if hasattr(work, "capture") else contextlib.nullcontext():
        if hasattr(work, "read_all"):  # with pictures
            work.read_all(reader, n, watched, task)
        else:
            read_all(work, reader, n, watched, task)
    if count.cut:
        task.log(f"{count.cut} records were longer than {work.limit} tokens and were cut.")


class _Cut:
    """Counts records that were cut, as they go by."""

    def __init__(self) -> None:
        self.done = self.cut = 0

    def write(self, first: int, block: Any) -> None:
        """Look at a block."""
        self.cut += int((np.nan_to_num(block) > 0).sum())
