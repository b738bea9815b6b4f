"""Reads the entries of documents."""

from server.core.git_model import MASTER
from server.git.changes import Entry, Log
from server.storage.journal import IN_TRASH
from server.storage.journal.body import decode
from server.storage.journal.postgresql.connection import Connection

_READ = """
select d.position, e.position, e.body
from gollabedit.documents d
left join gollabedit.entries e on e.document = d.name and e.position > %s
where d.name = %s
order by e.position
"""
_LAST = """
select body from gollabedit.entries where document = %s order by position desc limit 1
"""
_DOCUMENTS = """
select distinct document from gollabedit.entries where not starts_with(document, %s)
order by document
"""
_LEFT = """
select distinct e.document from gollabedit.entries e
join gollabedit.documents d on d.name = e.document
where d.owner = %s or not exists (
    select from gollabedit.nodes n where n.id = d.owner and n.lease_until > clock_timestamp()
)
order by e.document
"""


def read(connection: Connection, document: str, after: int, where: str) -> Log:
    """Return the entries of a document after a position."""
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(_READ, [after, document]).fetchall()
    if not rows:
        return Log()
    bodies = [body for _, position, body in rows if position is not None]
    return Log(rows[-1][1] or rows[0][0], tuple(decode(document, body, where) for body in bodies))


def last_head(connection: Connection, document: str, where: str) -> str | None:
    """Return where the last entry has moved `master` to; None if it has not, or there is none."""
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(_LAST, [document]).fetchone()
    found = heads(decode(document, row[0], where)) if row else []
    return found[-1] if found else None


def heads(entry: Entry) -> list[str | None]:
    """Return where an entry has moved `master` to."""
    return [move.new for move in entry.moves if move.name == MASTER]


def documents(connection: Connection) -> list[str]:
    """Return the documents that have entries, without those in the trash."""
    return [document for (document,) in connection.execute(_DOCUMENTS, [IN_TRASH])]


def left_to(connection: Connection, server: str) -> list[str]:
    """Return those that no other server owns."""
    return [document for (document,) in connection.execute(_LEFT, [server])]
