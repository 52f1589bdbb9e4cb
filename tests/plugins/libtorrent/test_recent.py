import pytest

from triblerd_libtorrent.api import Infohash, Metainfo, TorrentFile
from triblerd_libtorrent.recent import RecentMetainfo


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def metainfo(size=100, files=1):
    return Metainfo(
        raw=b"x" * size,
        infohash=Infohash("a" * 40),
        infohash_v1="a" * 40,
        infohash_v2="",
        name="x",
        size=1,
        piece_length=1,
        total_pieces=1,
        files=tuple(TorrentFile(index=index, path="x", size=1) for index in range(files)),
        is_multi_file=False,
        is_private=False,
    )


async def test_a_result_is_kept_for_five_minutes(clock):
    recent = RecentMetainfo(clock=clock)
    recent.put("a", found := metainfo())

    clock.now += 299
    assert recent.get("a") is found
    clock.now += 2
    assert recent.get("a") is None
    await recent.drop_old()
    assert recent.get("a") is None
    assert recent.get("b") is None


def test_the_oldest_result_goes_when_there_are_too_many(clock):
    recent = RecentMetainfo(most=2, clock=clock)
    for name in "abac":
        recent.put(name, metainfo())

    assert [name for name in "abc" if recent.get(name)] == ["a", "c"]


def test_large_results_make_room_and_a_huge_one_is_not_kept(clock):
    recent = RecentMetainfo(most_bytes=10_000, clock=clock)
    recent.put("a", metainfo(4000))
    recent.put("b", metainfo(4000))
    recent.put("c", metainfo(4000))
    recent.put("d", metainfo(10_001))
    recent.put("e", metainfo(files=100))

    assert [name for name in "abcde" if recent.get(name)] == ["b", "c"]
    assert recent.get("c") == metainfo(4000)
