"""A language model's last layer, fitted to a subset: what records teach, without training the model.

The model stays as it is and reads each record once. What its last layer reads at a few places of each response is kept;
then, for any subset, a linear change of that layer (h -> h + h A, and a number added to each token) is fitted to the
subset's places, and the loss on places of other records says what was learnt. Tokens that occur in no response keep
the share of the probability that the model gives them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.device import single_threaded
from curator.engine.errors import InputError
from curator.engine.language.passes import Pass
from curator.engine.language.response import answer_part, forward
from curator.engine.language.scoring import make_tables, open_model
from curator.engine.language.settings import LanguageModelParams
from curator.engine.language.tokens import Batch
from curator.engine.task import Task
from curator.engine.types import Floats, Inputs, Rows

PLACES = 8
"""Response tokens that are kept of a record, evenly spaced."""
STEPS, BATCH, RATE = 60, 256, 3e-4
BLOCK = 1024


class LastPass(Pass):
    """What the last layer reads, the token that followed and the logarithm of the normaliser, at each place."""

    counts_cuts = False

    def __init__(self, model: Any, limit: int, **options: Any) -> None:
        super().__init__(model, limit, **options)
        self.head = model.model.get_output_embeddings()
        self._plain = False
        self.columns = PLACES * (int(self.head.weight.shape[1]) + 2)

    def of(self, batch: Batch, slots: range) -> Floats:
        """float32 [slots, places * (h + 2)]; NaN beyond a short response."""
        import threading

        import torch

        out, mine = self._empty(slots), threading.get_ident()
        read: list[Any] = []
        hook = self.head.register_forward_pre_hook(
            lambda _head, args: read.append(args[0]) if threading.get_ident() == mine else None
        )
        try:
            with torch.inference_mode():
                logits, first = forward(self.model, batch, slots, self.side)
        finally:
            hook.remove()
        for row, slot in enumerate(slots):
            if slot < len(batch.items):
                z, truth, part = answer_part(logits, first, batch, row, slot, self.side)
                places = np.unique(np.linspace(0, len(truth) - 1, min(PLACES, len(truth))).round().astype(np.int64))
                self._check(read[0][row, part][places], z[places])
                h = read[0][row, part][places].float().cpu().numpy()
                normal = z[places].float().logsumexp(1).cpu().numpy()
                kept = np.concatenate([h, truth[places].cpu().numpy()[:, None], normal[:, None]], 1, dtype=np.float32)
                out[row, : kept.size] = kept.ravel()
        return out

    def _check(self, h: Any, z: Any) -> None:
        """Some models cap or scale what their last layer says (Gemma 2, Granite); the fit would measure another one."""
        import torch

        if not self._plain and not torch.allclose(self.head(h).float(), z.float(), rtol=1e-2, atol=1e-2):
            raise InputError(
                "This model changes its logits after the last layer, which cannot be fitted then.",
                "Name another language model for the comparison, or leave language_model out.",
            )
        self._plain = True


class LastLayer:
    """Fits the last layer to rows of a pile, and measures it on others.

    Args:
        table: float32 [n, places * (h + 2)] of :class:`LastPass`.
        weight: float32 [vocabulary, h], what the model multiplies the hidden states with.
        bias: float32 [vocabulary] or None.
    """

    def __init__(self, table: NDArray[Any], weight: NDArray[Any], bias: NDArray[Any] | None = None) -> None:
        self._table, self._width = table, weight.shape[1]
        tokens = np.asarray(table[:, self._width :: self._width + 2])
        self._known = np.unique(tokens[np.isfinite(tokens)]).astype(np.int64)
        self._weight = np.array(weight[self._known], np.float32)
        self._bias = np.zeros(len(self._known), np.float32) if bias is None else np.array(bias[self._known], np.float32)

    def loss(self, picks: Rows, test: Rows, seed: int = 0, *, steps: int = STEPS) -> float:
        """Mean of -ln p over the places of rows ``test``, fitted to rows ``picks``; NaN where either has none.

        The same for the same seed; ``steps`` 0 measures the model as it is.
        """
        import torch

        learn, judge = self._places(picks), self._places(test)
        if not len(learn[0]) or not len(judge[0]):
            return float("nan")
        with single_threaded(), torch.enable_grad():
            change = torch.zeros(self._width, self._width, requires_grad=True)
            added = torch.from_numpy(self._bias.copy()).requires_grad_()
            adam = torch.optim.Adam([change, added], lr=RATE)
            rng = np.random.default_rng((seed, 23))
            for _ in range(steps):
                rows = rng.integers(len(learn[0]), size=min(BATCH, len(learn[0])))
                adam.zero_grad()
                self._losses(learn, rows, change, added).mean().backward()
                adam.step()
            with torch.no_grad():
                parts = [np.arange(f, min(f + BLOCK, len(judge[0]))) for f in range(0, len(judge[0]), BLOCK)]
                total = sum(float(self._losses(judge, part, change, added).double().sum()) for part in parts)
        return total / len(judge[0])

    def _places(self, rows: Rows) -> tuple[Any, Any, Any]:
        """Hidden states [m, h], places of the tokens among those known [m], share of all other tokens (log) [m]."""
        cells = np.asarray(self._table[rows], np.float32).reshape(-1, self._width + 2)
        cells = cells[np.isfinite(cells).all(axis=1)]
        h, token, normal = cells[:, :-2], np.searchsorted(self._known, cells[:, -2].astype(np.int64)), cells[:, -1]
        rest = np.empty(len(h), np.float64)
        for first in range(0, len(h), BLOCK):
            part = slice(first, first + BLOCK)
            z = np.asarray(h[part] @ self._weight.T + self._bias, np.float64)
            seen = np.exp(z - normal[part, None]).sum(axis=1)
            rest[part] = normal[part] + np.log(np.clip(1 - seen, 1e-9, None))
        return h, token, rest.astype(np.float32)

    def _losses(self, places: tuple[Any, Any, Any], rows: Any, change: Any, added: Any) -> Any:
        import torch

        h, token, rest = (torch.from_numpy(np.ascontiguousarray(p[rows])) for p in places)
        z = (h + h @ change) @ torch.from_numpy(self._weight).T + added
        normal = torch.logsumexp(torch.cat([z, rest[:, None]], 1), 1)
        return normal - z.gather(1, token[:, None])[:, 0]


def last_layer(params: LanguageModelParams, inputs: Inputs, task: Task) -> LastLayer:
    """Read every record once (kept like other tables) and get ready to fit."""
    model = open_model(params, inputs.device, task)
    work = LastPass(model, params.max_tokens)
    about = {"pass": "last", "places": PLACES, **params.about(inputs.device)}
    wanted = [(about, slice(0, work.columns))]
    table = make_tables(wanted, lambda: work, inputs.samples, inputs.n, inputs.tables, task)[0]
    bias = getattr(work.head, "bias", None)
    weight = work.head.weight.detach().float().cpu().numpy()
    return LastLayer(table, weight, None if bias is None else bias.detach().float().cpu().numpy())
