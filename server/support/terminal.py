"""What is said to somebody who looks at a terminal, beside what commands print."""

import sys
from urllib.parse import urlsplit, urlunsplit


def say(line: str) -> None:
    """A line about what is done, or why not."""
    print(harmless(line), file=sys.stderr)


def tick(what: str) -> None:
    """Show what happens, for as long as it does, to somebody who looks at a terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{harmless(what)}", end="", file=sys.stderr, flush=True)


def harmless(line: str) -> str:
    """A line for a terminal, which is not to obey what others wrote."""
    return "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line)


def without_password(url: str) -> str:
    """An address for a message: name and password are nobody's business."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
