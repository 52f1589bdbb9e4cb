"""Bitmaps that are kept in memory, and never outlive what they were made of."""

from pyroaring import FrozenBitMap

from triblerd_metadata.api import NewEntry
from triblerd_search.kept_bitmaps import KeptBitmaps


def torrent(number, title):
    return NewEntry(title=title, infohash=bytes([number]) * 20)


async def test_what_was_looked_for_before_is_found_with_what_came_meanwhile(indexed):
    await indexed.metadata.add([torrent(1, "Big Buck Bunny"), torrent(2, "Big Fish")])
    assert (indexed.find("big"), indexed.find("big buck")) == ({1, 2}, {1})

    await indexed.metadata.add([torrent(3, "Big Bucks Buck")])

    assert (indexed.find("big"), indexed.find("big buck")) == ({1, 2, 3}, {1, 3})


async def test_a_search_that_began_before_a_change_is_told_what_was_there_then(indexed):
    await indexed.metadata.add([torrent(1, "Big Buck Bunny")])
    with indexed.postings.reading() as before:
        await indexed.metadata.add([torrent(2, "Big Fish")])
        assert indexed.find("big") == {1, 2}

        assert set(before.rows(0, "big")) == {1}
    assert indexed.find("big") == {1, 2}


async def test_what_is_kept_is_made_anew_when_the_numbers_of_changes_are_lost(indexed):
    await indexed.metadata.add([torrent(1, "Big Buck Bunny")])
    assert indexed.find("big") == {1}

    await indexed.posts.delete(b"v")
    await indexed.metadata.add([torrent(2, "Big Fish")])

    assert indexed.find("big") == {1, 2}


def test_of_too_many_the_ones_go_that_were_used_longest_ago():
    kept = KeptBitmaps(most_bytes=1000)
    first, second, third, fourth = ((0, (name,)) for name in "abcd")
    for place in (first, second, third):
        kept.put(place, 1, FrozenBitMap([1]))

    assert kept.get(first, 1) is not None
    kept.put(fourth, 1, FrozenBitMap([1]))

    assert [kept.get(place, 1) is not None for place in (first, second, third, fourth)] == [True, False, True, True]


def test_what_was_changed_takes_the_room_of_what_it_was():
    kept = KeptBitmaps(most_bytes=1000)
    first, second = (0, ("a",)), (None, ("a",))
    kept.put(first, 1, FrozenBitMap([1]))
    for version in range(100):
        kept.put(second, (1, bytes([version])), FrozenBitMap([version]))

    assert kept.get(first, 1) is not None
    assert kept.get(second, (1, bytes([98]))) is None
    assert kept.get(second, (1, bytes([99]))) == FrozenBitMap([99])
