"""`import --history`: a file of somebody's repository becomes a document, with its commits."""

from pathlib import Path

import pytest

from tests.server.sockets.harness import Served, git
from tests.server.sockets.shell import Shell

_LINES = "".join(f"line {number}\n" for number in range(20))


async def _commit(
    repository: Path, message: str, *options: str, **files: str | bytes | None
) -> str:
    """Commit files, which `None` takes away; `__` in a name stands for a dot."""
    for key, content in files.items():
        file = repository / key.replace("__", ".")
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content.encode() if isinstance(content, str) else content)
    await git("add", "--all", cwd=repository)
    await git("commit", "--quiet", "-m", message, *options, cwd=repository)
    return (await git("rev-parse", "HEAD", cwd=repository)).strip()


@pytest.fixture
async def repository(shell: Shell) -> Path:
    path = shell.folder / "work"
    await git("init", "--quiet", "--initial-branch=main", str(path))
    return path


async def _log(server: Served, form: str, document: str = "plan.md") -> list[str]:
    said = await server.git_on_disk("log", "--topo-order", f"--format={form}", document=document)
    return said.splitlines()


async def test_the_commits_of_a_file_come_along_and_no_others(
    server: Served, shell: Shell, repository: Path
) -> None:
    by_olive = ("--author", "Olive Öz <olive@example.invalid>", "--date", "1500000000 +0200")
    await _commit(repository, "Set up", other__txt="a secret\n")
    first = await _commit(repository, "Begin\n\nFor a reason.", *by_olive, Plan__md=_LINES)
    await _commit(repository, "Something else", other__txt="another secret\n")
    await _commit(repository, "Go on", Plan__md=f"{_LINES}more\n")
    before = await git("status", "--porcelain", "--branch", cwd=repository)
    ran = await shell.run("import", "--history", "work/Plan.md", server.url)
    assert ran.code == 0, ran.err
    assert ran.out == "Plan.md → plan.md: new, with 2 commits\n1 file: 1 new\n"
    assert "remote: A new document" in ran.err
    assert await server.raw("plan.md") == f"{_LINES}more\n"
    assert await _log(server, "%s|%an|%ae|%ad") == [
        line
        for commit in ("HEAD", first)
        for line in (
            await git("log", "-1", "--format=%s|%an|%ae|%ad", commit, cwd=repository)
        ).splitlines()
    ]
    assert "For a reason." in await _log(server, "%b")
    names = await server.git_on_disk("log", "--format=", "--name-only", document="plan.md")
    assert set(names.split()) == {"plan.md"}
    assert await git("status", "--porcelain", "--branch", cwd=repository) == before
    assert (await git("for-each-ref", cwd=repository)).count("\n") == 1
    await server.fsck("plan.md")


async def test_what_is_pushed_can_be_edited_and_cloned(
    server: Served, shell: Shell, repository: Path, tmp_path: Path
) -> None:
    await _commit(repository, "Begin", plan__md="# Plan\n")
    await shell.does("import", "--history", "work/plan.md", server.url)
    ann = await server.join("Ann", "plan.md")
    await ann.edit("# Our plan\n")
    clone = await server.clone(tmp_path / "clone", document="plan.md")
    assert (clone / "plan.md").read_text() == "# Our plan\n"


async def test_a_file_is_followed_through_its_names(
    server: Served, shell: Shell, repository: Path
) -> None:
    """Under a name that once was another file's, and whose old name is another file's today."""
    await _commit(repository, "Not this", plan__md="something else entirely\n")
    await _commit(repository, "Away", plan__md=None, draft__md=_LINES)
    await _commit(repository, "Draft", draft__md=f"{_LINES}draft\n")
    await _commit(repository, "Rename", draft__md=None, plan__md=f"{_LINES}draft, renamed\n")
    await _commit(repository, "Not this either", draft__md="another draft\n")
    await _commit(repository, "Plan", plan__md=f"{_LINES}plan\n")
    await shell.does("import", "--history", "work/plan.md", server.url)
    assert await _log(server, "%s") == ["Plan", "Rename", "Draft", "Away"]
    assert await server.raw("plan.md") == f"{_LINES}plan\n"
    draft = await server.git_on_disk("show", "master~2:plan.md", document="plan.md")
    assert draft == f"{_LINES}draft\n"


