"""Tables for looking through a Dataset: the index of words, and vectors of what was searched for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

STATEMENTS = (
    "create virtual table sample_text using fts5 (text, content='sample', content_rowid='id',"
    " tokenize='unicode61 remove_diacritics 2')",
    "create table text_state (id integer primary key check (id = 1), upto integer not null) strict",
    "insert into text_state values (1, 0)",
    "create table text_stale (sample_id integer primary key, text text not null) strict",
    "create trigger text_changed after update of text on sample"
    " when old.text is not new.text and old.id <= (select upto from text_state)"
    " begin insert or ignore into text_stale values (old.id, old.text); end",
    "create index label_hidden on label (id) where hidden",
    "create index sample_set_aside on sample (dataset_id, row) where hidden or problem != ''",
    "create table query_vector (id integer primary key, embedding text not null, kind text not null,"
    " words text not null, vector blob not null, created text not null, unique (embedding, kind, words)) strict",
)
"""``sample_text`` holds what is said in Samples up to the id ``text_state.upto``. A text that changes after it was
taken in is kept in ``text_stale`` as it was, because that is what the index has to be rid of."""


def browse_tables(db: Database) -> None:
    """The index of words, the queries, and two small indexes that tell quickly what has changed."""
    for statement in STATEMENTS:
        db.execute(statement)
