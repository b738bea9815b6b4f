"""Repositories as a server would leave them: very many, or one with a very long history."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

from bench.load.processes import ENVIRONMENT, BenchError
from bench.load.texts import KIB, text, word
from server.core import git_model
from server.core.names import filename_of

_MADE_AT = 1_700_000_000


def many(data: Path, count: int) -> list[str]:
    """Create many documents with one edit each; return their names.

    They are hard links of one repository. So all but one lack the file with the document's name and
    are empty, which does not affect the measurement.
    """
    names = [f"many-{number}" for number in range(count)]
    first = long(data, names[0], 2)
    for name in names[1:]:
        shutil.copytree(first, data / f"{name}.git", copy_function=os.link)
    return names


def long(data: Path, document: str, commits: int) -> Path:
    """Create a document of 2 KB with many revisions in one pack; return its path."""
    path = data / f"{document}.git"
    _git("init", "--quiet", "--bare", "--initial-branch=master", "--template=", str(path))
    command = ["git", "-c", "fastimport.unpackLimit=1", "-C", str(path), "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=ENVIRONMENT) as importer:
        assert importer.stdin is not None
        for part in _history(filename_of(document), commits):
            importer.stdin.write(part)
    if importer.returncode:
        raise BenchError(f"git fast-import exited with {importer.returncode}")
    _git("-C", str(path), "pack-refs", "--all")
    return path


def _history(filename: str, commits: int) -> Iterator[bytes]:
    """Yield the stream for `git fast-import`: the first revision, then one word per commit."""
    random = Random(1)
    words = text(2 * KIB).split(" ")
    hub = git_model.hub_signature(0)
    yield _commit(git_model.ROOT_MESSAGE, hub, hub, filename, "")
    for seq in range(1, commits):
        at = _MADE_AT + seq
        words[random.randrange(len(words))] = word(random)
        author = git_model.Signature("Ann", git_model.email_of("k3vq8s2m7a"), at)
        message = f"Edit a line (+1 -1 words)\n\nClient: k3vq8s2m7a\nSeq: {seq}\n"
        yield _commit(message, author, git_model.hub_signature(at), filename, " ".join(words))


def _commit(
    message: str,
    author: git_model.Signature,
    committer: git_model.Signature,
    filename: str,
    content: str,
) -> bytes:
    return (
        f"commit {git_model.MASTER}\n"
        f"author {_signature(author)}\ncommitter {_signature(committer)}\n"
        f"data {len(message)}\n{message}\n"
        f"M 100644 inline {filename}\ndata {len(content)}\n{content}\n"
    ).encode()


def _signature(signature: git_model.Signature) -> str:
    return f"{signature.name} <{signature.email}> {int(signature.time)} +0000"


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, env=ENVIRONMENT)
