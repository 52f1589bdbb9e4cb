"""Who wants to hear which of the engine's events."""

import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from triblerd_libtorrent.api import EngineEvent

log = logging.getLogger(__name__)

E = TypeVar("E", bound=EngineEvent)


class Listeners:
    """Tells listeners of events by their type, in the order of listening.

    Args:
        changed: Called when the first listener of a type comes or the last one goes.
    """

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._by_kind: defaultdict[type[EngineEvent], list[Callable[[Any], None]]] = defaultdict(list)
        self._changed = changed

    def listen(self, kind: type[E], listener: Callable[[E], None]) -> Callable[[], None]:
        """Call ``listener`` with every event of exactly this type; the returned function ends that."""
        listeners = self._by_kind[kind]
        listeners.append(listener)
        if len(listeners) == 1:
            self._changed()

        def unlisten() -> None:
            if listener in listeners:
                listeners.remove(listener)
                if not listeners:
                    self._changed()

        return unlisten

    def wants(self, kind: type[EngineEvent]) -> bool:
        """Return whether anybody listens to this type."""
        return bool(self._by_kind.get(kind))

    def tell(self, event: EngineEvent) -> None:
        """Tell everybody who wants it; one that fails is logged, and the others are told all the same."""
        for listener in list(self._by_kind.get(type(event), ())):
            try:
                listener(event)
            except Exception:  # a border: other plugins' functions
                log.exception("A listener failed on %s", type(event).__name__)
