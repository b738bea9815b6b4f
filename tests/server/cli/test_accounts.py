"""`gollabedit user`, `token`, `link` and `access`, on a data folder without a server."""

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.cli.main import main
from server.core.access.accounts import Accounts, Kind, hash_of
from server.core.access.right import Right
from server.storage.accounts import AccountStore
from server.storage.catalog import catalog_in
from server.storage.site.folder import SqliteAccounts, accounts_in

DAY_S = 24 * 3600.0
ROOT = 0
OTHER = 12_345  # a user


class Terminal:
    """Runs commands in this process, on a data folder."""

    def __init__(self, data: Path, printed: pytest.CaptureFixture[str]) -> None:
        self.data = data
        self.err = ""
        self._printed = printed

    def run(self, *words: str, code: int = 0) -> str:
        """Run a command, which must end with this code; return its output."""
        assert main([*words, "--data", str(self.data)]) == code
        out, self.err = self._printed.readouterr()
        return out

    def fails(self, *words: str) -> str:
        """Run a command that is refused; return the one line that it says."""
        assert self.run(*words, code=2) == ""
        assert self.err.startswith("gollabedit: ")
        assert self.err.count("\n") == 1
        return self.err

    def json(self, *words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.run(*words, "--json"))
        return found

    @property
    def accounts(self) -> Accounts:
        """What a server would read."""
        store = AccountStore(SqliteAccounts(accounts_in(self.data)))
        try:
            return store.load()
        finally:
            store.close()


@pytest.fixture
def terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Terminal:
    monkeypatch.delenv("GOLLABEDIT_URL", raising=False)
    (tmp_path / "format").write_text("2\n")
    return Terminal(tmp_path, capsys)


def key_in(link: str) -> str:
    return re.fullmatch(r"\S+\?key=(\S+)\n", link)[1]  # type: ignore[index]


def test_an_account_is_added_changed_listed_and_removed(terminal: Terminal) -> None:
    began = time.time()
    link = terminal.run(
        "user", "add", "ann", "--full-name", "Ann  Lee", "--email", "ann@example.org",
        "--group", "staff", "--group", "@board", "--url", "https://docs.example.org/pad/",
    )  # fmt: skip
    assert link.startswith("https://docs.example.org/pad/sign-in?key=")
    assert "first account" in terminal.err
    assert "gollabedit user change ann --operator" in terminal.err
    assert "this machine only" not in terminal.err
    secret = terminal.accounts.secrets[hash_of(key_in(link))]
    assert (secret.kind, secret.user) == (Kind.INVITATION, "ann")
    assert secret.expires is not None
    assert began + 7 * DAY_S <= secret.expires <= time.time() + 7 * DAY_S

    terminal.run("user", "add", "bo", "--operator")
    assert "this machine only" in terminal.err
    assert "first account" not in terminal.err
    terminal.run("user", "change", "ann", "--group", "guests", "--operator")
    ann, bo = terminal.json("user", "list")
    assert ann == {
        "name": "ann",
        "full_name": "Ann Lee",
        "email": "ann@example.org",
        "groups": ["guests"],
        "operator": True,
        "used": None,
    }
    assert bo["operator"]
    terminal.run("user", "change", "ann", "--no-groups", "--no-operator", "--email", "")
    [ann, _] = terminal.json("user", "list")
    assert (ann["groups"], ann["operator"], ann["email"]) == ([], False, "")
    assert re.search(r"^ann +Ann Lee +- +- +- +never$", terminal.run("user", "list"), re.MULTILINE)

    again = terminal.run("user", "invite", "ann")
    assert key_in(again) != key_in(link)
    assert again.startswith("http://localhost:8080/sign-in?key=")
    terminal.run("user", "remove", "ann")
    assert {it.user for it in terminal.accounts.secrets.values()} == {"bo"}
    terminal.run("user", "remove", "bo")
    assert "no account is left" in terminal.err
    assert terminal.run("user", "list") == ""
    assert "gollabedit user add" in terminal.err


def test_a_token_is_printed_alone_and_can_be_revoked(terminal: Terminal) -> None:
    terminal.run("user", "add", "ann")
    token = terminal.run("token", "create", "ann", "--label", "laptop", "--expires-days", "0.5")
    assert re.fullmatch(r"gollabedit_\S{32}\n", token)
    assert "not shown again" in terminal.err
    secret = terminal.accounts.secrets[hash_of(token.strip())]
    assert (secret.kind, secret.user, secret.label) == (Kind.TOKEN, "ann", "laptop")
    assert secret.expires == pytest.approx(time.time() + DAY_S / 2, abs=60)
    [invitation, listed] = terminal.json("token", "list", "ann")
    assert (invitation["kind"], listed["kind"]) == ("invitation", "token")
    assert f"{listed['id']}  ann   token       laptop" in terminal.run("token", "list")
    terminal.run("token", "revoke", listed["id"])
    terminal.run("token", "revoke", invitation["id"])
    assert not terminal.accounts.secrets
    assert f"no token {listed['id']}" in terminal.fails("token", "revoke", listed["id"])


