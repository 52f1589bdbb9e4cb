"""The section ``[hello]`` of ``triblerd.conf``."""

from typing import Annotated

from msgspec import Meta

from triblerd.config import Section


class HelloConfig(Section):
    """How to greet."""

    greeting: Annotated[str, Meta(min_length=1, description="What is said before the name")] = "Hello"
    save_interval: Annotated[float, Meta(ge=1, description="Seconds between two saves of the number of greetings")] = (
        60.0
    )
