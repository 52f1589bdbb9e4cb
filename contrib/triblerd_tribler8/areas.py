"""Everything that the dialect has: its own routes, and those that are the same in both."""

from collections.abc import Mapping

from triblerd_tribler8.parts import Dialect

PARTS: tuple[type[Dialect], ...] = ()
"""Where request or answer differ from those of the unprefixed API."""
SAME: Mapping[str, str] = {
    "/api/ipv8": "/ipv8",
    "/api/libtorrent": "/libtorrent",
    "/api/statistics/ipv8": "/statistics/ipv8",
}
"""Where they do not."""
