"""The audit: a line for each event, which nobody can forge."""

import logging

import pytest

from server.support.audit import FIELDS, audit, quoted


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("ann", "ann"),
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("ann@example.org", "ann@example.org"),
        ("", '""'),
        ("Ann B", '"Ann B"'),
        ("Zoë", '"Zoë"'),
        ("x who=admin", '"x who=admin"'),
        ('x" who="admin', r'"x\" who=\"admin"'),
        ("x\\", r'"x\\"'),
        ("x\n2026-01-01 INFO y", r'"x\n2026-01-01 INFO y"'),
        ("x\r\0\x1b[2J\x7f\x85", r'"x\r\u0000\u001b[2J\u007f\u0085"'),
        ("x\u2028\u202ey\U000e0001", r'"x\u2028\u202ey\udb40\udc01"'),
        ("x\udc80", r'"x\udc80"'),
    ],
)
def test_a_value_can_neither_begin_a_line_nor_look_like_a_field(value: str, shown: str) -> None:
    assert quoted(value) == shown
    assert quoted(value).isprintable()


def test_an_event_is_one_line_and_its_fields(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    audit("link", who="ann\n", address="10.0.0.1", document="notes", name="Guests", uses=3)
    audit("sign-in", who="bo", address="::1")
    first, second = caplog.records
    assert (first.name, first.levelno) == ("gollabedit.audit", logging.INFO)
    assert first.getMessage() == (
        r'audit: link who="ann\n" address=10.0.0.1 document=notes name=Guests uses=3'
    )
    assert getattr(first, FIELDS) == {
        "event": "link",
        "who": "ann\n",
        "address": "10.0.0.1",
        "document": "notes",
        "name": "Guests",
        "uses": 3,
    }
    assert second.getMessage() == "audit: sign-in who=bo address=::1"
