"""Select and deselect: tree, flat list, store and engine agree."""

import asyncio

import pytest

from tests.plugins.downloads.conftest import connect, service, upload, wait_for_status
from tests.plugins.downloads.tree.conftest import Tree, tree_of
from triblerd.testing import wait_for
from triblerd_libtorrent.api import TorrentEngine
from triblerd_libtorrent.testing import TorrentVersion, make_torrent

ALL = {0, 1, 2, 3, 4}
PIECE = 16 * 1024
THREE = {"a": b"a" * PIECE, "b": b"b" * 2 * PIECE, "c": b"c" * 4 * PIECE}


async def selected(tree):
    """Return the positions of the included files, of which tree and flat list say the same."""
    await tree.expand_all("Album/art/back")
    included = await tree.included()
    assert included == {file["index"]: file["included"] for file in await tree.flat()}
    return {index for index, is_included in included.items() if is_included}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("deselect", "Album/track9.flac")], ALL - {3}),
        ([("deselect", "Album/art")], ALL - {0, 1}),
        ([("deselect", "Album/art"), ("select", "Album/art/back")], ALL - {1}),
        ([("deselect", "Album")], set()),
        ([("deselect", "")], set()),
        ([("deselect", "."), ("select", "Album/track10.flac")], {2}),
        ([("deselect", "Album"), ("select", "Album")], ALL),
        ([("select", "Album/track10.flac")], ALL),
        ([("deselect", "Album/nothing"), ("deselect", "art"), ("deselect", "/Album")], ALL),
        ([("deselect", "./Album//art/")], ALL - {0, 1}),
    ],
)
async def test_select_and_deselect_change_the_selection_by_paths(start_downloads, album, steps, expected):
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, album)

        answers = [await tree.call(verb, path) for verb, path in steps]

        assert answers == [{}] * len(steps)
        assert await selected(tree) == expected


async def test_a_selection_of_positions_and_one_of_paths_are_the_same_one(start_downloads, album):
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, album, selected_files="0,2")
        chosen = await selected(tree)
        await tree.call("select", "Album/art")
        more = await selected(tree)
        await daemon.patch(f"/downloads/{album.infohash}", json={"selected_files": [4]})
        one = await selected(tree)
        await daemon.patch(f"/downloads/{album.infohash}", json={"selected_files": []})

        assert (chosen, more, one) == ({0, 2}, {0, 1, 2}, {4})
        assert await selected(tree) == ALL


async def test_expand_and_collapse_answer_with_the_path_as_it_was_sent(start_downloads, album):
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, album)

        opened = await tree.call("expand", "Album/art/nothing/")
        shown = await tree.shown()
        closed = await tree.call("collapse", "./Album")
        ignored = [await tree.call("collapse", path) for path in ("", ".", "nothing", "Album/track9.flac")]

        assert (opened, closed) == ({"path": "Album/art/nothing/"}, {"path": "./Album"})
        assert shown[:3] == [(-2, "Album"), (-2, "Album/art"), (-1, "Album/art/back")]
        assert [answer["path"] for answer in ignored] == ["", ".", "nothing", "Album/track9.flac"]
        assert await tree.shown() == [(-1, "Album")]


@pytest.mark.parametrize("verb", ["expand", "collapse", "select", "deselect"])
async def test_what_the_four_calls_refuse(start_downloads, album, verb):
    async with start_downloads() as daemon:
        await upload(daemon, album)

        missing = await daemon.get(f"/downloads/{album.infohash}/files/{verb}", status=400)
        unknown = await daemon.get(f"/downloads/{'0' * 40}/files/{verb}?path=x", status=404)
        rubbish = await daemon.get(f"/downloads/xyz/files/{verb}?path=x", status=400)

    assert missing == {"error": "path parameter missing"}
    assert unknown == {"error": "this download does not exist"}
    assert rubbish == {"error": "Invalid infohash"}


@pytest.mark.parametrize("verb", ["expand", "collapse", "select", "deselect"])
async def test_head_changes_nothing(start_downloads, album, verb):
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, album, selected_files="0")
        await tree.expand_all("Album")
        before = await tree.rows()

        answer = await daemon.request("HEAD", f"/downloads/{album.infohash}/files/{verb}?path=Album")

        assert (answer.status, answer.body) == (200, b"")
        assert await tree.rows() == before
        assert await selected(tree) == {0}


