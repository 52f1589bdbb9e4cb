"""What is let onto the event loop, by the packet; and what is said of it."""

import logging
import threading

import pytest
from ipv8.messaging.serialization import PackError

from triblerd.testing import wait_for
from triblerd_ipv8.counting import MessageCounts
from triblerd_ipv8.intake import BURST, MOST_ADDRESSES, MOST_BYTES, MOST_WAITING, RATE, Allowance, Intake
from triblerd_ipv8.quiet import SeldomLogger

PACKET = b"\x00\x02" + b"i" * 20 + b"\x01" + b"body"


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def sent(allowance, host, port=1, count=1000):
    """Return how many of ``count`` packets were let through."""
    return sum(allowance.take(host, port) for _ in range(count))


def test_an_address_may_send_a_burst_and_then_a_rate(clock):
    allowance = Allowance(clock=clock)

    at_once = sent(allowance, "192.0.2.1")
    clock.now += 1
    after_a_second = sent(allowance, "192.0.2.1")
    clock.now += 3600
    after_an_hour = sent(allowance, "192.0.2.1")

    assert (at_once, after_a_second, after_an_hour) == (BURST, RATE, BURST)


def test_other_addresses_do_not_pay_for_it_and_ports_are_no_way_around(clock):
    allowance = Allowance(clock=clock)
    sent(allowance, "192.0.2.1")

    assert sent(allowance, "192.0.2.1", port=2) == 0
    assert sent(allowance, "192.0.2.2") == BURST


def test_on_loopback_every_port_is_somebody_else(clock):
    allowance = Allowance(clock=clock)
    sent(allowance, "127.0.0.1", port=1)

    assert sent(allowance, "127.0.0.1", port=1) == 0
    assert sent(allowance, "127.0.0.1", port=2) == BURST


def test_forged_addresses_do_not_fill_the_memory(clock):
    allowance = Allowance(clock=clock)
    for number in range(3 * MOST_ADDRESSES):
        allowance.take(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 1)

    assert len(allowance._buckets) <= MOST_ADDRESSES


def test_whoever_sent_too_much_is_not_forgotten_for_others(clock):
    allowance = Allowance(clock=clock)
    for number in range(MOST_ADDRESSES - 1):
        allowance.take(f"10.0.{number >> 8}.{number & 255}", 1)
    clock.now += BURST / RATE + 1
    sent(allowance, "192.0.2.1")
    for number in range(10):
        allowance.take(f"10.1.0.{number}", 1)

    assert sent(allowance, "192.0.2.1") == 0


class Loop:
    """Collects what is to be called, and calls it when the test wants that."""

    def __init__(self):
        self.calls = []

    def call_soon(self, call):
        self.calls.append(call)

    def turn(self):
        calls, self.calls = self.calls, []
        for call in calls:
            call()


class Taken:
    """Takes packets, each of which needs about a millisecond."""

    def __init__(self, clock):
        self.clock = clock
        self.packets = []

    def __call__(self, datagram):
        self.clock.now += 2**-10
        self.packets.append(datagram)
        if datagram[2].endswith(b"broken"):
            raise IndexError


@pytest.fixture
def loop():
    return Loop()


@pytest.fixture
def taken(clock):
    return Taken(clock)


@pytest.fixture
def intake(loop, taken, clock):
    return Intake(deliver=taken, call_soon=loop.call_soon, allowance=Allowance(clock=clock), clock=clock)


def test_packets_are_handled_in_slices_between_which_others_have_their_turn(intake, loop, taken):
    for number in range(10):
        intake.arrived("192.0.2.1", number, PACKET)

    handled = []
    while loop.calls:
        loop.turn()
        handled.append(len(taken.packets))

    assert handled == [5, 10]


def test_a_packet_that_nobody_can_handle_does_not_stop_the_others(intake, loop, taken):
    for body in (b"broken", b"whole"):
        intake.arrived("192.0.2.1", 1, PACKET + body)

    loop.turn()

    assert len(taken.packets) == 2


