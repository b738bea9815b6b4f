"""What Git runs while it takes a push in: carries its question to the server, and the answer back.

A program of its own, with nothing but the standard library: Git starts it as the hooks
`pre-receive` and `proc-receive` (githooks(5)). The server is at the other end of a socket that was
inherited; one JSON object a line:

    to the server    {"hook": ..., "commands": [[old, new, ref], ...], "environment": {...}}
    from it          {"say": ...} for the pusher's terminal, as often as it likes, and at last
                     {"results": [reason, ...]} one for each command, empty where all is well
"""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

SOCKET = "GOLLABEDIT_HOOK"  # the environment variable that names the inherited socket
# Where Git keeps what was pushed until it is accepted.
ENVIRONMENT = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")

COMMANDS_MAX = 200
_GONE = "the server has a fault, or was stopped; see what git fetch brings, and push again"


def pre_receive(given: BinaryIO) -> int:
    """May this come in? All or nothing; what is wrong was said already."""
    commands = [_read_command(line) for line in given]
    if len(commands) > COMMANDS_MAX:
        _say(f"{len(commands):,} refs are too many for one push: {COMMANDS_MAX} at most.")
        return 1
    return 1 if any(_ask("pre-receive", commands)) else 0


def proc_receive(given: BinaryIO, answer: BinaryIO) -> int:
    """Take these in, each for itself."""
    list(_packets(given))  # the version, and what Git would be able to do
    answer.write(_packet("version=1\0") + b"0000")
    answer.flush()
    commands = [_read_command(packet) for packet in _packets(given)]
    results = zip(commands, _ask("proc-receive", commands), strict=True)
    lines = [f"ng {ref} {reason}" if reason else f"ok {ref}" for (_, _, ref), reason in results]
    answer.write(b"".join([*map(_packet, lines), b"0000"]))
    answer.flush()
    return 0


def _ask(hook: str, commands: list[list[str]]) -> list[str]:
    """Why each command is refused; empty where it is not."""
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    question = {"hook": hook, "commands": commands, "environment": environment}
    with suppress(OSError):
        number = os.dup(int(os.environ[SOCKET]))
        with socket.socket(fileno=number) as server, server.makefile() as said:
            server.sendall(json.dumps(question).encode() + b"\n")
            for line in said:
                message = json.loads(line)
                if "results" in message:
                    results: list[str] = message["results"]
                    return results
                _say(message["say"])
    _say(_GONE)
    return [_GONE] * len(commands)


def _say(line: str) -> None:
    """On the pusher's terminal."""
    sys.stderr.buffer.write(f"{line}\n".encode(errors="replace"))
    sys.stderr.flush()


def _read_command(line: bytes) -> list[str]:
    """Old commit, new commit, ref; a ref's name is bytes to Git."""
    return line.decode(errors="surrogateescape").rstrip("\n").split(" ", 2)


def _packets(given: BinaryIO) -> Iterator[bytes]:
    """Git's lines up to a flush packet; gitprotocol-common(5)."""
    while (length := int(given.read(4), 16)) > 0:
        yield given.read(length - 4)


def _packet(line: str) -> bytes:
    data = line.encode(errors="surrogateescape")
    return b"%04x%s" % (len(data) + 4, data)


if __name__ == "__main__":
    sys.exit(
        pre_receive(sys.stdin.buffer)
        if sys.argv[1] == "pre-receive"
        else proc_receive(sys.stdin.buffer, sys.stdout.buffer)
    )
