"""Hidden swarms are joined and left as downloads change."""

import os

from tests.plugins.tunnels.nodes import EXIT, RELAY
from tests.plugins.tunnels.test_circuits import service, settings
from tests.plugins.tunnels.test_downloads import add
from tests.plugins.tunnels.test_policy import community_of
from triblerd.testing import wait_for
from triblerd_libtorrent.api import TorrentEngine, TorrentSwarm
from triblerd_libtorrent.testing import TorrentVersion, make_torrent
from triblerd_tunnels.api import TunnelView
from triblerd_tunnels.community import POINT_SECONDS
from triblerd_tunnels.hidden import swarm_id


def points(daemon):
    return [row for row in service(daemon, TunnelView).circuits() if row.type == "IP_SEEDER" and row.state == "READY"]


def numbers(daemon):
    return {row.circuit_id for row in points(daemon)}


def swarms(daemon):
    return {row.info_hash: row.seeding for row in service(daemon, TunnelView).swarms()}


def test_a_hidden_swarm_is_known_by_a_hash_of_the_infohash_in_lower_case():
    assert swarm_id("AB" * 20) == bytes.fromhex("410639a8525b56b79c518bf5f6e12152bd8a5fcb")


async def test_a_hidden_seeder_keeps_an_introduction_point_until_it_is_stopped(start_daemon, start_nodes, tmp_path):
    nodes = await start_nodes(EXIT, RELAY)
    torrent = make_torrent(tmp_path, os.urandom(100_000))
    async with start_daemon("tunnels", config=settings(nodes)) as daemon:
        await add(daemon, torrent, torrent.folder, is_verified=True)
        (first,) = await wait_for(lambda: points(daemon), what="an introduction point")
        known = swarms(daemon)

        community = community_of(daemon)
        community.circuits[first.circuit_id].creation_time -= POINT_SECONDS
        community.do_circuits()
        await wait_for(lambda: numbers(daemon) - {first.circuit_id}, what="another introduction point")
        service(daemon, TorrentEngine).pause(torrent.infohash)
        await wait_for(lambda: not swarms(daemon) and not points(daemon), what="the swarm to be left")

        assert known == {swarm_id(torrent.infohash).hex(): True}


def visits(daemon):
    circuits = community_of(daemon).circuits.values()
    return {one.circuit_id for one in circuits if one.ctype == "RP_DOWNLOADER" and one.e2e}


async def test_a_hidden_seeder_is_met_again_when_the_way_to_it_is_gone(start_daemon, start_nodes, tmp_path):
    nodes = await start_nodes(EXIT, RELAY, ())
    torrent, seeder = make_torrent(tmp_path, os.urandom(100_000)), nodes[-1].tunnels
    async with start_daemon("tunnels", config=settings(nodes)) as daemon:
        await wait_for(lambda: len(community_of(daemon).candidates) == len(seeder.candidates) == 3, what="peers")
        seeder.join_swarm(swarm_id(torrent.infohash), 1, seeding=True)
        await seeder.create_introduction_point(swarm_id(torrent.infohash))
        await wait_for(lambda: any(node.stores(swarm_id(torrent.infohash)) for node in nodes), what="the DHT")
        await add(daemon, torrent, tmp_path / "mine")
        (first,) = await wait_for(lambda: visits(daemon), 18, what="the seeder")

        community_of(daemon).remove_circuit(first, "no activity")
        await wait_for(lambda: visits(daemon) - {first}, 18, what="the seeder again")


async def test_a_hybrid_torrent_meets_by_its_v2_hash_and_is_looked_for_while_it_is_incomplete(
    start_daemon, start_nodes, tmp_path
):
    nodes = await start_nodes(EXIT, RELAY)
    torrent = make_torrent(tmp_path / "theirs", {"a": os.urandom(100_000)}, version=TorrentVersion.HYBRID)
    async with start_daemon("tunnels", config=settings(nodes)) as daemon:
        await add(daemon, torrent, tmp_path / "mine")
        await wait_for(lambda: swarms(daemon), what="the swarm")

        metainfo = await service(daemon, TorrentEngine).parse_metainfo(torrent.metainfo)
        assert service(daemon, TorrentSwarm).full_hashes(torrent.infohash) == (
            metainfo.infohash_v1,
            metainfo.infohash_v2,
        )
        assert swarms(daemon) == {swarm_id(metainfo.infohash_v2).hex(): False}
