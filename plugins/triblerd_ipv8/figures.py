"""What the kernel and other plugins ask of this one while it runs: ports, figures, whether it goes on as it is."""

from collections.abc import Iterable, Mapping

from triblerd.metrics import Metric
from triblerd.plugin import PluginContext, hookimpl
from triblerd_ipv8.config import DiscoveryCommunity, Ipv8Config, OverlayDht
from triblerd_ipv8.node import NeedsRestartError, Node


class Figures:
    """Answers from memory."""

    def __init__(self, node: Node) -> None:
        self._node = node

    @hookimpl
    def triblerd_reconfigure(self, context: PluginContext[Ipv8Config]) -> None:
        """Go on with what can be changed while peers are connected; anything else starts the plugin again."""
        wanted = (context.section(DiscoveryCommunity).enabled, context.section(OverlayDht).enabled)
        if wanted != self._node.wanted:
            raise NeedsRestartError
        self._node.take(context.config)

    @hookimpl(optionalhook=True)
    def triblerd_listening_ports(self) -> Iterable[int]:
        """Name the UDP port."""
        return [self._node.port]

    @hookimpl(optionalhook=True)
    def triblerd_state_report(self) -> str:
        """Say how many peers there are."""
        known = len(self._node.parts.network.verified_peers)
        where = f"{known} {'peer' if known == 1 else 'peers'} known on UDP port {self._node.port}"
        return where if self._node.socket.kind == "rust" else f"{where}, with the slower endpoint in Python"

    @hookimpl(optionalhook=True)
    def triblerd_statistics(self) -> Mapping[str, Mapping[str, int]]:
        """Return what went through the socket."""
        traffic, intake = self._node.traffic, self._node.socket.intake
        figures = {
            "total_up": traffic.sent,
            "total_down": traffic.received,
            "peers": len(self._node.parts.network.verified_peers),
            "refused_packets": intake.refused,
            "dropped_packets": intake.dropped,
        }
        return {"ipv8": figures}

    @hookimpl(optionalhook=True)
    def triblerd_metrics(self) -> Iterable[Metric]:
        """Return the same for Prometheus."""
        traffic, intake = self._node.traffic, self._node.socket.intake
        peers = {type(overlay).__name__: len(overlay.get_peers()) for overlay in self._node.overlays}
        left_out = {"address": intake.refused, "queue": intake.dropped}
        return [
            Metric("peers", "Peers by overlay.", peers, labels=("overlay",)),
            Metric("sent_bytes_total", "Sent to peers of overlays.", traffic.sent),
            Metric("received_bytes_total", "Received from peers of overlays.", traffic.received),
            Metric(
                "ignored_packets_total",
                "Packets that nobody looked at: too many of an address, or a full queue.",
                left_out,
                labels=("limit",),
            ),
        ]
