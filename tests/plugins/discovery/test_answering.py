"""What the daemon answers to another program's questions."""

import json
import socket
from typing import Any

import lz4.frame
import msgspec

from tests.plugins.discovery import bare
from tests.plugins.discovery.bare import bare_peer
from tests.plugins.discovery.torrents import add, now, record_of, torrent
from triblerd.testing import wait_for
from triblerd_ipv8.api import Overlays
from triblerd_metadata.api import EntryStatus
from triblerd_metadata.wire import parse_records

EMPTY = bytes.fromhex("04224d184040c000000000")


def titles(blocks):
    entries = [record.entry for block in blocks for record in parse_records(_records(block))]
    return [entry.title for entry in entries if entry]


def _records(block):
    return lz4.frame.LZ4FrameDecompressor().decompress(block)


async def ask(peer, request_id=1, answers=1, **query):
    return await peer.ask(json.dumps(query).encode(), request_id, answers)


async def test_words_find_records_by_relevance_as_they_are_with_their_peers(daemon, peer):
    best = torrent(1, "Big Buck Bunny", category="Video", seeders=12, leechers=3, checked=1714000100)
    worse = torrent(2, "The very big and old bunny", trackers=("http://t.example/announce",))
    await add(daemon, torrent(3, "Sintel"), worse, best)

    [block] = await ask(peer, txt_filter='"big" "bunny"', first=1, last=50, sort_by=None, sort_desc=True)

    assert _records(block) == record_of(best) + record_of(worse)
    assert block.endswith(b"\x00\x00\x00\x11" + b"12,3,1714000100;" + b";")


async def test_each_kind_of_question_has_its_answer(daemon, peer):
    await add(
        daemon,
        torrent(1, "one", category="Video", size=3, seeders=5, checked=now()),
        torrent(2, "two", category="Audio,live", size=1),
        torrent(3, "three", category="Other,Video", size=2, seeders=9, checked=1000),
    )
    questions: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["three", "two", "one"]),
        ({"first": 2, "last": 2}, ["two"]),
        ({"infohash": torrent(2, "").infohash.hex(), "last": 1}, ["two"]),
        ({"sort_by": "size", "sort_desc": False}, ["two", "three", "one"]),
        ({"sort_by": "HEALTH", "metadata_type": 300}, ["three", "one", "two"]),
        ({"sort_by": "size; DROP", "last": 1}, ["three"]),
        ({"category": "Video"}, ["three", "one"]),
        ({"category": "Video", "tags": ["Other"]}, ["three"]),
        ({"popular": True, "metadata_type": 300}, ["one"]),
        ({"channel_pk": "00", "id_": torrent(3, "").id}, ["three"]),
        ({"channel_pk": "ab" * 64}, []),
        ({"txt_filter": '"one"', "sort_by": "title"}, ["one"]),
        ({"txt_filter": '"one" OR "two"'}, []),
        ({"metadata_type": [400], "subscribed": True, "complete_channel": True}, []),
    ]

    answers = [titles(await ask(peer, number, **query)) for number, (query, _) in enumerate(questions)]

    assert answers == [found for _, found in questions]


async def test_what_the_user_did_and_what_is_not_published_stays_here_unless_the_user_agrees(start_daemon):
    own = torrent(1, "own film", is_own=True, trackers=("http://few.example/announce",))
    others = torrent(2, "film of others")
    hidden = torrent(3, "film to be deleted", status=EntryStatus.TO_DELETE)
    async with start_daemon("discovery", "search") as daemon, bare_peer(daemon) as peer:
        await add(daemon, own, others, hidden)
        found = titles(await ask(peer, 1, txt_filter='"film"'))
        named = await ask(peer, 2, infohash=own.infohash.hex(), last=1)

    assert found == ["film of others"]
    assert named == [EMPTY]
    shared = {"discovery": {"share_own": True}}
    async with start_daemon("discovery", "search", config=shared) as daemon, bare_peer(daemon) as peer:
        [block] = await ask(peer, 1, infohash=own.infohash.hex(), last=1)
    assert _records(block) == record_of(msgspec.structs.replace(own, trackers=()))


