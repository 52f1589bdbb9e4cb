"""Gossip with another program."""

import json
import random

from tests.plugins.catalog import open_metadata
from tests.plugins.discovery import vectors
from tests.plugins.discovery.bare import (
    Health,
    HealthItem,
    HealthRequest,
    Select,
    SelectResponse,
    TorrentsHealth,
    bare_peer,
)
from tests.plugins.discovery.test_asking import block_of
from tests.plugins.discovery.torrents import add, now, record_of, store_of, torrent
from tests.plugins.metadata.records import KEY_A
from triblerd.testing import wait_for
from triblerd_discovery import messages
from triblerd_discovery.checked import CheckedTorrents
from triblerd_discovery.gossip import Gossip
from triblerd_discovery.limits import DayBudget
from triblerd_discovery.receiving import Receiver
from triblerd_discovery.requests import Requests
from triblerd_metadata.api import Checked, HealthUpdated
from triblerd_metadata.receiving import PeerRecords


def item(entry, seeders, leechers=0, checked=None, tracker=""):
    return HealthItem(entry.infohash, seeders, leechers, now() if checked is None else checked, tracker)


def told(peer):
    return [
        [(one.infohash, one.seeders, one.leechers, one.tracker) for one in said.items] for said in peer.read(Health)
    ]


async def test_only_what_was_checked_here_is_told(start_daemon):
    alive = torrent(1, "a", seeders=5, leechers=2, checked=now(), self_checked=True, trackers=("http://t.example/a",))
    better = torrent(2, "b", seeders=9, checked=now() - 5, self_checked=True)
    dead = torrent(3, "c", seeders=0, checked=now(), self_checked=True)
    hearsay = torrent(4, "d", seeders=9, checked=now())
    own = torrent(5, "e", seeders=9, checked=now(), self_checked=True, is_own=True)
    old = torrent(6, "f", seeders=9, checked=now() - 90_000, self_checked=True)
    async with start_daemon("metadata") as daemon:
        await add(daemon, alive, better, dead, hearsay, own, old)
    async with start_daemon("discovery") as daemon, bare_peer(daemon) as peer:
        for kind in (1, 2, 3):
            peer.say(HealthRequest(kind))
        peer.say_raw(2)
        answers = await wait_for(lambda: len(found := peer.read(Health)) >= 2 and peer.bodies[1] and found)

    assert {one.kind for one in answers} == {1, 2}
    [best] = [one for one in answers if one.kind == 1]
    assert [(one.infohash, one.seeders, one.tracker) for one in best.items] == [
        (better.infohash, 9, ""),
        (alive.infohash, 5, "http://t.example/a"),
    ]
    assert all({one.infohash for one in said.items} == {alive.infohash, better.infohash} for said in answers)
    [older] = peer.read(TorrentsHealth)
    assert (older.randoms, older.populars) == (0, 2)


async def test_a_check_is_told_and_every_five_seconds_somebody_is_asked(daemon, peer):
    entry = torrent(1, "a", seeders=5, checked=now(), self_checked=True)
    await add(daemon, entry)
    checked = Checked(infohash=entry.infohash.hex(), num_seeders=5, num_leechers=0, last_tracker_check=now())
    daemon.daemon.container.bus().publish(HealthUpdated(update=checked))

    await wait_for(lambda: told(peer) and peer.bodies[3])

    assert told(peer)[0] == [(entry.infohash, 5, 0, "")]
    assert peer.bodies[3] == [b"\x02"]


async def test_what_a_peer_tells_is_learnt_and_the_popular_list_shows_it(daemon, peer):
    known, own = torrent(1, "known"), torrent(2, "own", seeders=1, checked=now() - 500, self_checked=True)
    new, false = torrent(3, "new film"), torrent(4, "of tomorrow")
    await add(daemon, known, own)

    peer.say(
        Health(
            2,
            [
                item(known, 50, 5, tracker="udp://tracker.example:1337/x"),
                item(own, 99),
                item(new, 30),
                item(false, 9, checked=now() + 3600),
            ],
            b"",
        )
    )
    [asked] = await wait_for(lambda: peer.read(Select))
    assert json.loads(asked.query) == {"infohash": new.infohash.hex(), "last": 1}
    peer.say(SelectResponse(asked.request_id, block_of(record_of(torrent(5, "not asked for")), record_of(new))))
    await wait_for(lambda: (found := store_of(daemon).by_infohash(new.infohash)) and found[0].seeders == 30)
    popular = await daemon.get("/metadata/torrents/popular")

    assert [(one["name"], one["num_seeders"]) for one in popular["results"]] == [
        ("known", 50),
        ("new film", 30),
        ("own", 1),
    ]
    assert store_of(daemon).by_infohash(known.infohash)[0].trackers == ("udp://tracker.example:1337",)
    assert store_of(daemon).counts[300] == 3


