"""Client ids and the keys that prove them."""

import re

from server.core.clients import ResumeKeys


def test_a_key_is_valid_for_its_client_and_document_only() -> None:
    keys = ResumeKeys(b"secret")
    key = keys.key("notes", "abc")
    assert keys.is_valid("notes", "abc", key)
    assert not keys.is_valid("notes", "abd", key)
    assert not keys.is_valid("other", "abc", key)
    assert not keys.is_valid("notes", "abc", key[:-1])
    assert not keys.is_valid("notes", "", "")
    assert not keys.is_valid("notes", "abc", "ключ")


def test_where_the_document_ends_and_the_client_begins_is_certain() -> None:
    keys = ResumeKeys(b"secret")
    assert keys.key("ab", "c") != keys.key("a", "bc")


def test_keys_outlive_the_server_and_end_with_its_secret() -> None:
    key = ResumeKeys(b"secret").key("notes", "abc")
    assert ResumeKeys(b"secret").is_valid("notes", "abc", key)
    assert not ResumeKeys(b"another").is_valid("notes", "abc", key)


def test_new_clients_differ_and_fit_into_a_branch() -> None:
    keys = ResumeKeys(b"secret")
    clients = {keys.new_client() for _ in range(1000)}
    assert len(clients) == 1000
    assert all(re.fullmatch("[a-z0-9]+", client) for client in clients)
