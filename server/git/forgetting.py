r"""What is old in the history of a document: the cut before a date, and what takes its place.

    versions   V0 ── N ── V ── Vc ── V'     Vc is the last old version; it is equal to the
    master     r0 ── … ── Rc ── r ── …      revision Rc; N has a name

    versions   N* ── W* ── V'*              a named version stays, as a commit with its text;
    master     R* ── r* ── …                W* is equal to R*, which has the text of Rc

Without named versions there is no W*: then `versions` begins with R* itself, as that of a new
document does with its first revision. Nothing is written. Blocks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pygit2

from server.core import git_model
from server.core.commit_store import CommitInfo, Tag
from server.core.git_model import CLIENTS, INTERNAL, MASTER, TAGS, UNMERGED, VERSIONS
from server.core.history.branch import VersionsBranch
from server.core.history.named import name_of
from server.core.history.sealing import Kind as VersionKind
from server.core.history.version_list import grouped
from server.core.history.who_wrote import WhoWrote
from server.git import objects as git_objects
from server.git.objects import GitObject, Kind
from server.git.process import git
from server.git.repository import Repository
from server.git.rewriting import Cut, header_lines, with_revisions

_START = f"{git_model.ROOT_MESSAGE}\nIts older history was removed.\n"
_REFS = "refs/"

# The commits of a version, the last one first.
_Group = Sequence[tuple[str, CommitInfo]]


class CutError(Exception):
    """There is something that needs the old history; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Old:
    """What is old.

    Attributes:
        cut: the commits.
        time: when the last old version ended (Unix time in seconds).
        names: the named versions that stay, the oldest first.
    """

    cut: Cut
    time: float
    names: tuple[str, ...]


def old_before(path: Path, filename: str, time: float) -> Old | None:
    """Return what is older than the last version that ended at a time or before; None if nothing.

    Args:
        path: the bare repository.
        filename: the name of the document's file.
        time: the time (Unix time in seconds).

    Raises:
        CutError: Something needs it.
    """
    store = Repository(path, filename)
    head = store.head(VERSIONS)
    if head is None:
        raise CutError("It has no versions yet: they are made once it is opened in a page.")
    revisions = set(_listed(path, "--first-parent", MASTER))
    revision_of = VersionsBranch(store).revision_of
    groups = list(grouped(store, head))
    for at, ((version, info), *_) in enumerate(groups):
        revision = revision_of(version)
        if info.committer.time > time or revision not in revisions:
            continue
        if not store.info(revision).parents and all(_tags_of(store, groups[at + 1 :])):
            return None
        old = _old(path, store, revision, groups[at:], revisions)
        _check_free(path, store, old.cut)
        return old
    return None


def _old(
    path: Path, store: Repository, revision: str, groups: Sequence[_Group], revisions: set[str]
) -> Old:
    """Return what is dropped with a revision and its version, which is the first of the groups."""
    version, _ = groups[0][0]
    time = store.time(revision)
    by_hub = git_model.hub_signature(time)
    tree = store.info(revision).tree
    root = git_objects.new_commit(tree, (), by_hub, by_hub, _START)
    # A version that is a revision itself has no place for others before it.
    named = _Named(path, store, groups if version != revision else (), {revision: root.id})
    objects = [root, *named.kept]
    if named.kept and version not in named.equals:
        facts = {"Steps": "0", git_model.KIND: VersionKind.EDITS}
        message = git_model.version_message(_START.rstrip(), root.id, facts, ())
        last = named.kept[-1].id
        objects.append(git_objects.new_commit(tree, (last,), by_hub, by_hub, message))
    start = objects[-1].id
    of_versions = set(_listed(path, version)) - revisions
    dropped = _listed(path, revision, version)
    places = {commit: start if commit in of_versions else root.id for commit in dropped}
    equals = {revision: root.id, **named.equals, version: start}
    record = _record(store, revision, root.id)
    cut = Cut((revision, version), places, equals, tuple(objects), record)
    return Old(cut, time, tuple(named.names))


