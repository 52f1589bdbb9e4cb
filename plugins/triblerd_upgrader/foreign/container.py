"""How imports of foreign states are put together."""

from collections.abc import Mapping
from pathlib import Path

from dependency_injector import containers, providers

from triblerd.plugin import Services
from triblerd.services import Configuration, FileRoots, Lifecycle
from triblerd.store import StoreView, Table
from triblerd.tasks import Tasks
from triblerd_upgrader.foreign.imports import Imports
from triblerd_upgrader.foreign.keeping.keepers import make_keepers
from triblerd_upgrader.foreign.readers import READERS
from triblerd_upgrader.foreign.report import Journal, Row, Run, Taken
from triblerd_upgrader.foreign.usual import UsualImports
from triblerd_upgrader.foreign.values import Keeper


class ForeignContainer(containers.DeclarativeContainer):
    """What imports are given (above) and what is made of it (below)."""

    state_dir = providers.Dependency(instance_of=Path)
    store = providers.Dependency(instance_of=StoreView)
    runs: providers.Dependency[Table[Run]] = providers.Dependency(instance_of=Table)
    rows: providers.Dependency[Table[Row]] = providers.Dependency(instance_of=Table)
    taken: providers.Dependency[Table[Taken]] = providers.Dependency(instance_of=Table)
    services: providers.Dependency[Services] = providers.Dependency()
    configuration: providers.Dependency[Configuration] = providers.Dependency(instance_of=Configuration)
    roots: providers.Dependency[FileRoots] = providers.Dependency(instance_of=FileRoots)
    lifecycle: providers.Dependency[Lifecycle] = providers.Dependency(instance_of=Lifecycle)
    tasks = providers.Dependency(instance_of=Tasks)

    keepers: providers.Provider[Mapping[str, Keeper]] = providers.Singleton(make_keepers, services=services)
    journal = providers.Singleton(Journal, store=store, runs=runs, rows=rows, taken=taken)
    imports = providers.Singleton(
        Imports,
        readers=READERS,
        keepers=keepers,
        journal=journal,
        state_dir=state_dir,
        services=services,
        configuration=configuration,
        roots=roots,
        lifecycle=lifecycle,
        tasks=tasks,
    )
    usual = providers.Singleton(UsualImports, imports=imports, journal=journal)
