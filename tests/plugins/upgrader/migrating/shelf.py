"""A plugin with three versions of its data and settings: books on a shelf.

The first release stored titles. The second one counts their words, and calls the colour of the shelf color. The third
one finds books by the number of words, and gives its limit in seconds.
"""

import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any, cast

import msgspec

from triblerd.config import Section
from triblerd.migration import Migration, Piece, Reached, SettingsMigration, StoreMigration, each_value
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.store import StoreView, Transaction

BOOKS = 250
AT_ONCE = 50
KILLED_AT = "SHELF_KILLED_AT"
"""The variable that names the point at which the process kills itself."""
POINTS = (
    "settings 2",
    "settings 3",
    "prepare 2",
    "piece 1",
    "piece 3",
    "piece 3 written",
    "piece 5",
    "piece 5 written",
    "prepare 3",
    "index",
    "index written",
    "start",
)
"""All of them, in the order of an upgrade from the first release to the third."""


class Title(msgspec.Struct, array_like=True, frozen=True):
    """A book in the first release."""

    title: str


class Book(msgspec.Struct, array_like=True, frozen=True):
    """A book since the second release."""

    title: str
    words: int


class ShelfConfig(Section):
    """The section ``[shelf]`` of all releases."""

    colour: str = ""
    color: str = ""
    limit_minutes: int = 0
    limit: int = 0


class Shelf:
    """What a test may do to the steps of the present process.

    Attributes:
        held: The piece after the first one waits for it.
        waits: It does so now.
        broken: The step to version 3 fails.
    """

    def __init__(self) -> None:
        self.held = threading.Event()
        self.held.set()
        self.waits = threading.Event()
        self.broken = False


SHELF = Shelf()


def here(point: str) -> None:
    """End the process if that is wanted at this point."""
    if os.environ.get(KILLED_AT) == point:
        os.kill(os.getpid(), signal.SIGKILL)


def title_of(number: int) -> str:
    """Return the title of a book, of 1 to 7 words."""
    return " ".join(["word"] * (number % 7 + 1)) + f"{number}"


async def count_words(store: StoreView) -> Piece:
    """Convert the books from the first version to the second."""
    here("prepare 2")
    old, new = await store.table("book", Title), await store.table("book", Book, version=2)
    convert = each_value(old, new, lambda _, value: Book(value.title, len(value.title.split())), at_once=AT_ONCE)

    def piece(transaction: Transaction, reached: Reached) -> Reached | None:
        number = reached.done // AT_ONCE + 1
        here(f"piece {number}")
        if number > 1:
            SHELF.waits.set()
            SHELF.held.wait(10)
        now = convert(transaction, reached)
        here(f"piece {number} written")
        return now

    return piece


async def find_by_words(store: StoreView) -> Piece:
    """Make the index of the third version, at once, and forget a table of the first."""
    here("prepare 3")
    books = await store.table("book", Book, version=2)
    index, scratch = await store.table("by_words", bytes), await store.table("scratch", bytes)

    def piece(transaction: Transaction, _: Reached) -> None:
        here("index")
        for key, book in transaction.items(books):
            transaction.put(index, bytes([book.words]) + key, b"x")
        transaction.clear(scratch)
        if SHELF.broken:
            msg = "no ink"
            raise ValueError(msg)
        here("index written")

    return piece


def rename_colour(sections: Mapping[str, Mapping[str, object]]) -> Mapping[str, Mapping[str, object]]:
    """Convert the settings from the first version to the second."""
    here("settings 2")
    own = sections["shelf"]
    return {"shelf": {"colour": None, "color": own["colour"]}} if "colour" in own else {}


def count_seconds(sections: Mapping[str, Mapping[str, object]]) -> Mapping[str, Mapping[str, object]]:
    """Convert the settings from the second version to the third."""
    here("settings 3")
    minutes = cast("int", sections["shelf"].get("limit_minutes", 0))
    return {"shelf": {"limit_minutes": None, "limit": minutes * 60}}


MIGRATIONS: tuple[Migration, ...] = (
    SettingsMigration(to=3, summary="gives the limit in seconds", change=count_seconds),
    SettingsMigration(to=2, summary="says color", change=rename_colour),
    StoreMigration(to=2, summary="counts words", prepare=count_words),
    StoreMigration(to=3, summary="finds books by words", prepare=find_by_words),
)


async def fill(context: PluginContext[ShelfConfig]) -> None:
    """Put the books on the shelf of the first release, and leave a used table behind."""
    table = await context.store.table("book", Title)
    scratch = await context.store.table("scratch", bytes)

    def job(transaction: Transaction) -> None:
        for number in range(BOOKS):
            transaction.put(table, number.to_bytes(2), Title(title_of(number)))
        transaction.put(scratch, b"used", b"x")

    await context.store.write(job)


def hooks(version: int) -> dict[str, object]:
    """Return the hooks of one release."""

    @hookimpl
    def triblerd_manifest() -> Manifest:
        return Manifest("shelf", "Keeps books.", data_version=version, settings_version=version)

    @hookimpl
    def triblerd_config() -> type[Section]:
        return ShelfConfig

    @hookimpl(optionalhook=True)
    def triblerd_migrations() -> Iterable[Migration]:
        return [step for step in MIGRATIONS if step.to <= version]

    @hookimpl
    @asynccontextmanager
    async def triblerd_lifespan(context: PluginContext[ShelfConfig]) -> AsyncIterator[Running]:
        here("start")
        if version == 1:
            await fill(context)
        yield Running()

    return {
        hook.__name__: hook for hook in (triblerd_manifest, triblerd_config, triblerd_migrations, triblerd_lifespan)
    }


def release(version: int, **others: Any) -> EntryPoint:
    """Return the entry point of one release in this process; ``others`` take the place of its hooks."""
    name = f"shelf_{version}"
    module = sys.modules[name] = ModuleType(name)
    module.__dict__.update({**hooks(version), **others})
    return EntryPoint("shelf", name, "triblerd")
