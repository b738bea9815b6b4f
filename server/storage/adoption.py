"""Moves accounts, policy and the like from a data folder into the database that has the documents.

So a policy and accounts can be made before the first start. The files are renamed in the folder,
where they would mislead: only the database counts from then on.
"""

import logging
from contextlib import closing
from pathlib import Path

from server.storage.accounts import AccountStore, Tables
from server.storage.data_folder import DataFolderError
from server.storage.site import CATALOG, POLICY, Site, Text
from server.storage.site.folder import SqliteAccounts, accounts_in, secret_in, text_in

_log = logging.getLogger(__name__)

_TEXTS = (
    (CATALOG, "a catalog", "rename and archive documents"),
    (POLICY, "a policy", "use gollabedit access set FILE"),
)
_BOTH = (
    "the database has {what} of its own, and does not follow {file}: move the file away; to change"
    " what the database has, {advice}"
)


def adopt(data: Path, site: Site) -> None:
    """Move the content of these files of a data folder, if there are any. Blocks.

    Raises:
        DataFolderError: The database has other content already.
        OSError: It failed.
    """
    for name, what, advice in _TEXTS:
        _adopt_text(text_in(data, name), site.text(name), what, advice)
    _adopt_accounts(accounts_in(data), site)
    secret = secret_in(data)
    if secret.exists():
        site.secret(secret.read_bytes())
        secret.unlink()


def _adopt_text(source: Text, target: Text, what: str, advice: str) -> None:
    content = source.read()
    if content is None:
        return
    if target.read() not in (None, content):
        raise DataFolderError(_BOTH.format(what=what, file=source.shown, advice=advice))
    target.change(lambda _: content)
    _put_away(Path(source.shown))


def _adopt_accounts(file: Path, site: Site) -> None:
    if not file.exists():
        return
    with closing(AccountStore(SqliteAccounts(file))) as source:
        tables = source.tables()
    if not any(tables.values()):
        _put_away(file)
        return
    target = AccountStore(site.accounts)
    if any(target.tables().values()) and _sorted(target.tables()) != _sorted(tables):
        raise DataFolderError(
            _BOTH.format(what="accounts", file=file, advice="use gollabedit user and link")
        )
    if not any(target.tables().values()):
        target.fill(tables)
    _put_away(file)


def _sorted(tables: Tables) -> dict[str, list[tuple[object, ...]]]:
    return {table: sorted(rows) for table, rows in tables.items()}


def _put_away(file: Path) -> None:
    away = file.with_name(f"{file.stem}.moved{file.suffix}")
    file.rename(away)
    _log.info("%s is in the database from now on; the file was renamed to %s", file, away.name)