async def test_what_was_merged_stays_merged(server: Served, shell: Shell, repository: Path) -> None:
    """The branch began under the old name and ends under the new one."""
    await _commit(repository, "Begin", draft__md=_LINES)
    await git("checkout", "--quiet", "-b", "side", cwd=repository)
    await _commit(repository, "Side", draft__md=f"{_LINES}side\n")
    await git("checkout", "--quiet", "main", cwd=repository)
    await _commit(repository, "Rename", draft__md=None, plan__md=f"top\n{_LINES}")
    await git("merge", "--quiet", "-m", "Merge", "side", cwd=repository)
    await shell.does("import", "--history", "work/plan.md", server.url)
    assert sorted(await _log(server, "%s")) == ["Begin", "Merge", "Rename", "Side"]
    assert await server.raw("plan.md") == f"top\n{_LINES}side\n"
    blame = await server.git_on_disk("blame", "-s", "master", "--", "plan.md", document="plan.md")
    by_line = {line.split()[-1]: line.split()[0].strip("^") for line in blame.splitlines()}
    side = await server.git_on_disk("log", "--grep=Side", "--format=%H", document="plan.md")
    assert side.startswith(by_line["side"].rstrip("^"))
    await server.fsck("plan.md")


async def test_a_history_that_is_cut_may_have_two_beginnings(
    server: Served, shell: Shell, repository: Path
) -> None:
    await _commit(repository, "Begin", plan__md=_LINES)
    await git("checkout", "--quiet", "-b", "side", cwd=repository)
    await _commit(repository, "Side", plan__md=f"{_LINES}side\n")
    await git("checkout", "--quiet", "main", cwd=repository)
    top = await _commit(repository, "Top", plan__md=f"top\n{_LINES}")
    await git("merge", "--quiet", "-m", "Merge", "side", cwd=repository)
    await shell.does("import", "--history", "--since", top, "work/plan.md", server.url)
    assert sorted(await _log(server, "%s/%P"))[1:] == ["Side/", "Top/"]
    assert await server.raw("plan.md") == f"top\n{_LINES}side\n"


async def test_a_repository_that_the_environment_names_is_not_touched(
    shell: Shell, repository: Path
) -> None:
    """As in a hook of another repository."""
    await _commit(repository, "Begin", plan__md="one\n")
    other = shell.folder / "other"
    await git("init", "--quiet", str(other))
    url = shell.url.removesuffix("/d/notes")
    await shell.does("import", "--history", "work/plan.md", url, GIT_DIR=str(other / ".git"))
    assert await git("config", "core.bare", cwd=other) == "false\n"
    assert not await git("for-each-ref", cwd=other)


async def test_a_document_that_exists_is_left_as_it_is(
    server: Served, shell: Shell, repository: Path
) -> None:
    await _commit(repository, "Begin", notes__txt="mine\n")
    await shell.does("new", shell.url, given=b"theirs\n")
    ran = await shell.run("import", "--history", "work/notes.txt", server.url)
    assert ran.code == 1
    assert "the document exists already, and a history needs a new one" in ran.err
    assert await server.raw() == "theirs\n"
    await shell.does("import", "--history", "work/notes.txt", f"{server.url}/d/mine")
    assert await server.raw("mine") == "mine\n"


async def test_a_version_that_is_no_text_is_named_and_can_be_left_out(
    server: Served, shell: Shell, repository: Path
) -> None:
    await _commit(repository, "Begin", plan__md="one\n")
    bad = await _commit(repository, "In Latin 1", plan__md=b"Gr\xfc\xdfe\n")
    good = await _commit(repository, "In UTF-8", plan__md="Grüße\n")
    ran = await shell.run("import", "--history", "work/plan.md", server.url)
    assert ran.code == 1
    assert f"not UTF-8 text (line 1) in commit {bad[:10]} (In Latin 1)" in ran.err
    assert "--since" in ran.err
    assert await shell.does("ls", server.url) == ""
    said = await shell.does("import", "--history", "--since", good, "work/plan.md", server.url)
    assert "new, with 1 commit\n" in said
    assert await _log(server, "%s") == ["In UTF-8"]


async def test_what_the_server_refuses_is_named_as_its_user_knows_it(
    server: Served, shell: Shell, repository: Path
) -> None:
    large = await _commit(repository, "Too much", plan__md="x" * 1_048_577)
    await _commit(repository, "Enough", plan__md="x\n")
    ran = await shell.run("import", "--history", "work/plan.md", server.url)
    assert ran.code == 1
    assert "remote: plan.md has 1,048,577 bytes in commit" in ran.err
    assert f"is your commit {large[:10]} (Too much); to leave out older commits: --since" in ran.err
    assert await shell.does("ls", server.url) == ""


