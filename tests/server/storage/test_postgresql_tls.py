"""PostgreSQL over TCP, with TLS and a password, as services offer it."""

from pathlib import Path

import pytest

from server.storage.data_folder import DataFolder, DataFolderError
from server.storage.journal.opening import open_journal
from tests.postgres import MISSING, make_certificate, programs, running


@pytest.mark.skipif(programs() is None, reason=MISSING)
def test_the_certificate_is_checked_and_without_tls_nothing_is_sent(tmp_path: Path) -> None:
    with running(has_tls=True) as server, DataFolder(tmp_path / "data") as folder:
        server.execute("create role ann superuser login password 'geheim'")
        (tmp_path / "password").write_text("geheim\n")
        _, other = make_certificate(tmp_path)

        def connects(root: Path, mode: str = "verify-full", host: str = "localhost") -> None:
            url = server.url(user="ann", host=host, sslmode=mode, sslrootcert=str(root))
            open_journal(folder, url, password_file=str(tmp_path / "password")).close()

        connects(server.certificate)
        with pytest.raises(DataFolderError, match="certificate verify failed"):
            connects(other)
        with pytest.raises(DataFolderError, match="does not match host name"):
            connects(server.certificate, host="127.0.0.1")
        with pytest.raises(DataFolderError, match="no encryption"):
            connects(server.certificate, mode="disable")
        with pytest.raises(DataFolderError, match="does not exist"):
            connects(tmp_path / "missing.crt")
