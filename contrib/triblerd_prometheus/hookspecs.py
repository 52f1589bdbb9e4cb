"""The hook that this area calls."""

from collections.abc import Iterable

from triblerd.metrics import Metric
from triblerd.plugin import hookspec


@hookspec
def triblerd_metrics() -> Iterable[Metric]:
    """Return the plugin's figures, for ``GET /metrics``. ``triblerd_<plugin>_`` is put in front of their names.

    Called for each scrape, every few seconds, on the event loop, so it answers from memory. At most 1,000 series count
    for one plugin (a distribution is one for each of its classes, and two more); of more, or of what breaks the rules
    of :class:`triblerd.metrics.Metric`, nothing is served, and the log says why. Implement it on a running object, and
    mark it ``optionalhook``, since the prometheus plugin may be turned off.

    Example::

        class Greeter:
            @hookimpl(optionalhook=True)
            def triblerd_metrics(self) -> Iterable[Metric]:
                rooms = {room.name: len(room.guests) for room in self.rooms}
                return [
                    Metric("greetings_total", "Greetings given.", self.count),
                    Metric("guests", "Guests by room.", rooms, labels=("room",)),
                    Metric("greeting_duration_seconds", "How long greetings took.", self.durations.read()),
                ]
    """
    raise NotImplementedError
