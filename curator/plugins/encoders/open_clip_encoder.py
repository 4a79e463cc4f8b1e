"""Images and texts through open_clip: any of its names, or a checkpoint folder of your own.

Source: Ilharco et al., OpenCLIP, 2021, doi:10.5281/zenodo.5143773; Radford et al., Learning Transferable Visual
Models From Natural Language Supervision, 2021.
"""

from __future__ import annotations

import importlib.util
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from curator.engine.api import CuratorError, InputError, NotReadyError, Task, encoder, param
from curator.engine.hub import cached_file, hub_cache, no_network, offline, reachable
from curator.plugins.encoders.clip_session import ClipSession

CONFIG = "open_clip_config.json"
WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
DEFAULT_MODEL = "ViT-B-32"
DEFAULT_PRETRAINED = "laion2b_s34b_b79k"
DEFAULT_REPO = "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
_OFFLINE_CHOICES = (
    "Without a network: use the encoder tiny-clip, which is bundled; or give open-clip a local checkpoint folder "
    "(folder=PATH with open_clip_config.json and open_clip_model.safetensors); or run once on a machine with a "
    "network and copy its Hugging Face cache here (HF_HOME)."
)


@encoder("open-clip", version=1)
@dataclass(frozen=True)
class OpenClip:
    """CLIP models of open_clip, for images and texts.

    Any of open_clip's names with a pretrained tag, or a local checkpoint folder. Weights come from the Hugging Face
    cache, or are downloaded once by open_clip's own code; they are read as plain tensors, never as code.
    """

    model: str = param(DEFAULT_MODEL, help="A name of open_clip, or hf-hub:ORG/NAME")
    pretrained: str = param(DEFAULT_PRETRAINED, help="The pretrained tag that goes with the name")
    folder: str = param("", help=f"A local folder with {CONFIG} and {WEIGHTS[0]}; takes the place of the name")

    duplicate_threshold: ClassVar[float] = 0.95

    def available(self) -> tuple[bool, str]:
        """Whether it can run here without a network, and why. Imports nothing heavy."""
        if importlib.util.find_spec("open_clip") is None:
            return False, "open_clip is not installed"
        if self.folder:
            try:
                folder = check_folder(self.folder)
            except InputError as error:
                return False, error.text
            return True, f"local folder {folder}"
        if self.model.startswith("hf-hub:"):
            repo = self.model.removeprefix("hf-hub:")
        elif (self.model, self.pretrained) == (DEFAULT_MODEL, DEFAULT_PRETRAINED):
            repo = DEFAULT_REPO
        else:
            return False, f"whether weights of {self._words()} are here is seen when they are loaded"
        if cached_file(repo, WEIGHTS) is None:
            return False, f"weights of {self._words()} are not in {hub_cache()}"
        return True, f"weights of {self._words()} are in the cache"

    def open(self, device: str, seed: int, task: Task) -> ClipSession:
        """Load the weights; nothing here is random, so ``seed`` is not used.

        Raises:
            InputError: no such name or tag, or the folder does not hold a model.
            NotReadyError: the weights are not here and cannot be downloaded.
            DeviceError: the device is missing.
        """
        if self.folder:
            return open_folder(self.folder, device)
        name = self.model
        source = _hub_source(name) if name.startswith("hf-hub:") else _named_source(name, self.pretrained)
        if not source.cached and offline():
            raise NotReadyError(f"The weights of {self._words()} are not on this machine.", _OFFLINE_CHOICES)
        if not source.cached and source.on_hub and not reachable():
            raise NotReadyError(
                f"The weights of {self._words()} are not here, and the hub cannot be reached.", _OFFLINE_CHOICES
            )
        if not source.cached:
            task.log(f"Downloading the weights of {self._words()}.")
        try:
            model, tokenizer, config = _first_from_disk(source.cached, lambda: _create(name, source))
        except CuratorError:
            raise
        except Exception as error:
            raise NotReadyError(
                f"The weights of {self._words()} cannot be loaded: {_first_line(error)}.", _OFFLINE_CHOICES
            ) from error
        return ClipSession(model, tokenizer, config, device)

    def _words(self) -> str:
        return self.model if self.model.startswith("hf-hub:") else f"{self.model} ({self.pretrained})"


@dataclass(frozen=True)
class _Source:
    """Where the weights of a name come from. ``options`` go to ``open_clip.create_model`` as they are."""

    cached: bool
    cache_dir: str | None
    options: dict[str, Any]
    config: Any = None

    @property
    def on_hub(self) -> bool:
        """Whether they come from the Hugging Face hub, not from another address."""
        return self.cache_dir is not None


def _hub_source(name: str) -> _Source:
    repo = name.removeprefix("hf-hub:")
    here = cached_file(repo, [CONFIG]) is not None and cached_file(repo, WEIGHTS) is not None
    return _Source(here, str(hub_cache()), {})


