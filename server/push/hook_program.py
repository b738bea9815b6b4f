"""The program that Git runs as its hooks during a push; it forwards their input to the server.

It is a separate program that uses only the standard library. Git starts it as `pre-receive` and
`proc-receive` (githooks(5)). It talks to the server (`hook_server`) over an inherited socket, with
one JSON object per line:

    request     {"hook": ..., "commands": [[old, new, ref], ...], "environment": {...}}
    responses   {"say": ...} any number of lines for the pusher's terminal, then
                {"results": [reason, ...]} one for each command, empty if it is accepted
"""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

SOCKET = "GOLLABEDIT_HOOK"  # environment variable: descriptor of the inherited socket
# Where Git keeps the pushed objects in quarantine.
ENVIRONMENT = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")

COMMANDS_MAX = 200
_GONE = "the server failed or was stopped; check with git fetch, then push again"


def pre_receive(stdin: BinaryIO) -> int:
    """Accept or reject all commands together; the server has already sent the reason."""
    commands = [_read_command(line) for line in stdin]
    if len(commands) > COMMANDS_MAX:
        _say(f"{len(commands):,} refs are too many for one push: at most {COMMANDS_MAX}.")
        return 1
    return 1 if any(_ask("pre-receive", commands)) else 0


def proc_receive(stdin: BinaryIO, stdout: BinaryIO) -> int:
    """Carry out each command on its own."""
    list(_packets(stdin))  # the version and the capabilities
    stdout.write(_packet("version=1\0") + b"0000")
    stdout.flush()
    commands = [_read_command(packet) for packet in _packets(stdin)]
    results = zip(commands, _ask("proc-receive", commands), strict=True)
    lines = [f"ng {ref} {reason}" if reason else f"ok {ref}" for (_, _, ref), reason in results]
    stdout.write(b"".join([*map(_packet, lines), b"0000"]))
    stdout.flush()
    return 0


def _ask(hook: str, commands: list[list[str]]) -> list[str]:
    """Send the request; return why each command is rejected, empty if it is not."""
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    request = {"hook": hook, "commands": commands, "environment": environment}
    with suppress(OSError):
        number = os.dup(int(os.environ[SOCKET]))
        with socket.socket(fileno=number) as server, server.makefile() as responses:
            server.sendall(json.dumps(request).encode() + b"\n")
            for line in responses:
                message = json.loads(line)
                if "results" in message:
                    results: list[str] = message["results"]
                    return results
                _say(message["say"])
    _say(_GONE)
    return [_GONE] * len(commands)


def _say(line: str) -> None:
    """Show a line on the pusher's terminal."""
    sys.stderr.buffer.write(f"{line}\n".encode(errors="replace"))
    sys.stderr.flush()


def _read_command(line: bytes) -> list[str]:
    """Split a command into old commit, new commit and ref; the name of a ref is bytes."""
    return line.decode(errors="surrogateescape").rstrip("\n").split(" ", 2)


def _packets(stdin: BinaryIO) -> Iterator[bytes]:
    """Yield pkt-lines up to a flush packet; see gitprotocol-common(5)."""
    while (length := int(stdin.read(4), 16)) > 0:
        yield stdin.read(length - 4)


def _packet(line: str) -> bytes:
    data = line.encode(errors="surrogateescape")
    return b"%04x%s" % (len(data) + 4, data)


if __name__ == "__main__":
    sys.exit(
        pre_receive(sys.stdin.buffer)
        if sys.argv[1] == "pre-receive"
        else proc_receive(sys.stdin.buffer, sys.stdout.buffer)
    )
