"""Several people write a document with pauses; the server is killed at random; then its history.

python -m tests.soak.history
python -m tests.soak.history --edits 2000 --kills 3 --seed 7

Time is simulated, so 20,000 edits take about a minute. Checked: there is a version for each pause
and each name; the branch only grows; each version is equal to a revision of `master`; the authors
are exact as long as the server is not killed, and mostly right if their record is lost; `git blame`
of the versions names as many people rightly as that of `master`; a purged text is nowhere; without
the older half of the history the rest is as it was. The exit code is 1 if it is not so.
"""

import random
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from dataclasses import dataclass, field
from pathlib import Path

from merge.splices import Splice
from server.core.clients import Author
from server.core.document import Document, Request
from server.core.git_model import AUTHORSHIP, MASTER, VERSIONS
from server.core.history.queries import HistoryQueries
from server.core.history.requests import HistoryRequest, NameVersion, Seal
from server.core.history.sealing import SEAL_TIMES
from server.core.history.version_list import OPEN, VersionList
from server.git.changes import Entry, Log
from server.git.repack import repack
from server.git.repository import Repository
from server.protocol import Edit
from server.storage import checkpoint
from server.storage.forget import forget
from server.storage.purge import purge
from tests.git import assert_sound, git, objects_with

_START = 1_700_000_000.0
_PAUSE_S = 400.0
_STEPS_BETWEEN_PAUSES = 150
_CHECKPOINT_EVERY = 400
_WORDS = ("the", "plan", "was", "changed", "because", "nobody", "had", "tea", "a", "house")
_SECRET = "correct-horse-battery"
_SEALER = Author("sealer", "GollabEdit")


