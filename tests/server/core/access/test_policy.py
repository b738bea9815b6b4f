"""The policy: who may do what, and what a wrong file is told."""

import pytest

from server.core.access.identity import NOBODY, Identity
from server.core.access.policy import CLOSED, LOCAL, OPEN, PolicyError, read_policy
from server.core.access.right import Right

ANN = Identity("ann", groups=frozenset({"staff"}))
BO = Identity("bo")

POLICY = """
create = ["@staff"]
operators = ["bo"]

[[documents]]
names = ["minutes-*", "agenda"]
view = ["anybody"]
edit = ["@staff"]
manage = ["bo"]

[[documents]]
names = ["board-?"]
edit = ["signed-in"]
"""


@pytest.mark.parametrize(
    ("identity", "document", "right"),
    [
        (NOBODY, "minutes-2026", Right.VIEW),
        (ANN, "minutes-2026", Right.EDIT),
        (BO, "agenda", Right.MANAGE),
        (NOBODY, "board-1", Right.NONE),
        (ANN, "board-1", Right.EDIT),
        (ANN, "board-10", Right.MANAGE),  # no rule: the default
        (NOBODY, "board-10", Right.NONE),
    ],
)
def test_the_first_rule_that_matches_decides(
    identity: Identity, document: str, right: Right
) -> None:
    assert read_policy(POLICY).or_else(CLOSED).right(identity, document) is right


def test_a_pattern_may_name_a_folder_and_a_star_stands_for_slashes_too() -> None:
    policy = read_policy(
        '[[documents]]\nnames = ["board/*"]\n[[documents]]\nnames = ["docs*"]\nview = ["anybody"]\n'
    )
    for document, right in (
        ("board/plan", Right.NONE),
        ("board/a/b", Right.NONE),
        ("docs/a/b", Right.VIEW),
        ("docs", Right.VIEW),
        ("board", Right.NONE),
    ):
        assert policy.right(NOBODY, document) is right, document


def test_who_may_create_and_operate() -> None:
    policy = read_policy(POLICY).or_else(CLOSED)
    assert policy.may_create(ANN)
    assert not policy.may_create(BO)
    assert policy.is_operator(BO)
    assert not policy.is_operator(ANN)
    assert policy.is_operator(Identity("cy", is_operator=True))


def test_the_defaults_of_the_modes() -> None:
    assert LOCAL.right(NOBODY, "notes") is OPEN.right(NOBODY, "notes") is Right.MANAGE
    assert CLOSED.right(NOBODY, "notes") is Right.NONE
    assert CLOSED.right(BO, "notes") is Right.MANAGE
    assert [it.is_operator(NOBODY) for it in (LOCAL, OPEN, CLOSED)] == [True, False, False]
    assert [it.may_create(NOBODY) for it in (LOCAL, OPEN, CLOSED)] == [True, True, False]


def test_nobody_is_a_user_without_a_name() -> None:
    """What is compared is a name, and somebody who is not signed in has none."""
    policy = read_policy('[[documents]]\nnames = ["*"]\nview = ["ann", "@staff"]\n')
    assert policy.right(NOBODY, "notes") is Right.NONE
    assert policy.right(Identity("staff"), "notes") is Right.NONE


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('create = ["ann"', "Unclosed array (at end of document)"),
        ('\n\ncreat = ["ann"]', "object contains unknown field `creat` (at line 3)"),
        ('create = "ann"', "expected `array`, got `str` (at line 1)"),
        ("create = [7]", "expected `str`, got `int` (at line 1)"),
        (
            'create = ["@"]',
            "'@' is neither a user, nor a @group, nor signed-in, nor anybody (at line 1)",
        ),
        ("[[documents]]", "object missing required field `names` (at line 1)"),
        (
            "[[documents]]\nnames = []",
            "a rule needs at least one pattern in `names` (at line 2)",
        ),
        (
            POLICY + '\n[[documents]]\nview = ["anybody"]\nnames = ["x", "Y*"]\n',
            (
                "'Y*' matches no document: patterns have lowercase letters, digits, '.', '_', '-',"
                " '/', '*' and '?' (at line 17)"
            ),
        ),
        (
            POLICY + '\n[[documents]]\nnames = ["x"]\n\nedits = ["ann"]\n',
            "object contains unknown field `edits` (at line 18)",
        ),
        (
            POLICY + '\n[[documents]]\nnames = ["x"]\nedit = ["a b"]\n',
            "'a b' is neither a user, nor a @group, nor signed-in, nor anybody (at line 17)",
        ),
    ],
)
def test_a_wrong_policy_is_refused_as_a_whole(text: str, sentence: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(text)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "text", ["create = " + "[" * 100_000, "create = " + "9" * 5000, "\0", "[[documents]]\n" * 2]
)
def test_what_is_not_understood_is_no_fault_of_the_server(text: str) -> None:
    with pytest.raises(PolicyError):
        read_policy(text)
