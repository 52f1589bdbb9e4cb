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


class LeftState(msgspec.Struct, frozen=True, kw_only=True):
    """What Tribler left on this machine, and was not taken over yet."""

    program: Annotated[str, Meta(description="`tribler7` or `tribler8`")]
    version: Annotated[str, Meta(description="Its version")]
    path: Annotated[str, Meta(description="The directory of its state")]
    downloads: Annotated[int, Meta(description="How many there are, by the names of the files alone")]


class LeftStates(msgspec.Struct, frozen=True, kw_only=True):
    """What can be taken over."""

    states: Annotated[list[LeftState], Meta(description="The newest first; empty while something is taken over")]
    running: Annotated[bool, Meta(description="Whether something is taken over just now")]
