"""``curator search``: the samples that words, a picture or a filter find."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from curator.cli.commands import cli
from curator.cli.ground import AS_JSON, PROJECT, Front, the_dataset
from curator.cli.running import run_job
from curator.cli.text import echo_json, table
from curator.engine.browse import Found, Query
from curator.engine.filter_language import by_meaning, quoted
from curator.engine.project import Project

RANKED = "similarity"


@cli.command(context_settings={"ignore_unknown_options": True})
@PROJECT
@click.argument("where", default="")
@click.option("--dataset", default="", help="Dataset to search; may be left out when there is only one.")
@click.option("--subset", default="", help="Only in this subset.")
@click.option("--picture", type=click.Path(exists=True, dir_okay=False), help="Find what looks like this file.")
@click.option("--exact", is_flag=True, help="Take bare words as text to be found, not by their meaning.")
@click.option("--sort", default="", help="row, rank, name, similarity, or a field.")
@click.option("--descending", is_flag=True, help="The largest first.")
@click.option("--count", default=20, show_default=True, help="Samples to list; 0 = all.")
@click.option("--device", default=None, help="auto, cpu, cuda or mps, to encode words and pictures.")
@click.option("--fields", is_flag=True, help="List what a filter can name here, and stop.")
@AS_JSON
@click.pass_obj
def search(
    front: Front,
    project: Path,
    where: str,
    dataset: str,
    subset: str,
    picture: str | None,
    exact: bool,
    sort: str,
    descending: bool,
    count: int,
    device: str | None,
    fields: bool,
    as_json: bool,
) -> None:
    """Find samples of PROJECT by words, or by a filter.

    Bare words are looked for by meaning, with the encoder. Terms narrow it down:
    label:dog  skill:"night street"  score.sharpness<0.2  in:"diverse 500"  text~python  pin:in  is:broken
    near:17,25  -label:cat  (a OR b)

    Example: curator search P.curator 'red car -label:truck'
    """
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        found = p.dataset(the_dataset(p, dataset))
        if fields:
            _list_fields(p, found.id, as_json)
            return
        where = where if exact else by_meaning(where)
        if picture:
            where = f"picture:{quoted(picture)} {where}".strip()
        query = Query(found.id, p.subset(subset).id if subset else None, where, sort or "row", descending)
        if not sort and any(word in where for word in ("like:", "near:", "picture:")):
            query = replace(query, sort=RANKED, descending=True)
        if not p.browse.is_ready(query):
            run_job(p, p.browse.submit, query, device or front.settings.device, quiet=as_json)
        _print(p, query, p.browse.find(query), count, as_json)


def _list_fields(p: Project, dataset_id: int, as_json: bool) -> None:
    fields = p.browse.fields(dataset_id)
    if as_json:
        echo_json(fields)
        return
    click.echo(
        table(["field", "kind", "meaning", "values"], [(f.name, f.kind, f.words, _few(f.values)) for f in fields])
    )


def _few(values: tuple[str, ...]) -> str:
    return ", ".join(values[:4]) + (" …" if len(values) > 4 else "")


def _print(p: Project, query: Query, found: Found, count: int, as_json: bool) -> None:
    rows = found.rows[: count or None]
    alike = found.similarity[rows] if found.similarity is not None else None
    samples = p.browse.samples(query.dataset_id, rows.tolist())
    values: list[Any] = [None] * len(samples) if alike is None else alike.tolist()
    if as_json:
        pairs = zip(samples, values, strict=True)
        echo_json(
            {
                "query": query,
                "words": found.words,
                "count": len(found.rows),
                "samples": [{"sample": s, "similarity": v} for s, v in pairs],
            }
        )
        return
    click.echo(found.words)
    head = ["id", "source", "labels", "text", *(["similarity"] if alike is not None else [])]
    cells = [
        (s.id, s.source, ", ".join(s.labels), " ".join(s.text.split()), *([f"{v:.3f}"] if v is not None else []))
        for s, v in zip(samples, values, strict=True)
    ]
    if cells:
        click.echo(table(head, cells))
    if len(found.rows) > len(samples):
        click.echo(f"  … and {len(found.rows) - len(samples):,} more; see them with --count.")
