"""What ``/shutdown`` answers."""

from typing import Annotated

import msgspec
from msgspec import Meta


class ShuttingDown(msgspec.Struct, frozen=True):
    """The daemon is about to stop."""

    shutdown: Annotated[bool, Meta(description="Always true")] = True
