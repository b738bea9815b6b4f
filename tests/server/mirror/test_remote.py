"""Parsing and masking of remotes."""

import re

import pytest

from server.mirror.remote import Remote, RemoteError, local_path, mask, read_remotes


def test_a_template_is_for_all_documents() -> None:
    [remote] = read_remotes(["git@host:notes/{document}.git"])
    assert remote.url_for("todo") == "git@host:notes/todo.git"
    assert remote.url_for("notes.md") == "git@host:notes/notes.md.git"


def test_folders_are_kept_or_become_a_part_of_the_name() -> None:
    kept, flat = read_remotes(["/backup/x-{document}.git", "git@host:notes/{document:-}.git"])
    assert kept.url_for("a/b/notes") == "/backup/x-a/b/notes.git"
    assert kept.folders_for("a/b/notes") == ["/backup/x-a", "/backup/x-a/b"]
    assert kept.folders_for("notes") == []
    assert flat.url_for("a/b/notes") == "git@host:notes/a-b-notes.git"
    assert flat.folders_for("a/b/notes") == []


def test_a_pair_may_name_a_document_in_a_folder() -> None:
    [remote] = read_remotes(["docs/plan.md=/backup/plan.git"])
    assert remote == Remote("/backup/plan.git", "docs/plan.md")
    [remote] = read_remotes(["backup/a=b/{document}"])
    assert remote == Remote("backup/a=b/{document}")


def test_a_pair_is_for_one_document() -> None:
    [remote] = read_remotes(["notes=https://host/x.git"])
    assert remote == Remote("https://host/x.git", "notes")
    assert remote.url_for("notes") == "https://host/x.git"
    assert remote.url_for("todo") is None


def test_an_equals_sign_in_a_url_does_not_name_a_document() -> None:
    [remote] = read_remotes(["/backup/a=b/{document}"])
    assert remote.url_for("notes") == "/backup/a=b/notes"


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (["a=/x.git", "b=/x.git"], "'/x.git' cannot hold both a and"),
        (["https://u:1@h/{document}", "https://u:2@h/{document}"], "'https://***@h/{document}' is"),
        (["https://u:secret@host/x.git"], "'https://***@host/x.git' would put all documents into"),
    ],
)
def test_an_invalid_remote_is_one_clear_line(written: list[str], sentence: str) -> None:
    with pytest.raises(RemoteError, match=f"^mirror {re.escape(sentence)} [^\n]+$"):
        read_remotes(written)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:s3cret@host/x.git", "https://***@host/x.git"),
        ("https://s3cret@host/x.git", "https://***@host/x.git"),
        ("HTTPS://u:s3cret@host:8443/x.git", "HTTPS://***@host:8443/x.git"),
        ("https://u:p@s3cret@host/x.git", "https://***@host/x.git"),
        ("https://host/x.git?token=s3cret", "https://host/x.git?***"),
        ("ssh://u:s3cret@host/x.git", "ssh://***@host/x.git"),
        ("ssh://git@host/x.git", "ssh://git@host/x.git"),
        ("git@host:x.git", "git@host:x.git"),
        ("/backup/a@b/x.git", "/backup/a@b/x.git"),
    ],
)
def test_secrets_in_a_url_are_masked(url: str, shown: str) -> None:
    assert mask(url) == shown
    assert "s3cret" not in repr(Remote(url))


def test_secrets_of_the_url_are_masked_in_git_output_in_any_form() -> None:
    url = "https://user:s3%2Fcret@host/x.git"
    said = f"cannot access '{url}': helper got s3/cret (s3%2Fcret) for host"
    shown = "cannot access 'https://***@host/x.git': helper got *** (***) for host"
    assert mask(said, url) == shown


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/backup/x.git", "/backup/x.git"),
        ("../x.git", "../x.git"),
        ("./a:b/x.git", "./a:b/x.git"),
        ("file:///backup/a%20b.git", "/backup/a b.git"),
        ("host:x.git", None),
        ("git@host:/x.git", None),
        ("https://host/x.git", None),
        ("ext::sh -c x", None),
    ],
)
def test_local_paths_are_recognized(url: str, path: str | None) -> None:
    assert local_path(url) == path


def test_a_long_line_is_masked_quickly() -> None:
    """A pattern that restarts at each letter would take minutes."""
    for long in ("a" * 10**6, "://" * 10**5):
        assert mask(f"{long} https://olive:secret@host/") == f"{long} https://***@host/"
