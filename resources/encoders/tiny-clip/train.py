"""Train tiny-clip, the small CLIP that Curator bundles, on a folder of named drawings.

The folder holds ``metadata.jsonl`` (file_name, name, short_names, category, subcategory, base, skin) and 64 x 64 PNGs
with an alpha channel, such as the Noto Emoji set. A tenth of the *base pictures* is held out with all their variants;
the checkpoint is chosen by retrieval among their names, which it has never seen, and by how their variants lie.

Half of each batch are bases that come in skin tones, most of them neighbours in one subcategory, in two tones each; the
rest are other pictures, once each. Three losses: CLIP's symmetric cross-entropy between picture and words; the same
between the two tones of a base, against all that is not this base; and one that ties both to a fixed cosine, so that
one threshold parts the same drawing from others wherever it lies. The schedule follows the clock, so a run ends when
it is told to. At the end the last perceptron and the projections are trained by the same losses on all pictures.

    python train.py PICTURES --work WORK --out FOLDER --minutes 60
"""

from __future__ import annotations

import json
import math
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import open_clip
import torch
import torch.nn.functional as F
from crown import sharpen
from drawings import Pictures, augment, plain
from losses import contrast, tones
from safetensors.torch import load_file, save_file

MODEL = {
    "embed_dim": 192,
    "vision_cfg": {"image_size": 64, "layers": 6, "width": 192, "head_width": 64, "patch_size": 8},
    "text_cfg": {"context_length": 32, "vocab_size": 49408, "width": 128, "heads": 4, "layers": 4},
}
PREPROCESS = {
    "size": 64,
    "mode": "RGB",
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}
SPLIT_SEED = 0
"""Names are held out by this seed whatever the run's own is, so that going on from a checkpoint cannot leak them."""
JUDGE_EVERY_S = 420


