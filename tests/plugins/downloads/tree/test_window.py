"""``GET /downloads/{infohash}/files?view_start_path=``."""

import pytest

from tests.plugins.downloads.conftest import connect, service, upload
from tests.plugins.downloads.tree.conftest import ALBUM, Tree, tree_of
from triblerd.testing import wait_for
from triblerd_downloads.api import Downloads
from triblerd_downloads.tree.table import FileTable
from triblerd_downloads.tree.trees import MANY_FILES
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.testing import TorrentVersion, make_torrent

LOADING = {"index": -3, "name": "loading...", "size": 0, "included": 0, "progress": 0.0}
OPEN_ALBUM = [
    (-2, "Album"),
    (-2, "Album/art"),
    (-2, "Album/art/back"),
    (0, "Album/art/back/page.png"),
    (1, "Album/art/cover.png"),
    (3, "Album/track9.flac"),
    (2, "Album/track10.flac"),
    (4, "Album/zero.nfo"),
]
MAGNET = "magnet:?xt=urn:btih:" + "ab" * 20


async def test_the_first_call_says_that_the_tree_is_loading(start_downloads, album):
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, album)

        response = await daemon.request("GET", f"/downloads/{album.infohash}/files?view_start_path=")

        assert response.body == (
            b'{"infohash":"%b","query":"","files":[{"index":-3,"name":"loading...","size":0,"included":0,"progress":0.0}]}'
            % album.infohash.encode()
        )
        assert await tree.shown("") == [(-1, "Album")]


async def test_every_row_has_its_documented_values(start_downloads, album):
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, album)
        await tree.expand_all("Album")

        answer = await tree.answer(".")

    assert answer == {
        "infohash": album.infohash,
        "query": ".",
        "files": [
            {"index": -2, "name": "Album", "size": 50_000, "included": False, "progress": 1.0},
            {"index": -1, "name": "Album/art", "size": 10_000, "included": False, "progress": 1.0},
            {"index": 3, "name": "Album/track9.flac", "size": 20_000, "included": True, "progress": 0.0},
            {"index": 2, "name": "Album/track10.flac", "size": 20_000, "included": True, "progress": 0.0},
            {"index": 4, "name": "Album/zero.nfo", "size": 0, "included": True, "progress": 1.0},
        ],
    }


async def test_the_infohash_and_the_path_come_back_as_they_were_sent(start_downloads, album):
    async with start_downloads() as daemon:
        await tree_of(daemon, album)
        tree = Tree(daemon, album.infohash.upper())
        await tree.rows()

        answer = await tree.answer("Album/./nothing+&=%2541 \u00e9/")

    assert answer == {"infohash": album.infohash.upper(), "query": "Album/./nothing+&=%2541 \u00e9/", "files": []}


@pytest.mark.parametrize("start", range(len(OPEN_ALBUM)))
async def test_a_window_starts_after_any_row(start_downloads, album, start):
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, album)
        await tree.expand_all("Album/art/back")

        rest = await tree.shown(OPEN_ALBUM[start][1])
        two = await tree.shown(OPEN_ALBUM[start][1], view_size=2)
        with_slash = await tree.shown(f"./{OPEN_ALBUM[start][1]}/")

    assert rest == with_slash == OPEN_ALBUM[start + 1 :]
    assert two == OPEN_ALBUM[start + 1 : start + 3]


async def test_what_follows_a_row_in_a_closed_directory_is_what_follows_the_directory(start_downloads, album):
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, album)
        await tree.expand_all("Album")

        rows = await tree.shown("Album/art/back/page.png", view_size=1)

    assert rows == [(3, "Album/track9.flac")]


@pytest.mark.parametrize("query", ["view_size=x", "view_size=-1", "view_size=1.5", "view_size="])
async def test_a_view_size_that_is_none_is_refused(start_downloads, album, query):
    async with start_downloads() as daemon:
        await upload(daemon, album)

        answer = await daemon.get(f"/downloads/{album.infohash}/files?view_start_path=.&{query}", status=400)

    assert answer["error"].startswith("view_size: expected int")


async def test_a_view_size_may_be_nothing_or_more_than_there_is(start_downloads, album):
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, album)
        await tree.expand_all("Album/art/back")

        assert await tree.shown(view_size=0) == []
        assert await tree.shown(view_size=10**30) == OPEN_ALBUM


async def test_a_window_has_a_hundred_rows_unless_told_otherwise(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path, {f"{number}.bin": b"x" for number in range(150)}, name="many")
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, torrent)
        await tree.expand_all("many")

        names = [name for _, name in await tree.shown("many")]

    assert names == [f"many/{number}.bin" for number in range(100)]


async def test_the_only_path_of_a_single_file_is_its_name(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 1000, name="film.mkv")
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, torrent)

        assert await tree.shown() == [(0, "film.mkv")]
        assert await tree.shown("film.mkv") == []


@pytest.mark.parametrize("version", [TorrentVersion.V2, TorrentVersion.HYBRID])
async def test_pad_files_are_in_no_tree(start_downloads, tmp_path, version):
    torrent = make_torrent(tmp_path, {"a/x": b"x" * 20_000, "b": b"y" * 100}, name="top", version=version)
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, torrent)
        await tree.expand_all("top/a")

        rows = await tree.rows()
        flat = await tree.flat()

    assert [(row["name"], row["size"]) for row in rows] == [
        ("top", 20_100),
        ("top/a", 20_000),
        ("top/a/x", 20_000),
        ("top/b", 100),
    ]
    assert [file["index"] for file in flat] == [row["index"] for row in rows if row["index"] >= 0]


