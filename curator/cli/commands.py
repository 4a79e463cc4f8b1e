"""The commands."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import click

from curator import __version__
from curator.cli.ground import (
    AS_JSON,
    MAP,
    PROJECT,
    SET,
    CuratorGroup,
    Front,
    ShowWindow,
    focus,
    ids,
    no_window,
    open_window,
    parameters,
    tell,
    the_dataset,
    with_overrides,
)
from curator.cli.running import run_job
from curator.cli.showing import described_plugin, limits, print_subset, shown_subset
from curator.cli.text import echo_json, table
from curator.engine.errors import InputError
from curator.engine.project import Project
from curator.engine.recipe import builtin_names, load_recipe
from curator.engine.registry import registry, trust, untrusted_files
from curator.settings import go_offline, load_settings, use_cache


@click.group(cls=CuratorGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="curator")
@click.option("--offline", is_flag=True, help="Never reach for the network.")
@click.pass_context
def cli(ctx: click.Context, offline: bool) -> None:
    """Choose the training data worth keeping.

    Without a command, the window opens.
    """
    show_window: ShowWindow = ctx.obj or no_window
    settings = load_settings()
    use_cache(settings.cache_dir)
    ctx.obj = Front(settings, show_window)
    if offline or settings.offline:
        go_offline()
    if ctx.invoked_subcommand is None:
        open_window(ctx.obj, None, must=True)


@cli.command("open")
@click.argument("project", type=click.Path(path_type=Path, file_okay=False), required=False)
@AS_JSON
@click.pass_obj
def open_command(front: Front, project: Path | None, as_json: bool) -> None:
    """Open the window, on PROJECT if given; as JSON, say with which code it ended."""
    open_window(front, project, must=True, as_json=as_json)


@cli.command()
@PROJECT
@AS_JSON
@click.pass_obj
def init(front: Front, project: Path, as_json: bool) -> None:
    """Make a new, empty project: a folder NAME.curator."""
    with Project.create(project, plugins_dir=front.settings.plugins_dir) as made:
        tell(as_json, f"Made {made.folder}", {"project": made.folder})


@cli.command("import")
@PROJECT
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--name", default="", help="Name of the dataset. An existing one is extended.")
@click.option("--importer", default="", help="Importer to use instead of the one found by looking.")
@click.option("--renew", is_flag=True, help="Take the new content of samples that changed; ids and labels stay.")
@click.option("--dry-run", is_flag=True, help="Import nothing; show what would come in, as curator inspect does.")
@MAP
@SET
@AS_JSON
@click.pass_obj
def import_command(
    front: Front,
    project: Path,
    paths: Sequence[Path],
    name: str,
    importer: str,
    renew: bool,
    dry_run: bool,
    mapped: Sequence[str],
    overrides: Sequence[str],
    as_json: bool,
) -> None:
    """Import pictures and instruction records into PROJECT: folders, lists, tables, archives, shards, JSON, CSV.

    Nothing is copied and the originals are never changed. Importing again adds what is new, says what changed or
    vanished, and keeps all ids; with --name alone a dataset is imported again as it was. PATHS may hold patterns like
    shard-{0000..0012}.tar. See first what would come in with: curator inspect PATH
    """
    params = parameters(overrides, mapped)
    if dry_run:
        from curator.cli.importing import look

        look(front, paths, importer, params, as_json)
        return
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        changes = run_job(p, p.submit_import, paths, name, importer, params, renew=renew, quiet=as_json)
        dataset = p.dataset(focus(changes, "dataset"))
        if as_json:
            echo_json({"dataset": dataset, "skipped": p.skips(dataset.id, 0, 1000)})
            return
        click.echo(f"“{dataset.name}”: {dataset.size:,} {dataset.kind} samples, {dataset.skipped:,} set aside.")
        click.echo("  " + " ".join(changes.notes))


@cli.command()
@PROJECT
@click.option("--dataset", default="", help="Dataset to choose from; may be left out when there is only one.")
@click.option("--recipe", default="diverse", show_default=True, help="A built-in recipe or a TOML file.")
@SET
@click.option("--name", default="", help="Name of the subset.")
@click.option("--device", default=None, help="auto, cpu, cuda or mps.")
@click.option("--batch", default=0, help="Samples per inference step; 0 = what fits. Does not change the result.")
@click.option("--dry-run", is_flag=True, help="Print the recipe that would run, as TOML, and stop.")
@AS_JSON
@click.pass_obj
def run(
    front: Front,
    project: Path,
    dataset: str,
    recipe: str,
    overrides: Sequence[str],
    name: str,
    device: str | None,
    batch: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run a recipe on a dataset: the chosen subset becomes rows in PROJECT.

    Example: curator run P.curator --recipe balanced --set selector.budget=500
    """
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        chosen = the_dataset(p, dataset)
        described = with_overrides(load_recipe(recipe), overrides)
        if dry_run:
            click.echo(described.check(registry(), p.dataset(chosen).kind).to_toml(), nl=False)
            return
        device = device or front.settings.device
        changes = run_job(p, p.submit_run, chosen, described, name, device, batch, quiet=as_json)
        if as_json:
            echo_json(shown_subset(p, focus(changes, "subset"), 0))
            return
        for note in changes.notes:
            click.echo(note)
        print_subset(p, focus(changes, "subset"), 5)


