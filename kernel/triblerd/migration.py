"""How a plugin says what turns its older data, and its older settings, into those that its code knows.

The manifest says which version the code knows (``Manifest.data_version``, ``Manifest.settings_version``), the hook
``triblerd_migrations`` of the upgrader which steps lead to it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias, TypeVar

import msgspec

from triblerd.store import StoreView, Table, Transaction

A = TypeVar("A")
B = TypeVar("B")

AT_ONCE = 2000
"""Values that one transaction of ``each_value`` converts; it takes some 20 ms."""


class Reached(msgspec.Struct, frozen=True, array_like=True):
    """How far a step has come.

    Attributes:
        key: Where it goes on; the step alone knows what that means.
        done: How many of ``total`` are done, for people; both are 0 where nobody knows.
    """

    key: bytes = b""
    done: int = 0
    total: int = 0


Piece: TypeAlias = Callable[[Transaction, Reached], Reached | None]
"""Converts a piece of the data, from where the step has come on, and returns how far it has come now: ``None`` at the
end. It changes nothing but the transaction, for it may be run twice.

How far it has come is stored in the same transaction, so that no end of the process, at whatever moment, has a piece
done twice or left out. A step whose data are few converts all of them in its first piece.
"""

Prepare: TypeAlias = Callable[[StoreView], Awaitable[Piece]]
"""Opens the tables of a step, as they were and as they shall be, and returns what converts their values."""

Sections: TypeAlias = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, kw_only=True)
class StoreMigration:
    """One step of a plugin's data in the store.

    Attributes:
        to: The version that it leads to, from the one before.
        summary: What it does, for people, in a few words without a full stop: ``counts greetings by name``.
        prepare: Returns what converts. Called before the plugin runs, with the plugin's part of the store.
    """

    to: int
    summary: str
    prepare: Prepare


@dataclass(frozen=True, kw_only=True)
class SettingsMigration:
    """One step of a plugin's sections in ``triblerd.conf``.

    Attributes:
        to: The version that it leads to, from the one before.
        summary: What it does, for people, in a few words without a full stop.
        change: Gets all sections as the file has them, and returns what to change: new values by section and key,
            ``None`` for a key, or a section, that goes. Comments in the file stay.
    """

    to: int
    summary: str
    change: Callable[[Sections], Mapping[str, Mapping[str, object] | None]]


Migration: TypeAlias = StoreMigration | SettingsMigration


def each_value(
    old: Table[A], new: Table[B], convert: Callable[[bytes, A], B | None], *, at_once: int = AT_ONCE
) -> Piece:
    """Return what converts the values of a table one by one, in transactions of bounded size.

    Args:
        old: The table as it was: open it with the old type and the old version.
        new: As it shall be: the same table, or another one, which then holds the values under the same keys.
        convert: Gets key and value, and returns the new value; ``None`` removes it.
        at_once: Values in a transaction.
    """

    def piece(transaction: Transaction, reached: Reached) -> Reached | None:
        total = reached.total or transaction.count(old)
        items = list(islice(transaction.items(old, start=reached.key), at_once + 1))
        for key, value in items[:at_once]:
            converted = convert(key, value)
            if converted is not None:
                transaction.put(new, key, converted)
            if converted is None or new.name != old.name:
                transaction.delete(old, key)
        return Reached(items[at_once][0], reached.done + at_once, total) if len(items) > at_once else None

    return piece
