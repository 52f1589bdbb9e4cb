"""How the plugin's objects are put together."""

from collections.abc import Callable

from dependency_injector import containers, providers

from triblerd.events import EventBus
from triblerd.plugin import Services
from triblerd.store import StoreView, Table
from triblerd.tasks import Tasks
from triblerd_downloads.api import Downloads
from triblerd_identity.api import NodeKey
from triblerd_metadata.api import Statements, TextIndex
from triblerd_metadata.bulk.endpoint import BulkEndpoint
from triblerd_metadata.bulk.importing import Importer, Reached
from triblerd_metadata.bulk.reading import LinesReader
from triblerd_metadata.config import MetadataConfig
from triblerd_metadata.discretion import Discretion
from triblerd_metadata.editing.endpoint import EntriesEndpoint
from triblerd_metadata.editing.labels import Labels
from triblerd_metadata.entries import Items
from triblerd_metadata.lists.endpoint import PopularEndpoint
from triblerd_metadata.lists.kept_orders import KeptOrders
from triblerd_metadata.lists.listing import EntryLists
from triblerd_metadata.lists.popular import Popular
from triblerd_metadata.own_torrents import OwnTorrents
from triblerd_metadata.store import Metadata
from triblerd_metadata.titles import Titles


class MetadataContainer(containers.DeclarativeContainer):
    """What this plugin is given (above) and what it makes of it (below)."""

    config = providers.Dependency(instance_of=MetadataConfig)
    metadata = providers.Dependency(instance_of=Metadata)
    key: providers.Dependency[NodeKey] = providers.Dependency(instance_of=NodeKey)
    tasks = providers.Dependency(instance_of=Tasks)
    downloads: providers.Dependency[Callable[[], Downloads | None]] = providers.Dependency()
    statements: providers.Dependency[Callable[[], Statements | None]] = providers.Dependency()
    text_index: providers.Dependency[Callable[[], TextIndex | None]] = providers.Dependency()
    services: providers.Dependency[Services] = providers.Dependency()
    events = providers.Dependency(instance_of=EventBus)
    view: providers.Dependency[StoreView] = providers.Dependency(instance_of=StoreView)
    discretion = providers.Dependency(instance_of=Discretion)
    reached: providers.Dependency[Table[Reached]] = providers.Dependency(instance_of=Table)

    popular = providers.Singleton(Popular)
    orders = providers.Singleton(KeptOrders, source=metadata, texts=metadata, tasks=tasks)
    items = providers.Singleton(Items, entries=metadata, downloads=downloads, statements=statements)
    lists = providers.Singleton(
        EntryLists,
        metadata=metadata,
        orders=orders,
        popular=popular,
        items=items,
        statements=statements,
        text_index=text_index,
    )
    popular_endpoint = providers.Singleton(PopularEndpoint, lists=lists)
    lines_reader = providers.Singleton(LinesReader)
    importer = providers.Singleton(
        Importer, store=metadata, reader=lines_reader, reached=reached, view=view, services=services
    )
    bulk_endpoint = providers.Singleton(BulkEndpoint, importer=importer, store=metadata)
    entries_endpoint = providers.Singleton(EntriesEndpoint, metadata=metadata, items=items, key=key)
    labels = providers.Singleton(Labels, metadata=metadata, key=key)
    titles = providers.Singleton(Titles, metadata=metadata, downloads=downloads)
    own_torrents = providers.Singleton(
        OwnTorrents, metadata=metadata, config=config, services=services, events=events, discretion=discretion
    )
