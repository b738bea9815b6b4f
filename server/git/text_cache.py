"""A cache of the decoded texts of recent commits of all documents, bounded in characters."""

from collections import OrderedDict
from threading import Lock


class TextCache:
    """Texts by repository and commit; the least recently used are dropped first."""

    def __init__(self, characters_max: int) -> None:
        self._characters_max = characters_max
        self._characters = 0
        self._texts: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = Lock()

    def get(self, repository: str, commit: str) -> str | None:
        with self._lock:
            text = self._texts.get((repository, commit))
            if text is not None:
                self._texts.move_to_end((repository, commit))
            return text

    def drop(self, repository: str) -> None:
        """Drop all texts of one repository."""
        with self._lock:
            for key in [key for key in self._texts if key[0] == repository]:
                self._characters -= len(self._texts.pop(key))

    def put(self, repository: str, commit: str, text: str) -> None:
        key = repository, commit
        with self._lock:
            self._characters += len(text) - len(self._texts.pop(key, ""))
            self._texts[key] = text
            while self._characters > self._characters_max and len(self._texts) > 1:
                _, dropped = self._texts.popitem(last=False)
                self._characters -= len(dropped)
