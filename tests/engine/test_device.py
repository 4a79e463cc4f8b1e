"""Devices, threads, smaller slices on out-of-memory, versions."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from curator.engine import device as devices
from curator.engine.device import choose_device, keep_single, restore_threads, shrinking, single_threaded, versions
from curator.engine.errors import DeviceError, InputError


def test_the_cpu_is_always_there():
    chosen = choose_device("cpu")
    assert (chosen.name, chosen.dtype) == ("cpu", "float32")
    assert "CPU" in chosen.words


def test_auto_takes_the_best_there_is(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto").name == "cpu"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto").name == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (7, 5))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Some GPU")
    assert choose_device("auto").dtype == "float16"
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0))
    assert choose_device("auto").dtype == "bfloat16"
    assert choose_device("auto").words == "Some GPU (bfloat16)"


def test_a_named_device_that_is_missing_is_not_replaced_in_silence(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="CUDA"):
        choose_device("cuda")
    with pytest.raises(InputError, match="tpu"):
        choose_device("tpu")


def test_shrinking_halves_until_it_fits_and_keeps_the_order():
    sizes = []

    def run(part):
        sizes.append(len(part))
        if len(part) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return list(part)

    results, size = shrinking(run, list(range(10)), 8)
    assert [x for part in results for x in part] == list(range(10))
    assert size == 2
    assert sizes == [8, 4, 2, 2, 2, 2, 2]
    assert shrinking(run, [], 8) == ([], 8)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_memory_of_the_cpu_runs_out_too(error):
    def run(part):
        if len(part) > 1:
            raise error
        return part[0]

    assert shrinking(run, [1, 2, 3], 3) == ([1, 2, 3], 1)


def test_shrinking_gives_up_at_one_and_passes_on_other_errors():
    def never(part):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(DeviceError, match="single sample"):
        shrinking(never, [1, 2, 3], 2)

    def broken(part):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        shrinking(broken, [1, 2], 2)


def test_single_threads_stay_single_and_others_are_untouched():
    before = torch.get_num_threads()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(keep_single).result()
        restore_threads(2)
        try:
            assert pool.submit(torch.get_num_threads).result() == 1
            assert torch.get_num_threads() == 2
        finally:
            restore_threads(before)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(torch.get_num_threads).result() == before


def test_single_threaded_puts_back_what_was():
    before = torch.get_num_threads()
    restore_threads(2)
    try:
        with single_threaded():
            assert torch.get_num_threads() == 1
            with single_threaded():
                assert torch.get_num_threads() == 1
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        restore_threads(before)


def test_workers_that_are_single_for_good_do_not_wait_for_each_other():
    def compute():
        with single_threaded():
            return torch.get_num_threads()

    before = torch.get_num_threads()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(keep_single).result()
        restore_threads(before)
        with single_threaded():
            assert pool.submit(compute).result(timeout=20) == 1


def test_versions_name_what_computes():
    found = versions()
    assert list(found) == ["python", "curator", "torch", "open_clip", "numpy", "scikit-learn", "hdbscan"]
    assert torch.__version__.startswith(found["torch"])
    assert all(found.values())


def test_a_package_that_is_not_installed_is_said(monkeypatch):
    monkeypatch.setitem(devices._PACKAGES, "hdbscan", "no-such-package-anywhere")
    assert versions()["hdbscan"] == "not installed"


@pytest.mark.parametrize(
    "module",
    [
        "curator.engine.device",
        "curator.engine.hub",
        "curator.engine.prompts",
        "curator.engine.embedding",
        "curator.plugins.encoders.open_clip_encoder",
        "curator.plugins.encoders.tiny_clip",
        "curator.plugins.encoders.lsa",
        "curator.plugins.encoders.sentence",
    ],
)
def test_modules_load_without_heavy_packages(module):
    heavy = "{'torch', 'open_clip', 'sklearn', 'transformers', 'torchvision', 'scipy', 'huggingface_hub'}"
    code = f"import sys, {module}; print(sorted(set(sys.modules) & {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_versions_load_nothing():
    code = "import sys; from curator.engine.device import versions; versions(); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_torchvision_that_does_not_fit_is_mended(tmp_path):
    package = tmp_path / "torchvision"
    package.mkdir()
    lines = ["import torch"]
    for name in ("nms", "qnms"):
        lines += [f'@torch.library.register_fake("torchvision::{name}")', f"def {name}(boxes): return boxes"]
    package.joinpath("__init__.py").write_text("\n".join([*lines, "ready = 1"]))
    code = "from curator.engine.device import mend_torchvision as m; m(); import torchvision; print(torchvision.ready)"
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
    )
    assert found.stdout == "1\n"


def test_open_clip_loads_whatever_torchvision_is_installed():
    code = "from curator.engine.device import import_open_clip; print(import_open_clip().__name__)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
