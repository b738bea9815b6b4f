"""node-diff3, in one Node process that lives as long as it answers in time."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

from bench.merge.tool import LIMIT_S, Cut, Failed, Missing, NoAnswer, Tool, TooSlow

_FOLDER = Path(__file__).parent
_PACKAGE = _FOLDER / "node_modules" / "node-diff3" / "package.json"


class NodeDiff3(Tool):
    """The merge of node-diff3, over lines or tokens."""

    def __init__(self, cut: Cut) -> None:
        # The Node that came with the development tools stands beside the Python that runs this.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        node = shutil.which("node", path=path)
        if node is None or not _PACKAGE.exists():
            raise Missing("node-diff3 is not installed; `make bench-merge` installs it")
        self._node = node
        self._cut = cut
        self._child: subprocess.Popen[bytes] | None = None
        self.version = f"node-diff3 {json.loads(_PACKAGE.read_bytes())['version']}"

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        question = json.dumps([self._cut(text) for text in (base, ours, theirs)])
        try:
            answer = self._answer(question.encode() + b"\n")
        except NoAnswer:
            self.close()
            raise
        text: str | None = json.loads(answer)
        return text

    def close(self) -> None:
        if self._child is not None:
            # The whole group: `node` may be a script that started the real one.
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.communicate()
            self._child = None

    def _answer(self, question: bytes) -> bytes:
        """One line for one line."""
        to_child, from_child = self._pipes()
        try:
            to_child.write(question)
            to_child.flush()
        except BrokenPipeError as error:
            raise Failed from error
        if not select.select([from_child], [], [], LIMIT_S)[0]:
            raise TooSlow
        answer = from_child.readline()
        if not answer:
            raise Failed  # it ended, out of memory for one
        return answer

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