@torch.inference_mode()
def judge(model: torch.nn.Module, tokenizer, data: Pictures, whole: bool = False) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Retrieval among unseen names, and how their variants lie to their bases and to others (``whole``: to all)."""
    model.eval()
    bases = [data.groups[g][0] for g in data.held_out]
    images = model.encode_image(plain(data.pixels[bases]), normalize=True)
    texts = model.encode_text(
        tokenizer([f"a picture of {data.rows[i]['name'].lower()}" for i in bases]), normalize=True
    )
    scores = images @ texts.T
    rank = (scores > scores.diagonal()[:, None]).sum(1)  # a sum made another way would round differently
    found = {"names": len(bases), **{f"R@{k}": round(float((rank < k).float().mean()), 4) for k in (1, 5, 10)}}
    parts = {"unseen": data.held_out, **({"seen": data.train} if whole else {})}
    for name, groups in parts.items():
        found |= {f"{name} {k}": v for k, v in _apart(model, data, groups).items()}
    model.train()
    return found


def _apart(model: torch.nn.Module, data: Pictures, groups: list[int]) -> dict[str, float]:
    """The share of variants that reach the cosine to their base at which the fewest err, and of bases that do to
    another base."""
    index = [i for g in groups for i in data.groups[g]]
    group = torch.tensor([g for g in groups for _ in data.groups[g]])
    every = torch.cat([model.encode_image(plain(p), normalize=True) for p in data.pixels[index].split(256)])
    first = torch.cat([torch.tensor([True]), group[1:] != group[:-1]])
    cosines = every @ every[first].T
    mine = group[:, None] == group[first][None]
    own, other = cosines[mine][~first], cosines.masked_fill(mine, -2).amax(1)
    cuts = torch.arange(0.7, 0.99, 0.01)
    good, wrong = (own[None] >= cuts[:, None]).float().mean(1), (other[None] >= cuts[:, None]).float().mean(1)
    best = int((good - wrong).argmax())
    nearest = (own > other[~first]).float().mean()
    values = {"cut": cuts[best], "own": good[best], "other": wrong[best], "nearest": nearest}
    return {k: round(float(v), 4) for k, v in values.items()}


def export(state: dict[str, torch.Tensor], out: Path) -> None:
    """Weights in half precision and open_clip's description beside them."""
    out.mkdir(parents=True, exist_ok=True)
    half = {k: v.half().contiguous() if v.is_floating_point() else v for k, v in state.items()}
    save_file(half, out / "open_clip_model.safetensors")
    config = {"model_cfg": MODEL, "preprocess_cfg": PREPROCESS}
    (out / "open_clip_config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Plan:
    """How one run goes. ``batch`` counts bases with variants, ``views`` weighs the loss between two tones of them and
    ``view_scale`` is its inverse temperature."""

    minutes: float
    batch: int
    rate: float
    views: float
    view_scale: float
    seed: int


class Trainer:
    """The model, its running average and one step of training."""

    def __init__(self, data: Pictures, plan: Plan, start: Path | None) -> None:
        torch.manual_seed(plan.seed)
        self.data, self.plan = data, plan
        self.rng, self.generator = random.Random(plan.seed), torch.Generator().manual_seed(plan.seed)
        self.model = open_clip.model.CLIP(**MODEL)
        if start is not None:
            self.model.load_state_dict(load_file(start))
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.tokenizer = open_clip.SimpleTokenizer(context_length=32)
        matrices = [p for p in self.model.parameters() if p.ndim >= 2]
        rest = [p for p in self.model.parameters() if p.ndim < 2]
        groups = [{"params": matrices, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=plan.rate, betas=(0.9, 0.98))
        self.steps = 0

    def step(self, done: float) -> float:
        """One step at the share ``done`` of the schedule; returns the loss."""
        warm = min(1.0, (self.steps + 1) / 60)
        for part in self.optimizer.param_groups:
            part["lr"] = self.plan.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        loss = self._loss()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self._remember()
        self.steps += 1
        return loss.item()

    def _loss(self) -> torch.Tensor:
        data, plan, rng = self.data, self.plan, self.rng
        toned, single = data.batch(plan.batch, rng)
        pairs = [data.tones(g, rng) for g in toned]
        first = [p[0] for p in pairs] + [data.groups[g][0] for g in single]
        second = [p[1] for p in pairs]
        tokens = self.tokenizer([data.words(i, rng) for i in first])
        pictures = F.normalize(self.model.encode_image(augment(data.pixels[first + second], self.generator)), dim=-1)
        text = F.normalize(self.model.encode_text(tokens), dim=-1)
        look = torch.tensor([data.look[data.groups[g][0]] for g in [*toned, *single, *toned]])
        same = look[:, None] == look[None]
        t, f = len(toned), len(first)
        one, two = pictures[:f], torch.cat([pictures[f:], pictures[t:f]])
        scale = self.model.logit_scale.exp()
        words = (contrast(one, text, scale, same[:f, :f]) + contrast(two, text, scale, same[:f, :f])) / 2
        ahead = tones(pictures[:t], pictures, torch.arange(f, f + t), same[:t], plan.view_scale)
        back = tones(pictures[f:], pictures, torch.arange(t), same[:t], plan.view_scale)
        return words + plan.views * (ahead + back) / 2

    @torch.no_grad()
    def _remember(self) -> None:
        """Bound the temperature and move the running average."""
        self.model.logit_scale.clamp_(0, math.log(100))
        keep = min(0.995, (self.steps + 1) / (self.steps + 10))
        for key, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[key].lerp_(value, 1 - keep)
            else:
                self.average[key].copy_(value)

    def judged(self, whole: bool = False) -> dict[str, float]:
        """:func:`judge` of the running average."""
        model = open_clip.model.CLIP(**MODEL)
        model.load_state_dict(self.average)
        return judge(model, self.tokenizer, self.data, whole)


def run(trainer: Trainer, work: Path) -> Path:
    """Train until the clock says so; the best checkpoint by retrieval among unseen names is kept."""
    work.mkdir(parents=True, exist_ok=True)
    started = judged = time.monotonic()
    best, place, over = -1.0, work / "best.safetensors", False
    while not over:
        spent = time.monotonic() - started
        loss = trainer.step(min(1.0, spent / max(1.0, 60 * trainer.plan.minutes)))
        if trainer.steps % 10 == 0:
            click.echo(f"step {trainer.steps} loss {loss:.3f} {spent / trainer.steps:.2f} s/step")
        over = time.monotonic() - started >= 60 * trainer.plan.minutes
        if over or time.monotonic() - judged > JUDGE_EVERY_S:
            found = trainer.judged()
            click.echo(json.dumps({"step": trainer.steps, **found}))
            # A base that is taken for another takes its variants along.
            merit = found["R@10"] + found["unseen own"] - 2 * found["unseen other"]
            if merit > best:
                best = merit
                save_file({k: v.contiguous() for k, v in trainer.average.items()}, place)
            judged = time.monotonic()
    return place


@click.command()
@click.argument("pictures", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--work", type=click.Path(path_type=Path), required=True, help="Folder for checkpoints.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the finished encoder.")
@click.option("--start", type=click.Path(path_type=Path, exists=True), help="Checkpoint to go on from.")
@click.option("--minutes", default=60.0, show_default=True, help="Wall-clock length of the run.")
@click.option("--batch", default=48, show_default=True, help="Bases with variants per step; half as many others.")
@click.option("--rate", default=1e-3, show_default=True, help="Peak learning rate.")
@click.option("--views", default=1.0, show_default=True, help="Weight of the loss between two tones.")
@click.option("--view-scale", default=25.0, show_default=True, help="Inverse temperature of that loss.")
@click.option("--steps", default=200, show_default=True, help="Steps of the crown, at the end.")
@click.option("--seed", default=0, show_default=True, help="For training; the held-out names never change.")
def main(pictures: Path, work: Path, out: Path, start: Path | None, steps: int, **plan: Any) -> None:
    """Train on PICTURES and export the best checkpoint."""
    data = Pictures(pictures, SPLIT_SEED)
    trainer = Trainer(data, Plan(**plan), start)
    best = load_file(run(trainer, work))
    trainer.average = best
    click.echo(json.dumps({"before its crown": trainer.judged()}))
    model = open_clip.model.CLIP(**MODEL)
    model.load_state_dict(best)
    sharpen(model, data, steps)
    best = trainer.average = model.state_dict()
    click.echo(json.dumps({"chosen": trainer.judged(whole=True)}))
    export(best, out)


if __name__ == "__main__":
    main()
