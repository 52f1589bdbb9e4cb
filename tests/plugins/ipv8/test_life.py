"""How the network starts, changes and ends."""

import asyncio
import gc
import logging
import os
import socket
import subprocess
import sys
import threading

import psutil
import pytest
from ipv8.messaging.interfaces.udp.endpoint import UDPv4Address

from tests.plugins.ipv8.conftest import node_of
from triblerd.testing import wait_for
from triblerd_identity.keys import generate_private_key
from triblerd_ipv8.config import Ipv8Config
from triblerd_ipv8.node import Node

REASON = "requires the Python module ipv8, which is not installed: pip install 'triblerd[overlay]'"


async def test_the_node_has_the_key_of_the_state_directory_at_every_start(start_daemon):
    keys: list[str] = []
    for _ in range(2):
        async with start_daemon("ipv8") as daemon:
            overlays = (await daemon.get("/ipv8/overlays"))["overlays"]
            keys += {overlay["my_peer"] for overlay in overlays}
            private = (daemon.state_dir / "ec_multichain.pem").read_bytes()

    assert keys == [node_key(private)] * 2


def node_key(private):
    from ipv8.keyvault.crypto import default_eccrypto  # noqa: PLC0415 - the library's own opinion of the file

    return default_eccrypto.key_from_private_bin(private).pub().key_to_bin().hex()


async def test_a_port_that_is_taken_gives_way_to_the_next(start_overlay):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        daemon = await start_overlay("state", "settings", port=taken)

        assert node_of(daemon).port > taken
        assert node_of(daemon).port in (await daemon.get("/settings"))["ports"]


async def test_an_address_of_another_machine_has_the_plugin_fail_with_a_reason(start_overlay, capfd):
    daemon = await start_overlay("state", "state", address="192.0.2.1", port=7759)

    plugin = (await daemon.get("/state"))["plugins"]["ipv8"]
    assert plugin["state"] == "failed"
    assert "no UDP socket can be opened on 192.0.2.1:7759" in plugin["reason"]
    assert "Failed to bind" not in capfd.readouterr().err  # a thousand times


async def test_a_wrong_value_is_repaired(start_overlay):
    daemon = await start_overlay("state", walk_interval="fast")

    assert node_of(daemon).config.walk_interval == 0.5


async def test_what_can_change_while_peers_are_connected_does(start_overlay):
    daemon = await start_overlay("state", "settings")
    node = node_of(daemon)

    await daemon.post("/settings", json={"ipv8": {"statistics": True, "walk_interval": 0.2}})

    assert node_of(daemon) is node
    assert node.config.walk_interval == 0.2
    assert (await daemon.post("/ipv8/overlays/statistics", json={"enable": True, "all": True})) == {"success": True}


@pytest.mark.parametrize(
    "change", [{"ipv8": {"bootstrap": ["127.0.0.1:9"]}}, {"dht": {"enabled": False}}], ids=["introducers", "dht"]
)
async def test_what_cannot_starts_the_plugin_again(start_overlay, change):
    daemon = await start_overlay("state", "settings")
    node = node_of(daemon)

    await daemon.post("/settings", json=change)

    assert node_of(daemon) is not node


def footprint():
    gc.collect()
    process = psutil.Process()
    pool = sum(thread.name.startswith("asyncio_") for thread in threading.enumerate())
    return len(asyncio.all_tasks()), process.num_fds(), process.num_threads() - pool


async def test_while_the_socket_is_opened_again_packets_are_lost_and_nothing_else(start_overlay, neighbour):
    node = node_of(await start_overlay(bootstrap=[f"127.0.0.1:{neighbour.port}"]))
    port, sent = node.port, node.traffic.sent
    closed = 0

    renewal = asyncio.create_task(node.socket.renew())
    while not renewal.done():
        await asyncio.sleep(0)
        closed += not node.socket.is_open()
        node.overlays[0].walk_to(UDPv4Address("127.0.0.1", neighbour.port))
        assert node.port == port
        assert node.traffic.sent >= sent
    await renewal

    assert closed
    assert node.port == port
    assert node.traffic.sent >= sent


async def test_to_switch_it_twenty_times_leaves_nothing(start_overlay, neighbour):
    logging.disable(logging.INFO)  # pytest keeps every record
    daemon = await start_overlay(bootstrap=[f"127.0.0.1:{neighbour.port}"])

    async def switch():
        await daemon.patch("/plugins/ipv8", json={"enabled": False})
        await daemon.get("/ipv8/overlays", status=404)
        await daemon.patch("/plugins/ipv8", json={"enabled": True})

    try:
        for _ in range(3):
            await switch()
        before = footprint()
        for _ in range(20):
            await switch()
        await wait_for(lambda: footprint()[0] <= before[0] + 1, what="tasks to end")
        after = footprint()
    finally:
        logging.disable(logging.NOTSET)

    assert after[1:] == pytest.approx(before[1:], abs=1)


async def pauses(config):
    """Return the pauses of a walk whose steps are late for a while, and then are not."""
    node = Node(config=config, private_key=generate_private_key(), discovery=False, dht=False)
    pauses = [config.walk_interval]
    try:
        for late in [1.0] * 8 + [0.0] * 8:
            pauses.append(node._paced(pauses[-1], late))
    finally:
        await node.close()
    return pauses


async def test_the_walk_is_slower_while_the_loop_is_busy():
    scaled = await pauses(Ipv8Config())
    steady = await pauses(Ipv8Config(walk_scaling_enabled=False))
    slow = await pauses(Ipv8Config(walk_interval=10))

    assert scaled[:3] == [0.5, 0.75, 1.125]
    assert max(scaled) == 3.0
    assert scaled[-1] == 0.5
    assert set(steady) == {0.5}
    assert set(slow) == {10}


async def test_its_log_is_the_daemons(start_overlay, capfd):
    handlers = list(logging.getLogger().handlers)
    daemon = await start_overlay()

    assert [handler for handler in logging.getLogger().handlers if handler in handlers] == handlers
    assert "asctime" not in capfd.readouterr().err
    assert (await daemon.get("/ipv8/asyncio/debug"))["enable"] is False


async def test_without_the_extra_it_is_unmet_and_names_it(daemon_process, tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("import sys\nsys.modules['ipv8'] = None\n")
    async with daemon_process("ipv8", "state", environment={"PYTHONPATH": str(folder)}) as daemon:
        plugins = (await daemon.get("/state"))["plugins"]
        refusal = await daemon.get("/ipv8/overlays", status=503)

    assert (plugins["ipv8"]["state"], plugins["ipv8"]["reason"]) == ("unmet", REASON)
    assert plugins["identity"]["state"] == "running"
    assert REASON in refusal["error"]["message"]


def test_what_it_declares_needs_no_extra():
    program = "import sys, triblerd_ipv8.plugin, triblerd_ipv8.testing; sys.exit('ipv8' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], env=os.environ, check=False).returncode == 0
