"""Documented sections that no plugin acts upon yet: they are checked, stored and returned, nothing else.

Clients post whole sections back and expect each documented key in the answer. A plugin that comes to act upon one of
these sections takes it over, and it leaves this file.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from msgspec import Meta

from triblerd.config import Section, default_from_environment

Count = Annotated[int, Meta(ge=0, le=1_000_000)]


class StoredSection(Section):
    """A section whose wrong values are replaced by their defaults, as all of the documented API are."""

    repairs: ClassVar[bool] = True


class Chant(StoredSection):
    """The metadata store and channels."""

    enabled: Annotated[bool, Meta(description="Keep metadata of torrents")] = True
    manager_enabled: Annotated[bool, Meta(description="Fetch and publish channels")] = True
    channel_edit: Annotated[bool, Meta(description="A GUI may edit channels")] = False
    channels_dir: Annotated[str, Meta(min_length=1, description="Relative to the state directory")] = "channels"
    testnet: Annotated[bool, Meta(description="Use the test network")] = default_from_environment("CHANT_TESTNET")
    queried_peers_limit: Annotated[Count, Meta(description="Peers remembered as asked already")] = 1000
    max_mapped_query_peers: Annotated[Count, Meta(description="Peers remembered per channel")] = 3


STORED_SECTIONS: Mapping[str, type[Section]] = {
    "chant": Chant,
}
