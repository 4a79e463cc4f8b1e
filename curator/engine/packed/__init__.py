"""Files that lie inside archives and tables, read where they are, without unpacking.

An *address* is a path whose last part goes on into a container: ``shard-0001.tar!00017.jpg`` is a member of an archive,
``train.parquet!17/image/cat.jpg`` the cell of row 17 (from 1) in the column ``image``; what follows the column is only
a name to show. A table or a TAR may itself lie in an archive, ``a.zip!train.parquet!17/image/cat.jpg``, and is copied
into the cache to be read with leaps. A file on disk that is
really called so comes first. Everything that opens a picture goes through :func:`read`, mostly by way of
:func:`curator.engine.pictures.read_bytes`.

Reasons are the texts of :class:`~curator.engine.errors.InputError`, to be put behind the name of the file.
"""

from curator.engine.packed.address import (
    ARCHIVE_SUFFIXES,
    MARK,
    TABLE_SUFFIXES,
    exists,
    is_archive,
    join,
    laid_out,
    on_disk,
    read,
    size_of,
    split,
)
from curator.engine.packed.archives import Member, members
from curator.engine.packed.streams import COMPRESSED, open_stream, plain_suffix

__all__ = [
    "ARCHIVE_SUFFIXES",
    "COMPRESSED",
    "MARK",
    "TABLE_SUFFIXES",
    "Member",
    "exists",
    "is_archive",
    "join",
    "laid_out",
    "members",
    "on_disk",
    "open_stream",
    "plain_suffix",
    "read",
    "size_of",
    "split",
]
