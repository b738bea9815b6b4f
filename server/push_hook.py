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
from typing import BinaryIO

SOCKET = "GOLLABEDIT_HOOK"  # the environment variable that names the inherited socket
# Where Git keeps what was pushed until it is accepted.
ENVIRONMENT = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")

_GONE = "the server has a fault; nothing was taken in"


def pre_receive(given: BinaryIO) -> int:
    """May this come in? All or nothing; what is wrong was said already."""
    commands = [line.decode(errors="replace").split() for line in given]
    return 1 if any(_ask("pre-receive", commands)) else 0


def proc_receive(given: BinaryIO, answer: BinaryIO) -> int:
    """Take these in, each for itself."""
    list(_packets(given))  # the version, and what Git would be able to do
    answer.write(_packet("version=1\0") + b"0000")
    answer.flush()
    commands = [packet.split() for packet in _packets(given)]
    results = zip(commands, _ask("proc-receive", commands), strict=True)
    lines = [f"ng {ref} {reason}" if reason else f"ok {ref}" for (_, _, ref), reason in results]
    answer.write(b"".join([*map(_packet, lines), b"0000"]))
    answer.flush()
    return 0


def _ask(hook: str, commands: list[list[str]]) -> list[str]:
    """Why each command is refused; empty where it is not."""
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    question = {"hook": hook, "commands": commands, "environment": environment}
    with socket.socket(fileno=os.dup(int(os.environ[SOCKET]))) as server, server.makefile() as said:
        server.sendall(json.dumps(question).encode() + b"\n")
        for line in said:
            message = json.loads(line)
            if "results" in message:
                results: list[str] = message["results"]
                return results
            sys.stderr.write(f"{message['say']}\n")
            sys.stderr.flush()
    sys.stderr.write(f"{_GONE}\n")
    return [_GONE] * len(commands)


def _packets(given: BinaryIO) -> Iterator[str]:
    """Git's lines up to a flush packet; gitprotocol-common(5)."""
    while (length := int(given.read(4), 16)) > 0:
        yield given.read(length - 4).decode(errors="replace").rstrip("\n")


def _packet(line: str) -> bytes:
    data = line.encode(errors="replace")
    return b"%04x%s" % (len(data) + 4, data)


if __name__ == "__main__":
    sys.exit(
        pre_receive(sys.stdin.buffer)
        if sys.argv[1] == "pre-receive"
        else proc_receive(sys.stdin.buffer, sys.stdout.buffer)
    )
