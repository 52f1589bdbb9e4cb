"""What the process has open, and what its threads do."""

import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import msgspec
import psutil
from msgspec import Meta

from triblerd.tasks import place_of

_MOST_FRAMES = 200


class OpenFile(msgspec.Struct, frozen=True, kw_only=True):
    """A regular file."""

    path: Annotated[str, Meta(description="Absolute")]
    fd: Annotated[int, Meta(description="Its descriptor; -1 where the system has none")]


class OpenSocket(msgspec.Struct, frozen=True, kw_only=True):
    """A socket of IPv4 or IPv6."""

    family: Annotated[int, Meta(description="The platform's number of the address family")]
    status: Annotated[str, Meta(description="TCP state such as `ESTABLISHED`; `NONE` for UDP")]
    laddr: Annotated[str, Meta(description="Our end, as `<ip>:<port>`; `-` when there is none")]
    raddr: Annotated[str, Meta(description="The other end, as `<ip>:<port>`; `-` when there is none")]
    type: Annotated[int, Meta(description="1 stream, 2 datagram")]


class ThreadView(msgspec.Struct, frozen=True, kw_only=True):
    """A thread of the process."""

    thread_id: Annotated[int, Meta(description="Python's number of it; the system's for a thread without Python")]
    thread_name: Annotated[str, Meta(description="What its maker called it")]
    frames: Annotated[
        list[str], Meta(description="`<module>:<line> <function>`, innermost first; empty for one without Python")
    ]
    native_id: Annotated[int | None, Meta(description="The system's number of it")]
    cpu_seconds: Annotated[float | None, Meta(description="CPU time that it has used")]


def open_files() -> list[OpenFile]:
    """Return the regular files that are open. For a thread."""
    return [OpenFile(path=file.path, fd=file.fd) for file in psutil.Process().open_files()]


def open_sockets() -> list[OpenSocket]:
    """Return the sockets of IPv4 and IPv6. For a thread: the system lists those of all programs."""
    return [
        OpenSocket(
            family=int(socket.family),
            status=socket.status,
            laddr=_address(socket.laddr),
            raddr=_address(socket.raddr),
            type=int(socket.type),
        )
        for socket in psutil.Process().net_connections(kind="inet")
    ]


def threads() -> list[ThreadView]:
    """Return the threads, those that run Python first. For a thread other than the loop's, which would see itself."""
    native = {thread.id: thread for thread in psutil.Process().threads()}
    frames = sys._current_frames()  # noqa: SLF001 - the documented way
    views = []
    for thread in threading.enumerate():
        times = native.pop(thread.native_id or 0, None)
        views.append(
            ThreadView(
                thread_id=thread.ident or 0,
                thread_name=thread.name,
                frames=_places(frames.get(thread.ident or 0)),
                native_id=thread.native_id,
                cpu_seconds=times and round(times.user_time + times.system_time, 3),
            )
        )
    for number, times in sorted(native.items()):
        views.append(
            ThreadView(
                thread_id=number,
                thread_name=_native_name(number),
                frames=[],
                native_id=number,
                cpu_seconds=round(times.user_time + times.system_time, 3),
            )
        )
    return views


def _address(address: Any) -> str:
    return f"{address.ip}:{address.port}" if address else "-"


def _places(frame: FrameType | None) -> list[str]:
    places: list[str] = []
    while frame is not None and len(places) < _MOST_FRAMES:
        places.append(place_of(frame))
        frame = frame.f_back
    return places


def _native_name(number: int) -> str:
    try:
        return Path(f"/proc/self/task/{number}/comm").read_text(errors="replace").strip()
    except OSError:  # it has just ended, or this is no Linux
        return ""
