"""Properties of lines: changes stay on their line, however alike, and whole lines stay whole."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from merge.local_merge import merge_local
from merge.splices import Splice, apply
from merge.three_way import merge
from tests.merge.pieces import pieces

ALIKE = ["- [ ] milk\n", "- [ ] milk\n", "- [x] milk\n", "| a | b |\n", "  - x\n", "\n", "end\n"]
# Lines that differ have no common word: a line that both edit may be merged word by word.
UNALIKE = ["- [ ] milk\n", "- [ ] milk\n", "| a | b |\n", "  text\n", "\n", "end\n"]
# Each side has words of its own: the same words in one line would be a conflict.
WRITTEN = [
    "{}",
    "word{}",
    " more{}",
    "two words {} ",
    "[{}",
    "\n",
    "- [ ] milk{}\n",
    "\n- {}",
    "  ",
]
ALIKE_LINES = pieces(ALIKE, least=1, most=8)
UNALIKE_LINES = pieces(UNALIKE, most=7)
NEW_LINES = [
    pieces([*UNALIKE, "\n", "new{}\n", "  new{}\n"], least=least, most=2) for least in (0, 1)
]


class Sides(NamedTuple):
    """A base, and the changes of both sides."""

    base: str
    ours_change: list[Splice]
    theirs_change: list[Splice]

    @property
    def texts(self) -> tuple[str, str, str]:
        return self.base, apply(self.base, self.ours_change), apply(self.base, self.theirs_change)


def merged_texts(sides: Sides) -> list[str]:
    """Return the results of all ways of merging that are clean."""
    base, ours, theirs = sides.texts
    found = []
    for live in (False, True):
        whole = merge(base, ours, theirs, live=live)
        local = merge_local(base, ours, sides.ours_change, sides.theirs_change, live=live)
        found += [whole.text] if whole.clean else []
        found += [local.text] if local else []
    return found


# Changes of the two sides with unchanged text between them are applied where they are.


@st.composite
def changes_apart(draw: st.DrawFn) -> Sides:
    """Return at most three changes a side, with a blank or line end between those of two sides."""
    base = "".join(draw(ALIKE_LINES))
    places = st.tuples(st.integers(0, len(base)), st.sampled_from([0, 0, 1, 1, 4, 11]))
    sides: tuple[list[Splice], list[Splice]] = [], []
    last, was = Splice(0, 0, ""), -1
    for start, length in sorted(draw(st.lists(places, min_size=2, max_size=6))):
        deleted = min(length, len(base) - start)
        side = draw(st.integers(0, 1))
        inserted = draw(st.sampled_from([*WRITTEN, ""] if deleted else WRITTEN))
        change = Splice(start, deleted, inserted.format("ot"[side]))
        end = last.start + last.deleted
        moving = last.inserted or base[last.start : end]
        # Lines inserted behind a line are at the same place as those before the next one.
        is_apart = any(map(str.isspace, base[end + moving.startswith("\n") : start]))
        if len(sides[side]) < 3 and (was < 0 or start > end) and (was in (-1, side) or is_apart):
            sides[side].append(change)
            last, was = change, side
    return Sides(base, *sides)


@given(changes_apart())
@example(Sides("a\n- b\n", [Splice(0, 1, " ")], [Splice(2, 1, " ")]))
@settings(max_examples=600)
def test_changes_apart_stay_where_they_were_made_however_alike_the_lines(sides: Sides) -> None:
    base, ours, theirs = sides.texts
    local = merge_local(base, ours, sides.ours_change, sides.theirs_change, live=True)
    assert local is not None
    assert local.text == apply(base, sorted([*sides.ours_change, *sides.theirs_change]))
    assert apply(ours, local.from_ours) == local.text
    assert apply(theirs, local.from_theirs) == local.text


# Whole lines stay whole.


def as_splices(lines: Sequence[str], changes: Iterable[tuple[int, int, str]]) -> list[Splice]:
    """Convert changes of lines by number into splices."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return [Splice(starts[at], starts[end] - starts[at], put) for at, end, put in changes]


@st.composite
def whole_lines(draw: st.DrawFn) -> Sides:
    """Return two sides that insert, delete and replace whole lines."""
    lines = draw(UNALIKE_LINES)
    fresh = iter(range(100))

    def some_lines(least: int) -> str:
        put = draw(NEW_LINES[least])
        return "".join(line.replace("{}", str(next(fresh))) for line in put)

    def changed() -> list[Splice]:
        cuts = sorted(draw(st.sets(st.integers(0, len(lines)), min_size=1, max_size=3)))
        changes = []
        for at, limit in pairwise([*cuts, len(lines)]):
            end = min(at + draw(st.sampled_from([0, 0, 1, 2])), limit)
            changes.append((at, end, some_lines(0 if end > at else 1)))
        return as_splices(lines, changes)

    return Sides("".join(lines), changed(), changed())


@given(whole_lines())
@settings(max_examples=300)
def test_every_line_is_one_of_the_inputs_and_has_its_end(sides: Sides) -> None:
    known = {line for text in sides.texts for line in text.split("\n")}
    for text in merged_texts(sides):
        assert set(text.split("\n")) <= known
        assert text.endswith("\n") or not text


# Two insertions of whole lines at one point.


@st.composite
def insertions_at_one_point(draw: st.DrawFn) -> Sides:
    """Return the unique lines of a tree, and one to three new lines of each side at one point."""
    depths = [0]
    for step in draw(st.lists(st.integers(-2, 1), max_size=6)):
        depths.append(max(0, depths[-1] + step))
    at = draw(st.integers(1, len(depths)))
    lines = [f"{'  ' * depth}b{number}\n" for number, depth in enumerate(depths)]

    def some_lines(name: str) -> str:
        new = [draw(st.integers(0, depths[at - 1] + 1))]
        for step in draw(st.lists(st.integers(-1, 1), max_size=2)):
            new.append(max(0, new[-1] + step))
        return "".join(f"{'  ' * depth}{name}{number}\n" for number, depth in enumerate(new))

    return Sides("".join(lines), *(as_splices(lines, [(at, at, some_lines(n))]) for n in "ot"))


def parents(text: str) -> dict[str, str]:
    """Map each line to its parent, the nearest line above that is indented less."""
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip())
        above = [each for each in above if each[0] < depth]
        found[line.strip()] = above[-1][1] if above else ""
        above.append((depth, line.strip()))
    return found


@given(insertions_at_one_point())
@settings(max_examples=200)
def test_new_lines_keep_their_parents(sides: Sides) -> None:
    _, ours, theirs = sides.texts
    own = {
        name: parent
        for text, letter in ((ours, "o"), (theirs, "t"))
        for name, parent in parents(text).items()
        if name.startswith(letter)
    }
    for text in merged_texts(sides):
        assert own.items() <= parents(text).items()


@given(insertions_at_one_point())
@settings(max_examples=200)
def test_new_lines_do_not_depend_on_which_side_is_ours(sides: Sides) -> None:
    assert merged_texts(sides) == merged_texts(
        Sides(sides.base, sides.theirs_change, sides.ours_change)
    )
