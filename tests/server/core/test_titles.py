import json
from pathlib import Path

import pytest

from server.core.titles import UNTITLED, title_of

_VECTORS = Path(__file__).parents[2] / "vectors" / "titles.json"


@pytest.mark.parametrize(("text", "title"), json.loads(_VECTORS.read_text()))
def test_the_title_is_the_first_line_with_a_word(text: str, title: str) -> None:
    assert title_of(text) == (title or UNTITLED)
