"""A place of its own for a daemon, in which every packet that it sends or receives is seen.

The daemon runs in a namespace of the kernel with a loopback of its own, and one link to another namespace, in which
the rest of the network is. The link is its way to the whole world: a request to a name server, or to a peer somewhere,
is seen as it would leave this machine. Needs ``ip`` of Debian's iproute2, and the right to make namespaces, which root
has, and everybody else in ``unshare -rn``.
"""

import asyncio
import ctypes
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.overlay.network import Address

BLOCK = "10.77.0"
"""The first three bytes of the addresses on both ends of the link."""

INSIDE = f"{BLOCK}.250"
"""The address of the daemon's end."""

_HOSTS_OUTSIDE = 40
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_ALL_PROTOCOLS = 3  # ETH_P_ALL
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_BUFFER_BYTES = 64 << 20
_IPV4, _ARP, _IPV6 = 0x0800, 0x0806, 0x86DD
_PACKET_BYTES = "65535"  # no packet is sent in fragments, of which only the first tells its ports
_KEPT_BYTES = 400  # of each packet: its headers, and enough to know an overlay or a torrent by
_TCP, _UDP = 6, 17
_OFFSET = 0x1FFF  # not 0 in all fragments but the first


class Packet(NamedTuple):
    """One packet on the link.

    Attributes:
        protocol: ``udp``, ``tcp``, ``fragment``, ``ip`` and a number, ``arp``, or ``ethertype`` and a number; the last
            two have no addresses.
        source, target: Host and port; the port is 0 where there is none.
        head: The first bytes of what it carries.
    """

    protocol: str
    source: Address
    target: Address
    head: bytes


class Wire:
    """Whoever listens to the link; a context manager.

    Attributes:
        packets: All until now, in order.
        lost: How many the kernel could not keep for us; known at the end.
    """

    def __init__(self, interface: str) -> None:
        self.packets: list[Packet] = []
        self.lost = 0
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL_PROTOCOLS))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        self._socket.bind((interface, _ALL_PROTOCOLS))
        self._socket.settimeout(0.1)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="wire")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                data, (_, kind, *_) = self._socket.recvfrom(_KEPT_BYTES)
            except TimeoutError:
                if self._stopping.is_set():
                    break
                continue
            self.packets.append(_packet(kind, data))
        _, self.lost = struct.unpack("II", self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))


def _packet(kind: int, data: bytes) -> Packet:
    if kind == _IPV4:
        header, protocol = (data[0] & 15) * 4, data[9]
        source, target = socket.inet_ntoa(data[12:16]), socket.inet_ntoa(data[16:20])
        if struct.unpack_from("!H", data, 6)[0] & _OFFSET:
            return Packet("fragment", (source, 0), (target, 0), data[header:])
    elif kind == _IPV6:
        header, protocol = 40, data[6]
        source, target = (socket.inet_ntop(socket.AF_INET6, data[at : at + 16]) for at in (8, 24))
    else:
        return Packet("arp" if kind == _ARP else f"ethertype {kind:#06x}", ("", 0), ("", 0), data)
    if protocol not in {_TCP, _UDP}:
        return Packet(f"ip {protocol}", (source, 0), (target, 0), data[header:])
    ports = struct.unpack_from("!HH", data, header)
    payload = header + (8 if protocol == _UDP else (data[header + 12] >> 4) * 4)
    return Packet("udp" if protocol == _UDP else "tcp", (source, ports[0]), (target, ports[1]), data[payload:])


class Place:
    """Where the daemon is put.

    Attributes:
        wire: Whoever listens to its link.
    """

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._outside = self._new_namespace()
        self._inside = self._new_namespace()
        netns = f"/proc/{os.getpid()}/fd/{self._outside}"
        _ip("link", "add", "inside", "type", "veth", "peer", "outside", "netns", netns)
        _ip("address", "add", f"{INSIDE}/24", "dev", "inside")
        _ip("link", "set", "inside", "mtu", _PACKET_BYTES, "up")
        _ip("route", "add", "default", "via", f"{BLOCK}.1")
        self.wire = Wire("inside")
        self._enter(self._outside)
        for number in range(1, _HOSTS_OUTSIDE):
            _ip("address", "add", f"{BLOCK}.{number}/24", "dev", "outside")
        _ip("link", "set", "outside", "mtu", _PACKET_BYTES, "up")

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Make the processes and sockets that begin meanwhile, in this thread, those of the place."""
        self._enter(self._inside)
        try:
            yield
        finally:
            self._enter(self._outside)

    def close(self) -> None:
        """Let the kernel forget it, as soon as nobody is in there."""
        os.close(self._inside)
        os.close(self._outside)

    def _new_namespace(self) -> int:
        if self._libc.unshare(_NEW_NETWORK):
            number = ctypes.get_errno()
            raise OSError(number, f"no namespace can be made ({os.strerror(number)}): try it with `unshare -rn`")
        _ip("link", "set", "lo", "up")
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def _enter(self, namespace: int) -> None:
        if self._libc.setns(namespace, _NEW_NETWORK):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _ip(*arguments: str) -> None:
    path = next(path for path in ("/usr/sbin/ip", "/sbin/ip", "/bin/ip") if Path(path).exists())
    subprocess.run([path, *arguments], check=True)


def with_watched_place(scenario: Callable[[Place], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine function in an event loop and a thread of its own, outside of a place that is watched."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            place = Place()
            try:
                with place.wire:
                    asyncio.run(scenario(place))
            finally:
                place.close()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=run, name="outside of a place")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
