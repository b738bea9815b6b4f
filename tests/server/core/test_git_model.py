"""Names, signatures and messages as people with Git see them."""

from pathlib import Path

import pytest

from server.core import git_model
from server.core.clients import Author
from tests.git import git


def trailers_by_git(message: str, folder: Path) -> str:
    (folder / "message").write_text(message)
    return git("interpret-trailers", "--parse", "message", cwd=folder)


def test_the_trailers_of_an_edit_are_git_trailers_and_read_back(tmp_path: Path) -> None:
    trailers = trailers_by_git(git_model.edit_message("Edit line 1", "abc", 7), tmp_path)
    assert trailers == "Client: abc\nSeq: 7"
    found = dict(line.split(": ") for line in trailers.splitlines())
    assert found == git_model.trailers_of("abc", 7)
    assert git_model.seq_in(found, "abc") == 7
    assert git_model.seq_in(found, "abd") == 0


@pytest.mark.parametrize(
    "trailers",
    [{}, {"Client": "abc"}, {"Client": "abc", "Seq": "x"}, {"Client": "abc", "Seq": "-1"},
     {"Client": "abc", "Seq": "²"}, {"Seq": "3"}],
    ids=str,
)  # fmt: skip
def test_trailers_that_somebody_else_wrote_count_as_none(trailers: dict[str, str]) -> None:
    assert git_model.seq_in(trailers, "abc") == 0


def test_the_part_of_an_edit_carries_no_number(tmp_path: Path) -> None:
    message = git_model.part_message("Edit line 1", "abc")
    assert trailers_by_git(message, tmp_path) == "Client: abc"


def test_every_message_has_a_short_first_line() -> None:
    what = git_model.describe("", "a")
    messages = [
        git_model.ROOT_MESSAGE,
        git_model.edit_message(what, "c", 1),
        git_model.part_message(what, "c"),
        git_model.merge_message(what, "Ann"),
    ]
    for message in messages:
        first, _, rest = message.partition("\n")
        assert 0 < len(first) <= 72
        assert not rest or rest.startswith("\n"), "Git expects a blank line after the first"
    assert git_model.merge_message(what, "Ann") == "Merge Ann: edit line 1 (+1 words)\n"


def test_nobody_gets_mail_by_a_made_up_address() -> None:
    assert Author("abc", "Ann").address == "abc@gollabedit.invalid"
    assert git_model.hub_signature(5.0).email.endswith(".invalid")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("", "one", "Edit line 1 (+1 words)"),
        ("one\n", "", "Edit line 1 (-1 words)"),
        ("one\ntwo\n", "one\n2 zwei\n", "Edit line 2 (+2 -1 words)"),
        ("a\nb\nc\nd\n", "A\nb\nc\nD\n", "Edit lines 1-4 (+2 -2 words)"),
        ("one", "one\n", "Edit line 1 (no words)"),
        ("one\n", "one\n\n- é, 🦊 naïve\n", "Edit lines 2-3 (+2 words)"),
        ("same", "same", "Change nothing"),
    ],
)
def test_an_edit_is_described(before: str, after: str, said: str) -> None:
    assert git_model.describe(before, after) == said


@pytest.mark.parametrize("size", [1, 1000])
def test_the_description_stays_on_one_short_line(size: int) -> None:
    said = git_model.describe("a b\n" * size, "x y z\n" * size)
    assert "\n" not in said
    assert len(said) <= 72
