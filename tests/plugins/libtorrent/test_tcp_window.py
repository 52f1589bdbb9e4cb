import pytest

from triblerd_libtorrent.tcp_window import TcpWindow


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def window(clock):
    return TcpWindow(clock)


def test_each_add_opens_the_window_for_three_seconds(clock, window):
    assert window.extend() == 3.0

    clock.now += 2
    assert window.extend() == 3.0

    clock.now += 60
    assert window.extend() == 3.0


def test_a_stream_of_adds_leaves_utp_its_turn(clock, window):
    open_seconds = 0
    for _ in range(200):
        open_seconds += window.extend() > 0
        clock.now += 1

    assert 90 <= open_seconds <= 110


def test_a_window_at_its_limit_is_not_extended(clock, window):
    for _ in range(9):
        window.extend()
        clock.now += 1

    assert window.extend() == 1.0
    clock.now += 1
    assert window.extend() == 0.0
    clock.now += 10
    assert window.extend() == 3.0