async def test_nobody_learns_by_gossip_what_the_user_has(daemon, peer):
    own = torrent(1, "a film of the user", is_own=True)
    await add(daemon, own)

    peer.say(Health(2, [item(own, 3), item(torrent(2, ""), 3)], b""))
    asked = await wait_for(lambda: len(found := peer.read(Select)) == 2 and found)
    for one in asked:
        peer.say(SelectResponse(one.request_id, block_of(record_of(own))))
    await _settled(peer)

    assert {json.loads(one.query)["infohash"] for one in asked} == {torrent(n, "").infohash.hex() for n in (1, 2)}
    assert store_of(daemon).by_infohash(own.infohash)[0].is_own


async def test_gossip_of_version_7_is_understood(peer):
    peer.say_raw(1, vectors.TORRENTS_HEALTH)

    asked = await wait_for(lambda: len(found := peer.read(Select)) == 2 and found)

    assert {json.loads(one.query)["infohash"] for one in asked} == {vectors.R1[92:112].hex(), vectors.R2[92:112].hex()}


class SilentLink:
    """Peers of whom it is known what they were sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, int]] = []

    def peers(self) -> list[bytes]:
        return [b"peer"]

    def send(self, peer: bytes, number: int, _body: bytes) -> bool:
        self.sent.append((peer, number))
        return True

    def forget(self, peer: bytes) -> None:
        pass

    def questions_to(self, peer: bytes) -> int:
        return self.sent.count((peer, 201))


async def test_a_message_asks_for_at_most_ten_records_and_a_flood_of_messages_for_few(tmp_path):
    link, draw, seconds = SilentLink(), random.Random(1), [1000.0]
    async with open_metadata(tmp_path / "store") as store:
        requests = Requests(link=link, draw=draw)
        gossip = Gossip(
            link=link,
            requests=requests,
            receiver=Receiver(store=store, records=PeerRecords(key=KEY_A), budget=DayBudget(1000, 1000)),
            store=store,
            checked=CheckedTorrents(store=store, with_own=False, draw=draw),
            draw=draw,
            spawn=lambda _, work: work.close(),
            clock=lambda: seconds[0],
        )
        told = [messages.HealthItem(number.to_bytes(20), 1, 0, now()) for number in range(1, 200)]

        for start in range(0, 160, 32):
            gossip.heard(b"peer", told[start : start + 32])
        assert link.questions_to(b"peer") == 20  # of two: a peer's own gossip and its answer may come together
        seconds[0] += 1
        gossip.heard(b"peer", told[:12])  # of which ten were asked for a moment ago
        assert link.questions_to(b"peer") == 22
        gossip.heard(b"other", told[:10])
        assert link.questions_to(b"other") == 0
        requests.close()


async def _settled(peer):
    """Wait until the daemon has dealt with everything that the peer sent."""
    peer.say_raw(101)
    await wait_for(lambda: peer.bodies[102])


async def test_gossip_can_be_turned_off(start_daemon):
    config = {"popularity_community": {"enabled": False}}
    async with start_daemon("discovery", config=config) as daemon, bare_peer(daemon) as peer:
        peer.say(HealthRequest(2))
        peer.say(Health(2, [item(torrent(1, ""), 1)], b""))
        await _settled(peer)
        tasks = [task["name"] for task in (await daemon.get("/plugins/discovery"))["tasks"]]

    assert not peer.bodies[4]
    assert not peer.bodies[201]
    assert "discovery.gossip-rounds" not in tasks