@pytest.mark.parametrize(
    ("author", "imported"),
    [
        ("A <a@x> 1313584730 +051800", "A|a@x|1313584730 +0000"),
        ("A <a@x> 1313584730 --700", "A|a@x|1700000000 +0100"),
        ("A <a@x> 1313584730 +1500", "A|a@x|1313584730 +0000"),
        ("A <a@x> -1 +0000", "A|a@x|1700000000 +0100"),
        ("A <a@x>", "A|a@x|1700000000 +0100"),
        ("A <<a@x>> 1313584730 +0200", "A|a@x|1313584730 +0200"),
        ("A <a <b@x> 1313584730 +0200", "A|a b@x|1313584730 +0200"),
        (" <> 1313584730 +0200", "somebody||1313584730 +0200"),
    ],
)
async def test_authors_that_git_would_not_write_are_mended(
    server: Served, shell: Shell, repository: Path, author: str, imported: str
) -> None:
    await _commit(repository, "Begin", plan__md=_LINES)
    tree = (await git("rev-parse", "HEAD^{tree}", cwd=repository)).strip()
    committer = "Cy <cy@x> 1700000000 +0100"
    commit = f"tree {tree}\nauthor {author}\ncommitter {committer}\n\nOld tools wrote this.\n"
    write = ("hash-object", "-t", "commit", "-w", "--literally", "--stdin")
    made = (await git(*write, cwd=repository, given=commit)).strip()
    await git("update-ref", "refs/heads/main", made, cwd=repository)
    ran = await shell.run("import", "--history", "work/plan.md", server.url)
    assert ran.code == 0, ran.err
    found = await server.git_on_disk(
        "log", "-1", "--date=raw", "--format=%an|%ae|%ad", document="plan.md"
    )
    assert found.strip() == imported


async def test_a_repository_with_other_ids_is_refused_with_the_reason(
    server: Served, shell: Shell
) -> None:
    path = shell.folder / "work"
    await git("init", "--quiet", "--object-format=sha256", str(path))
    await _commit(path, "Begin", plan__md=_LINES)
    ran = await shell.run("import", "--history", "work/plan.md", server.url)
    assert ran.code != 0
    assert "its repository uses sha256, and those of the server sha1; leave out" in ran.err


async def test_what_is_not_committed_is_not_imported(
    server: Served, shell: Shell, repository: Path
) -> None:
    await _commit(repository, "Begin", plan__md="one\n")
    (repository / "plan.md").write_text("two\n")
    (repository / "new.md").write_text("new\n")
    ran = await shell.run("import", "--history", "work/plan.md", "work/new.md", server.url)
    assert ran.code == 1
    assert "work/plan.md has changes that are not committed" in ran.err
    assert "new.md: it is not committed in a repository; leave out --history" in ran.err
    assert await server.raw("plan.md") == "one\n"


async def test_what_cannot_be_is_one_line(server: Served, shell: Shell, repository: Path) -> None:
    await _commit(repository, "Begin", plan__md="one\n")
    shell.write("alone.md", "text\n")
    for arguments, words in (
        (["work/plan.md", "--since", "nowhere"], "its repository has no commit nowhere"),
        (["alone.md"], "not a git repository"),
    ):
        ran = await shell.run("import", "--history", *arguments, server.url)
        assert ran.code == 1
        assert words in ran.err
        assert ran.err.count("\n") == 1
    for options, words in (
        (["--since", "HEAD"], "--since needs --history"),
        (["--history", "--overwrite"], "--history goes with neither"),
    ):
        assert words in await shell.fails("import", "work/plan.md", server.url, *options)
    assert await shell.does("ls", server.url) == ""


async def test_no_password_is_shown(server: Served, shell: Shell, repository: Path) -> None:
    await _commit(repository, "Begin", plan__md="x" * 1_048_577)
    url = server.url.replace("http://", "http://ann:secret@")
    ran = await shell.run("import", "--history", "work/plan.md", url)
    assert ran.code == 1
    assert "1,048,577 bytes" in ran.err
    assert "secret" not in ran.err + ran.out
