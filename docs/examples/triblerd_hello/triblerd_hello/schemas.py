"""What is asked and answered under ``/hello``."""

from typing import Annotated

import msgspec
from msgspec import Meta


class Greetings(msgspec.Struct):
    """How many greetings there were."""

    count: Annotated[int, Meta(description="Greetings since the plugin was first installed")]
    saved: Annotated[int, Meta(description="How many of them a crash would not forget")]


class GreetBody(msgspec.Struct):
    """Whom to greet."""

    name: Annotated[str, Meta(min_length=1, max_length=100, description="The name of whoever is greeted")]


class Greeting(msgspec.Struct):
    """A greeting."""

    greeting: Annotated[str, Meta(description="The whole sentence")]
