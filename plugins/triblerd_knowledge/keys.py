"""How the keys of the tables are made. Texts have their length before them: no key begins like another by accident."""

from triblerd_knowledge.api import Claim, Predicate
from triblerd_knowledge.rules import fold

INFOHASH_SIZE = 20
LONGEST_TAG_PREFIX = 302
"""Bytes of ``tag_prefix``: of the 2 bytes of a character that case folding makes longest it makes 6."""

_PREDICATE_SIZE = 2
_OBJECT = INFOHASH_SIZE + _PREDICATE_SIZE + 1


def claim_key(infohash: bytes, claim: Claim) -> bytes:
    """Return the key of a claim, which an operation's key begins with. At most 223 bytes."""
    object_ = claim.object.encode()
    return infohash + claim.predicate.to_bytes(_PREDICATE_SIZE) + len(object_).to_bytes() + object_


def parse_claim_key(key: bytes) -> tuple[Claim, bytes]:
    """Return the claim, and what stands behind it: the author of an operation."""
    predicate = int.from_bytes(key[INFOHASH_SIZE : _OBJECT - 1])
    end = _OBJECT + key[_OBJECT - 1]
    return Claim(Predicate(predicate), key[_OBJECT:end].decode()), key[end:]


def tag_prefix(tag: str) -> bytes:
    """Return what the keys of a tag begin with, whatever its case."""
    folded = fold(tag).encode(errors="surrogatepass")
    return min(len(folded), 0xFFFF).to_bytes(2) + folded
