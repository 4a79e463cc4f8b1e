"""Where the heavy work runs: device and number format, threads, smaller slices when memory runs out.

torch is imported inside functions, so that provenance can be asked for without it.
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

from curator.engine.errors import DeviceError, InputError

Item = TypeVar("Item")
Result = TypeVar("Result")

DEVICES = ("auto", "cpu", "cuda", "mps")
_PACKAGES = {
    "curator": "curator-desk",
    "torch": "torch",
    "open_clip": "open-clip-torch",
    "numpy": "numpy",
    "scikit-learn": "scikit-learn",
    "hdbscan": "hdbscan",
}
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")
_single = threading.local()
_threads_lock = threading.RLock()


@dataclass(frozen=True)
class Device:
    """Attributes: ``name`` as torch takes it ("cpu", "cuda", "mps"); ``dtype`` that an encoder computes in
    ("float32", "bfloat16", "float16"); ``words`` for the log."""

    name: str
    dtype: str
    words: str


def choose_device(wanted: str = "auto") -> Device:
    """The device to use: the one named, or the best there is (CUDA, then MPS, then CPU).

    CUDA computes in bfloat16 where the chip does (compute capability 8.0 and later), else in float16. MPS and CPU
    compute in float32: half precision on MPS is known to be slow or wrong for some operators.

    Raises:
        InputError: ``wanted`` is no device. DeviceError: the device named is not in this machine.
    """
    if wanted not in DEVICES:
        raise InputError(f"There is no device called “{wanted}”.", f"Choose one of: {', '.join(DEVICES)}.")
    import torch

    have = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        wanted = next(name for name in ("cuda", "mps", "cpu") if have[name])
    if not have[wanted]:
        raise DeviceError(f"This machine offers no {wanted.upper()} device to torch.", "Use --device cpu or auto.")
    if wanted == "cuda":
        dtype = "bfloat16" if torch.cuda.get_device_capability()[0] >= 8 else "float16"
        return Device("cuda", dtype, f"{torch.cuda.get_device_name()} ({dtype})")
    if wanted == "mps":
        return Device("mps", "float32", "Apple GPU (float32)")
    return Device("cpu", "float32", f"CPU, {_count(torch.get_num_threads(), 'thread')} (float32)")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shrinking(run: Callable[[Sequence[Item]], Result], items: Sequence[Item], size: int) -> tuple[list[Result], int]:
    """Call ``run`` on slices of at most ``size`` items, halving the slice each time memory runs out.

    Returns:
        The results in order, and the size that worked, to begin with next time.

    Raises:
        DeviceError: a single item does not fit.
    """
    results: list[Result] = []
    first = 0
    while first < len(items):
        part = items[first : first + size]
        try:
            results.append(run(part))
        except (RuntimeError, MemoryError) as error:
            if not _out_of_memory(error):
                raise
            if len(part) == 1:
                raise DeviceError(
                    "The device has not enough memory for a single sample.",
                    "Close other programs that use it, choose a smaller encoder, or use --device cpu.",
                ) from error
            size = max(1, len(part) // 2)
        else:
            first += len(part)
            continue
        _release_memory()  # outside the handler: the traceback that held the tensors is gone
    return results, size


def _out_of_memory(error: BaseException) -> bool:
    torch = sys.modules.get("torch")
    if isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError)):
        return True
    return any(words in str(error).lower() for words in _OUT_OF_MEMORY)


def _release_memory() -> None:
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def keep_single() -> None:
    """Let torch split no operation of the calling thread, for as long as the thread lives.

    For worker threads that run side by side, each on its own block: a sum then has one order whatever the number of
    cores, and results are the same bit for bit. torch keeps the count for each thread that has computed (OpenMP and
    MKL), and a common one for threads that have not yet begun; the caller who starts the workers puts the latter
    back with :func:`restore_threads` once all of them have called this.
    """
    import torch

    torch.get_num_threads()  # a thread's first use of torch gives it the common count; let that be behind us
    torch.set_num_threads(1)
    _single.kept = True


def restore_threads(count: int) -> None:
    """Set the calling thread, and all threads that have not computed yet, to ``count`` threads."""
    import torch

    torch.set_num_threads(count)


@contextlib.contextmanager
def single_threaded() -> Iterator[None]:
    """Inside, torch splits no operation of this thread; afterwards the setting is as before.

    Does nothing in a thread that called :func:`keep_single`.
    """
    if getattr(_single, "kept", False):
        yield
        return
    import torch

    with _threads_lock:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def import_open_clip() -> Any:
    """The ``open_clip`` package, also beside a torchvision whose compiled part does not fit the installed torch."""
    mend_torchvision()
    import open_clip

    return open_clip


def mend_torchvision() -> None:
    """Make ``import torchvision`` work when its compiled operators do not load.

    Wheels of torchvision on PyPI are linked against CUDA; beside a CPU-only torch their library does not load, and
    the import then fails on operators that only object detectors use ("operator torchvision::nms does not exist").
    open_clip needs nothing but the transforms, which are plain Python. So the names that are asked for are declared
    without a body, and the import is tried again.
    """
    if "torchvision" in sys.modules:
        return
    import torch

    mark = "operator torchvision::"
    for _ in range(20):
        try:
            import torchvision  # noqa: F401
        except RuntimeError as error:
            text = str(error)
            if mark not in text:
                raise
            name = text.split(mark, 1)[1].split(" ", 1)[0]
            _declared.append(torch.library.Library("torchvision", "FRAGMENT"))
            _declared[-1].define(f"{name}(Tensor[] x) -> Tensor")
            for module in [m for m in sys.modules if m == "torchvision" or m.startswith("torchvision.")]:
                del sys.modules[module]
        else:
            return


_declared: list[Any] = []
"""Declarations live as long as these objects."""


def versions() -> dict[str, str]:
    """What the result of a Run may depend on: Python and the packages that compute. Imports none of them."""
    found = {"python": platform.python_version()}
    for name, package in _PACKAGES.items():
        try:
            found[name] = version(package)
        except PackageNotFoundError:
            found[name] = "not installed"
    if found["curator"] == "not installed":
        from curator import __version__

        found["curator"] = __version__
    return found


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
