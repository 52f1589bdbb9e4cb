"""What may be said of an import."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Missing(StrEnum):
    """What becomes of a download whose files are not where they should be, or too short."""

    SKIP = "skip"
    """It is not taken over; the next import may."""
    STOP = "stop"
    """It is taken over stopped, and checked when it is started."""
    CHECK = "check"
    """It is taken over and checked, and fetches what is missing."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a state is taken over.

    Attributes:
        replace: Beginnings of paths, and what takes their place.
        is_dry: Nothing is changed; the report says what would be.
        recheck_changed: Files that the program itself would verify are checked.
        with_settings: Settings are taken over.
        include: Kinds of records that are taken over only if they are named here, and ``secrets``.
    """

    replace: Mapping[str, str] = {}
    is_dry: bool = False
    missing: Missing = Missing.SKIP
    recheck_changed: bool = False
    with_settings: bool = False
    include: tuple[str, ...] = ()
