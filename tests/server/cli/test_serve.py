"""What `gollabedit serve` does before it listens."""

import resource
from collections.abc import Iterator

import pytest

from server.cli.serve import _raise_descriptor_limit
from server.config import Config


@pytest.fixture
def limits() -> Iterator[None]:
    """Restore the limit of open files."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.usefixtures("limits")
def test_the_limit_of_open_files_is_raised_and_named_if_it_is_too_low(
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    _raise_descriptor_limit(Config(sessions_max=10))
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 64
    assert not caplog.records
    _raise_descriptor_limit(Config(sessions_max=2**31))
    assert "files can be open at once; --sessions-max 2147483648 needs" in caplog.text
