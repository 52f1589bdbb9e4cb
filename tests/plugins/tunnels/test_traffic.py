from dataclasses import dataclass

from triblerd_tunnels.traffic import TrafficMeter


@dataclass(eq=False)
class Counters:
    bytes_up: int = 0
    bytes_down: int = 0


def carried(meter, counters):
    total = meter.read(counters)
    return total.up, total.down


def test_counters_that_begin_anew_after_4_gib_go_on_counting():
    meter, counters = TrafficMeter(), Counters()
    readings = [(0, 2**31), (10, 2**32 - 1), (20, 5), (30, 2**31), (2**32 - 1, 4)]

    for counters.bytes_up, counters.bytes_down in readings:
        total = carried(meter, counters)

    assert total == (2**32 - 1, 2 * 2**32 + 4)


def test_reading_twice_counts_once():
    meter, counters = TrafficMeter(), Counters(7, 9)

    assert carried(meter, counters) == carried(meter, counters) == (7, 9)


def test_each_circuit_has_totals_of_its_own():
    meter, one, other = TrafficMeter(), Counters(1, 2), Counters(3, 4)

    assert (carried(meter, one), carried(meter, other)) == ((1, 2), (3, 4))
