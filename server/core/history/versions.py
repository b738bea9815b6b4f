r"""The branch `versions` of one document: its history as people read it.

    versions  V0 ──────── Bo ── Ann ───────── Cy       one commit of each author in a version;
               │                 │             │       the last one names the revision it is equal
    master    r0 ─ r ─ r ─ … ─ r214 ─ r ─ … ─ r301     to in its trailer `Revision`

A *version* is a stretch of revisions that was *sealed* into such commits. The branch only grows.
Its first commit is a revision itself: the document's first one, or the last commit of a history
that was pushed. If older history was removed, named versions without a revision may come before all
others. The steps since the last version are in the `Window`.

What is sealed is staged like an edit, so it is durable with the batch it is in. But what goes wrong
here keeps nobody from writing: then there are no versions until the document is opened again, and
`problem` says why. Sans-I/O: the repository sits behind `CommitStore`.
"""

from server.core.commit_store import CommitStore
from server.core.history.branch import VersionsBranch
from server.core.history.catch_up import CatchUp
from server.core.history.sealing import Origin, SealTimes, Unsealed, is_full
from server.core.history.window import Person, Window
from server.core.master import Master
from server.core.recent_steps import Step

# How much of the work since the last version is done while a document is opened; see `CatchUp`.
_OPENING_COST = 200_000
# Steps that are added to the authorship together, which takes half the time of adding each alone.
_STEPS_TOGETHER = 32


class Versions:
    """The versions of an open document, and the steps since the last one.

    Args:
        store: the repository.
        master: the branch that the versions are of.
        times: when versions end.
        kept: the window, as it was when the document was closed.
    """

    def __init__(
        self, store: CommitStore, master: Master, times: SealTimes, kept: Window | None = None
    ) -> None:
        self._store = store
        self._master = master
        self._times = times
        self._branch = VersionsBranch(store)
        self._followed = master.move_count
        self._catch_up: CatchUp | None = None
        self._window: Window | None = None
        self.problem: Exception | None = None
        self._begin(kept)

    def _begin(self, kept: Window | None) -> None:
        """Find out the steps since the last version, or begin to."""
        self._window = None
        self._catch_up = CatchUp(self._store, self._master, self._times, kept)
        self.catch_up(_OPENING_COST)

    @property
    def window(self) -> Window | None:
        """The steps since the last version, and who wrote the text; None if they are not known."""
        self.follow()
        return self._window

    @property
    def is_catching_up(self) -> bool:
        """Whether steps from before are still to be sealed, with `catch_up`."""
        return self._catch_up is not None

    def catch_up(self, cost: int) -> None:
        """Seal steps from before, as much as `cost` allows."""
        if self._catch_up is None:
            return
        try:
            self._window = self._catch_up.run(cost)
        except Exception as problem:  # noqa: BLE001  such as a commit without a text
            self._fail(problem)
        if self._window is not None:
            self._catch_up = None
            self._followed = self._master.move_count

    def _fail(self, problem: Exception) -> None:
        """Stop making versions; everything else goes on."""
        self._window = self._catch_up = None
        self.problem = problem

    @property
    def unsealed(self) -> Unsealed | None:
        """The steps since the last version; None if there are none, or they are not known yet."""
        window = self._window
        if window is None or not window.steps:
            return None
        new = self._master.move_count - self._followed
        last = self._master.moved_at if new else window.last
        return Unsealed(window.steps + new, window.began, last)

    def keep_up(self) -> None:
        """Take new steps over once there are many, or a version begins or ends with them."""
        unsealed = self.unsealed
        if (
            unsealed is None
            or self._master.move_count - self._followed >= _STEPS_TOGETHER
            or is_full(unsealed.steps, unsealed.began, unsealed.last)
        ):
            self.follow()

    def follow(self, origin: Person | None = None) -> None:
        """Take the new steps of `master` over.

        Args:
            origin: their author, if it is somebody else than the client that sent them.
        """
        count, self._followed = self._master.move_count - self._followed, self._master.move_count
        if not count or self._window is None:
            return
        steps = self._master.last_steps(count)
        if steps is None or steps[0].before != self._window.revision:
            self._begin(self._window)
            return
        window = self._window
        try:
            for step in steps:
                window.add(origin or _person_of(step), step.splices, step.after, step.at)
        except Exception as problem:  # noqa: BLE001
            self._fail(problem)
        else:
            if is_full(window.steps, window.began, window.last):
                self.seal()

    def seal(self, origin: Origin | None = None) -> None:
        """Make a version of the steps so far; do nothing if there are none."""
        if self._window is not None and self._window.steps:
            try:
                self._window = self._branch.add(self._window, origin or Origin())
            except Exception as problem:  # noqa: BLE001
                self._fail(problem)

    def find(self, revision: str) -> str | None:
        """Return the last commit of the version of a revision; None if no version ends with it."""
        head = self._branch.head
        commits = self._store.first_parents(head) if head else iter(())
        return next((each for each in commits if self._branch.revision_of(each) == revision), None)

    @property
    def head(self) -> str:
        """The last version's commit, or the revision that the first version will follow."""
        return self._branch.head or (self._window.sealed if self._window else self._master.first)

    def contains(self, commit: str) -> bool:
        """Return whether a commit is on the branch."""
        head = self._branch.head
        return head is not None and self._store.contains(head, commit)

    def base_of(self, pushed: str) -> str | None:
        """Return the commit of `versions` that a pushed commit is based on; None if on none."""
        head = self._branch.head
        if head is None or not self._branch.joins(pushed, self._master.revision):
            return None
        return self._store.merge_base(head, pushed)

    def revision_of(self, commit: str) -> str:
        """Return the revision that a commit of `versions` is of or follows.

        It is the commit itself if that is a revision, or was before all that are left.
        """
        if self._master.contains(commit):
            return commit
        sealed = (self._branch.revision_of(each) for each in self._store.first_parents(commit))
        return next((each for each in sealed if self._master.contains(each)), commit)

    def record(self) -> None:
        """Record who wrote what since the last version."""
        self.follow()
        if self._window is not None and self._window.steps:
            self._branch.record(self._window)


def _person_of(step: Step) -> Person:
    return Person(step.author.name, step.author.address)
