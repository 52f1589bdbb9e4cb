"""The hook that this area calls."""

from collections.abc import Iterable

from triblerd.migration import Migration
from triblerd.plugin import hookspec


@hookspec
def triblerd_migrations() -> Iterable[Migration]:
    """Name the steps that turn older data and settings of the plugin into those that its code knows.

    Called before the plugin starts, and only while its data are older than its manifest says, so it is a function of
    the plugin's module. Steps lead from one version to the next; which there are, and their order in the answer, is no
    matter, as long as the ones that are needed are among them: keep those of all releases that anybody may come from.
    Mark it ``optionalhook``, since the upgrader may be turned off; the plugin then does not start on older data.

    Example::

        @hookimpl
        def triblerd_manifest() -> Manifest:
            return Manifest("hello", "Greets whoever asks.", data_version=2)

        async def count_by_name(store: StoreView) -> Piece:
            old, new = await store.table("tally", OldTally), await store.table("tally", Tally, version=2)
            return each_value(old, new, lambda key, tally: Tally({"": tally.count}))

        @hookimpl(optionalhook=True)
        def triblerd_migrations() -> Iterable[Migration]:
            return [StoreMigration(to=2, summary="counts greetings by name", prepare=count_by_name)]
    """
    raise NotImplementedError
