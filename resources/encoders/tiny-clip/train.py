"""Train tiny-clip, the small CLIP that Curator bundles, on a folder of named drawings.

The folder holds ``metadata.jsonl`` (file_name, name, short_names, category, subcategory, base, skin) and 64 x 64 PNGs
with an alpha channel, such as the Noto Emoji set. A tenth of the *base pictures* is held out with all their variants;
the checkpoint is chosen by retrieval among their names, which it has never seen.

Two losses on two views of each base picture (another skin tone where there is one, another augmentation always):
CLIP's symmetric cross-entropy between view and words, and the same between the two views, which pulls variants
of one drawing together. The schedule follows the clock, so a run ends when it is told to.

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
import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from PIL import Image
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
JUDGE_EVERY_S = 240
TEMPLATES = (
    "{}",
    "a picture of {}",
    "a drawing of {}",
    "an emoji of {}",
    "{} emoji",
    "a photo of a {}.",
    "an icon of {}",
)
TONES = {
    "1F3FB": "light skin tone",
    "1F3FC": "medium-light skin tone",
    "1F3FD": "medium skin tone",
    "1F3FE": "medium-dark skin tone",
    "1F3FF": "dark skin tone",
}


class Pictures:
    """All pictures in memory, grouped by base picture."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.rows = [json.loads(line) for line in (folder / "metadata.jsonl").open(encoding="utf-8")]
        arrays = [np.asarray(Image.open(folder / r["file_name"]).convert("RGBA").resize((64, 64))) for r in self.rows]
        self.pixels = torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).contiguous()
        groups: dict[str, list[int]] = {}
        for i, row in enumerate(self.rows):
            groups.setdefault(row.get("base") or row["file_name"], []).append(i)
        self.groups = list(groups.values())
        order = random.Random(seed).sample(range(len(self.groups)), len(self.groups))
        cut = len(order) // 10
        self.held_out, self.train = sorted(order[:cut]), sorted(order[cut:])

        self.kinds: dict[str, list[int]] = {}
        for g in self.train:
            self.kinds.setdefault(self.rows[self.groups[g][0]]["subcategory"], []).append(g)

    def batch(self, size: int, rng: random.Random) -> list[int]:
        """Groups for one step: half of them from a few subcategories, whose pictures are hard to tell apart."""
        chosen: dict[int, None] = {}
        while len(chosen) < size // 2:
            for g in self.kinds[self.rows[self.groups[rng.choice(self.train)][0]]["subcategory"]]:
                chosen[g] = None
        hard = list(chosen)
        rng.shuffle(hard)
        chosen = dict.fromkeys(hard[: size // 2])
        while len(chosen) < size:
            chosen[rng.choice(self.train)] = None
        return list(chosen)

    def words(self, index: int, rng: random.Random) -> str:
        """One way to say what the picture shows."""
        row = self.rows[index]
        names = [row["name"].lower(), *(s.replace("_", " ").replace("-", " ") for s in row["short_names"])]
        text = rng.choice(names)
        if rng.random() < 0.15:
            text += ", " + row["subcategory"].replace("-", " ")
        if row.get("skin") and rng.random() < 0.1:
            text += ", " + TONES.get(str(row["skin"]).upper().split("-")[0], "skin tone")
        return rng.choice(TEMPLATES).format(text)


def augment(pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """uint8 RGBA [b, 4, 64, 64] -> normalised float RGB on random grounds, moved, turned, recoloured, blurred."""
    b = len(pixels)

    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        return torch.rand(b, *shape, generator=generator) * (high - low) + low

    x = pixels.float() / 255
    angle, scale = uniform(-0.3, 0.3), uniform(0.85, 1.45)
    flip = torch.where(uniform(0, 1) < 0.3, -1.0, 1.0)
    theta = torch.stack(
        [
            torch.stack([flip * scale * angle.cos(), -scale * angle.sin(), uniform(-0.15, 0.15)], 1),
            torch.stack([flip * scale * angle.sin(), scale * angle.cos(), uniform(-0.15, 0.15)], 1),
        ],
        1,
    )
    x = F.grid_sample(x, F.affine_grid(theta, list(x.shape), align_corners=False), align_corners=False)
    colour = torch.where(uniform(0, 1, 1, 1, 1) < 0.5, torch.ones(b, 3, 1, 1), uniform(0, 1, 3, 1, 1))
    x = x[:, :3] * x[:, 3:] + colour * (1 - x[:, 3:])
    x = (x - 0.5) * uniform(0.7, 1.3, 1, 1, 1) + 0.5 + uniform(-0.15, 0.15, 1, 1, 1)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * uniform(0.5, 1.4, 1, 1, 1) + uniform(-0.06, 0.06, 3, 1, 1)
    small = F.interpolate(x, size=32, mode="bilinear", antialias=True)
    blurred = F.interpolate(small, size=64, mode="bilinear")
    x = torch.where(uniform(0, 1, 1, 1, 1) < 0.25, blurred, x)
    return (x.clamp(0, 1) - 0.5) / 0.5


def plain(pixels: torch.Tensor) -> torch.Tensor:
    """uint8 RGBA -> normalised float RGB on white, as the application prepares it."""
    x = pixels.float() / 255
    return (x[:, :3] * x[:, 3:] + (1 - x[:, 3:]) - 0.5) / 0.5


def contrast(a: torch.Tensor, b: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Symmetric cross-entropy of matching rows."""
    logits = scale * a @ b.T
    target = torch.arange(len(a))
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


@torch.inference_mode()
def judge(model: torch.nn.Module, tokenizer, data: Pictures) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Retrieval among unseen names, and how near-duplicates lie."""
    model.eval()
    bases = [data.groups[g][0] for g in data.held_out]
    images = model.encode_image(plain(data.pixels[bases]), normalize=True)
    texts = model.encode_text(
        tokenizer([f"a picture of {data.rows[i]['name'].lower()}" for i in bases]), normalize=True
    )
    scores = images @ texts.T
    rank = (scores > scores.diagonal()[:, None]).sum(1)  # a sum made another way would round differently
    every = torch.cat([model.encode_image(plain(p), normalize=True) for p in data.pixels.split(256)])
    group = torch.empty(len(every), dtype=torch.long)
    for g, members in enumerate(data.groups):
        group[members] = g
    alike, other = [], []
    for first in range(0, len(every), 512):
        sims = every[first : first + 512] @ every.T
        same = group[first : first + 512, None] == group[None]
        sims[torch.arange(len(sims)), torch.arange(first, first + len(sims))] = -2
        alike.append(sims.masked_fill(~same, -2).amax(1))
        other.append(sims.masked_fill(same, -2).amax(1))
    near, far = torch.cat(alike), torch.cat(other)
    has = near > -2
    model.train()
    return {
        "names": len(bases),
        **{f"R@{k}": round(float((rank < k).float().mean()), 4) for k in (1, 5, 10)},
        "variant nearest": round(float((near[has] > far[has]).float().mean()), 4),
        "variant p10": round(float(near[has].quantile(0.1)), 4),
        "other p50": round(float(far.quantile(0.5)), 4),
        "other p95": round(float(far.quantile(0.95)), 4),
    }


def export(state: dict[str, torch.Tensor], out: Path) -> None:
    """Weights in half precision and open_clip's description beside them."""
    out.mkdir(parents=True, exist_ok=True)
    half = {k: v.half().contiguous() if v.is_floating_point() else v for k, v in state.items()}
    save_file(half, out / "open_clip_model.safetensors")
    config = {"model_cfg": MODEL, "preprocess_cfg": PREPROCESS}
    (out / "open_clip_config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Plan:
    """How one run goes. ``views`` weighs the loss between two views, ``view_scale`` is its inverse temperature;
    ``hard`` fills half of each batch from few subcategories."""

    minutes: float
    batch: int
    rate: float
    views: float
    view_scale: float
    hard: bool
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
        chosen = data.batch(plan.batch, rng) if plan.hard else rng.sample(data.train, plan.batch)
        first = [rng.choice(data.groups[g]) for g in chosen]
        second = [rng.choice(data.groups[g]) for g in chosen]
        tokens = self.tokenizer([data.words(i, rng) for i in first])
        views = augment(data.pixels[first + second], self.generator)
        with torch.autocast("cpu", torch.bfloat16):
            both = self.model.encode_image(views)
            text = self.model.encode_text(tokens)
        one, two = F.normalize(both.float(), dim=-1).split(plan.batch)
        text = F.normalize(text.float(), dim=-1)
        scale = self.model.logit_scale.exp()
        words = (contrast(one, text, scale) + contrast(two, text, scale)) / 2
        return words + plan.views * contrast(one, two, torch.tensor(plan.view_scale))

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

    def judged(self) -> dict[str, float]:
        """:func:`judge` of the running average."""
        model = open_clip.model.CLIP(**MODEL)
        model.load_state_dict(self.average)
        return judge(model, self.tokenizer, self.data)


def run(trainer: Trainer, work: Path) -> Path:
    """Train until the clock says so; the best checkpoint by retrieval among unseen names is kept."""
    work.mkdir(parents=True, exist_ok=True)
    started = judged = time.monotonic()
    best, place = -1.0, work / "best.safetensors"
    while (done := (time.monotonic() - started) / (60 * trainer.plan.minutes)) < 1:
        loss = trainer.step(done)
        if trainer.steps % 20 == 0:
            pace = (time.monotonic() - started) / trainer.steps
            click.echo(f"step {trainer.steps} loss {loss:.3f} {pace:.2f} s/step {done:.0%}")
        over = time.monotonic() - started >= 60 * trainer.plan.minutes
        if over or time.monotonic() - judged > JUDGE_EVERY_S:
            found = trainer.judged()
            click.echo(json.dumps({"step": trainer.steps, **found}))
            # Retrieval of unseen names and near-duplicates, the two things the encoder is there for.
            merit = found["R@1"] + found["R@10"] + found["variant nearest"]
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
@click.option("--batch", default=256, show_default=True, help="Base pictures per step.")
@click.option("--rate", default=1e-3, show_default=True, help="Peak learning rate.")
@click.option("--views", default=1.0, show_default=True, help="Weight of the loss between two views.")
@click.option("--view-scale", default=25.0, show_default=True, help="Inverse temperature of that loss.")
@click.option("--hard/--easy", default=True, show_default=True, help="Batches of pictures hard to tell apart.")
@click.option("--seed", default=0, show_default=True, help="For training; the held-out names never change.")
def main(pictures: Path, work: Path, out: Path, start: Path | None, **plan: Any) -> None:
    """Train on PICTURES and export the best checkpoint."""
    data = Pictures(pictures, SPLIT_SEED)
    trainer = Trainer(data, Plan(**plan), start)
    best = load_file(run(trainer, work))
    trainer.average = best
    click.echo(json.dumps({"chosen": trainer.judged()}))
    export(best, out)


if __name__ == "__main__":
    main()
