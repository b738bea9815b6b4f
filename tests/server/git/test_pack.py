"""Packs and their indexes: the same bytes as Git's, and no flipped bit goes unnoticed."""

from pathlib import Path

import pytest

from server.git.objects import Kind, as_delta, new_object, splice_between
from server.git.pack import DamagedError, Pack, indexed_ids, pack, verified_ids
from tests.git import git


def _packed(count: int) -> Pack:
    texts = [b"word " * 100 + b"%d" % number for number in range(count)]
    objects = [new_object(Kind.BLOB, text) for text in texts]
    for at in range(1, count, 2):
        splice = splice_between(texts[at - 1], texts[at])
        delta = as_delta(objects[at], objects[at - 1].id, len(texts[at - 1]), [splice])
        assert delta is not None
        objects[at] = delta
    return pack(objects)


@pytest.mark.parametrize("count", [1, 2, 600])
def test_an_index_has_the_bytes_that_git_gives_it(tmp_path: Path, count: int) -> None:
    packed = _packed(count)
    (tmp_path / f"{packed.name}.pack").write_bytes(packed.content)
    git("index-pack", "--index-version=2", f"{packed.name}.pack", cwd=tmp_path)
    index = (tmp_path / f"{packed.name}.idx").read_bytes()
    assert packed.index() == index
    assert set(verified_ids(packed.content, index)) == set(indexed_ids(index)) == set(packed.places)
    git("verify-pack", f"{packed.name}.pack", cwd=tmp_path)


def test_no_flipped_bit_and_no_missing_byte_goes_unnoticed() -> None:
    packed = _packed(5)
    whole = packed.content, packed.index()
    for which in (0, 1):
        for at in range(0, len(whole[which]), 3):
            files = [bytearray(file) for file in whole]
            files[which][at] ^= 1 << at % 8
            with pytest.raises(DamagedError):
                verified_ids(bytes(files[0]), bytes(files[1]))
        for length in (0, 8, len(whole[which]) // 2, len(whole[which]) - 1):
            files = [bytearray(file) for file in whole]
            del files[which][length:]
            with pytest.raises(DamagedError):
                verified_ids(bytes(files[0]), bytes(files[1]))


def test_a_wrong_check_sum_of_an_object_is_noticed() -> None:
    """The sums of the files fit: what was damaged is older than they are."""
    packed = _packed(5)
    [first, *_] = packed.places
    offset, crc = packed.places[first]
    packed.places[first] = offset, crc ^ 1
    with pytest.raises(DamagedError, match="check sum of an object"):
        verified_ids(packed.content, packed.index())


def test_an_index_of_another_pack_is_noticed() -> None:
    with pytest.raises(DamagedError):
        verified_ids(_packed(5).content, _packed(6).index())
