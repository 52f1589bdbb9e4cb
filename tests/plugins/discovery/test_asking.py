"""What the daemon does with the answers of another program."""

import json
from contextlib import AsyncExitStack

import lz4.frame
import msgspec
import pytest

from tests.plugins.discovery import vectors
from tests.plugins.discovery.bare import Select, SelectResponse, bare_peer
from tests.plugins.discovery.torrents import add, now, record_of, store_of, torrent
from triblerd.testing import wait_for
from triblerd_discovery.api import RemoteQueryEnded, RemoteQueryResults
from triblerd_search.api import RemoteSearch

EMPTY = bytes.fromhex("04224d184040c000000000")


def block_of(*records: bytes, numbers: bytes = b"") -> bytes:
    return lz4.frame.compress(b"".join(records), store_size=False) + len(numbers).to_bytes(4) + numbers


async def search(daemon, path="/search/remote", **params):
    return await daemon.put(path, params=params)


async def question(peer, count=1):
    asked = await wait_for(lambda: len(found := peer.read(Select)) >= count and found)
    return asked[count - 1]


async def test_an_answer_is_stored_and_told_and_its_end_as_well(daemon, peer):
    known, new = (
        torrent(1, "Known film"),
        torrent(2, "New film", category="Video", trackers=("http://t.example/a?key=1",)),
    )
    await add(daemon, known)
    with daemon.events(RemoteQueryResults, RemoteQueryEnded) as events:
        asked = await search(daemon, txt_filter="film", hide_xxx="0", unknown="x", include_total="1")
        sent = await question(peer)
        checked = now() - 60
        numbers = b"7,1,%d;5,2,%d;" % (checked, checked)
        peer.say(SelectResponse(sent.request_id, block_of(record_of(known), record_of(new), numbers=numbers)))
        first = await events.next()
        peer.say(SelectResponse(sent.request_id, EMPTY))
        second = await events.next()
        ended = await events.next()

    assert asked["peers"] == [peer.my_peer.mid.hex()]
    assert json.loads(sent.query) == {
        "first": 1, "last": 50, "sort_by": None, "sort_desc": True, "hide_xxx": False, "category": None,
        "txt_filter": '"film"',
    }  # fmt: skip
    assert first.query == second.query == '"film"'
    [result] = msgspec.to_builtins(first.answer.results)
    assert result == {
        "type": 300, "id": new.id, "origin_id": 0, "public_key": "", "status": 2, "name": "New film",
        "category": "Video", "infohash": new.infohash.hex(), "size": 1, "num_seeders": 5, "num_leechers": 2,
        "last_tracker_check": checked, "created": 0, "tag_processor_version": 0,
    }  # fmt: skip
    assert (first.answer.uuid, first.answer.peer) == (asked["request_uuid"], peer.my_peer.mid.hex())
    assert second.answer.results == []
    assert ended == RemoteQueryEnded(uuid=asked["request_uuid"], answered=1, asked=1)
    [stored] = store_of(daemon).by_infohash(new.infohash)
    assert stored.trackers == ("http://t.example/a",)
    assert not stored.self_checked
    assert store_of(daemon).by_infohash(known.infohash)[0].seeders == 7
    found = await daemon.get("/search", params={"txt_filter": "new film"})
    assert [one["name"] for one in found["results"]] == ["New film"]


async def test_hearsay_and_forged_records_change_nothing_that_is_known(daemon, peer):
    own = torrent(1, "Our own check", seeders=3, leechers=1, checked=now() - 100, self_checked=True)
    await add(daemon, own)
    forged = bytearray(vectors.R1)
    forged[130] ^= 1
    title = "Evil\u202e\x00 " + "x" * 900
    with daemon.events(RemoteQueryResults) as events:
        await search(daemon, txt_filter="anything")
        sent = await question(peer)
        claims = b"999,9,%d;" * 3 % (now(), now(), now())
        records = (
            record_of(msgspec.structs.replace(own, title="Another title")),
            bytes(forged),
            record_of(torrent(2, title)),
        )
        peer.say(SelectResponse(sent.request_id, block_of(*records, numbers=claims)))
        event = await events.next()

    [evil] = event.answer.results
    assert evil.name.startswith("Evil")
    assert evil.name.isprintable()
    assert len(evil.name) <= 300
    [kept] = store_of(daemon).by_infohash(own.infohash)
    assert (kept.title, kept.seeders, kept.self_checked) == ("Our own check", 3, True)
    assert not store_of(daemon).by_infohash(vectors.R1[92:112])


