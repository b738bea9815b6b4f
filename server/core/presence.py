"""The participants of a document, with colours and carets. Never stored, never in Git.

Sans-I/O: `take_changes` returns the collected changes, newest only (rule P11); the caller decides
when to send them.
"""

from server.protocol import Person, PersonLeft, PersonMoved, Presence

# Distinct in both colour schemes; the page never shows a colour without a name.
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
    """The participants of one document."""

    def __init__(self) -> None:
        self._people: dict[str, Person] = {}
        self._changed: dict[str, None] = {}

    def all(self) -> list[Person]:
        """Return all participants in the order in which they joined."""
        return list(self._people.values())

    def join(self, client: str, name: str) -> None:
        """Add a participant, or update the name of one."""
        known = self._people.get(client)
        if known:
            color = known.color
        else:  # the least used one
            used = [person.color for person in self._people.values()]
            color = min(COLORS, key=used.count)
        self._people[client] = Person(client, name, color)
        self._changed[client] = None

    def move(self, client: str, presence: Presence, name: str) -> None:
        """Update a participant's caret and name."""
        color = self._people[client].color
        self._people[client] = Person(
            client, name, color, presence.base, presence.anchor, presence.head
        )
        self._changed[client] = None

    def leave(self, client: str) -> None:
        """Remove a participant."""
        if self._people.pop(client, None):
            self._changed[client] = None

    def take_changes(self) -> list[tuple[str, PersonMoved | PersonLeft]]:
        """Return the changes since the last call, as messages for all clients but their own."""
        changed, self._changed = list(self._changed), {}
        return [(client, self._message(client)) for client in changed]

    def _message(self, client: str) -> PersonMoved | PersonLeft:
        person = self._people.get(client)
        if person is None:
            return PersonLeft(client)
        return PersonMoved(
            client, person.name, person.color, person.base, person.anchor, person.head
        )
