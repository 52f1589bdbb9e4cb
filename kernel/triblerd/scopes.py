"""What the sender of a request may do."""

from enum import StrEnum


class Scope(StrEnum):
    """What a key may do. Each scope includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def includes(self, other: "Scope") -> bool:
        """Return whether a key of this scope may do what ``other`` may."""
        order = list(Scope)
        return order.index(self) >= order.index(other)
