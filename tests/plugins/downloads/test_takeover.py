"""Downloads that another program had: with all that they have, and without hashing."""

import math
from typing import Any

import pytest

from tests.carrier import CARRIER
from tests.plugins.downloads.conftest import item_of, service, upload, wait_for_status
from triblerd.errors import InvalidInputError
from triblerd.testing import wait_for
from triblerd_downloads.api import Downloads, DownloadTakeover, Outcome, TakenDownload
from triblerd_downloads.takeover.names import Renaming
from triblerd_libtorrent.api import SessionDiagnostics, TorrentEngine, TorrentStore, TorrentSwarm
from triblerd_libtorrent.testing import TorrentVersion, make_torrent
from triblerd_libtorrent.torrents import Torrents

FILES = {"a": b"a" * 40_000, "b": b"b" * 30_000, "c": b"c" * 10_000}
ALL_OF_5 = b"\xf8"


@pytest.fixture
def film(tmp_path):
    """A torrent of three files and five pieces, complete in ``film``."""
    (tmp_path / "film").mkdir()
    return make_torrent(tmp_path / "film", FILES, name="film", trackers=("http://127.0.0.1:9/own",))


async def taken(daemon, torrent, **fields):
    """Return how a torrent is taken over that lies where it was made."""
    metainfo = await service(daemon, TorrentEngine).parse_metainfo(torrent.metainfo)
    return TakenDownload(**{"source": metainfo, "save_path": str(torrent.folder), "have": ALL_OF_5, **fields})


async def take(daemon, *downloads):
    """Take downloads over, and return what became of them once the engine has looked at them."""
    takeover = service(daemon, DownloadTakeover)
    await takeover.prepare()
    outcomes = await takeover.take(downloads)
    rejected = await takeover.settled([one.infohash for one in outcomes])
    return outcomes, rejected


async def hashed_and_read(daemon):
    """Return how many blocks the engine has hashed, and read."""
    counters = await service(daemon, SessionDiagnostics).session_counters(0)
    return counters["disk.num_blocks_hashed"], counters["disk.num_blocks_read"]


def handle_of(daemon, torrent):
    """Return the engine's own handle."""
    torrents: Torrents = service(daemon, TorrentEngine).torrents
    return torrents.get(torrent.infohash).handle


async def test_what_is_complete_is_seeded_at_once(start_downloads, film, seeder, tmp_path):
    async with start_downloads() as daemon:
        [outcome], rejected = await take(daemon, await taken(daemon, film, total_uploaded=5, seeding_time_spent=100))

        item = await wait_for_status(daemon, film.infohash, "SEEDING")
        looked_at = await hashed_and_read(daemon)
        (tmp_path / "leech").mkdir()
        [port] = service(daemon, SessionDiagnostics).listening_ports()
        seeder.leech(film, tmp_path / "leech", "127.0.0.1", port)
        await wait_for(lambda: seeder.progress(film) == 1.0, what="the peer to have all of it")

    assert (outcome.outcome, rejected, looked_at) == (Outcome.TAKEN, {}, (0, 0))
    assert (item["ratio"], item["destination"]) == (5 / 80_000, str(film.folder))


async def test_a_torrent_of_many_files_is_seeded_at_once_too(start_downloads, tmp_path):
    files = {f"{number:04}": b"x" * 10 for number in range(2100)}  # which another process reads
    torrent = make_torrent(tmp_path, files, name="many")
    async with start_downloads() as daemon:
        _, rejected = await take(daemon, await taken(daemon, torrent, have=b"\xc0", priorities=(7,) + (4,) * 2099))
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        looked_at = await hashed_and_read(daemon)
        first = handle_of(daemon, torrent).get_file_priorities()[:2]

    assert (rejected, looked_at, first) == ({}, (0, 0), [7, 4])


async def test_what_is_wrong_with_the_files_is_told_and_they_are_checked(start_downloads, film):
    (film.folder / "film/b").unlink()
    async with start_downloads() as daemon:
        [outcome], rejected = await take(daemon, await taken(daemon, film))
        item = await wait_for_status(daemon, film.infohash, "DOWNLOADING")

    assert outcome.outcome is Outcome.TAKEN
    assert list(rejected) == [film.infohash]
    assert item["progress"] < 1


