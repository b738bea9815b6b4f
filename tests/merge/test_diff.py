"""The diff is Git's, and its ranges say what changed."""

from hypothesis import given
from hypothesis import strategies as st

from merge.diff import Change, diff

ITEMS = st.lists(st.sampled_from(["a", "b", "c", "a\nb", ""]), max_size=12)


def test_ranges_name_what_gave_way_to_what() -> None:
    assert diff(["a", "b", "c"], ["a", "x", "y", "c"]) == [Change(1, 2, 1, 3)]
    assert diff(["a", "c"], ["a", "b", "c"]) == [Change(1, 1, 1, 2)]
    assert diff(["a", "b"], ["b"]) == [Change(0, 1, 0, 0)]
    assert diff([], ["a"]) == [Change(0, 0, 0, 1)]
    assert diff(["a"], ["a"]) == []


def test_of_two_shortest_ways_the_one_is_taken_that_leaves_each_token_where_it_is() -> None:
    assert diff([*"mmmm"], [*"ammx"]) == [Change(0, 1, 0, 1), Change(3, 4, 3, 4)]
    assert diff([*"mmm"], [*"amm"]) == [Change(0, 1, 0, 1)]
    assert diff([*"abc"], [*"bcd"]) == [Change(0, 1, 0, 0), Change(3, 3, 2, 3)], "which is shorter"


@given(ITEMS, ITEMS)
def test_carrying_out_the_changes_gives_the_other_list(before: list[str], after: list[str]) -> None:
    result: list[str] = []
    position = 0
    for change in diff(before, after):
        assert position == 0 or change.start > position, "changes never touch"
        result += before[position : change.start] + after[change.new_start : change.new_end]
        position = change.end
    assert result + before[position:] == after