def test_a_link_is_made_for_a_document_by_its_name_now(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog_in(terminal.data).rename("drafts", "plans")
    (terminal.data / "plans.git").mkdir()
    monkeypatch.setenv("GOLLABEDIT_URL", "https://docs.example.org")
    printed = terminal.run("link", "create", "drafts", "--right", "edit")
    assert printed.startswith("https://docs.example.org/d/plans?key=")
    assert "drafts is called plans now" in terminal.err
    assert "no such document" not in terminal.err
    link = terminal.accounts.links[hash_of(key_in(printed))]
    assert (link.document, link.right, link.expires) == ("plans", Right.EDIT, None)

    terminal.run("link", "create", "new", "--right", "view", "--expires-days", "3")
    assert (
        "unless new was created just now, there is no such document; somebody has to"
        in terminal.err
    )
    assert [it["document"] for it in terminal.json("link", "list")] == ["new", "plans"]
    assert [it["id"] for it in terminal.json("link", "list", "drafts")] == [link.id]
    assert f"{link.id}  plans     edit" in terminal.run("link", "list", "plans")
    terminal.run("link", "revoke", link.id)
    assert "no link" in terminal.fails("link", "revoke", link.id)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("user add /ann", "'/ann' cannot be the name of an account"),
        ("user add anybody", "'anybody' cannot be the name"),
        ("user add ann", "there is an account ann already"),
        ("user add bo --email bo", "'bo' is not an e-mail address"),
        ("user add bo --email <bo@x>", "'<bo@x>' is not an e-mail address"),
        ("user add bo --full-name <b>", "'<b>' cannot be a full name"),
        ("user add bo --full-name a\x1bb", "'a\\x1bb' cannot be a full name"),
        ("user add bo --group a/b", "'a/b' cannot be a group"),
        ("user add bo --url docs.example.org", "'docs.example.org' is not the address"),
        ("user add bo --url http://ann:secret@x", "is not the address"),
        ("user change ann", "nothing to change"),
        ("user change ann --group a --no-groups", "exclude each other"),
        ("user change cy --operator", "there is no account 'cy'"),
        ("user invite cy", "there is no account 'cy'"),
        ("user remove cy", "there is no account cy"),
        ("token create cy --label x", "there is no account cy"),
        ("token create ann --label \x07", "--label must say"),
        ("token create ann --label x --expires-days 0", "--expires-days must be above 0"),
        ("token create ann --label x --expires-days nan", "--expires-days must be above 0"),
        ("token list cy", "there is no account 'cy'"),
        ("link create Notes --right view", "'Notes' cannot be the name of a document"),
        ("access check ../x", "cannot be the name of a document"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(
    terminal: Terminal, words: str, sentence: str
) -> None:
    terminal.run("user", "add", "ann")
    (terminal.data / "access.toml").write_text("create = []\n")
    before = terminal.accounts
    if words.startswith("access"):
        terminal.run(*words.split(" "), code=2)
    else:
        terminal.fails(*words.split(" "))
    assert sentence in terminal.err
    assert terminal.accounts == before


@pytest.mark.parametrize("words", ["user add ann", "user list", "token list", "access check"])
def test_no_data_folder_is_made(tmp_path: Path, terminal: Terminal, words: str) -> None:
    terminal.data = tmp_path / "nowhere"
    assert "there is no data folder" in terminal.fails(*words.split())
    assert not terminal.data.exists()


@pytest.fixture
def act_as(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have the commands believe that another user runs them."""
    return lambda user: monkeypatch.setattr(os, "geteuid", lambda: user)


def test_another_user_is_warned(terminal: Terminal, act_as: Callable[[int], None]) -> None:
    act_as(OTHER)
    terminal.run("user", "add", "ann")
    assert "run this command as that user" in terminal.err


@pytest.mark.skipif(os.geteuid() != ROOT, reason="needs root, who may give files away")
def test_root_leaves_the_accounts_to_the_user_of_the_server(terminal: Terminal) -> None:
    os.chown(terminal.data / "format", OTHER, OTHER)
    terminal.run("user", "add", "ann")
    found = accounts_in(terminal.data).stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (OTHER, OTHER, 0o600)


def test_a_policy_is_checked_before_it_counts(terminal: Terminal, tmp_path: Path) -> None:
    assert "there is no" in terminal.fails("access", "check")
    terminal.run("user", "add", "ann", "--group", "staff")
    terminal.run("user", "add", "bo", "--operator")
    policy = terminal.data / "access.toml"
    policy.write_text('create = ["@staff"]\n[[documents]]\nnames = ["m*"]\nview = ["anybody"]\n')
    said = terminal.run("access", "check", "minutes", "plans").splitlines()
    assert said[0] == f"{policy} is valid; it has 1 rule"
    assert [line.split() for line in said[2:]] == [
        ["anybody", "view", "none", "nothing", "no"],
        ["ann", "view", "manage", "plans", "no"],
        ["bo", "manage", "manage", "minutes,", "plans", "yes"],
    ]
    fresh = tmp_path / "new.toml"
    fresh.write_text('crate = ["ann"]\n')
    said_of_it = terminal.fails("access", "check", "--file", str(fresh))
    assert "unknown field `crate` (at line 1)" in said_of_it


def test_the_policy_in_the_docs_gives_what_they_say(terminal: Terminal) -> None:
    page = (Path(__file__).parents[3] / "docs" / "access.md").read_text()
    policy = re.search(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    shown = re.search(r"^\$ gollabedit (access check m.*)\n(?s:(.*?))^\$", page, re.MULTILINE)
    assert policy
    assert shown
    (terminal.data / "access.toml").write_text(policy[1])
    terminal.run("user", "add", "ann", "--group", "staff")
    terminal.run("user", "add", "bo", "--group", "board")
    said = terminal.run(*shown[1].split())
    assert said.replace(str(terminal.data), "/data") == shown[2]


@pytest.mark.parametrize("command", ["user", "token", "link", "access"])
def test_help_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    said = capsys.readouterr().out
    actions = re.findall(r"^    (\w+)  ", said, re.MULTILINE)
    assert actions
    for action in actions:
        with pytest.raises(SystemExit):
            main([command, action, "--help"])
        assert f"examples:\n  gollabedit {command} {action}" in capsys.readouterr().out.replace(
            "(umask 077; ", ""
        )
