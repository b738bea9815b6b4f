"""What the model of a client must not do itself: put together what touches the same words."""

import json
from random import Random
from typing import Any

import pytest

from merge.diff_splices import diff_splices
from server.protocol import check_of
from tests.simulation.client import Client, Words


def told(text: str, typed: str, target: str) -> Client:
    """A client that was shown a text, typed, and then hears what the text has become."""
    client = Client("bo", Random(1), Words(), splices=True)
    welcome = {"client": "c", "key": "k", "seq": 0, "conflict": None, "unmerged": 0}
    begun = {"revision": "one", "text": text, "check": check_of(text)}
    _hear(client, {"type": "welcome"} | begun | welcome)
    client.editor = typed
    news = {"type": "update", "from": "one", "revision": "two", "check": check_of(target)}
    _hear(client, news | {"splices": diff_splices(text, target)})
    return client


def _hear(client: Client, message: dict[str, Any]) -> None:
    client.receive(json.dumps(message).encode())


def test_changes_of_different_words_are_put_together() -> None:
    client = told("one two three", "1 two three", "one two 3")
    assert client.editor == "1 two 3"
    assert client.urgent() is None


@pytest.mark.parametrize(
    ("text", "typed", "target"),
    [
        # Letters in common by chance: put together they were "ann008 bo00112".
        ("bo0001 ", "bo0008 bo0011 ", "olive0010\nann0007 ann0012 "),
        ("bo0012 x", "bo0013 x", "bo0022 x"),
        ("w1", "w1 w3", "w12"),
        ("", "w0012", "w0013"),
    ],
)
def test_changes_of_one_word_are_left_to_the_server(text: str, typed: str, target: str) -> None:
    client = told(text, typed, target)
    assert client.editor == typed
    frame = client.urgent()
    assert frame is not None
    edit = json.loads(frame)
    assert (edit["type"], edit["base"]) == ("edit", "one")


def test_every_word_of_the_result_is_a_word_of_one_of_the_two() -> None:
    dice = Random(1)
    for _ in range(2_000):
        text = _written(dice, _written(dice, ""))
        typed, target = _written(dice, text), _written(dice, text)
        result = told(text, typed, target).editor
        assert set(result.split()) <= {*typed.split(), *target.split()}, (text, typed, target)


def _written(dice: Random, text: str) -> str:
    """Some words put in, put in the place of others, or taken out."""
    words = text.split()
    for _ in range(dice.randint(1, 3)):
        start = dice.randint(0, len(words))
        word = f"{dice.choice(['ann', 'bo'])}00{dice.randint(0, 1)}{dice.randint(0, 2)}"
        words[start : start + dice.choice([0, 0, 1, 2])] = dice.choice([[word], [word], []])
    return " ".join(words) + dice.choice(["", " ", "\n"])
