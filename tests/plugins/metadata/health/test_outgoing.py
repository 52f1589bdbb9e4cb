"""From where questions go out, and to whom."""

import asyncio
import socket
import threading

import pytest

from triblerd.testing import wait_for
from triblerd_metadata.health.outgoing import Names, Outgoing, leads_inside, outgoing_of


@pytest.mark.parametrize(
    ("listen_interfaces", "outgoing"),
    [
        ("0.0.0.0:6881", Outgoing()),
        ("127.0.0.1:0", Outgoing(address="127.0.0.1")),
        ("10.8.0.2:6881,0.0.0.0:1", Outgoing(address="10.8.0.2")),
        ("tun0:6881", Outgoing(device="tun0")),
        ("[::]:6881", Outgoing()),
        ("[2001:db8::1]:6881", None),
        ("", None),
    ],
)
def test_questions_leave_where_the_engine_does(listen_interfaces, outgoing):
    assert outgoing_of(listen_interfaces) == outgoing


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_socket_has_the_address_that_it_is_to_have(kind):
    with Outgoing(address="127.0.0.7").socket(kind) as made:
        assert made.getsockname()[0] == "127.0.0.7"


@pytest.mark.parametrize("outgoing", [Outgoing(address="192.0.2.1"), Outgoing(device="nosuch0")])
def test_an_address_or_device_that_is_not_there_is_an_error(outgoing):
    with pytest.raises(OSError, match=r"."):
        outgoing.socket(socket.SOCK_DGRAM)


@pytest.mark.parametrize(
    ("asked", "named", "leads"),
    [
        ("8.8.8.8", "127.0.0.1", True),
        ("8.8.8.8", "192.168.1.1", True),
        ("8.8.8.8", "169.254.0.1", True),
        ("8.8.8.8", "1.1.1.1", False),
        ("127.0.0.1", "127.0.0.2", False),
        ("192.168.1.1", "8.8.8.8", False),
    ],
)
def test_somebody_outside_has_no_business_with_somebody_inside(asked, named, leads):
    assert leads_inside(asked, named) is leads


class Hosts:
    """Knows some addresses; notes the questions. ``busy.example`` takes until ``over`` is set."""

    def __init__(self):
        self.asked = []
        self.over = threading.Event()

    def __call__(self, host):
        self.asked.append(host)
        if host == "busy.example":
            self.over.wait(20)
        if host.startswith("no"):
            raise socket.gaierror(-2, "Name or service not known")
        return "192.0.2.7"


@pytest.fixture
def hosts():
    """Offer hosts."""
    hosts = Hosts()
    yield hosts
    hosts.over.set()


@pytest.fixture
async def found(hosts):
    """Offer what finds them."""
    names = Names(hosts)
    yield names
    await names.close()


async def test_the_system_knows_this_machine_and_what_is_no_name():
    names = Names()

    assert await names.address("localhost") == "127.0.0.1"
    with pytest.raises(OSError, match="no address"):
        await names.address("x" * 300 + ".example")


async def test_an_address_is_its_own_and_nobody_is_asked(found, hosts):
    assert await found.address("192.0.2.1") == "192.0.2.1"
    assert not hosts.asked


async def test_a_name_is_asked_for_once(found, hosts):
    answers = await asyncio.gather(*[found.address("a.example") for _ in range(10)])
    resolved = await found.resolve("a.example", 80)

    assert set(answers) == {"192.0.2.7"}
    assert (resolved[0]["host"], resolved[0]["port"]) == ("192.0.2.7", 80)
    assert hosts.asked == ["a.example"]


async def test_what_has_no_address_is_not_asked_for_again_at_once(found, hosts):
    for _ in range(2):
        with pytest.raises(OSError, match=r"no\.example has no address"):
            await found.address("no.example")
    assert hosts.asked == ["no.example"]


async def test_a_name_server_that_does_not_answer_delays_only_those_who_wait_for_it(found, hosts):
    waiting = asyncio.ensure_future(found.address("busy.example"))
    await wait_for(lambda: hosts.asked == ["busy.example"])

    assert await found.address("a.example") == "192.0.2.7"

    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    again = asyncio.ensure_future(found.address("busy.example"))
    hosts.over.set()
    assert await again == "192.0.2.7"
    assert hosts.asked == ["busy.example", "a.example"]


async def test_at_the_end_nobody_waits_for_a_name_server(found, hosts):
    waiting = asyncio.ensure_future(found.address("busy.example"))
    await wait_for(lambda: hosts.asked)

    await found.close()

    assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], asyncio.CancelledError)
