"""Random texts of given pieces, and random edits of them."""

from collections.abc import Sequence

from hypothesis import strategies as st


def pieces(kinds: Sequence[str], *, least: int = 0, most: int) -> st.SearchStrategy[list[str]]:
    """Return lists of `kinds`, drawn as one text: far quicker than as a list of choices."""
    by_letter = {chr(ord("a") + index): kind for index, kind in enumerate(kinds)}
    texts = st.text("".join(by_letter), min_size=least, max_size=most)
    return texts.map(lambda text: [by_letter[letter] for letter in text])


@st.composite
def triples(
    draw: st.DrawFn, alphabets: Sequence[Sequence[str]], deleted: Sequence[int]
) -> tuple[str, str, str]:
    """Return a text and two edits of it, which therefore have much in common.

    Args:
        draw: passed by hypothesis.
        alphabets: the pieces of a text are from one of these.
        deleted: the numbers of pieces that one change may replace.
    """
    texts = [(pieces(kinds, most=12), pieces(kinds, most=2)) for kinds in alphabets]
    whole, insertions = draw(st.sampled_from(texts))
    base = draw(whole)

    def edited() -> str:
        text = list(base)
        for _ in range(draw(st.integers(1, 3))):
            start = draw(st.integers(0, len(text)))
            end = min(len(text), start + draw(st.sampled_from(deleted)))
            text[start:end] = draw(insertions)
        return "".join(text)

    return "".join(base), edited(), edited()
