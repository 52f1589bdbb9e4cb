"""A plugin that carries anonymous sessions over a SOCKS5 server of one hop, and says what the test wants it to say."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

from tests.carrier.socks_server import SocksServer
from triblerd.config import Section
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd_libtorrent.api import SessionRegistry, Tunnels, TunnelState


class Carrier:
    """Implements ``Tunnels``.

    Attributes:
        servers: The SOCKS5 server of each number of hops that was wanted.
        states: How far it says to be, where that is not ready.
        offered: The numbers of hops that it says to serve.
        held: Those whose sessions do not come.
    """

    def __init__(
        self, sessions: SessionRegistry, spawn: Callable[[str, Coroutine[object, object, None]], object]
    ) -> None:
        self.servers: dict[int, SocksServer] = {}
        self.states: dict[int, TunnelState] = {}
        self.offered = [1, 2, 3]
        self.held: set[int] = set()
        self._sessions = sessions
        self._spawn = spawn

    def hops(self) -> list[int]:
        return self.offered

    def want(self, hops: int) -> None:
        if hops not in self.servers and hops not in self.held:
            self.servers[hops] = SocksServer(f"127.0.0.{70 + hops}")
            self._spawn("open", self._open(hops))

    def state(self, hops: int) -> TunnelState:
        return self.states.get(hops, TunnelState.READY)

    async def close(self) -> None:
        for hops, server in self.servers.items():
            await self._sessions.close_session(hops)
            await server.close()

    async def _open(self, hops: int) -> None:
        server = self.servers[hops]
        await server.start()
        await self._sessions.open_session(
            hops, socks_host="127.0.0.1", socks_port=server.port, associated=server.associated
        )


@hookimpl
def triblerd_manifest() -> Manifest:
    return Manifest("carrier", "Carries anonymous sessions in tests.", requires=("libtorrent",), after=("downloads",))


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[Section]) -> AsyncIterator[Running]:
    carrier = Carrier(context.service(SessionRegistry), context.tasks.start)
    yield Running(services={Tunnels: carrier, Carrier: carrier})
    await carrier.close()
