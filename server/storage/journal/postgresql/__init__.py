"""The journal in PostgreSQL; needs the package psycopg (`gollabedit[postgresql]`)."""

from server.storage.journal.postgresql.journal import PostgresqlJournal
from server.storage.journal.postgresql.reader import PostgresqlReader

__all__ = ["PostgresqlJournal", "PostgresqlReader"]
