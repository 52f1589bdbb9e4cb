"""The two sockets that a node may have, and which one it gets."""

import importlib
import logging
from typing import Final, Protocol, cast

from ipv8.messaging.interfaces.udp.endpoint import Address

from triblerd.errors import FailedError
from triblerd_ipv8.ciphers import RUST
from triblerd_ipv8.config import EndpointKind
from triblerd_ipv8.counting import MessageCounts
from triblerd_ipv8.intake import Intake
from triblerd_ipv8.python_socket import PythonSocket

log = logging.getLogger(__name__)

SLOWER: Final = "tunnels carry half of what they do in Rust, and take several times the processor"


class NodeSocket(Protocol):
    """The node's socket, an ``Endpoint`` of the library.

    Attributes:
        kind: ``rust`` or ``python``.
        intake: The limit in front of strangers' packets.
        messages: Counts those of overlays.
        bytes_up: Sent by overlays.
        bytes_down: Received by overlays.
    """

    kind: str
    intake: Intake
    messages: MessageCounts
    bytes_up: int
    bytes_down: int

    def get_address(self) -> Address:
        """Return where it is, or was a moment ago when it is being opened again."""

    def is_open(self) -> bool:
        """Return whether it can be used."""

    def send(self, socket_address: Address, packet: bytes) -> None:
        """Send a packet, or lose it."""

    def traffic(self) -> tuple[int, int]:
        """Return the bytes that were sent and received, those of tunnels included."""

    async def close(self) -> None:
        """Close it for good."""


class NoRustError(FailedError):
    """The socket in Rust is wanted, and is not there."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f'[ipv8] endpoint is "rust", and {RUST} cannot be imported ({reason}): install it, or set it to "auto"'
        )


def make_socket(kind: EndpointKind, port: int, address: str) -> NodeSocket:
    """Return a socket that is not open yet, and say so in the log if it is the slower one.

    Args:
        kind: Which one; ``auto`` for the one in Rust if there is one.
        port: The UDP port; if it is taken, a free one above it; 0 for any.
        address: To bind.

    Raises:
        NoRustError: the one in Rust is wanted, and is not there.
    """
    if kind != "python":
        try:
            module = importlib.import_module("triblerd_ipv8.rust_socket")
        except ImportError as error:
            if kind == "rust":
                raise NoRustError(str(error)) from error
            log.warning("%s cannot be imported, so the overlay's endpoint is the one in Python: %s", RUST, SLOWER)
        else:
            return cast("NodeSocket", module.RustSocket(port, address))
    else:
        log.info("As the settings say, the overlay's endpoint is the one in Python: %s", SLOWER)
    return PythonSocket(port, address)