@cli.command("list")
@PROJECT
@AS_JSON
@click.pass_obj
def list_command(front: Front, project: Path, as_json: bool) -> None:
    """List datasets, subsets, runs and embeddings."""
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        found = p.contents()
    if as_json:
        echo_json(found)
        return
    names = {d.id: d.name for d in found.datasets}
    click.echo("Datasets")
    click.echo(
        table(
            ("id", "name", "kind", "samples", "set aside", "root"),
            [(d.id, d.name, d.kind, d.size, d.skipped, d.root) for d in found.datasets],
        )
    )
    click.echo("Subsets")
    click.echo(
        table(
            ("id", "name", "dataset", "samples", "run", "made"),
            [(s.id, s.name, names.get(s.dataset_id), s.size, s.run_id, s.created) for s in found.subsets],
        )
    )
    click.echo("Runs")
    click.echo(
        table(
            ("id", "recipe", "dataset", "status", "seed", "device", "started"),
            [(r.id, r.recipe_name, names.get(r.dataset_id), r.status, r.seed, r.device, r.started) for r in found.runs],
        )
    )
    click.echo("Embeddings")
    click.echo(
        table(
            ("id", "dataset", "encoder", "rows", "dims", "device", "seconds"),
            [(e.id, names.get(e.dataset_id), e.encoder, e.rows, e.dims, e.device, e.seconds) for e in found.embeddings],
        )
    )


@cli.command()
@PROJECT
@click.argument("subset", required=False)
@click.option("--rows", default=10, show_default=True, help="How many of the first picks to print.")
@AS_JSON
@click.pass_obj
def show(front: Front, project: Path, subset: str | None, rows: int, as_json: bool) -> None:
    """Show one subset (default: the newest): recipe, provenance, coverage, counts, first picks with reasons."""
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        subsets = p.contents().subsets
        if subset is None and not subsets:
            raise InputError("This project has no subset yet.", "Make one with: curator run PROJECT")
        found = p.subset(subset) if subset is not None else max(subsets, key=lambda s: s.id)
        if as_json:
            echo_json(shown_subset(p, found.id, rows))
            return
        print_subset(p, found.id, rows)
        if found.run_id is not None:
            made = p.run(found.run_id)
            click.echo("Recipe\n" + "\n".join("  " + line for line in made.recipe.splitlines()))
            click.echo("Provenance")
            facts = {
                "run": made.id,
                "seed": made.seed,
                "device": made.device,
                "started": made.started,
                "finished": made.finished,
                "fingerprint": made.fingerprint,
                **made.versions,
            }
            click.echo(table(("what", "value"), list(facts.items()), whole=True))


@cli.command()
@PROJECT
@click.option("--in", "pin_in", default="", metavar="IDS", help="Sample ids to pin in, separated by commas.")
@click.option("--out", "pin_out", default="", metavar="IDS", help="Sample ids to pin out.")
@click.option("--clear", default="", metavar="IDS", help="Sample ids to let go.")
@AS_JSON
@click.pass_obj
def pin(front: Front, project: Path, pin_in: str, pin_out: str, clear: str, as_json: bool) -> None:
    """Pin samples in or out of every later run."""
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        asked = ((pin_in, "in"), (pin_out, "out"), (clear, None))
        done = [p.pin(ids(text), state) for text, state in asked if text]
        if not done:
            raise click.UsageError("Say which samples: --in, --out or --clear.")
        tell(as_json, "\n".join(changes.label for changes in done), done)


