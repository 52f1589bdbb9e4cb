"""Which socket a node has, and what the one in Python does."""

import asyncio
import socket
import threading

import psutil
import pytest

from tests.overlay.member import WITHOUT_RUST
from tests.plugins.ipv8.conftest import node_of
from triblerd.testing import wait_for
from triblerd_ipv8.python_socket import PythonSocket
from triblerd_ipv8.rust_socket import RustSocket


@pytest.mark.parametrize(("endpoint", "kind"), [("auto", "rust"), ("rust", "rust"), ("python", "python")])
async def test_the_setting_says_which_endpoint_there_is(start_overlay, caplog, endpoint, kind):
    node = node_of(await start_overlay(endpoint=endpoint))

    assert node.socket.kind == kind
    assert ("in Python" in caplog.text) is (kind == "python")


async def test_the_endpoint_is_changed_while_the_daemon_runs(start_overlay):
    daemon = await start_overlay("one", "settings", "state")
    before = node_of(daemon)

    await daemon.post("/settings", json={"ipv8": {"endpoint": "python"}})
    state = await daemon.get("/state")

    assert (before.socket.kind, node_of(daemon).socket.kind) == ("rust", "python")
    assert state["plugins"]["ipv8"]["report"].endswith("with the slower endpoint in Python")


async def test_without_the_package_the_endpoint_in_rust_cannot_be_had_and_the_other_one_can(daemon_process):
    environment = {"PYTHONPATH": str(WITHOUT_RUST)}
    config = {"ipv8": {"endpoint": "rust"}}
    async with daemon_process("ipv8", "settings", "state", config=config, environment=environment) as daemon:
        refused = (await daemon.get("/state"))["plugins"]["ipv8"]
        await daemon.post("/settings", json={"ipv8": {"endpoint": "auto"}})
        running = (await daemon.get("/state"))["plugins"]["ipv8"]

    assert refused["state"] == "failed"
    assert "ipv8_rust_tunnels cannot be imported" in refused["reason"]
    assert running["state"] == "running"
    assert running["report"].endswith("with the slower endpoint in Python")
    assert daemon.output.count("the overlay's endpoint is the one in Python") == 1


async def test_overlays_meet_over_it_and_messages_are_counted(start_overlay, neighbour):
    daemon = await start_overlay(endpoint="python", statistics=True, bootstrap=[f"127.0.0.1:{neighbour.port}"])

    async def counted():
        overlays = (await daemon.get("/ipv8/overlays"))["overlays"]
        return [one["statistics"] for one in overlays if one["peers"] and one["statistics"]["num_down"]]

    (statistics, *_) = await wait_for(counted, what="messages")

    assert statistics["bytes_up"] > 0
    assert statistics["bytes_down"] > 0
    assert node_of(daemon).traffic.sent >= statistics["bytes_up"]


async def test_a_taken_port_is_passed_over_and_closing_frees_all():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        before = psutil.Process().num_fds()
        one = PythonSocket(port, "127.0.0.1")
        assert await one.open()
        place = one.get_address()
        for address in (("127.0.0.1", 0), ("localhost", 80), ("::1", 80), ("127.0.0.1", 65536)):
            one.send(address, bytes(30))
        sent = one.bytes_up
        await one.close()
        one.send(("127.0.0.1", port), bytes(30))

        assert place[1] > port
        assert (sent, one.bytes_up) == (0, 0)
        assert not one.is_open()
        assert one.get_address() == place
        assert psutil.Process().num_fds() == before


class Busy(RustSocket):
    """One of its threads is at work on a packet until ``may_end`` is set."""

    def __init__(self):
        super().__init__(0, "127.0.0.1")
        self.is_at_work, self.may_end = threading.Event(), threading.Event()

    def datagram_received(self, *_):
        self.is_at_work.set()
        self.may_end.wait(10)


@pytest.mark.parametrize("way", ["renew", "close"])
async def test_a_socket_in_rust_is_opened_anew_on_its_port_although_a_thread_was_at_work(way):
    one, prefix = Busy(), bytes(22)
    one.open()
    one.rust_ep.set_prefixes([prefix])
    host, port = one.get_address()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.sendto(prefix + b"\x01", (host, port))
    await wait_for(one.is_at_work.is_set)
    asyncio.get_running_loop().call_later(0.3, one.may_end.set)

    again: RustSocket = one
    if way == "renew":
        await one.renew()
    else:
        await one.close()
        again = RustSocket(port, host)
        again.open()

    assert again.get_address() == (host, port)
    await again.close()