def _named_source(name: str, tag: str) -> _Source:
    from curator.engine.device import import_open_clip

    open_clip = import_open_clip()
    known = open_clip.get_pretrained_cfg(name, tag)
    if not known:
        tags = open_clip.list_pretrained_tags_by_model(name)
        if tags:
            raise InputError(f"{name} has no weights called “{tag}”.", f"It has: {', '.join(tags)}.")
        import difflib

        names = sorted({n for n, _ in open_clip.list_pretrained()})
        near = difflib.get_close_matches(name, names, 5, 0.4)
        raise InputError(f"open_clip has no model called “{name}”.", f"Near it: {', '.join(near or names[:8])}.")
    config = open_clip.get_model_config(name)
    quick = bool(known.get("quick_gelu")) and not config.get("quick_gelu")
    options = {"pretrained": tag, "force_quick_gelu": quick}
    if known.get("hf_hub"):
        repo, _, file = known["hf_hub"].rpartition("/")
        files = WEIGHTS if not file else (str(Path(file).with_suffix(".safetensors")), file)
        return _Source(cached_file(repo, files) is not None, str(hub_cache()), options, config)
    kept = Path("~/.cache/clip").expanduser() / Path(known.get("url", "missing")).name
    return _Source(kept.is_file(), None, options, config)


def _first_from_disk(cached: bool, load: Callable[[], Any]) -> Any:
    """What is on disk is read without asking the hub whether there is something newer."""
    if not cached:
        return load()
    with no_network(True):
        try:
            return load()
        except Exception:
            if offline():
                raise
    return load()  # a tokenizer or a text tower's configuration may still be missing


def _create(name: str, source: _Source) -> tuple[Any, Any, dict[str, Any]]:
    """Model, tokenizer, and the configuration that the model was built from."""
    from curator.engine.device import import_open_clip

    open_clip = import_open_clip()
    config = source.config
    if name.startswith("hf-hub:"):
        from open_clip.pretrained import download_pretrained_from_hf

        repo = name.removeprefix("hf-hub:")
        config = _read_config(Path(download_pretrained_from_hf(repo, CONFIG, cache_dir=source.cache_dir)))
        _refuse_code(config)
    model = open_clip.create_model(
        name, precision="fp32", weights_only=True, require_pretrained=True, cache_dir=source.cache_dir, **source.options
    )
    return model, _tokenizer(open_clip, name, source.cache_dir), {"config": config, "options": source.options}


def _tokenizer(open_clip: Any, name: str, cache_dir: str | None) -> Any:
    with warnings.catch_warnings():
        # open_clip.tokenizer.SimpleTokenizer leaves closing its vocabulary file to the garbage collector
        warnings.filterwarnings("ignore", "unclosed file", ResourceWarning)
        return open_clip.get_tokenizer(name, cache_dir=cache_dir)


def check_folder(folder: str | Path) -> Path:
    """The folder as an absolute path, when open_clip will find a configuration and safetensors weights in it.

    Raises:
        InputError: what is missing, or that the weights are a pickle (which can run code when loaded).
    """
    path = Path(folder).expanduser().absolute()
    if not path.is_dir():
        raise InputError(f"{path} is not a folder.", f"Name a folder with {CONFIG} and {WEIGHTS[0]}.")
    if not (path / CONFIG).is_file():
        raise InputError(
            f"{path} has no {CONFIG}.",
            "Without it the preprocessing is unknown. open_clip's push_to_hf_hub and save functions write one.",
        )
    _refuse_code(_read_config(path / CONFIG))
    if any((path / name).is_file() for name in WEIGHTS[:2]):
        return path
    tensors = sorted(path.glob("*.safetensors"))
    pickles = sorted(f for f in path.iterdir() if f.suffix in PICKLES)
    if pickles:
        raise InputError(
            f"The weights in {path} are a pickle ({pickles[0].name}), which can run code when it is loaded.",
            f"Save the tensors with safetensors.torch.save_file as {WEIGHTS[0]} beside it.",
        )
    if len(tensors) != 1:
        raise InputError(f"{path} has no {WEIGHTS[0]}.", "Put the weights there under that name.")
    return path


def _read_config(file: Path) -> Any:
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read: {error}.") from None
    if not isinstance(config, dict) or not isinstance(config.get("model_cfg"), dict):
        raise InputError(f"{file} does not describe a model of open_clip.", "It lacks “model_cfg”.")
    return config


def _refuse_code(config: Any) -> None:
    """Raise when a configuration asks, anywhere in it, for code from the hub to be run."""
    if isinstance(config, dict):
        if config.get("trust_remote_code"):
            raise InputError("The model's configuration asks to run code from the hub.", "Curator does not do that.")
        config = list(config.values())
    if isinstance(config, list):
        for value in config:
            _refuse_code(value)


def open_folder(folder: str | Path, device: str) -> ClipSession:
    """Load a local checkpoint folder through open_clip's ``local-dir:``.

    Raises:
        InputError: the folder does not hold a model that open_clip can load. DeviceError: no such device.
    """
    path = check_folder(folder)
    config = _read_config(path / CONFIG)
    name = f"local-dir:{path}"
    try:
        source = _Source(True, None, {}, config)
        model, tokenizer, described = _first_from_disk(True, lambda: _create(name, source))
    except Exception as error:
        raise InputError(
            f"open_clip cannot load the model in {path}: {_first_line(error)}.",
            "Weights and configuration may not belong together, or the file is damaged.",
        ) from error
    return ClipSession(model, tokenizer, described, device)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