async def test_a_long_answer_comes_in_packets_that_others_can_take(daemon, peer):
    await add(daemon, *(torrent(number, f"some film, number {number}") for number in range(1, 151)))
    await add(daemon, torrent(151, "film " + "\u20ac" * 295, category="\u20ac" * 200))  # 1,700 bytes: nobody may see it

    peer.say(bare.Select(1, b'{"txt_filter": "\\"film\\"", "last": 5000}'))
    blocks = await wait_for(lambda: len(found := _blocks(peer)) >= 3 and len(titles(found)) == 99 and found)

    assert max(map(len, blocks)) <= 1300
    assert len(blocks) <= 10
    assert len(set(titles(blocks))) == 99


def _blocks(peer):
    return [one.block for one in peer.read(bare.SelectResponse)]


async def test_what_is_malformed_has_no_answer_and_harms_nobody(daemon, peer):
    await add(daemon, torrent(1, "film"))
    for query in (b"", b"[1]", b"{", b'{"first": -1}', b'{"infohash": "x"}', b'{"txt_filter": "\\""}', b"[" * 1000):
        peer.say(bare.Select(1, query))
    for number in (1, 2, 3, 4, 102, 201, 202):
        peer.say_raw(number, b"\xff\xff\xff")

    answer = await ask(peer, 2, txt_filter='"film"')

    assert titles(answer) == ["film"]
    assert len(peer.bodies[202]) == 1
    await wait_for(lambda: _count(daemon, "malformed", 11))


async def test_who_asks_too_much_gets_the_empty_answer_and_who_floods_is_ignored(daemon, peer):
    await add(daemon, torrent(1, "film"))

    for number in range(12):
        peer.say(bare.Select(number, b'{"txt_filter": "\\"film\\""}'))
    await wait_for(lambda: len(peer.bodies[202]) == 12)
    found = [one.block for one in peer.read(bare.SelectResponse) if one.block != EMPTY]
    assert 1 <= len(found) <= 5

    await wait_for(lambda: _flooded(daemon, peer))
    peer.bodies.clear()
    peer.say(bare.Select(99, b"{}"))
    async with bare_peer(daemon) as other:
        assert titles(await ask(other, txt_filter='"film"')) == ["film"]
    assert not peer.bodies[202]


async def test_what_somebody_else_sends_again_is_not_held_against_who_signed_it(daemon, peer):
    await add(daemon, torrent(1, "film"))
    assert titles(await ask(peer, txt_filter='"film"')) == ["film"]
    overlays = daemon.daemon.container.services().find(Overlays)
    packet = peer.ezr_pack(3, bare.HealthRequest(2))

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
        for _ in range(300):
            thief.sendto(packet, ("127.0.0.1", overlays.port))
        await wait_for(lambda: _count(daemon, "ignored", 1))

    assert titles(await ask(peer, 8, txt_filter='"film"')) == ["film"]


async def _flooded(daemon, peer):
    for _ in range(100):
        peer.say_raw(3, b"\x02")
    return await _count(daemon, "ignored", 1)


async def _count(daemon, kind, least):
    report = await daemon.get("/debug/report")
    return report["reports"]["discovery"]["messages"].get(kind, 0) >= least


async def test_a_packet_that_is_not_signed_right_is_nobodys(daemon, peer):
    await add(daemon, torrent(1, "film"))
    packet = bytearray(peer.ezr_pack(201, bare.Select(1, b"{}")))
    packet[-1] ^= 1
    for wrong in (bytes(packet), bytes(packet[:60]), bytes(packet[:23]) + b"\x00\x05hello" + bytes(200)):
        peer.endpoint.send(peer.daemon.address, wrong)

    assert titles(await ask(peer, 2)) == ["film"]
    assert len(peer.bodies[202]) == 1


async def test_the_version_is_told_only_if_the_user_agrees(start_daemon):
    async with start_daemon("discovery") as daemon, bare_peer(daemon) as peer:
        peer.say_raw(101)
        [silent] = await wait_for(lambda: peer.read(bare.Version))
    config = {"discovery": {"tell_version": True}}
    async with start_daemon("discovery", config=config) as daemon, bare_peer(daemon) as peer:
        peer.say_raw(101)
        [told] = await wait_for(lambda: peer.read(bare.Version))

    assert (silent.version, silent.platform) == (b"", b"")
    assert (told.version, told.platform) == (b"triblerd 0.1.0", b"linux")
