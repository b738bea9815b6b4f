"""Ranges of one text are mapped to another, given their corresponding parts."""

import pytest

from merge.regions import Alignment

PARTS = [("one ", "one "), ("two", "2"), ("", "and "), (" three", " three"), ("gone", "")]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ((0, 0), (0, 0)),
        ((1, 3), (1, 3)),
        ((4, 7), (4, 5)),
        ((5, 6), (4, 5)),
        ((2, 5), (2, 5)),
        ((8, 11), (10, 13)),
        ((7, 13), (9, 15)),
        ((14, 15), (15, 15)),
        ((17, 17), (15, 15)),
    ],
)
def test_a_range_is_mapped_and_a_changed_part_is_taken_whole(
    place: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert Alignment(PARTS).place(*place) == expected
