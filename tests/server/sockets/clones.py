"""What people do in their clones, with the real Git."""

from pathlib import Path

from tests.server.sockets.harness import Ran, git, run_git

TEXT = "Monday\n\ntwo\n\nthree\n"


async def commit_text(clone: Path, text: str | bytes, message: str = "Mine", **files: str) -> str:
    """Commit a text in a clone, and other files with it; returns the commit."""
    data = text.encode() if isinstance(text, str) else text
    (clone / "notes.txt").write_bytes(data)
    for name, content in files.items():
        (clone / name).write_text(content)
    await git("add", "--all", cwd=clone)
    await git("commit", "--quiet", "--allow-empty", "-m", message, cwd=clone)
    return (await git("rev-parse", "HEAD", cwd=clone)).strip()


async def push(clone: Path, *refs: str) -> Ran:
    ran = await run_git("push", "origin", *refs, cwd=clone)
    assert ran.code != 0 or "error" not in ran.err, ran.err
    return ran


async def push_for_master(clone: Path) -> Ran:
    return await push(clone, "HEAD:refs/for/master")


async def begin_repository(path: Path, **files: str) -> Path:
    """A repository that has nothing to do with this server."""
    await git("init", "--quiet", "--initial-branch=master", str(path))
    for name, content in files.items():
        (path / name).write_text(content)
    await git("add", "--all", cwd=path)
    await git("commit", "--quiet", "--allow-empty", "-m", "Begin", cwd=path)
    return path
