"""How long requests wait while strangers flood the overlay's socket with signed packets, as fast as they can."""

import asyncio
import socket
import statistics
import time
from collections.abc import Callable, Sequence

from ipv8.community import CommunitySettings
from ipv8.keyvault.crypto import default_eccrypto
from ipv8.messaging.interfaces.dispatcher.endpoint import DispatcherEndpoint
from ipv8.messaging.interfaces.udp.endpoint import UDPv4Address
from ipv8.peer import Peer
from ipv8.peerdiscovery.community import DiscoveryCommunity
from ipv8.peerdiscovery.network import Network
from rig import LOOPBACK, Client, Daemon, p99_meanwhile, report, temporary_directory, timed, wait_until

AT_ONCE = 64
"""Packets between two looks at the time."""
MANY = 200


async def make_packet(port: int) -> bytes:
    """Return a question of a stranger, which has to be checked and answered."""
    endpoint = DispatcherEndpoint(["UDPIPv4"], UDPIPv4={"port": 0, "ip": LOOPBACK})
    await endpoint.open()
    me = Peer(default_eccrypto.generate_key("curve25519"))
    overlay = DiscoveryCommunity(CommunitySettings(my_peer=me, endpoint=endpoint, network=Network()))
    overlay.cancel_pending_task("discover_lan_addresses")
    overlay.my_estimated_lan = overlay.my_estimated_wan = UDPv4Address(LOOPBACK, 1)
    packet = overlay.create_introduction_request(UDPv4Address(LOOPBACK, port))
    await overlay.unload()
    await endpoint.close()
    return packet


def flood(sockets: Sequence[socket.socket], packet: bytes, port: int) -> Callable[[], None]:
    """Return what sends some packets, from all sockets in turns."""
    number = 0

    def send() -> None:
        nonlocal number
        for _ in range(AT_ONCE):
            number += 1
            sockets[number % len(sockets)].sendto(packet, (LOOPBACK, port))

    return send


def main() -> None:
    """Compare the waits of requests without strangers, with one, and with many."""
    with temporary_directory() as folder:
        daemon = Daemon(folder / "state", ("ipv8", "settings", "statistics"))
        with daemon.running():
            client = daemon.client()
            (port,) = wait_until(lambda: _udp_ports(client, daemon.port), 10)
            packet = asyncio.run(make_packet(port))
            quiet = p99_meanwhile(daemon.port, lambda: time.sleep(0.02))
            report("p99 of a trivial request, nobody sends", f"{quiet:.1f} ms")
            for count in (1, MANY):
                sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
                send = flood(sockets, packet, port)
                rate = AT_ONCE / statistics.median(timed(send, 100))
                before = _figures(client)
                p99 = p99_meanwhile(daemon.port, send)
                after = _figures(client)
                left_out = sum(after[key] - before[key] for key in ("refused_packets", "dropped_packets"))
                report(
                    f"the same, {count} at {rate:.0f}k packets/s",
                    f"{p99:.1f} ms",
                    baseline=f"{p99 / quiet:.1f} times as long; {left_out} packets were not looked at",
                )
                for sender in sockets:
                    sender.close()


def _udp_ports(client: Client, http_port: int) -> list[int]:
    ports: list[int] = client.ask_json("GET", "/settings")["ports"]
    return [port for port in ports if port != http_port]


def _figures(client: Client) -> dict[str, int]:
    figures: dict[str, int] = client.ask_json("GET", "/statistics")["statistics"]["ipv8"]
    return figures


if __name__ == "__main__":
    main()
