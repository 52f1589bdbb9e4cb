"""What strangers send to a node whose endpoint is the one in Python, in the form of cells."""

import random
import socket
from contextlib import closing

import pytest

from tests.plugins.tunnels.nodes import EXIT, RELAY
from tests.plugins.tunnels.socks import associate, host
from triblerd.testing import wait_for
from triblerd_tunnels.python.cells import (
    address_end,
    data_message,
    pack_address,
    read_data,
    unpack_address,
)

SEED = 20260101


def cells_of(node, numbers):
    """Yield cells of rubbish, of the circuits that a node is part of and of others, plain ones and encrypted."""
    chance = random.Random(SEED)
    head = node.tunnels.get_prefix() + b"\x00"
    for number in (*numbers, 0, 2**32 - 1):
        for flags in (b"\0\0", b"\1\0", b"\0\1", b"\1\1", b"\7\7"):
            for size in (0, 1, 7, 23, 24, 25, 200, 1400):
                body = chance.randbytes(size)
                yield head + number.to_bytes(4) + flags + body
                yield head + number.to_bytes(4) + flags + bytes([chance.randrange(32)]) + body
    for size in range(7):
        yield (head + bytes(7))[: 22 + size]


async def test_rubbish_in_the_form_of_cells_changes_nothing(start_nodes, caplog):
    _, node = await start_nodes(EXIT, python=RELAY)
    circuit = await node.circuit(hops=1)
    async with host() as target:
        with closing(await associate(await node.carrier.serve(1))) as client:
            client.send(target.address, b"d1:1e")
            await client.receive()
            before = node._node.socket.bytes_down
            sizes = 0
            for one in (circuit.hop.address, None):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                    if one is None:
                        stranger.bind(("127.0.0.1", 0))
                    for cell in cells_of(node, [circuit.circuit_id]):
                        stranger.sendto(cell, ("127.0.0.1", node.port))
                        sizes += len(cell)
            await wait_for(lambda: node._node.socket.bytes_down >= before + sizes, what="the rubbish")
            await wait_for(lambda: not node._node.socket.intake._waiting, what="the rest of it")
            client.send(target.address, b"d1:2e")
            await client.receive()

    assert target.received == [b"d1:1e", b"d1:2e"]
    assert [circuit.state for circuit in node.tunnels.circuits.values()] == ["READY"]
    assert not node.tunnels.exit_sockets
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize(
    "address",
    [("1.2.3.4", 5), ("2001:db8::1", 65535), ("host.example", 80), ("x" * 255, 1)],
    ids=lambda one: one[0][:9],
)
def test_an_address_is_read_as_it_was_written(address):
    packed = pack_address(*address)

    assert unpack_address(packed) == address
    assert read_data(data_message(packed, packed, b"data")) == (packed, packed, b"data")
    for cut in range(len(packed)):
        with pytest.raises(ValueError, match="no address"):
            address_end(packed[:cut], 0)


@pytest.mark.parametrize("host", ["", "x" * 256])
def test_what_is_no_name_of_a_host_is_refused(host):
    with pytest.raises(ValueError, match="no name"):
        pack_address(host, 1)
