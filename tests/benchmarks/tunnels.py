"""Anonymous downloads, and what a node does for those of others.

The network is private: foreign nodes of bare pyipv8 on loopback, each in a process of its own, and a plain peer. The
baseline of the speed is such a node that downloads by itself, over the same relays and exits, in turns with the daemon;
the plain peer takes the time for both. The baseline of answers is a bare aiohttp handler while a foreign node relays.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from rig import (
    Client,
    Daemon,
    elsewhere,
    p99_meanwhile,
    report,
    serve_bare,
    temporary_directory,
    wait_until,
    zeros_metainfo,
)
from swarm import magnet_of, seed_zeros

from triblerd.plugin_discovery import find_plugins

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.overlay.network import EXIT, NOTHING, RELAY, Network, Node, private_network

MIB = 1 << 20
NAME = "zeros.bin"
SIZE = 64 * MIB
ROUNDS = {1: 5, 2: 3}
"""Downloads for each number of hops."""
LEAST_SHARE = 0.8
MOST_P99_MS = 20.0
MOST_MIB = 120.0
SWITCHES, WARM_UP = 100, 10
MOST_GROWTH_MIB = 10.0
SECONDS = 60.0


class PlainPeer(NamedTuple):
    """A peer without the overlay, in a process of its own.

    Attributes:
        pipe: See ``seed_zeros``.
        address: Host and port.
        torrent: The path of the torrent file.
        magnet: A magnet link that names the peer.
    """

    pipe: Connection
    address: tuple[str, int]
    torrent: Path
    magnet: str

    def seconds(self) -> float:
        """Return how long it took from the first byte of the last download to its last one."""
        return float(-self.pipe.recv() + self.pipe.recv())


@contextmanager
def plain_peer(network: Network, folder: Path) -> Iterator[PlainPeer]:
    """Seed zeros on an address of the network."""
    folder.mkdir()
    metainfo = zeros_metainfo(NAME, SIZE)
    torrent = folder / "zeros.torrent"
    torrent.write_bytes(metainfo)
    host = network.new_host()
    with elsewhere(seed_zeros, folder, [NAME], SIZE, {"listen_interfaces": f"{host}:0"}) as pipe:
        port = pipe.recv()
        magnet = magnet_of(metainfo, port).partition("&x.pe=")[0]
        yield PlainPeer(pipe, (host, port), torrent, f"{magnet}&x.pe={host}:{port}")


@contextmanager
def member(
    network: Network, folder: Path, plugins: tuple[str, ...], *, endpoint: str = "auto", is_exit: bool = False
) -> Iterator[tuple[Daemon, Client]]:
    """Run a daemon that takes part in the network, until it knows all that others can do for it."""
    where = {"address": network.new_host(), "port": 0, "bootstrap": network.contacts, "endpoint": endpoint}
    daemon = Daemon(folder, plugins, ipv8=where, tunnel_community={"exitnode_enabled": is_exit})
    wanted = {node.address for node in network.nodes if node.flags}
    with daemon.running():
        client = daemon.client()

        def knows_all() -> bool:
            peers = client.ask_json("GET", "/ipv8/tunnel/peers")["peers"]
            return wanted <= {(peer["ip"], peer["port"]) for peer in peers if peer["flags"]}

        wait_until(knows_all, SECONDS, every_seconds=0.1)
        yield daemon, client


async def fetch(owner: Node, peer: PlainPeer, folder: Path, hops: int) -> None:
    """Let a foreign node download."""
    await owner.ask("fetch", torrent=str(peer.torrent), folder=str(folder), hops=hops, peers=[peer.address])
    (folder / NAME).unlink()


async def measure_speed(folder: Path) -> None:
    """Download in turns with a foreign node, over one hop and over two."""
    async with private_network(folder) as network:
        [owner] = await network.add(NOTHING)
        await network.add(RELAY, RELAY, RELAY, EXIT, EXIT)
        with (
            plain_peer(network, folder / "seeder") as peer,
            member(network, folder / "daemon", ("downloads", "tunnels")) as (_, client),
        ):
            for hops, rounds in ROUNDS.items():
                bare, ours = [], []
                for _ in range(rounds):
                    peer.pipe.send("next")
                    await fetch(owner, peer, folder / "bare", hops)
                    bare.append(SIZE / MIB / peer.seconds())
                    ours.append(SIZE / MIB / by_daemon(client, peer, hops))
                tell_speed(hops, statistics.median(bare), statistics.median(ours))


async def measure_python(folder: Path) -> None:
    """Download over one hop in turns with either endpoint, and over an exit with either."""
    async with private_network(folder) as network:
        await network.add(EXIT)
        with (
            plain_peer(network, folder / "seeder") as peer,
            member(network, folder / "rust", ("downloads", "tunnels")) as (_, rust),
            member(network, folder / "python", ("downloads", "tunnels"), endpoint="python") as (daemon, python),
        ):
            in_rust, in_python, processor = [], [], 0.0
            for _ in range(ROUNDS[1]):
                in_rust.append(SIZE / MIB / by_daemon(rust, peer, 1))
                before = sum(daemon.process.cpu_times()[:2])
                in_python.append(SIZE / MIB / by_daemon(python, peer, 1))
                processor += sum(daemon.process.cpu_times()[:2]) - before
        tell_endpoints("anonymous download, 1 hop", in_rust, in_python)
        report("processor for it, Python", f"{processor / ROUNDS[1] / SIZE * MIB:.2f} s/MiB")
    for endpoint in ("rust", "python"):
        place = folder / f"exit {endpoint}"
        place.mkdir()
        async with private_network(place) as network:
            [owner] = await network.add(NOTHING)
            with (
                plain_peer(network, place / "seeder") as peer,
                member(network, place / "daemon", ("tunnels",), endpoint=endpoint, is_exit=True) as (_, client),
            ):
                await network.meet([owner], [address_of(client)])
                rates = []
                for _ in range(ROUNDS[1]):
                    peer.pipe.send("next")
                    await fetch(owner, peer, place / "saved", 1)
                    rates.append(SIZE / MIB / peer.seconds())
        if endpoint == "rust":
            in_rust = rates
    tell_endpoints("exit of a foreign node's download", in_rust, rates)


def tell_endpoints(what: str, in_rust: list[float], in_python: list[float]) -> None:
    """Report what one does in Rust and in Python, in MiB/s."""
    rust, python = statistics.median(in_rust), statistics.median(in_python)
    report(f"{what}, endpoint in Python", f"{python:.1f} MiB/s", baseline=f"in Rust: {rust:.1f}, x{python / rust:.2f}")


def by_daemon(client: Client, peer: PlainPeer, hops: int) -> float:
    """Let the daemon download; return the seconds."""
    peer.pipe.send("next")
    order = {"uri": peer.magnet, "anon_hops": hops, "safe_seeding": True}
    infohash = client.ask_json("PUT", "/downloads", order)["infohash"]
    seconds = peer.seconds()
    wait_until(lambda: client.downloads()[0]["progress"] == 1, SECONDS, every_seconds=0.05)
    client.ask_json("DELETE", f"/downloads/{infohash}", {"remove_data": True})
    return seconds


def tell_speed(hops: int, bare: float, ours: float) -> None:
    """Report one comparison, both in MiB/s."""
    report(
        f"anonymous download, {hops} hop{'s' * (hops > 1)}",
        f"{ours:.1f} MiB/s",
        baseline=f"bare nodes and libtorrent: {bare:.1f} MiB/s, x{ours / bare:.2f}",
        target=f">= x{LEAST_SHARE:g}" if hops == 1 else "",
        ok=ours >= LEAST_SHARE * bare if hops == 1 else None,
    )


@asynccontextmanager
async def load(owners: list[Node], peer: PlainPeer, folder: Path) -> AsyncIterator[None]:
    """Have foreign nodes download over two hops, again and again, as fast as they can."""

    async def go_on(owner: Node) -> None:
        while True:
            await fetch(owner, peer, folder / owner.name, 2)

    async with asyncio.TaskGroup() as tasks:
        work = [tasks.create_task(go_on(owner)) for owner in owners]
        yield
        for task in work:
            task.cancel()


async def measure_relaying(folder: Path) -> None:
    """Ask a daemon that relays for others all that this machine can push through it."""
    plugins = tuple(plugin.name for plugin in find_plugins() if not plugin.is_contrib)
    async with private_network(folder) as network:
        owners = await network.add(NOTHING, NOTHING)
        await network.add(EXIT)
        with (
            plain_peer(network, folder / "seeder") as peer,
            member(network, folder / "daemon", plugins) as (
                daemon,
                client,
            ),
        ):
            await network.meet(owners, [address_of(client)])
            async with load(owners, peer, folder):
                await asyncio.sleep(3)
                before, since = relayed(daemon.client()), time.perf_counter()
                p99 = await asyncio.to_thread(p99_meanwhile, daemon.port, lambda: time.sleep(0.1))
                rate = (relayed(daemon.client()) - before) / MIB / (time.perf_counter() - since)
            resident = daemon.process.memory_info().rss / MIB
    bare = await measure_bare_relaying(folder)
    report(
        "answers of a relay: trivial request, p99",
        f"{p99:.1f} ms",
        baseline=f"bare aiohttp beside a foreign relay: {bare:.1f} ms; relayed {rate:.1f} MiB/s",
        target=f"<= {MOST_P99_MS:g} ms",
        ok=p99 <= MOST_P99_MS,
    )
    tell_memory("all plugins", resident)


def tell_memory(plugins: str, resident: float) -> None:
    """Report the MiB of a node after it has relayed."""
    report(
        f"resident after relaying, {plugins}",
        f"{resident:.1f} MiB",
        target=f"<= {MOST_MIB:g} MiB",
        ok=resident <= MOST_MIB,
    )


async def measure_bare_relaying(folder: Path) -> float:
    """Return the milliseconds of a bare handler while a foreign node relays what it can."""
    async with private_network(folder) as network:
        owners = await network.add(NOTHING, NOTHING)
        await network.add(RELAY, EXIT)
        with plain_peer(network, folder / "other seeder") as peer, elsewhere(serve_bare, 2) as pipe:
            port = pipe.recv()
            async with load(owners, peer, folder):
                await asyncio.sleep(3)
                return await asyncio.to_thread(p99_meanwhile, port, lambda: time.sleep(0.1))


async def measure_small_relay(folder: Path) -> None:
    """Let a daemon with nothing but what relaying needs relay some hundred MiB."""
    async with private_network(folder) as network:
        [owner] = await network.add(NOTHING)
        await network.add(EXIT)
        with (
            plain_peer(network, folder / "seeder") as peer,
            member(network, folder / "daemon", ("tunnels",)) as (
                daemon,
                client,
            ),
        ):
            await network.meet([owner], [address_of(client)])
            for _ in range(4):
                await fetch(owner, peer, folder / "saved", 2)
            tell_memory("tunnels and what it requires", daemon.process.memory_info().rss / MIB)


async def measure_switching(folder: Path) -> None:
    """Stop and start the plugin again and again while it relays; see what is left behind."""
    async with private_network(folder) as network:
        [owner] = await network.add(NOTHING)
        await network.add(RELAY, EXIT)
        with (
            plain_peer(network, folder / "seeder") as peer,
            member(network, folder / "daemon", ("downloads", "debug", "tunnels")) as (daemon, client),
        ):
            await network.meet([owner], [address_of(client)])
            async with load([owner], peer, folder):
                await asyncio.to_thread(switch, client, WARM_UP)
                before = footprint(daemon, client)
                began = time.perf_counter()
                await asyncio.to_thread(switch, client, SWITCHES)
                seconds = (time.perf_counter() - began) / SWITCHES
                after = footprint(daemon, client)
    grown = Footprint(
        after.tasks - before.tasks, after.files - before.files, after.threads - before.threads, after.mib - before.mib
    )
    report(
        f"{SWITCHES} stops and starts of tunnels leave",
        f"{grown.mib:.1f} MiB",
        baseline=f"and {grown.tasks} tasks, {grown.files} files, {grown.threads} threads; {seconds:.2f} s each",
        target=f"nothing, <= {MOST_GROWTH_MIB:g} MiB",
        ok=max(grown.tasks, grown.files, grown.threads) <= 1 and grown.mib <= MOST_GROWTH_MIB,
    )


class Footprint(NamedTuple):
    """What a process holds."""

    tasks: int
    files: int
    threads: int
    mib: float


def footprint(daemon: Daemon, client: Client) -> Footprint:
    """Count what the daemon holds."""
    tasks = len(client.ask_json("GET", "/ipv8/asyncio/tasks")["tasks"])
    process = daemon.process
    return Footprint(tasks, process.num_fds(), process.num_threads(), process.memory_info().rss / MIB)


def switch(client: Client, rounds: int) -> None:
    """Stop and start the plugin."""
    for _ in range(rounds):
        for enabled in (False, True):
            client.ask_json("PATCH", "/plugins/tunnels", {"enabled": enabled})
        time.sleep(0.2)


def address_of(client: Client) -> tuple[str, int]:
    """Return where the daemon's overlays listen."""
    where: Any = client.ask_json("GET", "/ipv8/overlays")["overlays"][0]["my_estimated_wan"]
    return where["ip"], where["port"]


def relayed(client: Client) -> int:
    """Return the bytes that went through the daemon for others."""
    return sum(one["bytes_up"] + one["bytes_down"] for one in client.ask_json("GET", "/ipv8/tunnel/relays")["relays"])


def main() -> None:
    """Measure one network after the other."""
    with temporary_directory() as folder:
        for measure in (measure_speed, measure_python, measure_relaying, measure_small_relay, measure_switching):
            (folder / measure.__name__).mkdir()
            asyncio.run(measure(folder / measure.__name__))


if __name__ == "__main__":
    main()
