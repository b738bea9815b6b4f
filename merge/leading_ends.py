r"""Lines with the line end before each instead of behind it, as the word merge reads them.

    "a\nb\n"    ->    "\na\nb"

Each word then carries everything that separates it from the word before it, every inserted or
deleted line has exactly one line end, and what remains of the lines are whole lines again.
"""

from collections.abc import Sequence

from merge.regions import Region, Texts, region


def common_end(texts: Texts) -> str:
    """Return CRLF if one of the texts ends with it, else LF."""
    return "\r\n" if any(text.endswith("\r\n") for text in texts) else "\n"


def to_leading(text: str, end: str) -> str:
    """Move the line end of each line in front of it; a last line without one gets one."""
    return end + text.removesuffix(end) if text else ""


def from_leading(texts: Texts, regions: Sequence[Region], end: str) -> list[Region]:
    """Convert regions of the texts with leading line ends into regions of the texts.

    Args:
        texts: the base, ours and theirs, with trailing line ends.
        regions: the regions of the same texts with leading line ends.
        end: the line end that was moved.
    """
    if not all(texts):
        return [_as_one(regions, texts, end)]
    b, o, t = (end if text.endswith(end) else "" for text in texts)
    is_deleted = all(each.merged == "" for each in regions)
    last = Region(b, o, t, "") if is_deleted else region(b, o, t)
    return [*_without_first_end(regions, len(end)), last]


def _as_one(regions: Sequence[Region], texts: Texts, end: str) -> Region:
    """Join all regions; the last line has an end if it has one in a text that is not empty."""
    if any(each.merged is None for each in regions):
        return region(*texts)
    merged = "".join(each.merged or "" for each in regions)
    last = end if merged and any(text.endswith(end) for text in texts) else ""
    return Region(*texts, merged[len(end) :] + last)


def _without_first_end(regions: Sequence[Region], size: int) -> list[Region]:
    """Remove the line end that each of the three texts begins with.

    It may be in several regions: an insertion at the start has one, and so has what follows it.
    Then it moves behind each of them.
    """
    count = next(n for n in range(1, len(regions) + 1) if all(_joined(regions[:n])))
    front, rest = regions[:count], regions[count:]
    end = _joined(front)[0][:size]
    if not all(front[-1]) or not all(
        text.startswith(end) for each in front for text in each if text
    ):
        front = [_united(front)]
    moved = [_with_end_behind(each, size, end) for each in front[:-1]]
    return [*moved, _with_end_behind(front[-1], size, ""), *rest]


def _with_end_behind(leading: Region, size: int, end: str) -> Region:
    """Remove the first `size` characters of each text, and append `end` to it."""
    b, o, t, merged = (text and text[size:] + end for text in leading)
    return Region(b or "", o or "", t or "", merged)


def _joined(regions: Sequence[Region]) -> Texts:
    b, o, t = ("".join(texts) for texts in zip(*(each[:3] for each in regions), strict=True))
    return b, o, t


def _united(regions: Sequence[Region]) -> Region:
    """Join regions to one; it is in conflict if one of them is."""
    if any(each.merged is None for each in regions):
        return region(*_joined(regions))
    return Region(*_joined(regions), "".join(each.merged or "" for each in regions))
