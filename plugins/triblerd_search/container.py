"""How the plugin's objects are put together."""

from collections.abc import Callable

from dependency_injector import containers, providers

from triblerd.store import StoreView, Table
from triblerd_metadata.api import Lists, MetadataStore
from triblerd_search.api import RemoteSearch
from triblerd_search.endpoint import SearchEndpoint
from triblerd_search.index import IndexWriter
from triblerd_search.postings import Postings
from triblerd_search.renewing import Renewer
from triblerd_search.searching import Searcher


class SearchContainer(containers.DeclarativeContainer):
    """What this plugin is given (above) and what it makes of it (below)."""

    store = providers.Dependency(instance_of=StoreView)
    posting_table = providers.Dependency(instance_of=Table)
    state_table = providers.Dependency(instance_of=Table)
    records = providers.Dependency(instance_of=MetadataStore)
    lists = providers.Dependency(instance_of=Lists)
    remote: providers.Dependency[Callable[[], RemoteSearch | None]] = providers.Dependency()

    postings = providers.Singleton(Postings, store=store, table=posting_table)
    writer = providers.Singleton(IndexWriter, postings=postings, table=state_table, records=records)
    renewer = providers.Singleton(Renewer, store=store, writer=writer, postings=postings, records=records)
    searcher = providers.Singleton(
        Searcher, postings=postings, records=records, lists=lists, on_damage=renewer.provided.note_damage
    )
    endpoint = providers.Singleton(
        SearchEndpoint, searcher=searcher, renewer=renewer, records=records, lists=lists, remote=remote
    )
