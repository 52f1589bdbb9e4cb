"""What other plugins, and listeners on ``/events``, see of this one."""

from typing import ClassVar

from triblerd.events import Event


class Greeted(Event):
    """Somebody was greeted."""

    topic: ClassVar[str] = "hello_greeted"

    name: str
    count: int
