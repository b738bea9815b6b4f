"""Files of a browser's profile, which it replaces and removes while it runs."""

from pathlib import Path


def contains(file: Path, words: bytes) -> bool:
    """Return whether a file is there and contains something."""
    try:
        return words in file.read_bytes()
    except FileNotFoundError:  # it need not exist, and the next one may take its place just now
        return False
