"""The log of a server on standard error: lines of text, or of JSON for programs."""

import json
import logging
from datetime import UTC, datetime

from server.support.audit import AUDIT_LOGGER, FIELDS

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_ONCE_MAX = 100
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", FIELDS}


def configure(level: str, log_format: str) -> None:
    """Make all loggers write to standard error. The audit is written at any level.

    Args:
        level: the least level of a record, in lower case.
        log_format: `text` or `json`.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if log_format == "json" else logging.Formatter(_TEXT))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    logging.getLogger(AUDIT_LOGGER).setLevel(logging.INFO)


class Once:
    """Tells which names to log: each once, and not many, as strangers may choose them."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def is_new(self, name: str) -> bool:
        """Return whether to log a name now."""
        if name in self._names or len(self._names) >= _ONCE_MAX:
            return False
        self._names.add(name)
        return True


class JsonFormatter(logging.Formatter):
    """Formats a record as an object on one line, in ASCII.

    It has `time` (ISO 8601, UTC), `level`, `logger` and `message`, then the extra fields of the
    record, and `exception` with the traceback as one string. An extra field with the name of
    another one gets an underscore.
    """

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        for name, value in (extra | getattr(record, FIELDS, {})).items():
            line[f"{name}_" if name in line else name] = value
        return json.dumps(line, default=str)
