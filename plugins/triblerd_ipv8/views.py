"""Overlays and peers, as ``/ipv8`` shows them."""

from collections.abc import Mapping, Sequence

import msgspec
from ipv8.community import Community
from ipv8.messaging.anonymization.community import TunnelCommunity
from ipv8.messaging.interfaces.udp.endpoint import Address, UDPv4Address

from triblerd_ipv8.answers import AbsentOverlayError, to_base64
from triblerd_ipv8.counting import Counted
from triblerd_ipv8.node import Node
from triblerd_ipv8.schemas import KnownPeer, MessageRow, OverlayPeer, OverlayRow, OverlayTraffic, Place, WalkerRow


class NodeViews:
    """Shows a node's overlays and peers."""

    def __init__(self, node: Node) -> None:
        self._node = node

    @property
    def may_count(self) -> bool:
        """Whether the settings allow that messages are counted."""
        return self._node.config.statistics

    def overlays(self) -> Sequence[OverlayRow]:
        """Return all overlays."""
        return [self._row(overlay) for overlay in self._node.overlays]

    def counted(self) -> Sequence[dict[str, dict[str, MessageRow]]]:
        """Return what was counted of each overlay."""
        messages = self._node.socket.messages
        return [
            {
                type(overlay).__name__: {
                    f"{number}:{_handler(overlay, number)}": MessageRow(
                        identifier=number, **msgspec.structs.asdict(counted)
                    )
                    for number, counted in messages.of(overlay.get_prefix()).items()
                }
            }
            for overlay in self._node.overlays
        ]

    def count(self, name: str | None, *, on: bool) -> None:
        """Count the messages of the overlays of a name, or of all, or forget what was counted."""
        for overlay in self._node.overlays:
            if name in (None, type(overlay).__name__):
                self._node.socket.messages.turn(overlay.get_prefix(), on=on)

    def peers(self) -> dict[str, KnownPeer]:
        """Return all known peers by their ids."""
        network = self._node.parts.network
        return {
            to_base64(peer.mid): KnownPeer(
                ip=peer.address[0],
                port=peer.address[1],
                public_key=to_base64(peer.public_key.key_to_bin()),
                services=sorted(map(to_base64, network.get_services_for_peer(peer))),
            )
            for peer in network.verified_peers
        }

    def ask_exit(self, ip: str, port: int) -> None:
        """Ask somebody to be a peer of the tunnels."""
        tunnels = [overlay for overlay in self._node.overlays if isinstance(overlay, TunnelCommunity)]
        if not tunnels:
            raise AbsentOverlayError("tunnel")  # noqa: EM101 - a name
        for overlay in tunnels:
            overlay.walk_to(UDPv4Address(ip, port))

    def ask_introducer(self, ip: str, port: int) -> None:
        """Ask somebody for introductions, now and whenever peers are missing."""
        self._node.introducers.add(f"{ip}:{port}")
        for overlay in self._node.overlays:
            overlay.walk_to(UDPv4Address(ip, port))

    def _row(self, overlay: Community) -> OverlayRow:
        return OverlayRow(
            id=overlay.community_id.hex(),
            my_peer=overlay.my_peer.public_key.key_to_bin().hex(),
            global_time=overlay.global_time,
            peers=[
                OverlayPeer(ip=peer.address[0], port=peer.address[1], public_key=peer.public_key.key_to_bin().hex())
                for peer in overlay.get_peers()
            ],
            overlay_name=type(overlay).__name__,
            statistics=_total(self._node.socket.messages.of(overlay.get_prefix())),
            max_peers=overlay.max_peers,
            is_isolated=overlay.network is not self._node.parts.network,
            my_estimated_wan=_place(overlay.my_estimated_wan),
            my_estimated_lan=_place(overlay.my_estimated_lan),
            strategies=[WalkerRow(name=name, target_peers=peers) for name, peers in self._node.walkers_of(overlay)],
        )


def _place(address: Address) -> Place:
    return Place(ip=address[0], port=address[1])


def _handler(overlay: Community, number: int) -> str:
    return getattr(overlay.decode_map[number], "__name__", "unknown")


def _total(messages: Mapping[int, Counted]) -> OverlayTraffic:
    if not messages:
        return OverlayTraffic()
    counted = messages.values()
    firsts = [time for each in counted for time in (each.first_measured_up, each.first_measured_down) if time]
    lasts = [time for each in counted for time in (each.last_measured_up, each.last_measured_down)]
    return OverlayTraffic(
        num_up=sum(each.num_up for each in counted),
        num_down=sum(each.num_down for each in counted),
        bytes_up=sum(each.bytes_up for each in counted),
        bytes_down=sum(each.bytes_down for each in counted),
        diff_time=max(lasts) - min(firsts),
    )
