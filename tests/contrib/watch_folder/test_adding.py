"""What is put into a watched directory becomes a download, in the way that the directory says."""

from urllib.parse import quote

from tests.contrib.watch_folder.conftest import (
    downloads,
    folder,
    names_in,
    records,
    scan,
    wait_for_downloads,
    wait_for_folder,
    wait_for_problem,
)

MANUAL = {"check_interval": 3600.0}


async def test_torrents_are_added_with_the_defaults_of_downloads(start, watched, torrent, tmp_path):
    deep = watched / "a/b"
    deep.mkdir(parents=True)
    (watched / "film.torrent").write_bytes(torrent("film").metainfo)
    (deep / "SONG.TORRENT").write_bytes(torrent("song").metainfo)
    (watched / "notes.txt").write_text("no torrent")

    async with start() as daemon:
        await wait_for_downloads(daemon, "film", "song")
        report = await wait_for_folder(daemon, added=2, waiting=0)
        found = records(daemon).values()

    assert {record.destination for record in found} == {str(tmp_path / "saved")}
    assert {(record.hops, record.safe_seeding, record.user_stopped) for record in found} == {(0, True, False)}
    assert (report["files"], report["state"], report["problems"]) == (2, "watching", [])
    assert names_in(watched) == ["a", "film.torrent", "notes.txt"]


async def test_what_comes_later_is_added_without_being_asked_for(start, watched, torrent):
    async with start() as daemon:
        await wait_for_folder(daemon, state="watching")

        (watched / "film.torrent").write_bytes(torrent().metainfo)

        await wait_for_downloads(daemon, "film")


async def test_downloads_are_anonymous_when_the_user_wants_them_to_be(start, watched, torrent):
    (watched / "film.torrent").write_bytes(torrent().metainfo)
    defaults = {"anonymity_enabled": True, "number_hops": 2, "safeseeding_enabled": False, "auto_managed": True}

    async with start("carrier", config={"download_defaults": defaults}) as daemon:
        await wait_for_downloads(daemon, "film")
        record = records(daemon)["film"]

    assert (record.hops, record.safe_seeding, record.auto_managed) == (2, True, True)


async def test_a_folder_has_options_of_its_own(start, torrent, tmp_path):
    films = tmp_path / "films"
    (films / "inner").mkdir(parents=True)
    (films / "film.torrent").write_bytes(torrent("film").metainfo)
    (films / "inner/song.torrent").write_bytes(torrent("song").metainfo)
    options = {
        "directory": str(films),
        "recursive": False,
        "destination": str(tmp_path / "cinema"),
        "tags": ["new", "film"],
        "hops": 0,
        "safe_seeding": False,
        "auto_managed": True,
        "paused": True,
    }

    async with start(folders={"films": options}) as daemon:
        await wait_for_downloads(daemon, "film")
        record = records(daemon)["film"]
        report = await wait_for_folder(daemon, "films", files=1, added=1)

    assert (record.destination, record.tags) == (str(tmp_path / "cinema"), ("new", "film"))
    assert (record.hops, record.safe_seeding, record.auto_managed, record.user_stopped) == (0, False, True, True)
    assert (report["directory"], report["recursive"]) == (str(films), False)


