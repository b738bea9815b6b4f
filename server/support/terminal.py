"""Messages on standard error, and text that is safe on a terminal."""

import sys
from urllib.parse import urlsplit, urlunsplit


def say(line: str) -> None:
    """Print a line to standard error."""
    print(harmless(line), file=sys.stderr)


def tick(what: str) -> None:
    """Show progress on a line that the next one replaces, if standard error is a terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{harmless(what)}", end="", file=sys.stderr, flush=True)


def harmless(text: str, *, keep: str = "\t") -> str:
    """Replace the control characters of untrusted text, but for those to keep."""
    return "".join(c if c.isprintable() or c in keep else "\ufffd" for c in text)


def without_password(url: str) -> str:
    """Return a URL without its credentials."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
