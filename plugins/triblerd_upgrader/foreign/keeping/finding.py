"""The services of other plugins that records go to."""

from typing import TypeVar

from triblerd.errors import UnavailableError
from triblerd.plugin import Services

S = TypeVar("S")


def running(services: Services, service: type[S], plugin: str) -> S:
    """Return a service.

    Raises:
        UnavailableError: the plugin that offers it does not run.
    """
    found = services.find(service)
    if found is None:
        msg = f"the plugin {plugin}, which takes them, does not run"
        raise UnavailableError(msg)
    return found
