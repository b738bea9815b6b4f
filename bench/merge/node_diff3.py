"""node-diff3 in a Node process, which is restarted when it times out."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

from bench.merge.tool import LIMIT_S, Failed, Missing, NoAnswer, Splitter, Tool, TooSlow

_FOLDER = Path(__file__).parent
_PACKAGE = _FOLDER / "node_modules" / "node-diff3" / "package.json"


class NodeDiff3(Tool):
    """The merge of node-diff3, over lines or tokens."""

    def __init__(self, split: Splitter) -> None:
        # The Node of the development tools is in the folder of the running Python.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        node = shutil.which("node", path=path)
        if node is None or not _PACKAGE.exists():
            raise Missing("node-diff3 is not installed; `make bench-merge` installs it")
        self._node = node
        self._split = split
        self._child: subprocess.Popen[bytes] | None = None
        self.version = f"node-diff3 {json.loads(_PACKAGE.read_bytes())['version']}"

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        request = json.dumps([self._split(text) for text in (base, ours, theirs)])
        try:
            response = self._exchange(request.encode() + b"\n")
        except NoAnswer:
            self.close()
            raise
        text: str | None = json.loads(response)
        return text

    def close(self) -> None:
        if self._child is not None:
            # The whole process group: `node` may be a wrapper script.
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.communicate()
            self._child = None

    def _exchange(self, request: bytes) -> bytes:
        """Send a line and return the line that answers it."""
        to_child, from_child = self._pipes()
        try:
            to_child.write(request)
            to_child.flush()
        except BrokenPipeError as error:
            raise Failed from error
        if not select.select([from_child], [], [], LIMIT_S)[0]:
            raise TooSlow
        response = from_child.readline()
        if not response:
            raise Failed  # it exited, for example out of memory
        return response

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._child is None:
            self._child = subprocess.Popen(
                [self._node, str(_FOLDER / "node_diff3.js")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        return self._child.stdin, self._child.stdout
