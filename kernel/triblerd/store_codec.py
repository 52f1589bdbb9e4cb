"""How values of the store are written: one version byte, and then msgpack, or plain bytes."""

import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from types import GenericAlias
from typing import Generic, TypeVar, cast

import msgspec

from triblerd.store_errors import BadRecordError, StoreError, UnknownVersionError

V = TypeVar("V")

_ARRAY_HEAD, _ARRAY_CODE = struct.Struct(">BI"), 0xDD


@dataclass(frozen=True)
class Codec(Generic[V]):
    """Turns values of one table into bytes and back.

    Attributes:
        table: Its full name, for messages.
        version: What each value begins with.
        encode_body: Writes what follows.
        decode_body: Reads that.
        decode_parts: Reads an array of versions and values; ``None`` for plain bytes, of which none can be made.
    """

    table: str
    version: int
    encode_body: Callable[[V], bytes]
    decode_body: Callable[[bytes], V]
    decode_parts: Callable[[bytes], list[int | V]] | None = None

    @cached_property
    def head(self) -> bytes:
        """The version byte."""
        return self.version.to_bytes()

    def encode(self, value: V) -> bytes:
        """Return a value as it is stored."""
        return self.head + self.encode_body(value)

    def decode(self, data: bytes) -> V:
        """Return a stored value.

        Raises:
            UnknownVersionError: it was written by another version of the plugin.
            BadRecordError: it does not have the table's type.
        """
        if not data.startswith(self.head):
            raise self._of_other_version(data)
        try:
            return self.decode_body(data[1:])
        except msgspec.MsgspecError as error:
            raise self._unreadable(error) from error

    def decode_all(self, values: Sequence[bytes]) -> list[V]:
        """Decode values together, in less than half of the time: they and their versions make one MessagePack array."""
        if self.decode_parts is not None:
            with suppress(msgspec.MsgspecError):
                parts = self.decode_parts(_ARRAY_HEAD.pack(_ARRAY_CODE, 2 * len(values)) + b"".join(values))
                if parts[::2].count(self.version) == len(values):
                    return cast("list[V]", parts[1::2])
        return [*map(self.decode, values)]  # of which one tells what is wrong with it

    def _of_other_version(self, data: bytes) -> StoreError:
        if data:
            return UnknownVersionError(self.table, found=data[0], known=self.version)
        return BadRecordError(f"{self.table} holds an empty record")

    def _unreadable(self, error: msgspec.MsgspecError) -> BadRecordError:
        return BadRecordError(f"{self.table} holds a record that cannot be read: {error}")


def codec_of(table: str, kind: type[V], version: int) -> Codec[V]:
    """Return how values of a type are written: ``bytes`` as they are, all others as msgpack."""
    if kind is bytes:
        return cast("Codec[V]", Codec[bytes](table, version, bytes, bytes))
    parts = cast("type[list[int | V]]", GenericAlias(list, (int | kind,)))
    return Codec(
        table,
        version,
        msgspec.msgpack.Encoder().encode,
        msgspec.msgpack.Decoder(kind).decode,
        msgspec.msgpack.Decoder(parts).decode,
    )