async def test_answers_that_nobody_asked_for_or_that_are_none_are_dropped(daemon, peer):
    with daemon.events(RemoteQueryResults, RemoteQueryEnded) as events:
        await search(daemon, txt_filter="film", last="3")
        sent = await question(peer)
        peer.say(SelectResponse(sent.request_id + 1, block_of(record_of(torrent(1, "film 1")))))
        peer.say(SelectResponse(sent.request_id, block_of(record_of(torrent(2, "film 2")), b"\x02\x58rubbish")))
        peer.say(SelectResponse(sent.request_id, b"no frame"))
        many = [record_of(torrent(number, f"film {number}")) for number in range(10, 15)]
        peer.say(SelectResponse(sent.request_id, block_of(*many)))
        for _ in range(20):
            peer.say(SelectResponse(sent.request_id, EMPTY))
        told = [await events.next()]
        while not isinstance(told[-1], RemoteQueryEnded):
            told.append(await events.next())

    assert sum(len(one.answer.results) for one in told[:-1]) == 3  # as many as were asked for
    assert len(told) - 1 == 10 - 2  # of ten packets, which is as many as there may be, two were rubbish
    assert (told[-1].answered, told[-1].asked) == (1, 1)
    assert store_of(daemon).counts[300] == 3


async def test_at_most_twenty_peers_are_asked_or_as_many_as_is_configured(start_daemon):
    config = {"remote_query_community": {"max_query_peers": 2}}
    async with start_daemon("discovery", "search", config=config) as daemon, AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(bare_peer(daemon)) for _ in range(4)]
        everybody = {peer.my_peer.mid.hex() for peer in peers}
        found = await wait_for(lambda: _two_of_four(daemon))

    assert len(set(found["peers"])) == 2
    assert set(found["peers"]) <= everybody


async def _two_of_four(daemon):
    asked = await daemon.put("/remote_query", params={"metadata_type": "torrent", "popular": "1"})
    return len(asked["peers"]) == 2 and asked


@pytest.mark.parametrize("params", [{"txt_filter": "..."}, {"metadata_type": "channel"}, {"first": "5", "last": "2"}])
async def test_nobody_is_asked_what_nobody_can_answer(daemon, peer, params):
    assert (await search(daemon, **params))["peers"] == []
    assert not peer.bodies[201]


async def test_a_peer_that_does_not_answer_is_forgotten_and_the_end_is_told(daemon, peer):
    with daemon.events(RemoteQueryEnded) as events:
        asked = await search(daemon, txt_filter="film")
        await question(peer)
        ended = await events.next()
    again = await search(daemon, txt_filter="film")

    assert ended == RemoteQueryEnded(uuid=asked["request_uuid"], answered=0, asked=1)
    assert again["peers"] == []


async def test_a_daemon_that_takes_no_part_asks_nobody(start_daemon):
    config = {"content_discovery_community": {"enabled": False}}
    async with start_daemon("discovery", "search", config=config) as daemon:
        assert (await search(daemon, txt_filter="film"))["peers"] == []
        assert daemon.daemon.container.services().find(RemoteSearch) is None


async def test_no_more_is_taken_of_a_peer_than_is_configured(start_daemon):
    config = {"discovery": {"records_per_peer": 2}}
    async with start_daemon("discovery", "search", config=config) as daemon, bare_peer(daemon) as peer:
        with daemon.events(RemoteQueryResults) as events:
            await search(daemon, txt_filter="film")
            sent = await question(peer)
            many = [record_of(torrent(number, f"film {number}")) for number in range(5)]
            peer.say(SelectResponse(sent.request_id, block_of(*many)))
            event = await events.next()

    assert len(event.answer.results) == 2
