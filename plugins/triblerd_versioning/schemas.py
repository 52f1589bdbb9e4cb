"""What ``/versions`` answers."""

from typing import Annotated

import msgspec
from msgspec import Meta


class PluginVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin that was found."""

    name: Annotated[str, Meta(description="The area")]
    version: Annotated[str, Meta(description="Its own version; empty while it is off")]
    distribution: Annotated[str, Meta(description="What brings it")]
    state: Annotated[str, Meta(description="Where it is in its life, such as `running`")]


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """What runs here."""

    version: Annotated[str, Meta(description="Of the daemon")]
    plugin_api: Annotated[int, Meta(description="Of the border between the kernel and plugins")]
    python: Annotated[str, Meta(description="Of the interpreter")]
    platform: Annotated[str, Meta(description="The system and its architecture")]
    libraries: Annotated[dict[str, str], Meta(description="Versions by library, such as libtorrent")]
    plugins: Annotated[list[PluginVersion], Meta(description="In starting order")]


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """Whether there is a newer release."""

    version: Annotated[str, Meta(description="Of the daemon that runs")]
    new_version: Annotated[str, Meta(description="The newer release; empty when there is none, or nobody was asked")]
    has_version: Annotated[bool, Meta(description="Whether there is a newer release")]
    has_source: Annotated[bool, Meta(description="Whether there is somebody to ask: `versioning.update_url`")]
    automatic: Annotated[
        bool, Meta(description="Whether the daemon looks by itself: it has a source, and is to look for releases")
    ]
