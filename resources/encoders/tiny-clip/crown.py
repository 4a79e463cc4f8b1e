"""The last part of tiny-clip, trained on all pictures at once when the rest is done."""

from __future__ import annotations

import math

import click
import open_clip
import torch
import torch.nn.functional as F
from drawings import Pictures, augment, plain
from losses import contrast, tones


class Crown(torch.nn.Module):
    """What comes after the last attention: one perceptron on the class token, the norms and both projections."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        block = model.visual.transformer.resblocks[-1]
        self.norm, self.mlp, self.last = block.ln_2, block.mlp, model.visual.ln_post
        self.picture, self.words = model.visual.proj, model.text_projection

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """float [b, 192] class tokens -> unit vectors."""
        return F.normalize(self.last(tokens + self.mlp(self.norm(tokens))) @ self.picture, dim=-1)


@torch.no_grad()
def class_tokens(model: torch.nn.Module, pictures: torch.Tensor) -> torch.Tensor:
    """float [n, 192]: what the class token is after the last attention."""
    found: list[torch.Tensor] = []
    norm = model.visual.transformer.resblocks[-1].ln_2
    hook = norm.register_forward_hook(lambda _, given, __: found.append(given[0][:, 0].clone()))
    for part in pictures.split(128):
        model.visual(part)
    hook.remove()
    return torch.cat(found)


def sharpen(model: torch.nn.Module, data: Pictures, steps: int, rate: float = 1e-3) -> None:
    """Train the crown of a finished model, in place, on the class tokens of all training pictures at once.

    A step of the whole network sees few pictures that could be taken for each other; here each is held against every
    base, by the loss of :func:`tones`, and to its name. It is cheap, as the tokens are computed once.
    """
    bases = torch.tensor([data.groups[g][0] for g in data.train])
    every = torch.tensor([i for g in data.train for i in data.groups[g]])
    own = torch.tensor([k for k, g in enumerate(data.train) for _ in data.groups[g]])
    names = [f"a picture of {data.rows[i]['name'].lower()}" for i in bases.tolist()]
    tokenizer, generator = open_clip.SimpleTokenizer(context_length=32), torch.Generator().manual_seed(0)
    model.eval()
    views = [class_tokens(model, plain(data.pixels[every]))]
    views.append(torch.cat([class_tokens(model, augment(p, generator)) for p in data.pixels[every].split(128)]))
    crown = Crown(model)
    with torch.no_grad():
        model.text_projection, words = torch.nn.Parameter(torch.eye(len(crown.words))), model.text_projection
        read = torch.cat([model.encode_text(tokenizer(names[i : i + 128])) for i in range(0, len(names), 128)])
        model.text_projection = words
    look = torch.tensor([data.look[i] for i in bases.tolist()])
    is_base = torch.isin(every, bases)
    base_places, other_places = torch.nonzero(is_base).flatten(), torch.nonzero(~is_base).flatten()
    scale = model.logit_scale.exp().detach()
    optimizer = torch.optim.AdamW(crown.parameters(), lr=rate, weight_decay=0.05)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))
        some = other_places[torch.randperm(len(other_places), generator=generator)[:700]]
        one = crown(views[0][base_places])
        two = crown(views[step % 3 == 2][some])
        same = look[own[some]][:, None] == look[None]
        alike = look[:, None] == look[None]
        parted = tones(two, one, own[some], same, 40.0) + 2 * tones(one, one, own[base_places], alike, 40.0)
        text = F.normalize(read @ crown.words, dim=-1)
        loss = parted + contrast(one, text, scale, alike)
        if step % 3 == 2:
            loss = loss + contrast(crown(views[1][base_places]), text, scale, alike)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 25 == 0:
            click.echo(f"crown {step} loss {loss.item():.3f} bases and variants apart {parted.item():.3f}")