@cli.command()
@PROJECT
@AS_JSON
@click.pass_obj
def undo(front: Front, project: Path, as_json: bool) -> None:
    """Take back the latest write."""
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        changes = p.undo()
        tell(as_json, f"Undone: {changes.label}", changes)


@cli.command()
@PROJECT
@AS_JSON
@click.pass_obj
def redo(front: Front, project: Path, as_json: bool) -> None:
    """Do again what was undone last."""
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        changes = p.redo()
        tell(as_json, f"Done again: {changes.label}", changes)


@cli.command()
@click.argument("name", required=False)
@click.option(
    "--trust",
    "trusted",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Let this file of the plugins folder run, as it is now.",
)
@AS_JSON
@click.pass_obj
def plugins(front: Front, name: str | None, trusted: Path | None, as_json: bool) -> None:
    """List the plugins, or explain the one called NAME with its parameters."""
    if trusted is not None:
        trust(trusted.absolute())
        click.echo(f"{trusted.name} may run from now on, until it changes.")
        return
    registry().discover(front.settings.plugins_dir)
    specs = [s for s in registry().all() if name in (None, s.name)]
    if not specs:
        raise InputError(f"There is no plugin called “{name}”.", "See them all with: curator plugins")
    if as_json:
        echo_json([described_plugin(s) for s in specs])
        return
    if name is None:
        click.echo(table(("role", "name", "what it does"), [(s.role, s.name, s.summary) for s in specs], whole=True))
        for failure in registry().failures:
            click.echo(f"Not loaded: {failure.origin}: {failure.text}", err=True)
        waiting = untrusted_files(front.settings.plugins_dir) if front.settings.plugins_dir.is_dir() else []
        for file in waiting:
            click.echo(f"Waiting for your yes: curator plugins --trust {file}", err=True)
        return
    for spec in specs:
        click.echo(f"{spec.role} {spec.name}, version {spec.version}\n\n{spec.help}\n")
        click.echo(
            table(
                ("parameter", "default", "range", "what it does"),
                [(p.name, str(p.default), limits(p), p.help) for p in spec.params],
                whole=True,
            )
        )


@cli.command()
@click.argument("name", required=False)
@AS_JSON
def recipe(name: str | None, as_json: bool) -> None:
    """Print a built-in recipe as TOML, to change and run as your own; without NAME, list them."""
    if name is None:
        found = [(n, load_recipe(n).description) for n in builtin_names()]
        as_table = table(("name", "what it is for"), found, whole=True)
        tell(as_json, as_table, [{"name": n, "description": words} for n, words in found])
        return
    text = load_recipe(name).to_toml()
    tell(as_json, text.rstrip("\n"), tomllib.loads(text))


@cli.command()
@click.argument("project", type=click.Path(path_type=Path, file_okay=False), required=False)
@AS_JSON
@click.pass_obj
def doctor(front: Front, project: Path | None, as_json: bool) -> None:
    """Check versions, device, model caches and plugins, and the integrity of PROJECT if given."""
    from curator.engine.doctor import report

    registry().discover(front.settings.plugins_dir)
    found = report(front.settings.device)
    faults = [f"plugin {f.origin}: {f.text}" for f in registry().failures]
    if project is not None:
        with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
            faults += p.check()
    if as_json:
        echo_json({**found, "faults": faults})
    else:
        for title, facts in found.items():
            click.echo(title.capitalize())
            click.echo(table(("what", "value"), list(facts.items()), whole=True))
        click.echo("\n".join(["Faults", *(f"  {f}" for f in faults)]) if faults else "No faults found.")
    if faults:
        raise SystemExit(1)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("curator-demo"))
@click.option("--no-window", is_flag=True, help="Do not open the window at the end.")
@click.option("--budget", default=300, show_default=True, help="How many samples to choose from each pile.")
@AS_JSON
@click.pass_obj
def demo(front: Front, folder: Path, no_window: bool, budget: int, as_json: bool) -> None:
    """Run the whole job on the bundled piles: 3,781 pictures and 2,000 instruction records.

    Everything lands in FOLDER. Running it again goes on where it stopped.
    """
    from curator.cli.demo import run_demo

    project = run_demo(folder.absolute(), front.settings, budget, as_json)
    if not no_window and not as_json:
        open_window(front, project, must=False)
