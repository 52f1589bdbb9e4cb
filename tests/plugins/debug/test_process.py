"""``/debug/open_files``, ``open_sockets``, ``threads``: what the process has open, and what it does."""

import os
import re
import socket
import threading

import pytest

from tests.plugins.downloads.conftest import service
from triblerd.services import Lifecycle


async def test_an_open_file_is_listed_with_its_descriptor(daemon, tmp_path):
    with (tmp_path / "film.mkv").open("wb") as file:
        found = (await daemon.get("/debug/open_files"))["open_files"]

        assert {"path": str(tmp_path / "film.mkv"), "fd": file.fileno()} in found
    assert str(service(daemon, Lifecycle).log_file) in [entry["path"] for entry in found]


async def test_a_key_in_a_path_is_not_shown(daemon, tmp_path):
    with (tmp_path / f"film-{daemon.key}.mkv").open("wb") as file:
        found = (await daemon.get("/debug/open_files"))["open_files"]

        assert {"path": str(tmp_path / "film-***.mkv"), "fd": file.fileno()} in found


async def test_each_kind_of_socket_is_listed_with_its_state_and_its_ends(daemon):
    families = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
    for family, host in families.items():
        with (
            socket.create_server((host, 0), family=family) as listener,
            socket.socket(family, socket.SOCK_DGRAM) as datagrams,
            socket.create_connection(listener.getsockname()[:2]) as connection,
        ):
            datagrams.bind((host, 0))
            found = (await daemon.get("/debug/open_sockets"))["open_sockets"]

            ours, theirs, udp = (f"{host}:{end.getsockname()[1]}" for end in (connection, listener, datagrams))
            tcp = {"family": int(family), "type": 1}
            assert {**tcp, "status": "LISTEN", "laddr": theirs, "raddr": "-"} in found
            assert {**tcp, "status": "ESTABLISHED", "laddr": ours, "raddr": theirs} in found
            assert {"family": int(family), "type": 2, "status": "NONE", "laddr": udp, "raddr": "-"} in found


@pytest.fixture
def waiting_thread():
    """A thread that waits, with a secret among its variables."""
    gate, begun = threading.Event(), threading.Event()

    def wait_with(password: str) -> None:
        begun.set()
        gate.wait()
        del password

    thread = threading.Thread(target=wait_with, args=("hunter2-hunter2",), name="patient")
    thread.start()
    begun.wait()
    yield thread
    gate.set()
    thread.join()


async def test_a_thread_shows_where_it_is_innermost_first_and_no_values(daemon, waiting_thread):
    answer = await daemon.request("GET", "/debug/threads")

    (thread,) = [entry for entry in answer.json()["threads"] if entry["thread_name"] == "patient"]
    assert thread["thread_id"] == waiting_thread.ident
    assert thread["native_id"] == waiting_thread.native_id
    assert re.fullmatch(r"threading:\d+ Condition\.wait", thread["frames"][0])
    assert re.fullmatch(rf"{__name__}:\d+ waiting_thread\.<locals>\.wait_with", thread["frames"][2])
    assert thread["frames"][-1].endswith("Thread._bootstrap")
    assert b"hunter2" not in answer.body


async def test_the_main_thread_and_its_cpu_are_listed(daemon):
    threads = {entry["thread_name"]: entry for entry in (await daemon.get("/debug/threads"))["threads"]}

    assert threads["MainThread"]["native_id"] == os.getpid()
    assert threads["MainThread"]["cpu_seconds"] > 0
    assert any(frame.startswith("asyncio.base_events:") for frame in threads["MainThread"]["frames"])


async def test_threads_of_the_engine_have_no_frames(start_daemon):
    async with start_daemon("debug", "libtorrent") as daemon:
        threads = (await daemon.get("/debug/threads"))["threads"]

    native = [thread for thread in threads if thread["thread_id"] == thread["native_id"]]
    assert native
    assert all(thread["frames"] == [] for thread in native)