async def test_priorities_survive_a_change_of_the_selection_and_a_restart(start_downloads, film):
    async with start_downloads() as daemon:
        await take(daemon, await taken(daemon, film, priorities=(1, 0, 7)))
        before = handle_of(daemon, film).get_file_priorities()
        await daemon.patch(f"/downloads/{film.infohash}", json={"selected_files": [0, 1, 2]})
        await wait_for(lambda: handle_of(daemon, film).get_file_priorities() == [1, 4, 7])

    async with start_downloads() as daemon:
        await wait_for(lambda: service(daemon, TorrentEngine).has(film.infohash))
        after = handle_of(daemon, film).get_file_priorities()

    assert (before, after) == ([1, 0, 7], [1, 4, 7])


async def test_tiers_of_trackers_and_what_the_engine_keeps_survive_a_restart(start_downloads, film):
    tiers = (("http://127.0.0.1:9/a", "http://127.0.0.1:9/b"), ("http://127.0.0.1:9/c",))
    async with start_downloads() as daemon:
        wish = await taken(
            daemon, film, trackers=tiers, max_uploads=3, sequential=True, download_limit=1000, active_time=50
        )
        await take(daemon, wish)
        await upload(daemon, film)  # which merges what its torrent file names

    async with start_downloads() as daemon:
        await wait_for(lambda: service(daemon, TorrentEngine).status(film.infohash))
        shown = {(one.url[-1], one.tier) for one in service(daemon, TorrentSwarm).trackers(film.infohash)}
        handle = handle_of(daemon, film)
        held = (handle.max_uploads(), bool(handle.flags() & 1 << 9), handle.download_limit())
        active = service(daemon, TorrentEngine).status(film.infohash).active_duration

    assert {("a", 0), ("b", 0), ("c", 1)} <= shown
    assert held == (3, True, 1000)
    assert active >= 50


async def test_a_tracker_that_the_program_did_not_have_any_more_stays_away(start_downloads, film):
    async with start_downloads() as daemon:
        await take(daemon, await taken(daemon, film, trackers=(("http://127.0.0.1:9/other",),)))
        shown = [one.url for one in service(daemon, TorrentSwarm).trackers(film.infohash)]

    assert shown == ["http://127.0.0.1:9/other"]


async def test_labels_and_limits_are_taken_over(start_downloads, film):
    async with start_downloads() as daemon:
        name = await service(daemon, DownloadTakeover).make_category("tv/series", "")
        wish = await taken(daemon, film, category=name, tags=("red", "blue"), seeding_ratio=1.5, upload_limit=7)
        await take(daemon, wish)
        record = service(daemon, Downloads).get(film.infohash).record

    assert name == "tv - series"
    assert (record.category, record.tags, record.seeding_ratio, record.upload_limit) == (
        "tv - series",
        ("red", "blue"),
        1.5,
        7,
    )


async def test_no_limit_outweighs_the_limit_for_all(start_downloads, film):
    settings = {"download_defaults": {"seeding_mode": "never"}, "downloads": {"limits_interval": 0.1}}
    other = make_torrent(film.folder, b"x" * 80_000, name="other")
    async with start_downloads(**settings) as daemon:
        unlimited = await taken(daemon, film, seeding_ratio=math.inf)
        limited = await taken(daemon, other)
        await take(daemon, unlimited, limited)
        await wait_for_status(daemon, other.infohash, "STOPPED")
        item = await wait_for_status(daemon, film.infohash, "SEEDING")

    assert item["infohash"] == film.infohash


async def test_what_is_there_already_stays_as_it_is(start_downloads, film, tmp_path):
    async with start_downloads() as daemon:
        await upload(daemon, film, destination=str(tmp_path / "mine"))
        [outcome], _ = await take(daemon, await taken(daemon, film, stopped=True))
        item = await item_of(daemon, film.infohash)

    assert outcome.outcome is Outcome.PRESENT
    assert item["destination"] == str(tmp_path / "mine")


