"""The gradient of a response's loss with respect to one layer, sketched without ever being written out.

For a matrix W with inputs x and gradients e of its outputs, the gradient of one record is the sum over its tokens of
e outer x. Its product with a random rank-one matrix a b' is the sum of (a.e)(b.x): so a sketch of r such products
needs the tokens' inputs and output gradients only. E<a b', G><a b', H> = <G, H>; the error of an inner product of two
sketches has a standard deviation of at most 3 |G| |H| / sqrt(r), for signs and for normal numbers alike.

Sources: the gradient vectors of Adapt-∞ (arXiv 2410.10636, the middle layer) and LESS (random projection); GraNd,
Paul et al. 2021. The rank-one form of the projection is our own choice: the dense one needs the gradient written out.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from curator.engine.language.loading import LanguageModel


@dataclass(frozen=True)
class Seen:
    """What passed through one matrix of the layer, for one record: inputs [t, in] and output gradients [t, out].

    ``inputs`` ends in a column of ones where the matrix has a bias.
    """

    inputs: Any
    gradients: Any


class LayerCapture:
    """Watches the matrices of one layer during forward passes, in any number of threads at once.

    The gradient ends at the input of the layer: nothing below is differentiated, and no gradient of a weight is made.
    """

    def __init__(self, model: LanguageModel, layer: int) -> None:
        self.block = model.layers[layer]
        self.matrices = [m for m in self.block.modules() if getattr(getattr(m, "weight", None), "ndim", 0) == 2]
        self._local = threading.local()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Inside, forward passes under :meth:`record` are watched."""
        hooks = [self.block.register_forward_pre_hook(self._begin, with_kwargs=True)]
        for number, matrix in enumerate(self.matrices):
            hooks.append(matrix.register_forward_hook(self._keeper(number)))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    @contextmanager
    def record(self) -> Iterator[dict[int, tuple[Any, Any]]]:
        """Collects (input, output) of each matrix from the one forward pass inside."""
        self._local.seen = {}
        try:
            yield self._local.seen
        finally:
            del self._local.seen

    def _begin(self, _block: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if getattr(self._local, "seen", None) is None:
            return None
        if args:
            return (args[0].detach().requires_grad_(), *args[1:]), kwargs
        return args, {**kwargs, "hidden_states": kwargs["hidden_states"].detach().requires_grad_()}

    def _keeper(self, number: int) -> Any:
        def keep(_matrix: Any, args: tuple[Any, ...], output: Any) -> None:
            seen = getattr(self._local, "seen", None)
            if seen is not None:
                seen[number] = (args[0].detach(), output)

        return keep

    def seen(self, found: dict[int, tuple[Any, Any]], gradients: Any, row: int, part: slice) -> list[Seen]:
        """What one record of the batch sent through each matrix."""
        import torch

        parts = []
        for (number, (inputs, _)), gradient in zip(sorted(found.items()), gradients, strict=True):
            x, e = inputs[row, part].float(), gradient[row, part].float()
            if getattr(self.matrices[number], "bias", None) is not None:
                x = torch.cat([x, torch.ones(len(x), 1, device=x.device)], 1)
            parts.append(Seen(x, e))
        return parts


def written_out(parts: list[Seen]) -> Any:
    """The gradient itself, matrix after matrix, each [out, in] row by row: for small models."""
    import torch

    return torch.cat([(p.gradients.T @ p.inputs).flatten() for p in parts])


def length_of(parts: list[Seen]) -> float:
    """Length of the gradient, from products between tokens."""
    total = 0.0
    for p in parts:
        total += float(((p.gradients @ p.gradients.T) * (p.inputs @ p.inputs.T)).sum(dtype=p.inputs.double().dtype))
    return max(total, 0.0) ** 0.5


class Projection:
    """Random rank-one directions for each matrix, made when a matrix is first met; the same for the same seed.

    Args:
        width: r, numbers of a sketch.
        kind: "rademacher" (signs) or "gaussian".
    """

    def __init__(self, width: int, seed: int, kind: str, device: str) -> None:
        self.width, self._seed, self._kind, self._device = width, seed, kind, device
        self._made: dict[int, tuple[Any, Any]] = {}
        self._lock = threading.Lock()

    def directions(self, number: int, outputs: int, inputs: int) -> tuple[Any, Any]:
        """float32 [out, r] and [in, r]."""
        import torch

        with self._lock:
            if number not in self._made:
                generator = torch.Generator().manual_seed(self._seed * 1_000_003 + number)
                both = []
                for size in (outputs, inputs):
                    if self._kind == "gaussian":
                        drawn = torch.randn((size, self.width), generator=generator)
                    else:
                        drawn = torch.randint(0, 2, (size, self.width), generator=generator).float() * 2 - 1
                    both.append(drawn.to(self._device))
                self._made[number] = (both[0], both[1])
            return self._made[number]

    def sketch(self, parts: list[Seen]) -> Any:
        """float32 [r]: the sum over matrices and tokens of (a.e)(b.x), over the root of r."""
        import torch

        total = torch.zeros(self.width, device=self._device)
        for number, p in enumerate(parts):
            a, b = self.directions(number, p.gradients.shape[1], p.inputs.shape[1])
            total += ((p.gradients @ a) * (p.inputs @ b)).sum(0)
        return total / self.width**0.5
