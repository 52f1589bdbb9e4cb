"""A private overlay on loopback: foreign nodes in processes of their own, each with an address of its own."""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from triblerd.testing import wait_for

RELAY = (1, 8)
EXIT = (1, 8, 2, 4, 32768)
PYTHON_EXIT = (1, 8, 2, 4)
NOTHING = ()

_ROOT = Path(__file__).parents[2]
_START_SECONDS = 30.0
_ANSWER_SECONDS = 600.0
_LINE_LIMIT = 1 << 20

Address = tuple[str, int]


class Node:
    """A foreign node, seen from whoever steers it.

    Attributes:
        address: The host and the UDP port of its overlays.
        pid: The number of its process.
        mid: The id by which peers know it, 40 hex digits.
        flags: What it does for others.
    """

    def __init__(self, hello: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.name: str = hello["name"]
        self.pid: int = hello["pid"]
        self.mid: str = hello["mid"]
        self.flags: list[int] = hello["flags"]
        self.address: Address = (hello["address"][0], hello["address"][1])
        self._reader = reader
        self._writer = writer
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._listening = asyncio.create_task(self._listen())

    @property
    def is_there(self) -> bool:
        """Whether it runs."""
        return not self._listening.done()

    @property
    def host(self) -> str:
        """The address that it is bound to."""
        return self.address[0]

    async def ask(self, do: str, **with_: Any) -> Any:
        """Give an order (a method of ``node.Node``) and return its answer.

        Raises:
            RuntimeError: it failed, or the node is gone.
        """
        number = max(self._answers, default=0) + 1
        self._answers[number] = answer = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps({"id": number, "do": do, "with": with_}).encode() + b"\n")
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await answer

    def kill(self) -> None:
        """End it with SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """Let it leave in order, and wait until it is gone."""
        with contextlib.suppress(ConnectionError):
            self._writer.write(b'{"do": "stop"}\n')
            async with asyncio.timeout(_START_SECONDS):
                await self._listening
        self._writer.close()

    async def _listen(self) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await self._reader.readline():
                told = json.loads(line)
                answer = self._answers.pop(told["id"])
                if answer.done():
                    continue
                if "error" in told:
                    answer.set_exception(RuntimeError(f"{self.name}: {told['error']}"))
                else:
                    answer.set_result(told["answer"])
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(RuntimeError(f"{self.name} is gone"))


class Network:
    """Nodes that know each other.

    Attributes:
        nodes: All that were ever started, in that order.
    """

    def __init__(self, nursery: asyncio.subprocess.Process, block: str) -> None:
        self.nodes: list[Node] = []
        self._nursery = nursery
        self._hellos: dict[str, asyncio.Future[Node]] = {}
        self._block = block
        self._last_host = 1

    def new_host(self) -> str:
        """Return an address of this machine that nobody else uses."""
        self._last_host += 1
        return f"{self._block}.{self._last_host}"

    async def add(self, *kinds: Sequence[int], rust: bool = True, lie: str = "") -> list[Node]:
        """Start nodes that do for others what their flags say, and let all nodes meet.

        Args:
            kinds: The flags of each, as ``RELAY`` or ``EXIT``.
            rust: Whether they use the Rust endpoint.
            lie: How they lie as exits, which needs Python's endpoint; see ``node.Tunnels``.
        """
        waiting = []
        for kind in kinds:
            name = f"node {len(self._hellos) + 1}"
            self._hellos[name] = hello = asyncio.get_running_loop().create_future()
            config = {"name": name, "host": self.new_host(), "flags": list(kind), "rust": rust, "lie": lie}
            assert self._nursery.stdin is not None
            self._nursery.stdin.write(json.dumps(config).encode() + b"\n")
            waiting.append(hello)
        async with asyncio.timeout(_START_SECONDS):
            added = [await hello for hello in waiting]
        self.nodes += added
        await self.meet(added)
        return added

    async def meet(self, nodes: Iterable[Node], others: Sequence[Address] = ()) -> None:
        """Let nodes get to know all nodes of the network, and ``others``, and wait until they do."""
        for node in nodes:
            known = [*(other.address for other in self.nodes if other is not node and other.is_there), *others]
            await node.ask("meet", addresses=known)
            await wait_for(partial(_knows, node, {f"{host}:{port}" for host, port in known}), _START_SECONDS)

    @property
    def contacts(self) -> list[str]:
        """The ``host:port`` of all nodes, as a daemon's ``[ipv8] bootstrap`` wants them."""
        return [f"{host}:{port}" for host, port in (node.address for node in self.nodes if node.is_there)]

    async def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the first line of a new node."""
        if line := await reader.readline():
            node = Node(json.loads(line), reader, writer)
            self._hellos[node.name].set_result(node)


async def _knows(node: Node, addresses: set[str]) -> bool:
    return addresses <= set(await node.ask("candidates"))


@asynccontextmanager
async def private_network(folder: Path, block: str = "") -> AsyncIterator[Network]:
    """Run a network without nodes; at the end all that were added are gone.

    Args:
        folder: An existing one, where ``nodes.output`` keeps what they print.
        block: The first three bytes of the addresses of all nodes; by default some of the loopback.
    """
    block = block or f"127.{secrets.randbelow(200) + 50}.{secrets.randbelow(250) + 1}"
    name = f"triblerd-overlay-{secrets.token_hex(8)}"  # of a socket that is no file
    with (folder / "nodes.output").open("wb") as output:
        nursery = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.overlay.nursery",
            name,
            cwd=_ROOT,
            stdin=-1,
            stdout=output,
            stderr=output,
        )
    network = Network(nursery, block)
    server = await asyncio.start_unix_server(network.welcome, f"\0{name}", limit=_LINE_LIMIT)
    try:
        yield network
    finally:
        await asyncio.gather(*(node.stop() for node in network.nodes), return_exceptions=True)
        server.close()
        assert nursery.stdin is not None
        nursery.stdin.close()
        await nursery.wait()
        for node in network.nodes:
            with contextlib.suppress(ProcessLookupError):
                node.kill()
