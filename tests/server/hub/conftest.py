"""A hub without a web server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from server.config import Config
from server.hub.hub import Hub
from server.storage.data_folder import DataFolder
from server.storage.journal.sqlite import SqliteJournal


@pytest_asyncio.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    with DataFolder(tmp_path) as folder:
        journal = SqliteJournal(folder.journal_path)
        async with Hub(Config(data=tmp_path), folder, journal) as hub:
            yield hub
        journal.close()
