"""The command line: click commands over a Project. Results go to stdout, progress and messages to stderr."""

from curator.cli import choices as _choices
from curator.cli import exporting as _exporting
from curator.cli import importing as _importing
from curator.cli import lifelong as _lifelong
from curator.cli import rounds as _rounds
from curator.cli import search as _search
from curator.cli import skills as _skills
from curator.cli import subset as _subset
from curator.cli import trials as _trials
from curator.cli.commands import cli

__all__ = [
    "_choices",
    "_exporting",
    "_importing",
    "_lifelong",
    "_rounds",
    "_search",
    "_skills",
    "_subset",
    "_trials",
    "cli",
]