async def test_names_with_odd_characters_are_found(start_downloads, tmp_path):
    odd = ["100% & more?/#1;\"'.bin", "50%25/a+b", "\u00e9\u0301 \u4e2d\U0001f600/\\back", " /  ", "new\nline/tab\t"]
    torrent = make_torrent(tmp_path, dict.fromkeys(odd, b"x"), name="odd=1&b")
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, torrent)
        flat = await tree.flat()
        for file in flat:
            await tree.expand_all(f"odd=1&b/{file['name']}")

        rows = await tree.rows()
        last = await tree.rows(rows[-2]["name"])

    assert {row["index"]: row["name"] for row in rows if row["index"] >= 0} == {
        file["index"]: f"odd=1&b/{file['name']}" for file in flat
    }
    assert len(rows) == 1 + 2 * len(odd)
    assert last == rows[-1:]


async def test_a_magnet_link_goes_on_loading_until_its_files_are_known(start_downloads, seeder):
    torrent = seeder.seed_new(ALBUM, name="Album")
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": MAGNET})
        unknown = Tree(daemon, "ab" * 20)
        for verb in ("expand", "collapse", "select", "deselect"):
            await unknown.call(verb, "Album")
        loading = [await unknown.answer(), await unknown.answer()]
        flat = await unknown.flat()
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})

        rows = await Tree(daemon, torrent.infohash).shown()

    assert [answer["files"] for answer in loading] == [[LOADING], [LOADING]]
    assert flat == []
    assert rows == [(-1, "Album")]


async def test_what_is_open_is_shared_and_forgotten_with_a_restart(start_downloads, album):
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, album)
        await tree.expand_all("Album")
        opened = await Tree(daemon, album.infohash).shown()
    async with start_downloads() as daemon:
        first = await Tree(daemon, album.infohash).answer()
        closed = await Tree(daemon, album.infohash).shown()

    assert opened[0] == (-2, "Album")
    assert first["files"] == [LOADING]
    assert closed == [(-1, "Album")]


async def test_the_tree_goes_with_its_download(start_downloads, album):
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, album)
        await tree.expand_all("Album")
        await daemon.delete(f"/downloads/{album.infohash}", json={"remove_data": False})
        gone = await daemon.get(f"/downloads/{album.infohash}/files?view_start_path=.", status=404)
        again = await tree_of(daemon, album)

        first = await again.answer()
        rows = await again.shown()

    assert gone == {"error": "this download does not exist"}
    assert first["files"] == [LOADING]
    assert rows == [(-1, "Album")]


async def test_progress_counts_the_pieces_that_a_file_touches(start_downloads, seeder):
    files = {"a": b"a" * 16_384 * 3, "b": b"b" * 10, "c": b"c" * 16_384 * 2, "empty": b""}
    torrent = seeder.seed_new(files, name="top")
    seeder.limit(1)  # what is not wanted stays away
    async with start_downloads() as daemon:
        infohash = await upload(daemon, torrent, selected_files="1")
        tree = Tree(daemon, infohash)
        await tree.expand_all("top")
        before = await tree.rows("top")
        seeder.limit(0)
        await connect(daemon, seeder, torrent)

        async def b_is_there():
            rows = await tree.rows("top")
            return rows if rows[1]["progress"] == 1.0 else None

        rows = await wait_for(b_is_there)

    assert [row["progress"] for row in before] == [0.0, 0.0, 0.0, 1.0]
    assert [row["progress"] for row in rows] == [0.0, 1.0, pytest.approx(1 / 3), 1.0]


async def test_the_table_of_many_files_is_kept_and_goes_with_the_download(start_downloads, tmp_path):
    files = {f"{number % 7}/{number}": b"x" for number in range(MANY_FILES)}
    torrent, other = (make_torrent(tmp_path, files, name=name) for name in ("many", "other"))
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, torrent)
        before, all_before = await tree.shown(), await tree.flat()
        await wait_for(lambda: kept_tables(daemon) == [torrent.infohash], what="the table")
        stand_in = FileTable.of(parse_metainfo(other.metainfo)).dump()
        await records_of(daemon).keep_file_table(torrent.infohash, stand_in)
    async with start_downloads() as daemon:
        all_after = await Tree(daemon, torrent.infohash).flat()
        after = await Tree(daemon, torrent.infohash).shown()
        await daemon.delete(f"/downloads/{torrent.infohash}", json={"remove_data": False})
        left = kept_tables(daemon)

    assert before == [(-1, "many")]
    assert after == [(-1, "other")]
    assert left == []
    assert all_after == all_before
    assert [file["index"] for file in all_after] == list(range(MANY_FILES))


def records_of(daemon):
    """Return where the daemon keeps what it knows of downloads."""
    return service(daemon, Downloads)._records


def kept_tables(daemon):
    """Return whose tables are in the store."""
    return [key.hex() for key, _ in records_of(daemon)._file_tables.items()]
