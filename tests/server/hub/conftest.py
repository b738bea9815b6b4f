"""A hub without a web server."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from server.config import Config
from server.hub.hub import Hub
from server.storage.data_folder import DataFolder
from server.storage.journal import Journal
from server.storage.journal.sqlite import SqliteJournal


def new_hub(folder: DataFolder, journal: Journal, **settings: Any) -> Hub:
    """Return a hub that is yet to be entered."""
    return Hub(Config(data=folder.path, **settings), folder, journal)


@pytest_asyncio.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    with DataFolder(tmp_path) as folder:
        journal = SqliteJournal(folder.journal_path)
        async with new_hub(folder, journal) as hub:
            yield hub
        journal.close()
