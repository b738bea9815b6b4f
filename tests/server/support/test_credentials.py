"""Where programs find their credentials, and what users are warned of."""

import base64
from pathlib import Path

import pytest

from server.core.access.accounts import TOKEN_PREFIX
from server.support.credentials import CredentialsError, authorization_for, risks_of

URL = "https://docs.example.org/d/notes"
TOKEN = f"{TOKEN_PREFIX}of-ann"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without netrc."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def keep(file: Path, content: str) -> str:
    """Write a file that only its owner can read; return its name."""
    file.write_text(content)
    file.chmod(0o600)
    return str(file)


def test_the_first_that_there_is_counts(home: Path) -> None:
    assert authorization_for(URL, {}) is None
    keep(home / ".netrc", "machine docs.example.org login ann password one\n")
    assert authorization_for(URL, {}) == basic("ann", "one")
    environment = {"NETRC": keep(home / "other", "machine docs.example.org password two\n")}
    assert authorization_for(URL, environment) == basic("", "two")
    environment["GOLLABEDIT_TOKEN"] = " three\n"
    assert authorization_for(URL, environment) == "Bearer three"
    environment["GOLLABEDIT_TOKEN_FILE"] = keep(home / "token", "four\n")
    assert authorization_for(URL, environment) == "Bearer four"
    url = "https://ann:f%20ve@docs.example.org/"
    assert authorization_for(url, environment) == basic("ann", "f ve")


def test_a_file_is_read_each_time(home: Path) -> None:
    environment = {"GOLLABEDIT_TOKEN_FILE": keep(home / "token", "one\n")}
    assert authorization_for(URL, environment) == "Bearer one"
    keep(home / "token", "two\n")
    assert authorization_for(URL, environment) == "Bearer two"


def test_netrc_is_for_the_hosts_that_it_names(home: Path) -> None:
    keep(home / ".netrc", f"machine other.example.org password {TOKEN}\ndefault password x\n")
    assert authorization_for(URL, {}) is None
    assert authorization_for("http://other.example.org:8080/d/notes", {}) == basic("", TOKEN)


@pytest.mark.parametrize("content", ["", "\n", "two words", "a\x07b", "ü"])
def test_a_file_without_a_token_is_a_problem(home: Path, content: str) -> None:
    environment = {"GOLLABEDIT_TOKEN_FILE": keep(home / "token", content)}
    with pytest.raises(CredentialsError, match="token has no token"):
        authorization_for(URL, environment)
    if content.strip():
        with pytest.raises(CredentialsError, match="GOLLABEDIT_TOKEN is not a token"):
            authorization_for(URL, {"GOLLABEDIT_TOKEN": content})


def test_a_file_that_cannot_be_read_is_a_problem(home: Path) -> None:
    with pytest.raises(CredentialsError, match="nowhere cannot be read: No such file"):
        authorization_for(URL, {"GOLLABEDIT_TOKEN_FILE": str(home / "nowhere")})
    keep(home / ".netrc", "machine docs.example.org passwd x\n")
    with pytest.raises(CredentialsError, match=r"\.netrc cannot be read"):
        authorization_for(URL, {})


@pytest.mark.parametrize(
    ("url", "mode", "risks"),
    [
        (URL, 0o600, []),
        (URL, 0o640, ["can read the token in"]),
        ("http://localhost:8080/d/notes", 0o400, []),
        ("http://127.0.0.1/d/notes", 0o600, []),
        ("http://[::1]:8080/d/notes", 0o600, []),
        ("http://127.0.0.1.example.org/d/notes", 0o600, ["without encryption"]),
        ("http://docs.example.org/", 0o644, ["can read the token in", "without encryption"]),
        (f"https://x:{TOKEN}@docs.example.org/", 0o644, ["can see the token in the address"]),
        ("https://ann:secret@docs.example.org/", 0o600, []),  # of a proxy, as ever
    ],
)
def test_the_user_is_warned(home: Path, url: str, mode: int, risks: list[str]) -> None:
    file = home / "token"
    keep(file, TOKEN)
    file.chmod(mode)
    found = list(risks_of(url, {"GOLLABEDIT_TOKEN_FILE": str(file)}))
    assert len(found) == len(risks)
    for sentence, part in zip(found, risks, strict=True):
        assert part in sentence
        assert TOKEN not in sentence
