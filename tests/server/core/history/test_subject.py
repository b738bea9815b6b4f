"""Subjects of versions, as a commit log shows them."""

import pytest

from merge.diff_splices import diff_splices
from server.core.history.subject import subject_of, words_in

MINUTES = """# Minutes

## Agenda

1. Budget

## Decisions

Nothing yet.
"""


@pytest.mark.parametrize(
    ("before", "after", "words", "expected"),
    [
        ("", "Hello world\n", (2, 0), "Write a line (+2 words)"),
        ("", "Hi", (1, 0), "Write a line (+1 word)"),
        (
            MINUTES,
            f"{MINUTES}\nWe paint it blue.\n\nBo buys\nthe paint.\n",
            (8, 0),
            'Write 2 paragraphs under "Decisions" (+8 words)',
        ),
        (
            MINUTES,
            MINUTES.replace("Budget\n", "Budget\n2. Paint\n3. Tea\n"),
            (4, 0),
            'Write 2 lines under "Agenda" (+4 words)',
        ),
        (
            MINUTES,
            MINUTES.replace("Budget", "Money"),
            (1, 1),
            'Edit line 5 under "Agenda" (+1 -1 words)',
        ),
        (
            MINUTES,
            MINUTES.replace("Budget", "Money").replace("yet", "today"),
            (2, 2),
            "Edit lines 5-9 (+2 -2 words)",
        ),
        (MINUTES, MINUTES.replace("1. Budget\n", ""), (0, 2),
         'Delete a line under "Agenda" (-2 words)'),
        (
            MINUTES,
            f"{MINUTES}\n## Next\n\nIn May.\n",
            (3, 0),
            'Write 2 lines under "Next" (+3 words)',
        ),
        (MINUTES, "", (0, 7), "Delete 5 lines (-7 words)"),
        ("a  b\n", "a b\n", (0, 0), "Edit line 1"),
        ("same", "same", (0, 0), "Change nothing"),
        (f"# {'long ' * 20}\n\na\n", f"# {'long ' * 20}\n\nb\n", (1, 1),
         'Edit line 3 under "long long long long long long long long…" (+1 -1 words)'),
        ("# A \u202e\x07title #\nx", "# A \u202e\x07title #\ny", (1, 1),
         'Edit line 2 under "A title" (+1 -1 words)'),
    ],
)  # fmt: skip
def test_a_subject_tells_what_and_where(
    before: str, after: str, words: tuple[int, int], expected: str
) -> None:
    subject = subject_of(before, after, diff_splices(before, after), *words)
    assert subject == expected
    assert words_in(subject) == (expected.partition(" (")[0], *words)
