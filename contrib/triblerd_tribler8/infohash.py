"""Infohashes as clients of version 8 write them."""

import re
from collections.abc import Mapping
from typing import ClassVar, Self

from triblerd_libtorrent.api import Infohash

_HEX64 = re.compile(r"[0-9a-fA-F]{64}")


class LongInfohash(Infohash):
    """An infohash in a path, which may be the whole hash of a v2 torrent (BEP 52): 64 digits, the first 40 count."""

    __slots__ = ()
    json_schema: ClassVar[Mapping[str, object]] = {
        "type": "string",
        "pattern": "^[0-9a-fA-F]{40}([0-9a-fA-F]{24})?$",
    }

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the infohash that 40 or 64 hex digits of either case name.

        Raises:
            InvalidInputError: ``Invalid infohash``.
        """
        return super().parse(text[:40] if _HEX64.fullmatch(text) else text)
