"""Whom credentials identify, and what links add."""

import pytest

from server.core.access.access import Access, WrongCredentialsError
from server.core.access.accounts import Accounts, Kind, Link, Secret, User, is_user_name
from server.core.access.identity import NOBODY, Credentials
from server.core.access.policy import CLOSED, OPEN
from server.core.access.right import Right

NOW = 1000.0
ACCOUNTS = Accounts(
    {
        "ann": User("ann", "Ann Lee", "ann@example.org", frozenset({"staff"})),
        "root": User("root", is_operator=True),
    },
    {
        b"token": Secret("t1", Kind.TOKEN, "ann", "laptop", 0),
        b"session": Secret("s1", Kind.SESSION, "ann", "browser", 0, expires=NOW + 1),
        b"old": Secret("s2", Kind.SESSION, "ann", "browser", 0, expires=NOW),
        b"invitation": Secret("i1", Kind.INVITATION, "ann", "", 0),
        b"root": Secret("t2", Kind.TOKEN, "root", "", 0),
    },
    {
        b"view": Link("v", "notes", Right.VIEW, "ann", 0),
        b"edit": Link("e", "notes", Right.EDIT, "ann", 0),
        b"expired": Link("x", "notes", Right.EDIT, "ann", 0, expires=NOW),
    },
)
ACCESS = Access(is_open=False, policy=CLOSED, accounts=ACCOUNTS)


@pytest.mark.parametrize(
    ("credentials", "user", "right"),
    [
        (Credentials(), "", Right.NONE),
        (Credentials(token=b"token"), "ann", Right.MANAGE),
        (Credentials(session=b"session"), "ann", Right.MANAGE),
        (Credentials(session=b"old"), "", Right.NONE),
        (Credentials(session=b"token"), "", Right.NONE),  # each secret is for one thing
        (Credentials(session=b"invitation"), "", Right.NONE),
        (Credentials(header_user="cy"), "cy", Right.MANAGE),
        (Credentials(links=(b"view",)), "", Right.VIEW),
        (Credentials(links=(b"edit", b"view")), "", Right.EDIT),
        (Credentials(links=(b"expired", b"none")), "", Right.NONE),
        (Credentials(token=b"edit"), "", Right.EDIT),
        (Credentials(header_user="cy", token=b"none"), "cy", Right.MANAGE),
    ],
)
def test_credentials_identify_a_user_or_links(
    credentials: Credentials, user: str, right: Right
) -> None:
    identity = ACCESS.identify(credentials, NOW)
    assert identity.user == user
    assert ACCESS.right(identity, "notes") is right
    assert ACCESS.right(identity, "other") is (Right.MANAGE if user else Right.NONE)


@pytest.mark.parametrize("token", [b"none", b"session", b"invitation", b"expired"])
def test_a_program_with_a_wrong_token_is_nobody_else(token: bytes) -> None:
    with pytest.raises(WrongCredentialsError):
        ACCESS.identify(Credentials(token=token, session=b"session"), NOW)
    opened = Access(is_open=True, policy=OPEN, accounts=ACCOUNTS)
    assert not opened.identify(Credentials(token=token), NOW).user, "it may be for a proxy"


def test_an_account_names_its_user_and_the_proxy_adds_groups() -> None:
    found = ACCESS.identify(Credentials(header_user="ann", header_groups=frozenset({"x"})), NOW)
    assert (found.name, found.email) == ("Ann Lee", "ann@example.org")
    assert found.groups == {"staff", "x"}


def test_who_may_write_the_first_words() -> None:
    by_link = ACCESS.identify(Credentials(links=(b"edit",)), NOW)
    assert ACCESS.may_create(by_link, "notes")
    assert not ACCESS.may_create(by_link, "other")
    assert not ACCESS.may_create(NOBODY, "notes")
    assert ACCESS.may_create(ACCESS.identify(Credentials(token=b"token"), NOW), "other")


def test_operators_may_do_everything() -> None:
    root = ACCESS.identify(Credentials(token=b"root"), NOW)
    assert ACCESS.is_operator(root)
    assert ACCESS.right(root, "notes") is Right.MANAGE


def test_when_something_expires_next() -> None:
    assert ACCOUNTS.next_expiry(NOW - 1) == NOW
    assert ACCOUNTS.next_expiry(NOW) == NOW + 1
    assert ACCOUNTS.next_expiry(NOW + 1) is None


@pytest.mark.parametrize("name", ["", "anybody", "signed-in", "@staff", "a b", "-x", "x" * 129])
def test_names_that_no_account_can_have(name: str) -> None:
    assert not is_user_name(name)


@pytest.mark.parametrize("name", ["ann", "Ann.Lee", "ann+notes@example.org", "7"])
def test_names_that_accounts_can_have(name: str) -> None:
    assert is_user_name(name)
