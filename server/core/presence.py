"""Who is here in one document, with which colour and caret. Never stored, never in Git.

Sans-I/O: changes are collected in `take_changes`, newest only (rule P11); the caller decides when
to send them.
"""

from server.protocol import Person, PersonLeft, PersonMoved, Presence

# Told apart in both colour schemes; the page never shows a colour without a name.
COLORS = (
    "#8a3ffc",
    "#0a7d4f",
    "#c2410c",
    "#0a58ca",
    "#be185d",
    "#6b6100",
    "#0e7490",
    "#9f1239",
)


class People:
    """The clients who are in one document."""

    def __init__(self) -> None:
        self._people: dict[str, Person] = {}
        self._changed: dict[str, None] = {}

    def all(self) -> list[Person]:
        """Everybody, in the order in which they came."""
        return list(self._people.values())

    def join(self, client: str, name: str) -> None:
        """Somebody is here, or is here again."""
        known = self._people.get(client)
        color = known.color if known else self._free_color()
        self._people[client] = Person(client, name, color)
        self._changed[client] = None

    def move(self, client: str, presence: Presence, name: str) -> None:
        """Somebody's caret moved, or their name changed."""
        color = self._people[client].color
        self._people[client] = Person(
            client, name, color, presence.base, presence.anchor, presence.head
        )
        self._changed[client] = None

    def leave(self, client: str) -> None:
        """Somebody is gone."""
        if self._people.pop(client, None):
            self._changed[client] = None

    def take_changes(self) -> list[tuple[str, PersonMoved | PersonLeft]]:
        """What changed since the last call, as messages for everybody but the client itself."""
        changed, self._changed = list(self._changed), {}
        return [(client, self._message(client)) for client in changed]

    def _message(self, client: str) -> PersonMoved | PersonLeft:
        person = self._people.get(client)
        if person is None:
            return PersonLeft(client)
        return PersonMoved(
            client, person.name, person.color, person.base, person.anchor, person.head
        )

    def _free_color(self) -> str:
        """The colour that the fewest others have."""
        taken = [person.color for person in self._people.values()]
        return min(COLORS, key=taken.count)
