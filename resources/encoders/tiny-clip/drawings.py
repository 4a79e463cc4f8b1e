"""The drawings that tiny-clip learns from: grouped by base picture, put into words, augmented."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

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

        self.toned = [g for g in self.train if len(self.groups[g]) > 1]
        self.single = [g for g in self.train if len(self.groups[g]) == 1]
        self.kinds: dict[str, list[int]] = {}
        for g in self.toned:
            self.kinds.setdefault(self.rows[self.groups[g][0]]["subcategory"], []).append(g)
        looks: dict[bytes, int] = {}
        """Some pictures are the same to the pixel under two names; they are not held against each other."""
        self.look = [looks.setdefault(plain(p[None]).numpy().tobytes(), i) for i, p in enumerate(self.pixels)]

    def batch(self, size: int, rng: random.Random) -> tuple[list[int], list[int]]:
        """Groups for one step: ``size`` with variants, neighbours first, and half as many of any other kind."""
        toned: dict[int, None] = {}
        while len(toned) < size:
            kind = self.kinds[self.rows[self.groups[rng.choice(self.toned)][0]]["subcategory"]]
            for g in rng.sample(kind, min(len(kind), 12)):
                toned[g] = None
        return list(toned)[:size], rng.sample(self.single, size // 2)

    def tones(self, group: int, rng: random.Random) -> list[int]:
        """Two pictures of one base, in half of the cases the base itself and a variant."""
        members = self.groups[group]
        return [members[0], rng.choice(members[1:])] if rng.random() < 0.5 else rng.sample(members, 2)

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
    """uint8 RGBA [b, 4, 64, 64] -> normalised float RGB, moved, turned and recoloured.

    Half of the pictures only a little and on white, as the application will see them; half of them much, on random
    grounds. None are mirrored: a person facing right is not the one facing left.
    """
    b = len(pixels)

    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        return torch.rand(b, *shape, generator=generator) * (high - low) + low

    x = pixels.float() / 255
    much = (uniform(0, 1) < 0.5).float()
    angle, scale = uniform(-0.3, 0.3) * much, 1 + uniform(-0.15, 0.35) * (0.2 + 0.8 * much)
    move = (0.04 + 0.11 * much)[:, None] * uniform(-1, 1, 2)
    theta = torch.stack(
        [
            torch.stack([scale * angle.cos(), -scale * angle.sin(), move[:, 0]], 1),
            torch.stack([scale * angle.sin(), scale * angle.cos(), move[:, 1]], 1),
        ],
        1,
    )
    x = F.grid_sample(x, F.affine_grid(theta, list(x.shape), align_corners=False), align_corners=False)
    strong = much[:, None, None, None]
    colour = torch.where(uniform(0, 1, 1, 1, 1) < strong * 0.6, uniform(0, 1, 3, 1, 1), torch.ones(b, 3, 1, 1))
    x = x[:, :3] * x[:, 3:] + colour * (1 - x[:, 3:])
    force = 0.15 + 0.85 * strong
    x = (x - 0.5) * (1 + force * uniform(-0.3, 0.3, 1, 1, 1)) + 0.5 + force * uniform(-0.15, 0.15, 1, 1, 1)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (1 + force * uniform(-0.5, 0.4, 1, 1, 1)) + force * uniform(-0.06, 0.06, 3, 1, 1)
    blurred = F.interpolate(F.interpolate(x, size=32, mode="bilinear", antialias=True), size=64, mode="bilinear")
    x = torch.where(uniform(0, 1, 1, 1, 1) < 0.25 * strong, blurred, x)
    return (x.clamp(0, 1) - 0.5) / 0.5


def plain(pixels: torch.Tensor) -> torch.Tensor:
    """uint8 RGBA -> normalised float RGB on white, as the application prepares it."""
    x = pixels.float() / 255
    return (x[:, :3] * x[:, 3:] + (1 - x[:, 3:]) - 0.5) / 0.5
