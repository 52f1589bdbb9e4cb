"""Magnet links to peers that lie."""

import pytest

from tests.daemon.hostile.peer import MetadataPeer
from tests.daemon.hostile.target import Target, written
from tests.daemon.hostile.torrents import many, one_at, single
from triblerd.testing import wait_for

pytestmark = pytest.mark.asyncio(loop_scope="module")


def info_of(raw: bytes) -> bytes:
    return raw.partition(b"4:info")[2][:-1]


BAD = {
    "no dictionary": b"x" * 100,
    "an empty dictionary": b"de",
    "lists 100,000 deep": b"l" * 100_000 + b"e" * 100_000,
    "a tree 10,000 deep": info_of(one_at(*["a"] * 10_000)),
    "a name that is none": info_of(single(name="..")),
    "a path that is too long": info_of(one_at(*["x" * 200] * 40)),
    "a negative length": info_of(single(length=-1)),
    "400,000 files": info_of(many(400_000)),
}


@pytest.mark.parametrize("info", BAD.values(), ids=BAD)
async def test_metadata_that_cannot_be_used_end_in_an_error_of_the_download(target: Target, info):
    before = written(target.root)
    async with MetadataPeer(info) as peer:
        assert (await target.add(peer.magnet)).status == 200

        download = await wait_for(lambda: failed(target, peer.infohash), what="the error")

    assert download["error"].strip("' :")
    assert not download["error"].endswith(": '")
    assert (await target.request("GET", f"/downloads/{peer.infohash}/torrent")).status == 404
    assert written(target.root) - before <= {"saved"}


async def failed(target: Target, infohash: str) -> object:
    download = await target.download(infohash)
    return download if download["status"] == "STOPPED_ON_ERROR" else None


@pytest.mark.parametrize("size", [-1, 0, 2**31, 2**62])
async def test_a_wrong_size_of_the_metadata_harms_nobody(target: Target, size):
    async with MetadataPeer(info_of(single()), announced_size=size) as peer:
        assert (await target.add(peer.magnet)).status == 200

        await wait_for(lambda: peer.connections, what="a peer that was asked")

        assert (await target.download(peer.infohash))["status"] in {"METADATA", "STOPPED"}


async def test_metadata_of_another_torrent_are_not_taken(target: Target):
    async with MetadataPeer(info_of(single()), infohash="1" * 40) as peer:
        assert (await target.add(peer.magnet)).status == 200

        await wait_for(lambda: peer.requests, what="a request for metadata")

        assert (await target.download(peer.infohash))["status"] == "METADATA"
    assert (await target.request("GET", f"/downloads/{peer.infohash}/torrent")).status == 404
