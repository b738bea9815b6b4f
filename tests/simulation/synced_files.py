"""Two files in step with one document, in a world full of faults, all from one seed.

Real are `Pair` (file, state beside it, machine), `Session`, the document, its repository and Git.
Fake are the clock, the network, the editors, and the moments: between any two steps on disk the
process may be killed, and an editor may save.

The editors save as editors do: in place (also half of it first), by a rename, with a backup, into a
file that they opened before it was replaced, and without having seen that it was. One of them saves
CRLF, whatever was in the file; the document must not notice.
"""

import os
import re
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from server import protocol
from server.cli.sync.file import WatchedFile
from server.cli.sync.pair import Pair, PairError
from server.core.clients import ResumeKeys
from server.core.document import SessionReply
from server.core.session import Limits, Send, Session, Submit
from server.support import files as disk
from tests.server.client.test_replica import is_settled
from tests.server.desk import Desk
from tests.simulation.client import Words

_URL = "http://localhost:8080/d/notes"
_LIMITS = Limits(10**6, 10**7, 10.0**6, 8)
_MARKER = re.compile(r"^(<{7,}|={7,}|>{7,})( .*)?$", re.MULTILINE)
_CONFLICT = re.compile(
    r"^(?P<mark><{7,}) .*\n(?P<ours>(?:.*\n)*?)={7,}\n(?P<theirs>(?:.*\n)*?)>{7,} .*(?:\n|\Z)",
    re.MULTILINE,
)
_PLACE = re.compile(r"\S+")
_SETTLED_WITHIN = 3000


class Killed(BaseException):
    """The process is gone, as it stands."""


class _Keys(ResumeKeys):
    """Client ids that are the same in each run."""

    def __init__(self) -> None:
        super().__init__(b"secret")
        self._count = 0

    def new_client(self) -> str:
        self._count += 1
        return f"client{self._count}"


