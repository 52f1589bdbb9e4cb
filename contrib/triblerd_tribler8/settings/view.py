"""One store, two views: shows all settings as version 8 does, and takes changes of them."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from triblerd.errors import InvalidInputError, TriblerdError
from triblerd.services import Configuration, Lifecycle
from triblerd.store import StoreView, Table, Transaction
from triblerd_tribler8.settings.keys import MOST_BYTES, MOST_LEVELS, Known, Shared, Wanted, refusal
from triblerd_tribler8.settings.table import KEYS

_SECTIONS = {path[:end] for path in KEYS for end, letter in enumerate(path) if letter == "/"}
_PATHS = {
    key.name: path if key.part is None else path.rpartition("/")[0]
    for path, key in KEYS.items()
    if isinstance(key, Shared)
}
_PATHS |= {"ipv8.address": "ipv8/interfaces", "ipv8.port": "ipv8/interfaces"}


class SettingsView:
    """The configuration, and beside it what is only kept for clients.

    Args:
        configuration: Where what is acted upon is.
        daemon: Tells where it lives and listens.
        store: Where the rest is.
        table: Its table: JSON by path.
    """

    def __init__(
        self, *, configuration: Configuration, daemon: Lifecycle, store: StoreView, table: Table[bytes]
    ) -> None:
        self._configuration = configuration
        self._daemon = daemon
        self._store = store
        self._table = table
        self._changing = asyncio.Lock()

    def settings(self) -> dict[str, Any]:
        """Return every setting, nested. A number that is whole is an integer, as typed clients want it."""
        known = self._known()
        settings: dict[str, Any] = {}
        for path, key in KEYS.items():
            *sections, name = path.split("/")
            place = settings
            for section in sections:
                place = place.setdefault(section, {})
            place[name] = _whole(key.show(path, known))
        return settings

    async def change(self, body: Mapping[str, Any]) -> None:
        """Merge nested settings into the present ones: all of them, or none when one is refused.

        Raises:
            InvalidInputError: a setting is unknown or cannot be that.
            FailedError: it cannot be stored.
        """
        _refuse_depths(body)
        async with self._changing:
            known = self._known()
            wanted = Wanted()
            for path, value in _leaves(body):
                if value is None:
                    raise refusal(path, "expected a value, got null")
                if _json(value) != _json(_whole(KEYS[path].show(path, known))):
                    KEYS[path].take(path, value, known, wanted)
            await self._keep(wanted.kept, known.kept)
            try:
                await self._configuration.change(wanted.values)
            except TriblerdError as error:
                await self._keep({path: known.kept.get(path) for path in wanted.kept}, {})
                if isinstance(error, InvalidInputError):
                    raise InvalidInputError(_in_our_words(str(error))) from error
                raise

    def _known(self) -> Known:
        kept = {path.decode(): msgspec.json.decode(value) for path, value in self._table.items()}
        return Known(self._configuration.values(), kept, self._daemon)

    async def _keep(self, wanted: Mapping[str, Any], present: Mapping[str, Any]) -> None:
        if not wanted:
            return
        encoded = {path.encode(): None if value is None else _json(value) for path, value in wanted.items()}
        if len(_json({**present, **wanted})) > MOST_BYTES:
            msg = f"{', '.join(wanted)}: no more than {MOST_BYTES} bytes are kept for clients"
            raise InvalidInputError(msg)

        def write(transaction: Transaction) -> None:
            for path, value in encoded.items():
                if value is None:
                    transaction.delete(self._table, path)
                else:
                    transaction.put(self._table, path, value)

        await self._store.write(write)


def _leaves(body: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in body.items():
        path = f"{prefix}{name}"
        if path in KEYS:
            yield path, value
        elif path not in _SECTIONS:
            msg = f"Unknown setting: {path}" if prefix else f"Unknown section: {path}"
            raise InvalidInputError(msg)
        elif isinstance(value, dict):
            yield from _leaves(value, f"{path}/")
        else:
            raise refusal(path, "expected an object with settings")


def _refuse_depths(body: Mapping[str, Any]) -> None:
    level: list[Any] = [body]
    for _ in range(MOST_LEVELS):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return
    msg = f"Expected no more than {MOST_LEVELS} levels of objects and lists"
    raise InvalidInputError(msg)


def _whole(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    return [_whole(inner) for inner in value] if isinstance(value, list) else value


def _in_our_words(text: str) -> str:
    name, separator, reason = text.partition(": ")
    return f"{_PATHS[name]}{separator}{reason}" if name in _PATHS else text


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)
