"""Places of one text found in another, given the pieces that go together."""

import pytest

from merge.regions import Alignment

REGIONS = [("one ", "one "), ("two", "2"), ("", "and "), (" three", " three"), ("gone", "")]


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
def test_a_place_is_found_again_and_a_changed_piece_counts_as_a_whole(
    place: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert Alignment(REGIONS).place(*place) == expected
