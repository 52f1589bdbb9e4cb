"""What is asked of ``/upgrader``, and answered."""

from typing import Annotated

import msgspec
from msgspec import Meta


class SkipBody(msgspec.Struct, frozen=True):
    """What shall become of a running upgrade."""

    skip_db_upgrade: Annotated[bool | None, Meta(description="true: end it early; false: let it go on. Required")] = (
        None
    )


class Skipped(msgspec.Struct, frozen=True):
    """The word was taken."""

    skip_db_upgrade: Annotated[bool, Meta(description="Always true")] = True
