"""What ``/ipv8/identity`` is asked and answers."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta


class Names(msgspec.Struct, frozen=True):
    """Pseudonyms, or credentials."""

    names: Annotated[list[Any], Meta(description="Always empty here")]


class SchemaNames(msgspec.Struct, frozen=True):
    """Kinds of attestations."""

    schemas: Annotated[list[str], Meta(description="Always empty here")]


class PeerKeys(msgspec.Struct, frozen=True):
    """Peers of a pseudonym."""

    peers: Annotated[list[str], Meta(description="Always empty here")]


class Requests(msgspec.Struct, frozen=True):
    """What others ask of a pseudonym."""

    requests: Annotated[list[Any], Meta(description="Always empty here")]


class Outputs(msgspec.Struct, frozen=True):
    """What was verified."""

    outputs: Annotated[list[Any], Meta(description="Always empty here")]


class NamedAttribute(msgspec.Struct, frozen=True):
    """Which attribute."""

    name: str


class WantedAttribute(msgspec.Struct, frozen=True):
    """Which attribute is to be attested."""

    name: str
    schema: str
    metadata: Annotated[Any, Meta(description="An object, if any")] = UNSET


class Attestation(msgspec.Struct, frozen=True):
    """What is attested."""

    name: str
    value: Annotated[str, Meta(description="Base64")]


class Verification(msgspec.Struct, frozen=True):
    """What is to be verified."""

    hash: Annotated[str, Meta(description="Base64")]
    value: Annotated[str, Meta(description="Base64")]
    schema: str