class Connection:
    """One websocket: a session, and the frames in flight."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.to_server: deque[bytes] = deque()
        self.asked: deque[Submit] = deque()
        self.to_client: deque[bytes] = deque()


class Machine:
    """A file, the `sync` that comes and goes, and the editor."""

    def __init__(self, world: "World", name: str, line_end: str) -> None:
        self.world = world
        self.name = name
        self._line_end = line_end
        folder = world.folder / name
        folder.mkdir()
        self.file = folder / "notes.txt"
        self.pair: Pair | None = None
        self.line: Connection | None = None
        self._loaded = ""
        self._looked_at = -1.0
        self._rest = ""  # of a save that is half done
        self._opened: int | None = None
        self._opened_text = ""
        self._opened_at = 0.0

    # --- the process

    def say(self, sentence: str) -> None:
        self.world.happened[sentence.split(maxsplit=1)[0]] += 1

    def warn(self, sentence: str) -> None:
        self.world.happened["warned"] += 1

    def start(self) -> None:
        if self.pair is None and not self.is_away:
            self._guarded(self._start)

    def _start(self) -> None:
        self.pair = Pair(self.file, _URL, self.name, None, self)

    def kill(self) -> None:
        if self.pair:
            self.pair._state.unlock()  # as the system does it
        self.pair = self.line = None

    def step(self) -> None:
        if self.pair:
            self._guarded(self._step)

    def _step(self) -> None:
        assert self.pair
        self.pair.step(self.world.now)
        messages = self.pair.take_messages()
        if self.line:
            self.line.to_server.extend(map(protocol.encode, messages))

    def connect(self) -> None:
        if self.pair and self.pair.is_ready and self.line is None:
            self.line = Connection(self.world.session())
            self.line.to_server.extend(map(protocol.encode, self.pair.opened()))

    def disconnect(self) -> None:
        if self.line and self.pair:
            self.pair.closed()
        self.line = None

    def hear(self) -> None:
        if self.pair and self.line and self.line.to_client:
            self._guarded(self._hear)

    def _hear(self) -> None:
        assert self.pair
        assert self.line
        message = protocol.decode_server_message(self.line.to_client.popleft())
        if message:
            self.pair.received(message)
            self._step()

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do it, unless the process is killed within."""
        self.world.at_work = self
        try:
            act()
        except Killed:
            self.world.happened["killed within a step"] += 1
            self.kill()
        except PairError:
            self.world.happened["ended"] += 1
            self.kill()
        finally:
            self.world.at_work = None

    # --- the editor

    @property
    def text(self) -> str:
        """Return the text in the editor."""
        return self._shown(self.file.read_bytes())

    @property
    def is_away(self) -> bool:
        return not self.file.exists() and self._looked_at >= 0

    @property
    def is_saving(self) -> bool:
        return bool(self._rest)

    def look(self) -> None:
        if self.file.exists() and not self._rest:
            self._loaded, self._looked_at = self.text, self.world.now

    def edit(self) -> None:
        """Look, write and save; sometimes what was looked at is gone by then."""
        random = self.world.random
        if self._rest:
            self.finish()
            return
        if not self.file.exists():
            return
        is_unseen = self.world.is_careless and self._looked_at == self.world.now
        if not is_unseen or _MARKER.search(self._loaded) or _MARKER.search(self.text):
            self.look()
        text = self.world.written(self._loaded, self.name)
        if self._loaded != self.text:
            self.world.happened["saved unseen"] += 1
            self.world.words.remove(self.text, text)  # it is mostly brought back, no more
        self.world.happened["saved"] += 1
        self._save(text, random.randrange(4))
        self._loaded = text

    def _shown(self, content: bytes) -> str:
        return content.decode().replace("\r\n", "\n")

    def _content(self, text: str) -> bytes:
        return text.replace("\n", self._line_end).encode()

    def _save(self, text: str, way: int) -> None:
        content = self._content(text)
        if way == 0:
            fresh = self.file.with_name("fresh")
            fresh.write_bytes(content)
            self._touched(fresh)
            fresh.replace(self.file)
        elif way == 1:
            backup = self.file.with_name("notes.txt~")
            self.file.replace(backup)
            self.file.write_bytes(content)
            self._touched(self.file)
            backup.unlink()
        elif way == 2 and self.world.at_work is None:
            half = len(text) // 2
            self.file.write_bytes(self._content(text[:half]))
            self._rest = text[half:]
            self._touched(self.file)
        else:
            self.file.write_bytes(content)
            self._touched(self.file)

    def finish(self) -> None:
        with self.file.open("ab") as out:
            out.write(self._content(self._rest))
        self._rest = ""
        self._touched(self.file)

    def open(self) -> None:
        """Have the file open for a while, as it is now."""
        if self._opened is None and self.file.exists() and not self._rest:
            text = self.text
            if not _MARKER.search(text):
                self._opened = os.open(self.file, os.O_RDWR)
                self._opened_text, self._opened_at = text, self.world.now

    def write_into_opened(self) -> None:
        """Save into what was opened; if it is not the file any more, that is a late save."""
        if self._opened is None:
            return
        opened, self._opened = self._opened, None
        try:
            held = self._shown(os.pread(opened, 10**7, 0))
            if held != self._opened_text or self._rest or self.world.now - self._opened_at > 9:
                return
            is_late = not self.file.exists() or os.fstat(opened).st_ino != self.file.stat().st_ino
            if is_late and not self._is_replaced(os.fstat(opened).st_ino):
                return  # an editor's own rename took it away
            self.world.happened["saved late"] += is_late
            text = self.world.written(held, self.name)
            os.ftruncate(opened, 0)
            os.pwrite(opened, self._content(text), 0)
            stamp = self.world.stamp()
            os.utime(opened, ns=(stamp, stamp))
        finally:
            os.close(opened)

    def _is_replaced(self, inode: int) -> bool:
        aside = self.file.parent.glob(".notes.txt.gollabedit-*")
        return self.pair is not None and inode in {it.stat().st_ino for it in aside}

    def _touched(self, path: Path) -> None:
        stamp = self.world.stamp()
        os.utime(path, ns=(stamp, stamp))

    def close(self) -> None:
        if self._opened is not None:
            os.close(self._opened)
            self._opened = None