def test_more_than_may_wait_is_dropped_and_counted(intake, loop, taken):
    for number in range(MOST_WAITING + 7):
        intake.arrived(f"10.0.{number >> 8}.{number & 255}", 1, PACKET)
    while loop.calls:
        loop.turn()

    assert (len(taken.packets), intake.dropped, intake.refused) == (MOST_WAITING, 7, 0)


def test_what_is_too_short_or_too_long_for_any_overlay_is_no_packet(intake, loop):
    for data in (b"", PACKET[:22], b"x" * (MOST_BYTES + 1)):
        intake.arrived("192.0.2.1", 1, data)

    assert loop.calls == []


def bring(intake, count):
    for _ in range(count):
        intake.arrived("127.0.0.1", 1, PACKET)


async def test_packets_come_from_threads(loop, taken, clock):
    intake = Intake(deliver=taken, call_soon=loop.call_soon, allowance=Allowance(clock=clock))
    threads = [threading.Thread(target=lambda: bring(intake, 50)) for _ in range(4)]
    for thread in threads:
        thread.start()

    def all_taken():
        loop.turn()
        return len(taken.packets) == 200

    await wait_for(all_taken, what="all packets")
    for thread in threads:
        thread.join()


def test_messages_are_counted_for_those_overlays_alone_for_which_it_is_wanted(clock):
    counts = MessageCounts(clock=clock)
    counts.turn(PACKET[:22], on=True)

    counts.sent(PACKET)
    clock.now += 5
    counts.sent(PACKET)
    counts.received(PACKET + b"more")
    counts.received(b"\x00\x02" + b"j" * 21)
    counts.received(b"short")

    (counted,) = counts.of(PACKET[:22]).values()
    assert (counted.num_up, counted.bytes_up, counted.num_down) == (2, 2 * len(PACKET), 1)
    assert (counted.first_measured_up, counted.last_measured_up, counted.first_measured_down) == (1000, 1005, 1005)
    counts.turn(PACKET[:22], on=False)
    assert counts.of(PACKET[:22]) == {}


def test_the_same_is_said_once_a_minute_with_how_often_it_was(caplog, clock):
    log = SeldomLogger(logging.getLogger("strangers"), clock=clock)

    for number in range(100):
        log.warning("Received unknown message: %d", number)
    log.warning("Something else")
    clock.now += 61
    log.warning("Received unknown message: %d", 100)

    assert [record.message for record in caplog.records] == [
        "Received unknown message: 0",
        "Something else",
        "99 more of the following were left out",
        "Received unknown message: 100",
    ]


def test_broken_packets_are_of_interest_to_who_debugs_alone(caplog, clock):
    log = SeldomLogger(logging.getLogger("strangers"), (PackError,), clock=clock)

    for error in (PackError("broken"), KeyError("ours")):
        try:
            raise error  # noqa: TRY301 - as the library's handlers do
        except Exception:
            log.exception("Exception occurred while handling packet!")

    (record,) = caplog.records
    assert record.exc_info[0] is KeyError


def test_ever_new_words_do_not_fill_the_memory(clock):
    log = SeldomLogger(logging.getLogger("strangers"), clock=clock)
    log.logger.disabled = False

    for number in range(1000):
        log.warning(f"made up {number}")  # noqa: G004 - that is the point

    assert len(log._said) <= 100


def test_what_the_library_finds_of_interest_is_for_who_debugs(clock, caplog):
    caplog.set_level(logging.DEBUG, "strangers")

    SeldomLogger(logging.getLogger("strangers"), clock=clock).info("We joined circuit %d", 7)

    assert [(record.levelno, record.message) for record in caplog.records] == [(logging.DEBUG, "We joined circuit 7")]


def test_what_is_meant_to_be_so_is_no_error(caplog):
    SeldomLogger(logging.getLogger("strangers"), clock=lambda: 0.0).error(
        "No IPv8 service object available, cannot start PEXCommunity"
    )

    assert not [record for record in caplog.records if record.levelno > logging.DEBUG]
