"""What a request for a file is answered with: the rows of the API."""

import json
import random

import aiohttp
import pytest

from tests.plugins.downloads.conftest import item_of, wait_for_status
from tests.plugins.downloads.streaming.conftest import add

CONTENT = random.Random(3).randbytes(100_000)
FILES = {"a.bin": b"a" * 30_000, "b.mp4": CONTENT, "empty.txt": b"", "page.html": b"<script>" * 100}
UNKNOWN = {"error": "this download does not exist"}


@pytest.fixture
async def played(start_player, seeder):
    """Offer a player, and a complete download of ``FILES``."""
    torrent = seeder.seed_new(FILES, name="album")
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        await wait_for_status(player.daemon, torrent.infohash, "SEEDING")
        yield player, torrent.infohash


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        ("bytes=99990-", 99_990, 99_999),
        ("bytes=-10", 99_990, 99_999),
        ("bytes=99000-200000", 99_000, 99_999),
        ("bytes=0-", 0, 99_999),
    ],
)
async def test_a_part_is_answered_with_206(played, header, first, last):
    player, infohash = played

    status, headers, content = await player.get(infohash, 1, Range=header)

    assert (status, content) == (206, CONTENT[first : last + 1])
    assert headers["Content-Range"] == f"bytes {first}-{last}/100000"
    assert headers["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("header", ["bytes=100000-", "bytes=5-2", "bytes=x", "bytes=-0", "bytes=-"])
async def test_a_part_that_the_file_does_not_have_is_answered_with_416(played, header):
    player, infohash = played

    status, headers, content = await player.get(infohash, 1, Range=header)

    assert (status, headers["Content-Range"], content) == (416, "bytes */100000", b"")


@pytest.mark.parametrize("header", ["lines=0-1", "bytes=0-1,5-6"])
async def test_what_is_not_one_range_of_bytes_gets_the_whole_file(played, header):
    player, infohash = played

    status, headers, content = await player.get(infohash, 1, Range=header)

    assert (status, content) == (200, CONTENT)
    assert "Content-Range" not in headers


async def test_head_tells_what_get_would_send_and_starts_nothing(played):
    player, infohash = played
    await player.daemon.patch(f"/downloads/{infohash}", json={"state": "stop"})
    await wait_for_status(player.daemon, infohash, "STOPPED")

    status, headers, content = await player.get(infohash, 1, method="HEAD", Range="bytes=0-5")

    item = await item_of(player.daemon, infohash)
    assert (status, content, headers["Content-Length"]) == (200, b"", "100000")
    assert (headers["Accept-Ranges"], headers["Content-Type"]) == ("bytes", "video/mp4")
    assert (item["status"], item["vod_mode"]) == ("STOPPED", None)


async def test_an_empty_file_is_an_empty_answer_and_has_no_parts(played):
    player, infohash = played

    whole = await player.get(infohash, 2)
    part = await player.get(infohash, 2, Range="bytes=0-")

    assert (whole[0], whole[1]["Content-Length"], whole[2]) == (200, "0", b"")
    assert (part[0], part[1]["Content-Range"]) == (416, "bytes */0")


@pytest.mark.parametrize("index", ["4", "99", "-1", "999999999999999999999"])
async def test_a_file_that_the_torrent_does_not_have_is_unknown(played, index):
    player, infohash = played

    status, _, content = await player.get(infohash, index)

    assert (status, json.loads(content)) == (404, UNKNOWN)


@pytest.mark.parametrize("index", ["x", "1.5", "%20", "1%2F2"])
async def test_an_index_that_is_no_number_is_refused(played, index):
    player, infohash = played

    status, _, content = await player.get(infohash, index)

    assert status == 400
    assert json.loads(content)["error"].startswith("fileindex: ")


async def test_unknown_downloads_and_wrong_infohashes_are_told_apart(played):
    player, _ = played

    unknown, wrong = await player.get("ab" * 20), await player.get("xy")

    assert (unknown[0], json.loads(unknown[2])) == (404, UNKNOWN)
    assert (wrong[0], json.loads(wrong[2])) == (400, {"error": "Invalid infohash"})


async def test_a_page_in_a_torrent_cannot_act_as_one_of_ours(played):
    player, infohash = played

    _, headers, _ = await player.get(infohash, 3)

    assert headers["Content-Type"] == "text/html"
    assert headers["Content-Security-Policy"] == "sandbox"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"] == "inline; filename*=UTF-8''page.html"


async def test_a_part_of_another_file_is_not_continued(played):
    player, infohash = played
    tag = (await player.get(infohash, 1))[1]["ETag"]

    same = await player.get(infohash, 1, Range="bytes=5-9", If_Range=tag)
    other = await player.get(infohash, 1, Range="bytes=5-9", If_Range='"other"')
    dated = await player.get(infohash, 1, Range="bytes=5-9", If_Range="Wed, 21 Oct 2015 07:28:00 GMT")

    assert (same[0], same[2]) == (206, CONTENT[5:10])
    assert other[0] == dated[0] == 200


async def test_who_has_the_file_is_told_so(played):
    player, infohash = played
    tag = (await player.get(infohash, 1))[1]["ETag"]

    known = await player.get(infohash, 1, If_None_Match=tag)
    wanted = await player.get(infohash, 1, If_Match='"other"')

    assert (known[0], known[2], wanted[0]) == (304, b"", 412)


async def test_the_connection_is_kept(played):
    player, infohash = played

    _, headers, _ = await player.get(infohash, 1)

    assert headers.get("Connection", "keep-alive").lower() == "keep-alive"


async def test_a_key_that_allows_only_reading_does_not_start_downloads(start_player, seeder):
    torrent = seeder.seed_new(b"x" * 40_000)
    async with start_player(api={"keys": {"tv": {"key": "look", "scope": "read"}}}) as player:
        await add(player.daemon, torrent)

        answer = await player.daemon.request(
            "GET", f"/downloads/{torrent.infohash}/stream/0", headers={"X-Api-Key": "look"}
        )

    assert answer.status == 403


async def test_a_file_that_was_cut_short_on_disk_ends_the_connection(played, tmp_path):
    player, infohash = played
    with (tmp_path / "saved" / "album" / "b.mp4").open("r+b") as file:
        file.truncate(40_000)

    async with player.open(infohash, 1) as answer:
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
    whole = await player.get(infohash, 0)

    assert whole[2] == FILES["a.bin"]


@pytest.mark.parametrize("place", ["album/b.mp4", "album"])
async def test_what_a_link_leads_to_elsewhere_is_not_sent(played, tmp_path, place):
    player, infohash = played
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "b.mp4").write_bytes(b"secret" * 20_000)
    (tmp_path / "saved" / place).rename(tmp_path / "aside")
    (tmp_path / "saved" / place).symlink_to(tmp_path / "secret" / place.removeprefix("album").strip("/"))

    status, _, content = await player.get(infohash, 1)

    assert (status, json.loads(content)["error"]["code"]) == (500, "DamagedFileError")
