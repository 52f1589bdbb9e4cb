"""Torrents of a size that nobody needs: refused, or taken without anybody having to wait."""

import pytest

from tests.daemon.hostile.peer import MetadataPeer
from tests.daemon.hostile.target import TORRENT, Target, refusal
from tests.daemon.hostile.torrents import MOST_BYTES, PIECE_LENGTH, bencode, many, many_v2, multi, single, torrent
from triblerd.testing import wait_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHOLE = single()


def beside(**keys: object) -> bytes:
    """Return a good torrent with further keys beside ``info``."""
    return torrent({}, **keys).replace(b"4:infode", WHOLE[1:-1])


def within(raw: bytes, key: str, value: object) -> bytes:
    """Return a torrent with a further key at the end of ``info``."""
    return raw[:-2] + bencode(key) + bencode(value) + b"ee"


FOLDERS = [{"length": 2, "path": [f"d{number}", "f"]} for number in range(PIECE_LENGTH // 2)]

TAKEN = {
    "100,000 files": many(100_000, length=1),
    "20,000 files of version 2": many_v2(20_000),
    "a folder for each file": multi(*FOLDERS, pieces=b"h" * 20),
    "a comment of 10 MiB": beside(comment="x" * 10_000_000),
    "10 MiB of nothing known": within(WHOLE, "x", b"x" * 10_000_000),
    "half a million other torrents": within(WHOLE, "similar", [b"%020d" % number for number in range(500_000)]),
    "800,000 pieces": single(length=16384 * 800_000, pieces=b"h" * 20 * 800_000),
    "100,000 nodes": beside(nodes=[["127.0.0.1", 1]] * 100_000),
    "a date beyond all years": beside(**{"creation date": 2**62}),
    "a date before all years": beside(**{"creation date": -(2**62)}),
    "1,000 trackers": beside(**{"announce-list": [[f"http://127.0.0.1:1/{number}"] for number in range(1000)]}),
}

REFUSED = {
    "300,000 files": many(300_000),
    "690,000 files of one name, cut at 16 MiB": many(690_000, path="a")[: MOST_BYTES - 2] + b"ee",
    "130,000 files of version 2": many_v2(130_000),
    "100,000 trackers": beside(**{"announce-list": [[f"udp://h{number}"] for number in range(100_000)]}),
    "100,000 web seeds": beside(**{"url-list": [f"http://h{number}/" for number in range(100_000)]}),
    "a length that needs more pieces than there may be": single(length=2**50, piece_length=2**24),
}


@pytest.mark.parametrize("raw", TAKEN.values(), ids=TAKEN)
async def test_a_large_torrent_is_taken_and_removed_while_others_are_answered(target: Target, raw):
    answer = await target.upload(raw)
    assert answer.status == 200, answer
    infohash = answer.json()["infohash"]

    await wait_for(lambda: is_ready(target, infohash), 20, what="the torrent in the engine")

    assert (await target.request("GET", f"/downloads/{infohash}/torrent")).body == raw
    await target.delete(f"/downloads/{infohash}", json={"remove_data": True})


async def is_ready(target: Target, infohash: str) -> bool:
    download = await target.download(infohash)
    assert not download["error"], download
    return download["status"] not in {"STOPPED", "WAITING_FOR_HASHCHECK"}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED)
async def test_a_torrent_that_is_too_large_is_refused(target: Target, raw):
    assert len(raw) <= MOST_BYTES

    refusal(await target.upload(raw))


@pytest.mark.parametrize("raw", [TAKEN["100,000 files"], REFUSED["300,000 files"]], ids=["taken", "refused"])
async def test_large_metadata_from_a_peer_keep_nobody_waiting(target: Target, raw):
    async with MetadataPeer(raw.partition(b"4:info")[2][:-1]) as peer:
        assert (await target.add(peer.magnet)).status == 200

        await wait_for(lambda: is_known(target, peer.infohash), 20, what="the files, or an error")


async def is_known(target: Target, infohash: str) -> bool:
    download = await target.download(infohash)
    return bool(download["total_pieces"] or download["error"])


@pytest.mark.parametrize("raw", [TAKEN["100,000 files"], REFUSED["300,000 files"]], ids=["taken", "refused"])
async def test_a_large_torrent_is_looked_into_while_others_are_answered(target: Target, raw):
    answer = await target.request("PUT", "/torrentinfo", data=raw, headers=TORRENT)

    assert answer.status == (200 if raw is TAKEN["100,000 files"] else 500), answer.body[:1000]
