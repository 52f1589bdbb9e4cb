"""What ``/settings`` answers."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta


class CurrentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration in force, keys and passwords in clear."""

    settings: Annotated[
        dict[str, dict[str, Any] | bool],
        Meta(description="Every section with every key, defaults filled in, and two switches outside of sections"),
    ]
    ports: Annotated[list[int], Meta(description="Ports in use now, in ascending order")]


class Modified(msgspec.Struct, frozen=True):
    """The changes are stored and in force as far as they can be without a restart."""

    modified: Annotated[bool, Meta(description="Always true")] = True
