"""The command line: click commands over a Project. Results go to stdout, progress and messages to stderr."""

from curator.cli.commands import cli

__all__ = ["cli"]
