"""Pushes from several clones while people type: nobody's words are lost, every push is answered.

More of it: `python -m tests.soak.push`.
"""

from pathlib import Path

import pytest

from tests.server.sockets.harness import Served
from tests.server.sockets.pushing import assert_nothing_lost, push_and_type


@pytest.mark.long
async def test_pushes_and_typing_together_lose_nothing(server: Served, tmp_path: Path) -> None:
    outcome = await push_and_type(server, tmp_path, clones=3, pushes=6, writers=4)
    assert len(outcome.accepted) + len(outcome.rejected) == 3 * 6
    assert len(outcome.accepted) >= 3 * 3, "what is pushed to refs/for/master is merged"
    await assert_nothing_lost(server, outcome)
