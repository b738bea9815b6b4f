"""The folder in which pushes are received: the hooks that Git is to run, and room for uploads.

<data>/push/pre-receive, proc-receive   start `server.push.hook_program`
<data>/push/empty.git                   what a document that does not exist looks like to Git

Made anew at each start: the program may lie elsewhere than the last time.
"""

import shlex
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO

from server.git import bare
from server.push import hook_program as hook

_HOOKS = ("pre-receive", "proc-receive")


class PushFolder:
    """The folder at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.empty = path / "empty.git"

    def prepare(self) -> None:
        """Make all that is in it. Blocks."""
        self.path.mkdir(exist_ok=True)
        bare.create(self.empty)
        program = shlex.join([sys.executable, "-IS", str(Path(hook.__file__).absolute())])
        for name in _HOOKS:
            file = self.path / name
            file.write_text(f"#!/bin/sh\nexec {program} {name}\n")
            file.chmod(0o755)

    def upload(self) -> BinaryIO:
        """A file without a name, for what a client sends. Blocks."""
        return tempfile.TemporaryFile(dir=self.path)