class _Named:
    """The named versions that stay, the oldest first.

    Args:
        path: the bare repository.
        store: the same.
        groups: all versions, the newest first.
        revisions: the new ones that their messages can name, by the old ones.
    """

    def __init__(
        self, path: Path, store: Repository, groups: Sequence[_Group], revisions: Mapping[str, str]
    ) -> None:
        self.kept: list[GitObject] = []
        self.equals: dict[str, str] = {}
        self.names: list[str] = []
        oldest_first = groups[::-1]
        for group, tags in zip(oldest_first, _tags_of(store, oldest_first), strict=True):
            if tags:
                last, _ = group[0]
                parents = [item.id for item in self.kept[-1:]]
                kept = _kept(path, last, parents, revisions)
                self.kept.append(kept)
                self.equals |= dict.fromkeys(
                    [last, *(tag.commit for tag in tags.values())], kept.id
                )
                self.names += (name_of(slug, tag)[0] for slug, tag in tags.items())


def _tags_of(store: Repository, groups: Sequence[_Group]) -> Iterator[dict[str, Tag]]:
    """Yield the tags of each version."""
    tags = sorted(store.tags().items())
    for group in groups:
        commits = {commit for commit, _ in group}
        yield {slug: tag for slug, tag in tags if tag.commit in commits}


def _kept(
    path: Path, commit: str, parents: Sequence[str], revisions: Mapping[str, str]
) -> GitObject:
    """Return the last commit of a named version, on other parents."""
    header, _, message = pygit2.Repository(str(path)).read(commit)[1].partition(b"\n\n")
    tree, *lines = header_lines(header)
    kept = [line for line in lines if not line.startswith((b"parent ", b"gpgsig"))]
    named = [f"parent {parent}".encode() for parent in parents]
    content = [tree, *named, *kept, b"", with_revisions(message, revisions.get)]
    return git_objects.new_object(Kind.COMMIT, b"\n".join(content).replace(b"\0", b"\n "))


def _record(store: Repository, revision: str, root: str) -> tuple[GitObject, ...]:
    """Return the record of who wrote the text that the history begins with."""
    window = WhoWrote(store).window_at(revision).sealed_here()
    window.sealed = window.revision = root
    text = git_objects.new_object(Kind.BLOB, window.encoded().encode())
    tree = git_objects.new_tree([(b"100644", store.filename.encode(), text.id)])
    by_hub = git_model.hub_signature(store.time(revision))
    message = git_model.authorship_message(root, root)
    return text, tree, git_objects.new_commit(tree.id, (), by_hub, by_hub, message)


def _check_free(path: Path, store: Repository, cut: Cut) -> None:
    """Check that no branch or tag needs commits without a counterpart in the new history."""
    gone = cut.parents.keys() - set(cut.newest)
    known = set(_listed(path, MASTER, VERSIONS))

    def needs_old(name: str, commit: str) -> bool:
        if commit in cut.parents:
            return commit not in cut.equals and not name.startswith((CLIENTS, UNMERGED))
        if commit in known:
            return False
        bases = git(path, "merge-base", "--all", commit, MASTER, VERSIONS, ok=(0, 1))
        return not gone.isdisjoint(bases.decode().split())

    found = [name for name, commit in sorted(_targets(store).items()) if needs_old(name, commit)]
    conflicts = [name for name in found if name.startswith((CLIENTS, UNMERGED))]
    if conflicts:
        count = f"{len(conflicts)} conflict{'s' if len(conflicts) > 1 else ''}"
        raise CutError(f"Resolve these first: {count} with what would be removed.")
    if found:
        names = ", ".join(name.split("/", 2)[2] for name in found)
        raise CutError(f"These branches or tags need what would be removed: {names}.")


def _targets(store: Repository) -> dict[str, str]:
    """Return the commits of all refs but the server's own, by name."""
    refs = {f"{_REFS}{name}": commit for name, commit in store.heads(_REFS).items()}
    heads = {name: id for name, id in refs.items() if not name.startswith((TAGS, INTERNAL))}
    return heads | {f"{TAGS}{name}": tag.commit for name, tag in store.tags().items()}


def _listed(path: Path, *which: str) -> list[str]:
    return git(path, "rev-list", *which).decode().split()
