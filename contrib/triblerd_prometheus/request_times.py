"""How long requests took, by route."""

from triblerd.histogram import Histogram
from triblerd.metrics import Metric
from triblerd.services import AnsweredRequest

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the classes in seconds."""
NO_ROUTE = "none"
"""The route and the method of what no route has: paths and methods that clients make up are not told apart."""


class RequestTimes:
    """Listens to answers. There are no more series than routes with their methods and classes of statuses."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str, str], Histogram] = {}

    def answered(self, answer: AnsweredRequest) -> None:
        """Count one answer."""
        key = (answer.method or NO_ROUTE, answer.route or NO_ROUTE, f"{answer.status // 100}xx")
        times = self._times.get(key)
        if times is None:
            times = self._times[key] = Histogram(BOUNDS)
        times.observe(answer.seconds)

    async def read(self) -> list[Metric]:
        """Return what was counted since the plugin's start."""
        return [
            Metric(
                "http_request_duration_seconds",
                "From a request's arrival to the beginning of its answer.",
                {key: times.read() for key, times in sorted(self._times.items())},
                labels=("method", "route", "status"),
            )
        ]
