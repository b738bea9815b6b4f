"""The frames that the websocket writes itself, beside RFC 6455, section 5.2."""

import pytest

from server.http.websocket import text_frame


@pytest.mark.parametrize(
    ("size", "head"),
    [(0, "81 00"), (125, "81 7d"), (126, "81 7e 00 7e"), (2**16 - 1, "81 7e ff ff")],
)
def test_a_text_frame_has_its_size_and_no_mask(size: int, head: str) -> None:
    payload = bytes(range(97, 123)) * 3000
    assert text_frame(payload[:size]) == bytes.fromhex(head) + payload[:size]
