"""What clients send and read when they change or delete entries."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta

from triblerd.errors import InvalidInputError


class PublicKey(bytes):
    """A public key in a path or a body: an even number of hex digits of either case, or nothing."""

    __slots__ = ()
    may_be_empty: ClassVar[bool] = True
    json_schema: ClassVar[Mapping[str, object]] = {
        "type": "string",
        "pattern": "^([0-9a-fA-F]{128})?$",
        "description": "128 hex digits; empty for what nobody signed",
    }

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the key that hex digits name.

        Raises:
            InvalidInputError: ``Invalid public key``.
        """
        try:
            if not text.isalnum() and text:  # the standard library would take blanks
                raise ValueError  # noqa: TRY301 - it is answered as any other text that is no number
            return cls(bytes.fromhex(text))
        except ValueError as error:
            msg = "Invalid public key"
            raise InvalidInputError(msg) from error


class Identity(msgspec.Struct, frozen=True):
    """Which entry is meant."""

    public_key: Annotated[str, Meta(description="128 hex digits; empty for what nobody signed")]
    id: int


class Deleted(msgspec.Struct, frozen=True):
    """An entry that is gone."""

    public_key: Annotated[str, Meta(description="128 hex digits; empty for what nobody signed")]
    id: int
    state: str = "Deleted"