async def test_a_hybrid_torrent_is_recognised_by_its_other_hash(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path, FILES, name="both", version=TorrentVersion.HYBRID)
    async with start_downloads() as daemon:
        engine = service(daemon, TorrentEngine)
        metainfo = await engine.parse_metainfo(torrent.metainfo)
        await upload(daemon, torrent)
        magnet = engine.parse_magnet(f"magnet:?xt=urn:btmh:1220{metainfo.infohash_v2}")
        [outcome], _ = await take(daemon, TakenDownload(source=magnet, save_path=str(tmp_path)))

        assert (outcome.outcome, outcome.infohash) == (Outcome.PRESENT, torrent.infohash)


async def test_of_two_that_are_the_same_torrent_the_first_is_taken(start_downloads, film):
    async with start_downloads() as daemon:
        wish = await taken(daemon, film)
        outcomes, _ = await take(daemon, wish, await taken(daemon, film, stopped=True))

        assert [one.outcome for one in outcomes] == [Outcome.TAKEN, Outcome.PRESENT]
        await wait_for_status(daemon, film.infohash, "SEEDING")


async def test_a_file_cannot_leave_the_destination(start_downloads, film):
    paths = ["../out", "/etc/passwd", "a/../../out", "", "a//b", "a\0b", "x" * 256]
    async with start_downloads() as daemon:
        outcomes, _ = await take(daemon, *[await taken(daemon, film, renamed_files={1: path}) for path in paths])

        assert {one.outcome for one in outcomes} == {Outcome.REFUSED}
        assert all(one.reason.startswith("a file is renamed to ") for one in outcomes)
        assert await item_of(daemon, film.infohash) is None


