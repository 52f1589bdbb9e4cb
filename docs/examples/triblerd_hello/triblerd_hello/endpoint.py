"""HTTP: typed arguments in, one call of the domain, the answer out."""

from triblerd.http.endpoint import Endpoint, route
from triblerd_hello.greeter import GreetedItselfError, Greeter
from triblerd_hello.schemas import GreetBody, Greeting, Greetings


class HelloEndpoint(Endpoint):
    """Greetings, given and counted."""

    prefix = "/hello"

    def __init__(self, *, greeter: Greeter) -> None:
        self._greeter = greeter

    @route("GET", "")
    async def show_greetings(self) -> Greetings:
        """Say how many greetings there were."""
        return Greetings(count=self._greeter.count, saved=self._greeter.saved)

    @route("POST", "", raises=(GreetedItselfError,), examples={"body": {"name": "Ada"}})
    async def greet(self, body: GreetBody) -> Greeting:
        """Greet somebody."""
        return Greeting(greeting=self._greeter.greet(body.name))
