"""Validation: its time. What it rejects is in tests/server/sockets/test_bad_pushes.py."""

from pathlib import Path

import pytest

from server.git.process import GitError
from server.push.validation import Command, PushValidator
from tests.git import git


@pytest.mark.parametrize(("wait_s", "is_enough"), [(60.0, True), (0.0, False)])
def test_it_takes_no_longer_than_it_may(tmp_path: Path, wait_s: float, is_enough: bool) -> None:
    git("init", "--quiet", "--initial-branch=master", cwd=tmp_path)
    (tmp_path / "notes.txt").write_text("one\n")
    git("add", "notes.txt", cwd=tmp_path)
    git("commit", "--quiet", "-m", "One", cwd=tmp_path)
    head = git("rev-parse", "HEAD", cwd=tmp_path).strip()
    validator = PushValidator(tmp_path / ".git", {}, "notes.txt", 1000, wait_s)
    command = Command(head, head, "refs/for/master")
    if is_enough:
        assert validator.validate([command])[head].text == "one\n"
    else:
        with pytest.raises(GitError, match="took too long"):
            validator.validate([command])
