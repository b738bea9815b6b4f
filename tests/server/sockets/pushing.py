"""A scene: clones push while others type; with a check of the result."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.server.sockets.client import Client
from tests.server.sockets.harness import Served, git, run_git

_WORDS_PER_STEP = 4  # per writer, during one step of a push
_REASONS = ("(fetch first)", "(non-fast-forward)", "others changed the same words")


@dataclass
class Outcome:
    """The results of the pushes."""

    accepted: list[str] = field(default_factory=list)  # commits
    rejected: list[str] = field(default_factory=list)  # Git's output
    words: list[str] = field(default_factory=list)  # all that were written


async def push_and_type(
    server: Served, folder: Path, *, clones: int, pushes: int, writers: int
) -> Outcome:
    """Push from each clone, every other time to `refs/for/master`, while others type."""
    outcome = Outcome()
    turns: list[asyncio.Queue[int]] = [asyncio.Queue() for _ in range(writers)]
    names = [f"writer{n}" for n in range(writers)] + [f"clone{n}" for n in range(clones)]
    people = [await server.join(f"Writer {n}") for n in range(writers)]
    await people[0].edit("".join(f"{name}:\n\n\n" for name in names))
    await asyncio.gather(*(person.until(people[0].text) for person in people[1:]))
    paths = [await server.clone(folder / f"clone{n}") for n in range(clones)]
    async with asyncio.TaskGroup() as tasks:
        for number, person in enumerate(people):
            tasks.create_task(_type(person, f"writer{number}", turns[number], outcome))
        try:
            async with asyncio.TaskGroup() as pushing:
                for number, path in enumerate(paths):
                    pushing.create_task(_push(path, f"clone{number}", pushes, turns, outcome))
        finally:
            _give(turns, 0)
    return outcome


def _give(turns: list[asyncio.Queue[int]], count: int) -> None:
    """Let every writer type this many words; 0 stops them."""
    for turn in turns:
        turn.put_nowait(count)


async def _type(person: Client, name: str, turn: asyncio.Queue[int], outcome: Outcome) -> None:
    words = _words(name)
    while count := await turn.get():
        for word in itertools.islice(words, count):
            answer = await person.edit(_with_word(person.text, name, word))
            assert answer["type"] == "merged", answer
            outcome.words.append(word)


async def _push(
    path: Path, name: str, count: int, turns: list[asyncio.Queue[int]], outcome: Outcome
) -> None:
    """Pull, write a word, commit and push; the next push includes a rejected one."""
    for number, word in enumerate(itertools.islice(_words(name), count)):
        is_last = number == count - 1
        _give(turns, _WORDS_PER_STEP)
        await git("pull", "--quiet", "--no-rebase", "--no-edit", cwd=path)
        file = path / "notes.txt"
        await asyncio.to_thread(_rewrite, file, name, word)
        outcome.words.append(word)
        await git("commit", "--quiet", "--all", "-m", f"Add {word}", cwd=path)
        for_master = number % 2 == 1 or is_last
        _give(turns, _WORDS_PER_STEP)
        ran = await run_git(
            "push", "origin", "HEAD:refs/for/master" if for_master else "master", cwd=path
        )
        if ran.code == 0:
            outcome.accepted.append((await git("rev-parse", "HEAD", cwd=path)).strip())
        else:
            assert any(reason in ran.err for reason in _REASONS), ran.err
            outcome.rejected.append(ran.err)


def _rewrite(file: Path, name: str, word: str) -> None:
    file.write_text(_with_word(file.read_text(), name, word))


def _words(name: str) -> Iterator[str]:
    return (f"{name}-{number}." for number in itertools.count())


def _with_word(text: str, name: str, word: str) -> str:
    """Return the text with a word added to the line of this name."""
    lines = text.split("\n")
    [at] = [at for at, line in enumerate(lines) if line.startswith(f"{name}:")]
    lines[at] += f" {word}"
    return "\n".join(lines)


async def assert_nothing_lost(server: Served, outcome: Outcome) -> None:
    """Check words (each is there once), accepted commits (all are in `master`) and repository."""
    text = await server.raw()
    found = Counter(word for word in text.split() if not word.endswith(":"))
    written = Counter(outcome.words)
    assert not written - found, "words are missing"
    assert not found - written, "words are there twice"
    await server.fsck()
    history = (await server.git_on_disk("rev-list", "master")).split()
    assert set(outcome.accepted) <= set(history)