async def test_the_category_of_a_folder_decides_where_its_downloads_go(start, torrent, tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    (films / "film.torrent").write_bytes(torrent().metainfo)

    async with start(folders={"films": {"directory": str(films), "category": "cinema"}}) as daemon:
        problem = await wait_for_problem(daemon, "films")
        await daemon.put("/categories/cinema", json={"save_path": str(tmp_path / "cinema")})
        await scan(daemon)
        row = (await downloads(daemon))["film"]
        after = await folder(daemon, "films")

    assert problem == "category 'cinema' does not exist"
    assert (row["category"], row["destination"]) == ("cinema", str(tmp_path / "cinema"))
    assert after["problems"] == []


async def test_a_folder_in_another_one_has_its_own_way(start, watched, torrent):
    (watched / "films").mkdir()
    (watched / "films/film.torrent").write_bytes(torrent("film").metainfo)
    (watched / "song.torrent").write_bytes(torrent("song").metainfo)

    async with start(folders={"films": {"directory": str(watched / "films"), "tags": ["film"]}}) as daemon:
        rows = await wait_for_downloads(daemon, "film", "song")
        reports = [await wait_for_folder(daemon, name, files=1, added=1) for name in ("", "films")]

    assert {name: row["tags"] for name, row in rows.items()} == {"film": ["film"], "song": []}
    assert [report["known"] for report in reports] == [0, 0]


async def test_files_are_renamed_or_deleted_afterwards_if_that_is_wanted(start, torrent, tmp_path):
    folders = {}
    for after in ("keep", "rename", "delete"):
        (tmp_path / after).mkdir()
        (tmp_path / after / f"{after}.torrent").write_bytes(torrent(after).metainfo)
        folders[after] = {"directory": str(tmp_path / after), "after": after}
    (tmp_path / "rename/rename.torrent.added").write_text("an older one")

    async with start(folders=folders) as daemon:
        await wait_for_downloads(daemon, "keep", "rename", "delete")
        for name in folders:
            await wait_for_folder(daemon, name, waiting=0, added=1)

    assert names_in(tmp_path / "keep") == ["keep.torrent"]
    assert names_in(tmp_path / "rename") == ["rename.torrent.added", "rename.torrent.added.2"]
    assert names_in(tmp_path / "delete") == []


async def test_a_text_with_one_link_is_added(start, watched, torrent):
    (watched / "film.magnet").write_text(f"\ufeff\n{torrent('film').magnet}&so=0\n")
    (watched / "song.magnet").write_text(torrent("song").magnet)  # as programs write it, without a line's end

    async with start() as daemon:
        await wait_for_folder(daemon, added=2)
        rows = (await daemon.get("/downloads"))["downloads"]

    assert {row["infohash"] for row in rows} == {torrent("film").infohash, torrent("song").infohash}


async def test_half_a_link_is_waited_for(start, watched, torrent):
    link = f"{torrent('film').magnet}&dn=film&tr=http%3A%2F%2F127.0.0.1%3A1%2Fannounce"

    async with start(**MANUAL) as daemon:
        (watched / "film.magnet").write_text(link[:70])
        first = await scan(daemon)
        (watched / "film.magnet").write_text(link)
        second = await scan(daemon)
        third = await scan(daemon)

    assert [found["film.magnet"]["outcome"] for found in (first, second, third)] == ["waiting", "waiting", "added"]


async def test_a_link_may_lead_to_a_file(start, watched, torrent, tmp_path):
    (tmp_path / "far.torrent").write_bytes(torrent().metainfo)
    (watched / "film.magnet").write_text(f"file://{quote(str(tmp_path / 'far.torrent'))}\n")

    async with start() as daemon:
        await wait_for_downloads(daemon, "film")


async def test_a_torrent_that_is_there_already_is_known(start, watched, torrent):
    async with start(**MANUAL) as daemon:
        await daemon.put("/downloads", json={"uri": torrent().magnet})
        (watched / "film.torrent").write_bytes(torrent().metainfo)

        found = await scan(daemon)
        again = await scan(daemon)

    assert found["film.torrent"]["outcome"] == "known"
    assert again == {}


async def test_a_dry_run_changes_nothing(start, watched, torrent):
    async with start(**MANUAL) as daemon:
        await wait_for_folder(daemon, state="watching")
        await daemon.put("/downloads", json={"uri": torrent("song").magnet})
        (watched / "film.torrent").write_bytes(torrent("film").metainfo)
        (watched / "song.torrent").write_bytes(torrent("song").metainfo)
        (watched / "half.torrent").write_bytes(torrent("film").metainfo[:50])
        (watched / "far.magnet").write_text("http://127.0.0.1:1/film.torrent")
        before = names_in(watched)

        for _ in range(2):
            found = await scan(daemon, dry_run=1)

        assert {name: row["outcome"] for name, row in found.items()} == {
            "film.torrent": "added",
            "song.torrent": "known",
            "half.torrent": "broken",
            "far.magnet": "added",
        }
        assert (found["film.torrent"]["name"], found["film.torrent"]["infohash"]) == ("film", torrent("film").infohash)
        assert names_in(watched) == before
        assert len(await downloads(daemon)) == 1


async def test_what_needs_tunnels_waits_for_them_and_is_not_downloaded_in_the_clear(start, torrent, tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    (films / "film.torrent").write_bytes(torrent().metainfo)

    async with start(folders={"films": {"directory": str(films), "hops": 1}}) as daemon:
        problem = await wait_for_problem(daemon, "films")
        assert await downloads(daemon) == {}
        await daemon.patch("/plugins/carrier", json={"enabled": True})
        await scan(daemon)
        row = (await wait_for_downloads(daemon, "film"))["film"]

    assert problem == "Anonymous downloads need the tunnels plugin; there is no session of 1 hop"
    assert (row["hops"], row["safe_seeding"]) == (1, True)
