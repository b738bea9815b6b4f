"""The journal in PostgreSQL; needs the package psycopg (`gollabedit[postgresql]`)."""

from server.storage.journal.postgresql.journal import PostgresqlJournal

__all__ = ["PostgresqlJournal"]
