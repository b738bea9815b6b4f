"""The log as JSON: every record is one object on one line."""

import json
import logging
from typing import Any

import pytest

from server.support.audit import AUDIT_LOGGER, audit
from server.support.logs import JsonFormatter, Once, configure


def lines(caplog: pytest.LogCaptureFixture) -> list[Any]:
    """Return the records as the formatter writes them."""
    formatted = [JsonFormatter().format(record) for record in caplog.records]
    assert all(line.isascii() and "\n" not in line for line in formatted)
    return [json.loads(line) for line in formatted]


def test_a_record_has_time_level_logger_and_message() -> None:
    # Not logged: pytest's workers cannot pass on a captured surrogate.
    arguments = ("Zoë", "\u2028here\udc80")
    record = logging.LogRecord("server.x", logging.INFO, "", 0, "%s is\n%s", arguments, None)
    record.created = 1_700_000_000.25
    assert json.loads(JsonFormatter().format(record)) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "logger": "server.x",
        "message": "Zoë is\n\u2028here\udc80",
    }


def test_an_exception_is_text_on_the_same_line(caplog: pytest.LogCaptureFixture) -> None:
    try:
        int("no\nsuch thing")
    except ValueError:
        logging.getLogger("server.x").exception("it failed")
    [line] = lines(caplog)
    assert (line["level"], line["message"]) == ("error", "it failed")
    assert line["exception"].startswith("Traceback (most recent call last)")
    assert line["exception"].endswith(r"base 10: 'no\nsuch thing'")


def test_extra_fields_are_fields_whatever_their_names(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    logging.getLogger("server.x").info("m", extra={"bytes": 3, "path": object})
    audit("link", who="ann", address="::1", name="Guests", message="hi", time=1)
    plain, audited = lines(caplog)
    assert (plain["bytes"], plain["path"]) == (3, "<class 'object'>")
    assert (audited["event"], audited["who"], audited["name"]) == ("link", "ann", "Guests")
    assert audited["message"].startswith("audit: link who=ann")
    assert (audited["message_"], audited["time_"]) == ("hi", 1)


def test_the_audit_is_written_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    logger = logging.getLogger(AUDIT_LOGGER)
    before = logger.level
    logger.setLevel(logging.NOTSET)  # an earlier test may have served
    assert not logger.isEnabledFor(logging.INFO)
    configure("error", "text")
    assert logger.isEnabledFor(logging.INFO)
    logger.setLevel(before)


def test_a_name_is_logged_once_and_not_many_are() -> None:
    logged = Once()
    assert [logged.is_new("a"), logged.is_new("a"), logged.is_new("b")] == [True, False, True]
    assert sum(logged.is_new(f"{number}") for number in range(1000)) < 200
