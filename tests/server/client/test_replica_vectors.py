"""The replica runs the scenes it shares with the browser (tests/web/replica.vectors.test.js).

Each step is an event or a command, and what it must send. The owner of the replica never waits: it
catches up and flushes after each step.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from server.client.replica import Replica, resolution_of
from server.protocol import decode_server_message, encode

_VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "replica.json").read_text())


def run(replica: Replica, step: dict[str, Any]) -> None:
    match step:
        case {"opened": name}:
            replica.opened(name)
            return
        case {"closed": _}:
            replica.closed()
            return
        case {"retry": _}:
            replica.retry()
        case {"edited": text}:
            replica.edited(text)
        case {"resolve": results}:
            assert replica.conflict
            replica.resolve(replica.conflict, resolution_of(replica.conflict, results))
        case {"park": _}:
            replica.park()
        case {"received": message}:
            defaults = _VECTORS["welcome"] if message["type"] == "welcome" else {}
            decoded = decode_server_message(json.dumps(defaults | message))
            assert decoded
            replica.received(decoded)
    if replica.can_catch_up:
        replica.catch_up()
    replica.flush()


@pytest.mark.parametrize("scene", _VECTORS["scenes"], ids=lambda scene: scene["name"])
def test_the_replica_agrees_with_the_vectors(scene: dict[str, Any]) -> None:
    replica = Replica()
    for step in [*_VECTORS["joined"], *scene["steps"]]:
        run(replica, step)
        found = {
            "send": [json.loads(encode(message)) for message in replica.take_messages()],
            "local": replica.local,
            "known": replica.known.commit,
            "conflict": replica.conflict is not None,
            "refused": replica.refused is not None,
        }
        expected = {"send": []} | step
        assert found | expected == expected | found, step  # a step names only what it checks
