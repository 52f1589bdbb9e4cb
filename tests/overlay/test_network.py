"""The foreign nodes, without our daemon: what it is compared with has to work by itself."""

import os

from tests.overlay.network import EXIT, RELAY

MIB = 1 << 20


async def test_foreign_nodes_download_over_two_hops_and_from_one_another(network, plain_seeder, tmp_path):
    first, second, *_ = await network.add(RELAY, RELAY, RELAY, EXIT, EXIT)
    torrent = plain_seeder.seed_new(os.urandom(MIB))
    file = tmp_path / "some.torrent"
    file.write_bytes(torrent.metainfo)
    order = {"torrent": str(file), "hops": 2, "peers": [(plain_seeder.host, plain_seeder.port)]}

    await first.ask("fetch", folder=str(tmp_path / "first"), **order)
    plain_seeder.close()
    await first.ask("seed", torrent=str(file), folder=str(tmp_path / "first"), hops=1)
    order |= {"hops": 1, "peers": [], "hidden": True}
    await second.ask("fetch", folder=str(tmp_path / "second"), **order)

    assert (tmp_path / "second" / torrent.name).read_bytes() == (torrent.folder / torrent.name).read_bytes()