@dataclass
class Server:
    """A document, its journal and its disk; it can be killed."""

    path: Path
    now: float = _START
    entries: list[Entry] = field(default_factory=list)
    position: int = 0
    written: int = 0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Open the document with what is durable."""
        log = Log(self.position, tuple(self.entries))
        self.repository = Repository(self.path, "notes.txt", log)
        self.document = Document("notes", self.repository, 2**20, self.now)
        while self.document.versions.is_catching_up:
            self.document.versions.catch_up(10**9)
        self.save()

    def run(self, request: Request) -> object:
        staged = self.document.stage([request], self.now)
        self.save()
        return self.document.replies(staged)[0]

    def save(self) -> None:
        """Make what is staged durable; now and then write it to the disk."""
        entry = self.repository.staged("notes")
        if entry is not None:
            self.position += 1
            self.entries.append(entry)
            self.repository.mark_journaled(self.position)
        if len(self.entries) >= _CHECKPOINT_EVERY:
            self.write()

    def write(self) -> None:
        unwritten = self.repository.unwritten()
        if unwritten:
            checkpoint.write(self.path, unwritten)
            self.repository.mark_checkpointed(unwritten)
        self.entries.clear()

    def ask(self, request: HistoryRequest) -> None:
        self.run(Request(_SEALER, request))

    def queries(self) -> HistoryQueries:
        return HistoryQueries(self.repository, self.document.versions.window)


class Crew:
    """People who write one after another, each at their own place."""

    def __init__(self, server: Server, count: int, chance: random.Random) -> None:
        self.server = server
        self.chance = chance
        self.people = [Author(f"writer{n}", f"Writer {n}") for n in range(count)]
        self.places = [0] * count
        self.seqs = [0] * count
        self.letters: list[int] = []  # who wrote each character

    def type(self) -> None:
        """Let somebody change something."""
        number = self.chance.randrange(len(self.people))
        text = self.server.document.text
        place = min(self.places[number], len(text))
        if self.chance.random() < 0.02 or not text:
            place = self.chance.randint(0, len(text))
        if self.chance.random() < 0.15 and place > 3:
            splice = Splice(place - 3, 3, "")
        else:
            word = self.chance.choice(_WORDS)
            end = self.chance.choice(("\n", "\n\n")) if self.chance.random() < 0.08 else " "
            splice = Splice(place, 0, f"{word}{end}")
        self._send(number, splice)

    def leak(self) -> None:
        """Let somebody write what has to be purged."""
        self._send(0, Splice(0, 0, f"{_SECRET}\n"))

    def withdraw(self) -> None:
        self._send(0, Splice(0, len(_SECRET) + 1, ""))

    def _send(self, number: int, splice: Splice) -> None:
        self.seqs[number] += 1
        base = self.server.document.revision
        edit = Edit(
            self.seqs[number], base, splices=[(splice.start, splice.deleted, splice.inserted)]
        )
        self.server.run(Request(self.people[number], edit))
        start, deleted, inserted = splice
        self.letters[start : start + deleted] = [number] * len(inserted)
        self.places = [
            place + len(inserted) - deleted if place >= start + deleted else place
            for place in self.places
        ]
        self.places[number] = start + len(inserted)


def written_by(server: Server, name: str) -> list[int]:
    """Return who wrote each character of a text, as the history tells."""
    found = server.queries().authors(name)
    assert found is not None
    numbers = [int(person.name.removeprefix("Writer ")) for person in found.authors]
    return [numbers[author] for length, author in found.runs for _ in range(length)]


def blamed(path: Path, ref: str) -> list[int]:
    """Return who wrote each character of a text, as `git blame` tells."""
    found: list[int] = []
    author = -1
    shown = subprocess.run(
        ["git", "blame", "--line-porcelain", ref, "--", "notes.txt"],
        cwd=path, capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    for line in shown.split("\n"):
        if line.startswith("author "):
            name = line.removeprefix("author Writer ")
            author = int(name) if name.isdigit() else -1
        elif line.startswith("\t"):
            found += [author] * len(line)  # with its line end, in place of the tab
    return found


def share(found: list[int], truth: list[int]) -> float:
    """Return the share of characters whose author is right."""
    return sum(map(int.__eq__, found, truth)) / max(len(truth), 1)


class Checks:
    """Prints what holds, and what does not."""

    def __init__(self) -> None:
        self.failed = 0

    def holds(self, is_true: bool, what: str) -> None:
        print(f"{'ok    ' if is_true else 'FAILED'} {what}")
        self.failed += not is_true


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=20_000)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return run(Path(folder), options.edits, options.writers, options.kills, options.seed)


def run(folder: Path, edits: int, writers: int, kills: int, seed: int) -> int:
    """Run the simulation and all checks; return the exit code."""
    chance, checks = random.Random(seed), Checks()
    server = Server(folder / "notes.git")
    crew = Crew(server, writers, chance)
    killed_at = set(chance.sample(range(edits), kills))
    leaked_at, withdrawn_at = edits // 2, edits // 2 + 2 * _STEPS_BETWEEN_PAUSES
    pauses = names = 0
    heads: list[str] = []
    was_exact, began = True, time.monotonic()
    for number in range(edits):
        server.now += 0.5
        if number and number % _STEPS_BETWEEN_PAUSES == 0:
            server.now += _PAUSE_S
            unsealed = server.document.versions.unsealed
            assert unsealed is not None
            assert unsealed.is_due(server.now, SEAL_TIMES)
            server.ask(Seal())
            pauses += 1
        if number % (10 * _STEPS_BETWEEN_PAUSES) == _STEPS_BETWEEN_PAUSES // 2:
            server.ask(NameVersion(f"Name {number}", ""))
            names += 1
        if number == leaked_at:
            crew.leak()
        elif number == withdrawn_at:
            crew.withdraw()
        else:
            crew.type()
        if number in killed_at:
            head = server.repository.head(VERSIONS)
            heads += [head] if head else []
            was_exact = was_exact and written_by(server, "now") == crew.letters
            server.start()
    took = time.monotonic() - began
    server.ask(Seal())
    server.write()
    print(f"{edits:,} edits, {pauses} pauses, {names} names, {kills} kills in {took:.0f} s\n")
    _check_versions(server, checks, pauses + names + 1, heads)
    _check_authors(server, crew, checks, is_exact=was_exact and not kills)
    _check_speed(server, checks)
    _check_purge(server, checks)
    _check_forget(server, checks)
    return 1 if checks.failed else 0


def _check_versions(server: Server, checks: Checks, count: int, heads: list[str]) -> None:
    path = server.path
    page = server.queries().versions("", 10**6)
    assert page is not None
    sealed = [version for version in page.versions if version.id != OPEN]
    checks.holds(len(sealed) == count, f"{len(sealed)} versions for {count} pauses and names")
    commits = git("rev-list", "--count", VERSIONS, cwd=path)
    fine = git("rev-list", "--count", MASTER, cwd=path)
    print(f"       {commits} commits on versions, {fine} on master")
    revisions = set(git("rev-list", "--first-parent", MASTER, cwd=path).split())
    trees = dict(
        line.split()
        for line in git("log", "--first-parent", "--format=%H %T", MASTER, cwd=path).splitlines()
    )
    trees |= dict(
        line.split() for line in git("log", "--format=%H %T", VERSIONS, cwd=path).splitlines()
    )
    is_equal = all(
        version.revision in revisions and trees[version.id] == trees[version.revision]
        for version in sealed
    )
    checks.holds(is_equal, "each version is equal to its revision")
    grown = set(git("rev-list", "--first-parent", VERSIONS, cwd=path).split())
    checks.holds(grown.issuperset(heads), f"versions only grew, through {len(heads)} kills")
    assert_sound(path)
    checks.holds(True, "git fsck --strict")


def _check_authors(server: Server, crew: Crew, checks: Checks, *, is_exact: bool) -> None:
    truth = crew.letters
    right = share(written_by(server, "now"), truth)
    if is_exact:
        checks.holds(right == 1, "the authors of all characters are exact")
    else:
        checks.holds(right > 0.98, f"{right:.2%} of the characters have the right author")
    fine, versions = (share(blamed(server.path, ref), truth) for ref in (MASTER, VERSIONS))
    checks.holds(
        versions >= fine - 0.02, f"git blame is right for {versions:.1%}; of master for {fine:.1%}"
    )
    record = git("rev-parse", AUTHORSHIP, cwd=server.path)
    git("update-ref", "-d", AUTHORSHIP, cwd=server.path)
    server.start()
    right = share(written_by(server, "now"), truth)
    checks.holds(right >= 0.9, f"{right:.2%} without the record")
    git("update-ref", AUTHORSHIP, record, cwd=server.path)
    server.start()


def _check_speed(server: Server, checks: Checks) -> None:
    began = time.perf_counter()
    HistoryQueries(server.repository, server.document.versions.window).versions("", 50)
    took = 1000 * (time.perf_counter() - began)
    checks.holds(took < 100, f"50 versions are listed in {took:.0f} ms")
    began = time.perf_counter()
    server.queries().compare("start", "now", 400)
    print(f"       the first and the last text are compared in {time.perf_counter() - began:.2f} s")


def _check_purge(server: Server, checks: Checks) -> None:
    server.write()
    repack(server.path, thorough=True)
    began = time.monotonic()
    done = purge(server.path, "notes.txt", _SECRET, "***")
    took = time.monotonic() - began
    grown = done.bytes_after / done.bytes_before - 1
    print(f"       {done.commits:,} commits rewritten in {took:.0f} s")
    checks.holds(grown < 0.1, f"the repository has grown by {grown:.1%} to {done.bytes_after:,}")
    checks.holds(not objects_with(server.path, _SECRET), "no object has the text")
    files = (file for file in server.path.rglob("*") if file.is_file())
    checks.holds(not any(_SECRET.encode() in file.read_bytes() for file in files), "no file has it")
    assert_sound(server.path)
    server.start()
    checks.holds(_SECRET not in server.document.text, "the document opens without it")


def _check_forget(server: Server, checks: Checks) -> None:
    """Forget what is older than the version in the middle."""
    known, trees = written_by(server, "now"), _trees_of_master(server.path)
    versions = list(VersionList(server.repository).before(""))
    middle = len(versions) // 2
    slugs = [version.slug for version in versions[middle:] if version.slug]
    began = time.monotonic()
    done = forget(server.path, "notes.txt", versions[middle].time)
    took = time.monotonic() - began
    saved = 1 - done.bytes_after / done.bytes_before
    print(f"       {done.commits:,} commits removed in {took:.0f} s")
    checks.holds(saved > 0.3, f"the repository has shrunk by {saved:.1%} to {done.bytes_after:,}")
    left = _trees_of_master(server.path)
    checks.holds(left == trees[: len(left)], f"{len(left):,} revisions have the text of before")
    server.start()
    found = list(VersionList(server.repository).before(""))[middle:]
    checks.holds([version.slug for version in found[1:]] == slugs, f"{len(slugs)} named stay")
    checks.holds(written_by(server, "now") == known, "who wrote what is known as before")
    assert_sound(server.path)


def _trees_of_master(path: Path) -> list[str]:
    return git("log", "--first-parent", "--format=%T", MASTER, cwd=path).splitlines()


if __name__ == "__main__":
    sys.exit(main())