async def test_a_key_that_may_only_read_cannot_select(start_downloads, album):
    async with start_downloads(api={"keys": {"reader": {"key": "k" * 32, "scope": "read"}}}) as daemon:
        tree = await tree_of(daemon, album)
        path = f"/downloads/{album.infohash}/files"

        refused = await daemon.get(f"{path}/deselect?path=Album", status=403, headers={"X-Api-Key": "k" * 32})
        listed = await daemon.get(f"{path}?view_start_path=.", headers={"X-Api-Key": "k" * 32})

        assert "error" in refused
        assert listed["query"] == "."
        assert await selected(tree) == ALL


async def test_many_changes_at_once_all_stay(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path, {f"{number:02}": b"x" for number in range(30)}, name="Album")
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, torrent)

        await asyncio.gather(*(tree.call("deselect", f"Album/{number:02}") for number in range(0, 30, 2)))

        assert await selected(tree) == set(range(1, 30, 2))


async def test_what_is_deselected_before_the_start_is_not_downloaded_until_it_is_selected(
    start_downloads, seeder, tmp_path
):
    torrent = seeder.seed_new(THREE, name="Album")
    saved = tmp_path / "saved" / "Album"
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, torrent)
        await tree.call("deselect", "Album/b")
    async with start_downloads() as daemon:
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "resume"})
        await connect(daemon, seeder, torrent)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        before = sorted(path.name for path in saved.iterdir())

        await Tree(daemon, torrent.infohash).call("select", "Album/b")
        await wait_for(lambda: (saved / "b").exists() and (saved / "b").read_bytes() == THREE["b"], what="b")

    assert before == ["a", "c"]


@pytest.mark.parametrize(("verbs", "wanted"), [(["deselect"], 3), (["deselect", "select"], 7)])
async def test_the_engine_wants_what_the_tree_includes(start_downloads, tmp_path, verbs, wanted):
    torrent = make_torrent(tmp_path, THREE, name="Album")
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, torrent)
        engine = service(daemon, TorrentEngine)
        await wait_for(lambda: engine.status(torrent.infohash), what="the engine")

        for verb in verbs:
            await tree.call(verb, "Album/c")

        await wait_for(lambda: engine.status(torrent.infohash).total_wanted == wanted * PIECE, what="the engine")


@pytest.mark.parametrize("version", [TorrentVersion.V1, TorrentVersion.V2, TorrentVersion.HYBRID])
async def test_nothing_is_wanted_when_everything_is_deselected(start_downloads, tmp_path, version):
    torrent = make_torrent(
        tmp_path, {f"{number:03}": b"x" * 100 for number in range(150)}, name="Album", version=version
    )
    async with start_downloads() as daemon:
        tree = await tree_of(daemon, torrent)
        engine = service(daemon, TorrentEngine)
        await wait_for(lambda: engine.status(torrent.infohash), what="the engine")

        await tree.call("deselect", "Album")

        await wait_for(lambda: engine.status(torrent.infohash).total_wanted == 0, what="the engine to want nothing")
        assert await selected(tree) == set()


@pytest.mark.parametrize(("wanted", "expected"), [([1], {1}), ([], {0, 1, 2})])
async def test_a_selection_is_there_after_a_kill_also_in_the_engine(daemon_process, tmp_path, wanted, expected):
    torrent = make_torrent(tmp_path, THREE, name="Album")
    async with daemon_process("downloads", config={"download_defaults": {"saveas": str(tmp_path / "saved")}}) as daemon:
        tree = await tree_of(daemon, torrent)
        await tree.call("deselect", "Album")
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "resume"})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        await daemon.restart()  # what the engine has saved by now wants nothing
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"selected_files": wanted})
        daemon.kill()
        await daemon.start()

        await wait_for_status(daemon, torrent.infohash, "DOWNLOADING")
        assert await selected(Tree(daemon, torrent.infohash)) == expected