class World:
    """The document, two machines, and their faults."""

    def __init__(
        self, folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch, *, is_careless: bool = False
    ) -> None:
        """Careless editors save right after the file was replaced, without having seen that.

        What it was made of is guessed then: nothing that they wrote is lost, but it may be twice.
        """
        self.folder = folder
        self.random = Random(seed)
        self.words = Words()
        self.moved: set[str] = set()  # words that an answer to a conflict put elsewhere
        self.happened: Counter[str] = Counter()
        self.now = 100.0
        self.at_work: Machine | None = None
        self.is_calm = False
        self.is_careless = is_careless
        self._stamp = 10**18
        self._keys = _Keys()
        self.desk = Desk(folder / "notes.git")
        self.desk.begin("\n")  # a line end to go by, for the editor that saves CRLF
        self.machines = [Machine(self, "ann", "\n"), Machine(self, "bo", "\r\n")]
        for module, name in [
            (disk, "write_synced"),
            (disk, "exchange"),
            (disk, "fsync"),
            (WatchedFile, "prepare"),
            (WatchedFile, "read"),
        ]:
            monkeypatch.setattr(module, name, self._with_moments(getattr(module, name)))

    def _with_moments(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(*arguments: Any) -> Any:
            self._moment()
            result = act(*arguments)
            self._moment()
            return result

        return acted

    def _moment(self) -> None:
        """Between two steps on disk."""
        machine = self.at_work
        if machine is None or self.is_calm:
            return
        chance = self.random.random()
        if chance < 0.005:
            raise Killed
        if chance < 0.06:
            machine.look()
        elif chance < 0.10:
            machine.edit()
        elif chance < 0.12:
            machine.write_into_opened()

    def stamp(self) -> int:
        """A time for a file that no other has."""
        self._stamp += 1_000_000
        return self._stamp

    def session(self) -> Session:
        return Session("notes", self._keys, _LIMITS, self.now)

    # --- what people write

    def written(self, text: str, author: str) -> str:
        """The text with a word more, or less, or with answers instead of markers."""
        if _MARKER.search(text):
            self.happened["answered"] += 1
            after = _CONFLICT.sub(self._answer, text)
        else:
            after = self._changed(text, author)
        self.words.remove(text, after)
        return after

    def _changed(self, text: str, author: str) -> str:
        places = list(_PLACE.finditer(text))
        if places and self.random.random() < 0.15:
            place = self.random.choice(places)
            word = self.words.new(author) if self.random.random() < 0.6 else ""
            return text[: place.start()] + word + text[place.end() :]
        at = self.random.choice([0, *(it.end() for it in re.finditer(r"\S+\s", text))])
        return text[:at] + self.words.new(author) + self.random.choice("   \n") + text[at:]

    def _answer(self, conflict: re.Match[str]) -> str:
        ours, theirs = conflict["ours"], conflict["theirs"]
        choice = self.random.random()
        if choice < 0.2:
            return ours
        if choice < 0.4:
            return theirs
        moved = [word for word in theirs.split() if word not in ours.split()]
        self.moved.update(moved)
        return ours + "".join(f"{word}\n" for word in moved)

    # --- the server

    def _serve(self, line: Connection) -> None:
        """One thing that the server does for a connection."""
        session = line.session
        if line.to_server:
            for action in session.receive(line.to_server.popleft(), self.now):
                if isinstance(action, Submit):
                    line.asked.append(action)
                elif isinstance(action, Send):
                    line.to_client.append(protocol.encode(action.message))
        elif line.asked:
            self._carry_out(line)
        elif session.accepts_updates and session.client:
            view = session.view()
            self.desk.document.restore_conflicts([view], self.desk.now)
            news = self.desk.document.notification(view)
            if news is not None:
                session.record_shown(news)
                line.to_client.append(protocol.encode(news))

    def _carry_out(self, line: Connection) -> None:
        request = line.asked.popleft().request
        if isinstance(request.message, protocol.Resolve):
            crosses = self.desk.document._master.contains(request.message.commit)
            self.happened["answers to what was settled"] += crosses
        fate = 1.0 if self.is_calm else self.random.random()
        if fate < 0.02:  # the server dies before it is durable
            self.desk.stage(request)
            self._restart()
            return
        replies = self.desk.run(request)
        if fate < 0.04:  # and here before the answer is sent
            self._restart()
            return
        reply = replies[0]
        assert isinstance(reply, SessionReply)
        for action in line.session.receive_reply(reply, []):
            if isinstance(action, Send):
                self.happened[type(action.message).__name__] += 1
                line.to_client.append(protocol.encode(action.message))

    def _restart(self) -> None:
        self.happened["server died"] += 1
        for machine in self.machines:
            machine.disconnect()
        self.desk.reopen()

    def _sweep(self) -> None:
        lines = [it.line for it in self.machines if it.line]
        self.desk.sweep([line.session.client for line in lines])

    # --- what happens

    def run(self, steps: int = 700) -> None:
        try:
            self._join()
            for _ in range(steps):
                self._happen(self.random.choice(self.machines))
            self._settle()
            self._check()
        finally:
            for machine in self.machines:
                machine.close()
                machine.kill()

    def _join(self) -> None:
        """Both are in step once, without a fault."""
        self.is_calm = True
        for machine in self.machines:
            while not (machine.file.exists() and machine.pair and machine.pair.is_settled):
                self._go_on(machine)
        self.is_calm = False

    def _happen(self, machine: Machine) -> None:
        chance = self.random.random()
        if chance < 0.15:
            machine.edit()
        elif chance < 0.19:
            machine.open()
        elif chance < 0.22:
            machine.write_into_opened()
        elif chance < 0.23:
            machine.kill()
        elif chance < 0.25:
            machine.disconnect()
        elif chance < 0.255:
            self._restart()
        elif chance < 0.26:
            self.desk.now += 100.0
            self._sweep()
        else:
            self._go_on(machine)

    def _go_on(self, machine: Machine) -> None:
        """What happens anyway, if nothing is in its way."""
        self._pass_time()
        if self.random.random() < 0.3:
            machine.start()
            machine.connect()
        if self.random.random() < 0.8:
            machine.step()
        for _ in range(self.random.randrange(5)):
            if machine.line:
                self._serve(machine.line)
        for _ in range(self.random.randrange(4)):
            machine.hear()

    def _pass_time(self) -> None:
        """A save that is half done is done in a moment."""
        if any(it.is_saving for it in self.machines):
            self.now += 0.01
            for machine in self.machines:
                if machine.is_saving and self.random.random() < 0.3:
                    machine.finish()
        else:
            self.now += self.random.choice([0.05, 0.2, 0.2, 0.6])
        self.desk.now += 0.2

    def _settle(self) -> None:
        self.is_calm = True
        for machine in self.machines:
            if machine.is_saving:
                machine.finish()
            machine.write_into_opened()
        for _ in range(_SETTLED_WITHIN):
            for machine in self.machines:
                self._go_on(machine)
                if _MARKER.search(machine.text) and self.random.random() < 0.02:
                    machine.edit()
                    if machine.is_saving:
                        machine.finish()
            if self._is_settled():
                return
        raise AssertionError("they do not come together")

    def _is_settled(self) -> bool:
        if {it.text for it in self.machines} != {self.desk.text}:
            return False
        pairs = [it.pair for it in self.machines]
        return all(
            it and it._session and is_settled(it._session.replica) and not it._replaced
            for it in pairs
        )

    # --- what must be true

    def _check(self) -> None:
        text = self.desk.text
        unmerged = " ".join(self.desk.store.text(it) for it in self.desk.unmerged().values())
        kept = " ".join(it.read_text() for it in self.folder.glob("*/*.kept-*"))
        elsewhere = unmerged + kept
        wanted = self.words.typed - self.words.removed
        lost = sorted(word for word in wanted if word not in text and word not in elsewhere)
        # Whoever saves late beside the place that an answer took a word from has both kept.
        once = self.words.typed - self.moved
        twice = sorted(word for word in once if text.count(word) > 1)
        assert not lost, f"lost: {lost}"
        assert self.is_careless or not twice, f"twice: {twice}"
        assert "\r" not in text
        self.happened["words only kept elsewhere"] += sum(word not in text for word in wanted)
        for machine in self.machines:
            left = [it.name for it in machine.file.parent.glob(".notes.txt.gollabedit-*")]
            assert not left, f"left behind: {left}"
