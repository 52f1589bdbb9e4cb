from itertools import islice

from triblerd_metadata.testing import iter_torrents, make_torrents, vocabulary


def test_the_same_torrents_come_each_time_however_many_are_wanted():
    assert make_torrents(100) == list(islice(iter_torrents(), 12_000))[:100]
    assert make_torrents(1, seed=1) != make_torrents(1)


def test_the_torrents_are_like_those_of_the_wild():
    torrents = make_torrents(20_000)
    titles = [torrent.title for torrent in torrents]

    assert len({torrent.infohash for torrent in torrents}) == 20_000
    assert 0.27 < share(titles, "1080p") < 0.37
    assert 0.05 < share([title.lower().replace(".", " ") for title in titles], f"{vocabulary()[0]} ") < 0.2
    assert 0.10 < sum(not title.isascii() for title in titles) / 20_000 < 0.14
    assert max(torrent.seeders for torrent in torrents) > 100 * sum(torrent.seeders for torrent in torrents) / 20_000


def share(titles, text):
    return sum(text in title for title in titles) / len(titles)
