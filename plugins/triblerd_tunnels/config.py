"""The sections ``[tunnel_community]``, whose keys are documented, and ``[tunnels]``, whose keys are ours."""

from typing import Annotated, ClassVar

from msgspec import Meta

from triblerd.config import Port, Section, default_from_environment

Count = Annotated[int, Meta(ge=0, le=1_000_000)]


class TunnelsConfig(Section):
    """What this node does for other people's circuits."""

    repairs: ClassVar[bool] = True

    max_joined_circuits: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000,
            description="Circuits of others that go through this node at most; with 0 it relays for nobody",
        ),
    ] = 100
    socks_listen_ports: Annotated[
        tuple[Port, ...],
        Meta(
            max_length=16,
            description="Ports of the local SOCKS5 servers that anonymous downloads go through: the first for one hop, "
            "the second for two, and so on; 0, -1 and what is missing leave the choice to the system",
        ),
    ] = ()


class TunnelCommunity(Section):
    """Anonymous downloads through circuits of other peers."""

    repairs: ClassVar[bool] = True

    enabled: Annotated[
        bool, Meta(description="Take part: build circuits for anonymous downloads, and relay for others")
    ] = True
    exitnode_enabled: Annotated[
        bool,
        Meta(
            description="Be an exit node: strangers' BitTorrent traffic then leaves from this machine, under its "
            "address, and whoever complains about it complains to you. Read the page on anonymous downloads first"
        ),
    ] = False
    random_slots: Annotated[Count, Meta(description="Slots that `/debug/circuits/slots` shows; nothing else")] = 5
    competing_slots: Annotated[Count, Meta(description="Kept for clients; nothing uses it")] = 15
    testnet: Annotated[bool, Meta(description="Use the test network")] = default_from_environment("TUNNEL_TESTNET")
    min_circuits: Annotated[
        int, Meta(ge=0, le=100, description="Circuits to keep at least, for each number of hops in use")
    ] = 3
    max_circuits: Annotated[
        int, Meta(ge=0, le=100, description="Circuits to keep at most, for each number of hops in use")
    ] = 10