async def test_nothing_is_written_through_a_link_to_somewhere_else(start_downloads, film, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (film.folder / "way").symlink_to(tmp_path / "elsewhere")
    async with start_downloads() as daemon:
        [outcome], _ = await take(daemon, await taken(daemon, film, renamed_files={1: "way/b"}))

    assert outcome.outcome is Outcome.REFUSED
    assert "leads out of the destination" in outcome.reason


async def test_what_cannot_be_taken_is_refused_alone(start_downloads, film):
    other = make_torrent(film.folder, b"x" * 80_000, name="other")
    wrong: dict[str, dict[str, Any]] = {
        "the pieces are not those of the torrent": {"have": b""},
        "the priorities are not those of the torrent's files": {"priorities": (4,)},
        "9 hops are more than there can be": {"hops": 9},
        "save_path must be an absolute path, not 'relative'": {"save_path": "relative"},
        "The hash trees cannot be read": {"trees": b"l1:x"},
    }
    async with start_downloads() as daemon:
        for reason, fields in wrong.items():
            [outcome], _ = await take(daemon, await taken(daemon, film, **fields))

            assert (outcome.outcome, outcome.reason[: len(reason)]) == (Outcome.REFUSED, reason)
        [outcome], _ = await take(daemon, await taken(daemon, other))

        assert outcome.outcome is Outcome.TAKEN


async def test_nothing_is_taken_when_what_belongs_to_it_cannot_be_written(start_downloads, film):
    def fail(_transaction, _outcomes):
        raise InvalidInputError

    async with start_downloads() as daemon:
        takeover = service(daemon, DownloadTakeover)
        with pytest.raises(InvalidInputError):
            await takeover.take([await taken(daemon, film)], fail)

        assert await item_of(daemon, film.infohash) is None
        assert service(daemon, TorrentStore).resume_data(film.infohash) is None


async def test_what_is_to_be_anonymous_never_meets_the_plain_session(start_downloads, film):
    async with start_downloads() as daemon:
        await take(daemon, await taken(daemon, film, hops=2))
        item = await item_of(daemon, film.infohash)

        assert (item["hops"], item["status"], item["error"]) == (2, "STOPPED", "")
        assert not service(daemon, TorrentEngine).has(film.infohash)


async def test_what_is_to_be_anonymous_begins_when_there_are_tunnels(start_downloads, start_daemon, film):
    async with start_downloads() as daemon:
        await take(daemon, await taken(daemon, film, hops=2))

    async with start_daemon("downloads", "carrier", extra_plugins=[CARRIER]) as daemon:
        await wait_for_status(daemon, film.infohash, "SEEDING")
        assert await hashed_and_read(daemon) == (0, 0)
        assert list(service(daemon, TorrentEngine).torrents_of(2)) == [film.infohash]


async def test_files_get_the_names_that_their_torrent_has_for_them(start_downloads, film):
    (film.folder / "film/b").rename(film.folder / "film/b.!qB")
    async with start_downloads() as daemon:
        wish = await taken(daemon, film, renamed_files={1: "film/b.!qB"}, given_back=(1,))
        [outcome], rejected = await take(daemon, wish)

        assert (outcome.reason, rejected, await hashed_and_read(daemon)) == ("", {}, (0, 0))
        await wait_for_status(daemon, film.infohash, "SEEDING")
    assert (film.folder / "film/b").read_bytes() == FILES["b"]


async def test_a_file_whose_name_is_in_use_keeps_the_one_that_it_has(start_downloads, film):
    (film.folder / "film/b").rename(film.folder / "film/b.!qB")
    (film.folder / "film/b").write_text("of somebody else")
    async with start_downloads() as daemon:
        wish = await taken(daemon, film, renamed_files={1: "film/b.!qB"}, given_back=(1,))
        [outcome], rejected = await take(daemon, wish)

        assert outcome.reason.endswith("film/b: there is a file of that name already")
        assert (rejected, await hashed_and_read(daemon)) == ({}, (0, 0))
    assert (film.folder / "film/b").read_text() == "of somebody else"


async def test_what_has_another_name_is_removed_by_that_name(start_downloads, film):
    (film.folder / "film/b").rename(film.folder / "film/b.mine")
    (film.folder / "film/b").write_text("of somebody else")
    async with start_downloads() as daemon:
        await take(daemon, await taken(daemon, film, renamed_files={1: "film/b.mine"}))
        await daemon.delete(f"/downloads/{film.infohash}", json={"remove_data": True})

    assert [path.name for path in (film.folder / "film").iterdir()] == ["b"]
    assert (film.folder / "film/b").read_text() == "of somebody else"


async def test_what_has_another_name_is_moved_by_that_name_after_a_kill(start_downloads, film, tmp_path):
    (film.folder / "film/b").rename(film.folder / "film/b.mine")
    (tmp_path / "target").mkdir()
    async with start_downloads() as daemon:
        await take(daemon, await taken(daemon, film, renamed_files={1: "film/b.mine"}))
        records = service(daemon, Downloads)._records
        await records.change(film.infohash, moving_to=str(tmp_path / "target"))

    async with start_downloads() as daemon:
        await wait_for_status(daemon, film.infohash, "SEEDING")
        item = await item_of(daemon, film.infohash)

    assert item["destination"] == str(tmp_path / "target")
    assert (tmp_path / "target/film/b.mine").read_bytes() == FILES["b"]


@pytest.mark.parametrize("was_renamed", [False, True])
async def test_names_are_given_back_after_a_kill_in_between(start_downloads, film, was_renamed):
    (film.folder / "film/b").rename(film.folder / "film/b.!qB")
    async with start_downloads() as daemon:
        takeover, torrents = service(daemon, DownloadTakeover), service(daemon, TorrentStore)
        await take(daemon, await taken(daemon, film, renamed_files={1: "film/b.!qB"}))
        known = (await taken(daemon, film)).source
        final = torrents.resume_data(film.infohash).replace(b"12:mapped_filesl0:10:film/b.!qBe", b"")
        assert final != torrents.resume_data(film.infohash)
        renaming = Renaming(str(film.folder), (("film/b.!qB", known.files[1].path),), final)
        # As a kill leaves it that comes right after the transaction, or after the file was renamed.
        await takeover._store.write(lambda transaction: takeover._names.plan(transaction, film.infohash, renaming))
    if was_renamed:
        (film.folder / "film/b.!qB").rename(film.folder / "film/b")

    async with start_downloads() as daemon:
        await wait_for_status(daemon, film.infohash, "SEEDING")
        looked_at = await hashed_and_read(daemon)

    assert looked_at == (0, 0)
    assert (film.folder / "film/b").read_bytes() == FILES["b"]
