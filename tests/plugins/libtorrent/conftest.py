from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from triblerd.config import StoreConfig
from triblerd.service_registry import ServiceRegistry
from triblerd.store import Store, StoreView
from triblerd.tasks import Tasks
from triblerd.testing import wait_for
from triblerd_libtorrent import api
from triblerd_libtorrent.api import Infohash, TorrentStatus, TorrentWish
from triblerd_libtorrent.bans import Bans, open_bans
from triblerd_libtorrent.config import LibtorrentConfig
from triblerd_libtorrent.engine import Engine
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.recent import RecentMetainfo
from triblerd_libtorrent.resume import StoredTorrents, open_stored_torrents
from triblerd_libtorrent.swarm import Swarm
from triblerd_libtorrent.testing import MadeTorrent, Seeder

QUIET = LibtorrentConfig(listen_interface="127.0.0.1", dht=False, upnp=False, natpmp=False, lsd=False)

EVENTS = (
    api.StatusesUpdated,
    api.MetadataReceived,
    api.DownloadFinished,
    api.TorrentChecked,
    api.StorageMoved,
    api.StorageMoveFailed,
    api.TorrentFailed,
    api.TrackersChanged,
)


@dataclass
class Bench:
    """A running engine with a real store, and what it told."""

    engine: Engine
    swarm: Swarm
    bans: Bans
    store: StoreView
    stored: StoredTorrents
    folder: Path
    failures: list[str]
    services: ServiceRegistry
    events: list[api.EngineEvent] = field(default_factory=list)

    def wish(self, torrent: MadeTorrent, **changes: object) -> TorrentWish:
        wish = TorrentWish(
            infohash=torrent.infohash,
            source=parse_metainfo(torrent.metainfo),
            save_path=str(self.folder),
        )
        return msgspec.structs.replace(wish, **changes)

    def magnet_wish(self, uri: str, **changes: object) -> TorrentWish:
        magnet = self.engine.parse_magnet(uri)
        wish = TorrentWish(infohash=magnet.infohash, source=magnet, save_path=str(self.folder))
        return msgspec.structs.replace(wish, **changes)

    def told(self, kind: type[api.EngineEvent]) -> list[api.EngineEvent]:
        return [event for event in self.events if type(event) is kind]

    async def download(self, torrent: MadeTorrent, seeder: Seeder, **changes: object) -> None:
        await self.engine.add(self.wish(torrent, **changes))
        self.swarm.connect_peer(torrent.infohash, seeder.host, seeder.port)
        await self.row(torrent.infohash, lambda row: row.is_finished)

    async def keep(self, torrent: MadeTorrent) -> None:
        """Store the metainfo, as whoever adds a torrent does."""
        await self.store.write(
            lambda transaction: self.stored.keep_metainfo(transaction, torrent.infohash, torrent.metainfo)
        )

    async def row(self, infohash: Infohash, condition=lambda _: True, limit_seconds: float = 10) -> TorrentStatus:
        """Return the first row for which the condition holds."""

        def found():
            row = self.engine.status(infohash)
            return row if row is not None and condition(row) else None

        try:
            row: TorrentStatus = await wait_for(found, limit_seconds, what="the row")
        except TimeoutError:
            raise AssertionError(self.engine.status(infohash)) from None
        return row

    async def event(self, kind: type[api.EngineEvent], limit_seconds: float = 10) -> api.EngineEvent:
        """Return the first event of a kind."""
        await wait_for(lambda: self.told(kind), limit_seconds, what=kind.__name__)
        return self.told(kind)[0]


@pytest.fixture
def start_engine(tmp_path):
    """Start an engine on the test's store and folder; a second start finds what the first one left."""

    @asynccontextmanager
    async def start(**settings: object):
        folder = tmp_path / "downloads"
        folder.mkdir(exist_ok=True)
        failures: list[str] = []
        async with AsyncExitStack() as stack:
            whole = await stack.enter_async_context(Store(tmp_path / "store", StoreConfig(backup_interval=0)))
            store = whole.view("libtorrent")
            stored = await open_stored_torrents(store)
            tasks = Tasks("libtorrent", lambda name, error: failures.append(f"{name}: {error!r}"))
            config = msgspec.structs.replace(QUIET, **settings)
            bans = await open_bans(store)
            services = ServiceRegistry()
            engine = Engine(
                config=config,
                store=store,
                stored=stored,
                spawn=tasks.start,
                bans=bans,
                recent=RecentMetainfo(),
                services=services,
            )
            swarm = Swarm(torrents=engine.torrents, bans=bans, spawn=tasks.start)
            await engine.start()
            stack.push_async_callback(engine.stop)
            stack.push_async_callback(tasks.close)
            bench = Bench(engine, swarm, bans, store, stored, folder, failures, services)
            for kind in EVENTS:
                engine.listen(kind, bench.events.append)
            yield bench
        assert not failures

    return start


@pytest.fixture
def seeder(tmp_path):
    with Seeder(tmp_path / "seeder") as seeder:
        yield seeder
