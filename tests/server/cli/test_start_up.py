"""What a command loads: those that scripts call again and again start quickly."""

import subprocess
import sys

import pytest

_SERVER = {"pygit2", "aiohttp", "asyncio", "msgspec", "sqlite3", "uvloop", "server.app"}
_LOADED = """
import sys
from server.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code
print(*sys.modules, file=sys.stderr)
"""


def loaded(*arguments: str) -> set[str]:
    """The modules that a command has loaded at its end, in an interpreter of its own."""
    command = [sys.executable, "-c", _LOADED, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(ran.stderr.split())


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_without_a_command_none_is_loaded(option: str) -> None:
    modules = loaded(option)
    assert "server.cli.main" in modules
    assert not modules & (_SERVER | {"server.cli.documents", "server.cli.http_client"})


@pytest.mark.parametrize("command", ["ls", "cat", "new", "put", "append", "export", "import"])
def test_a_command_that_speaks_http_alone_loads_nothing_of_the_server(command: str) -> None:
    modules = loaded(command, "--help")
    assert "server.cli.http_client" in modules
    assert not modules & _SERVER


@pytest.mark.parametrize("command", ["user", "token", "link", "access"])
def test_a_command_about_accounts_loads_neither_git_nor_the_server(command: str) -> None:
    modules = loaded(command, "--help")
    assert "server.storage.accounts" in modules
    assert not modules & (_SERVER - {"sqlite3", "msgspec"})


def test_the_server_loads_all_of_it() -> None:
    assert loaded("serve", "--help") > _SERVER - {"uvloop"}, "the names above are out of date"
