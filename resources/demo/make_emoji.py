"""Pack emoji.zip from a folder of pictures with metadata.jsonl, the same bytes each time.

python make_emoji.py SOURCE_FOLDER [FILE]
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import click

HERE = Path(__file__).resolve().parent
METADATA = "metadata.jsonl"
LICENCES = {"LICENSE.txt": HERE / "LICENSE-emoji.txt", "LICENSE-APACHE.txt": HERE.parents[1] / "LICENSE"}
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def entry(name: str, compress: int) -> zipfile.ZipInfo:
    """A member without anything of this computer or this day."""
    info = zipfile.ZipInfo(name, LONG_AGO)
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    info.compress_type = compress
    return info


def pack(source: Path, file: Path) -> int:
    """Write the archive and return the number of pictures; ClickException when one named in the metadata is missing."""
    lines = (source / METADATA).read_text(encoding="utf-8").splitlines()
    names = sorted(json.loads(line)["file_name"] for line in lines)
    if missing := [name for name in names if not (source / name).is_file()]:
        raise click.ClickException(f"{len(missing)} pictures are missing, the first is {missing[0]}.")
    with zipfile.ZipFile(file, "w") as archive:
        for name, licence in LICENCES.items():
            archive.writestr(entry(name, zipfile.ZIP_STORED), licence.read_bytes())
        archive.writestr(entry(METADATA, zipfile.ZIP_STORED), (source / METADATA).read_bytes())
        for name in names:
            archive.writestr(entry(name, zipfile.ZIP_STORED), (source / name).read_bytes())
    return len(names)


@click.command()
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("file", type=click.Path(path_type=Path), default=HERE / "emoji.zip")
def main(source: Path, file: Path) -> None:
    """Pack the pictures of SOURCE into FILE (default: beside this script)."""
    count = pack(source, file)
    click.echo(f"{count} pictures, {file.stat().st_size / 1e6:.1f} MB: {file}")


if __name__ == "__main__":
    main()
