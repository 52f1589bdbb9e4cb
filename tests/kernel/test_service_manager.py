import os
import socket

import pytest

from triblerd.service_manager import notify, watchdog_interval


@pytest.fixture
def environment():
    before = dict(os.environ)
    yield os.environ
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize("address", ["{folder}/notify", "@triblerd-test-{pid}"])
def test_the_service_manager_hears_our_line(tmp_path, environment, address):
    environment["NOTIFY_SOCKET"] = address.format(folder=tmp_path, pid=os.getpid())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(environment["NOTIFY_SOCKET"].replace("@", "\0", 1))

        notify("READY=1")

        assert manager.recv(100) == b"READY=1"


def test_without_a_service_manager_nothing_is_sent(environment):
    environment.pop("NOTIFY_SOCKET", None)

    notify("READY=1")


def test_the_watchdog_wants_a_sign_at_half_of_its_time(environment):
    environment["WATCHDOG_USEC"] = "10000000"

    assert watchdog_interval() == 5.0

    environment["WATCHDOG_PID"] = str(os.getpid() + 1)
    assert watchdog_interval() is None
