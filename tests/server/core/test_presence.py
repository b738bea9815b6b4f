"""Participants: colours, carets and messages."""

from server.core.presence import COLORS, People
from server.protocol import Person, PersonLeft, PersonMoved, Presence


def test_people_come_in_different_colours() -> None:
    people = People()
    for place in range(len(COLORS)):
        people.join(f"c{place}", "Ann")
    assert {person.color for person in people.all()} == set(COLORS)


def test_a_colour_that_became_free_is_taken_first() -> None:
    people = People()
    for place in range(len(COLORS)):
        people.join(f"c{place}", "Ann")
    freed = people.all()[3].color
    people.leave("c3")
    people.join("new", "Bo")
    assert people.all()[-1] == Person("new", "Bo", freed)


def test_only_the_last_of_several_moves_is_told() -> None:
    people = People()
    people.join("c1", "Ann")
    people.move("c1", Presence("base", 1, 1), "Ann")
    people.move("c1", Presence("base", 2, 5), "Ann Lee")
    assert people.take_changes() == [
        ("c1", PersonMoved("c1", "Ann Lee", COLORS[0], "base", 2, 5)),
    ]
    assert people.take_changes() == []


def test_whoever_comes_back_keeps_the_colour() -> None:
    people = People()
    people.join("c1", "Ann")
    people.join("c2", "Bo")
    people.join("c1", "Anna")
    assert people.all() == [Person("c1", "Anna", COLORS[0]), Person("c2", "Bo", COLORS[1])]


def test_whoever_leaves_is_told_once() -> None:
    people = People()
    people.join("c1", "Ann")
    people.take_changes()
    people.leave("c1")
    people.leave("c1")
    people.leave("nobody")
    assert people.take_changes() == [("c1", PersonLeft("c1"))]
    assert people.all() == []


def test_whoever_came_and_went_between_two_tellings_is_gone() -> None:
    people = People()
    people.join("c1", "Ann")
    people.leave("c1")
    assert people.take_changes() == [("c1", PersonLeft("c1"))]
