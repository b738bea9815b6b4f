"""The audit: one line in the log for each event that somebody may have to answer for.

    audit: sign-in who=ann address=10.0.0.1 document=notes link="Guest of Bo"

It goes to the logger `gollabedit.audit` at level info; in a log of JSON the fields are fields.
"""

import json
import logging
import re

AUDIT_LOGGER = "gollabedit.audit"
FIELDS = "audit_fields"  # the attribute of a log record that has the fields

_log = logging.getLogger(AUDIT_LOGGER)
_PLAIN = re.compile(r"[A-Za-z0-9_.:/@+-]+")


def audit(
    event: str, *, who: str, address: str, document: str | None = None, **details: object
) -> None:
    """Write a line about an event.

    Args:
        event: what happened, as one or a few words with hyphens: `sign-in`.
        who: the person, as they are known.
        address: the address that the request came from.
        document: the document that it is about, if any.
        details: further fields.
    """
    about = {} if document is None else {"document": document}
    fields = {"who": who, "address": address, **about, **details}
    text = " ".join(f"{name}={quoted(str(value))}" for name, value in fields.items())
    _log.info("audit: %s %s", event, text, extra={FIELDS: {"event": event, **fields}})


def quoted(value: str) -> str:
    """Return a value for a line of a log: in quotes, and escaped, unless it is a plain word.

    A value from outside can neither begin a line, nor look like another field, nor change how a
    terminal shows the line.
    """
    if _PLAIN.fullmatch(value):
        return value
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
