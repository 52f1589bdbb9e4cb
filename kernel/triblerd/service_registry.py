"""What the kernel and the running plugins offer to one another, by type."""

from collections.abc import Mapping
from typing import TypeVar, cast

T = TypeVar("T")


class ServiceRegistry:
    """Implements :class:`triblerd.plugin.Services`."""

    def __init__(self) -> None:
        self._services: dict[type, object] = {}
        self._owners: dict[type, str] = {}

    def offer(self, owner: str, services: Mapping[type, object]) -> None:
        """Add what ``owner`` offers.

        Raises:
            ValueError: another owner offers a service of that type already.
        """
        for kind in services:
            if (other := self._owners.get(kind)) is not None:
                msg = f"{kind.__name__} is offered by {other} already"
                raise ValueError(msg)
        self._services |= services
        self._owners |= dict.fromkeys(services, owner)

    def withdraw(self, owner: str) -> None:
        """Take away what ``owner`` offers."""
        for kind in [kind for kind, by in self._owners.items() if by == owner]:
            del self._services[kind], self._owners[kind]

    def find(self, kind: type[T]) -> T | None:
        """Return the service, or ``None`` while nobody offers it."""
        return cast("T | None", self._services.get(kind))
