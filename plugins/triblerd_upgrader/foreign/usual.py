"""What Tribler has left in the places where it keeps things."""

import asyncio
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from triblerd.errors import InvalidInputError
from triblerd_upgrader.api import OfferedState
from triblerd_upgrader.foreign.finding import States
from triblerd_upgrader.foreign.imports import Imports
from triblerd_upgrader.foreign.options import Missing, Options
from triblerd_upgrader.foreign.report import Journal
from triblerd_upgrader.foreign.tribler.reader7 import Tribler7
from triblerd_upgrader.foreign.tribler.reader8 import Tribler8
from triblerd_upgrader.foreign.values import Find, Reader


class UsualImports:
    """Implements :class:`triblerd_upgrader.api.StateImports`.

    The places are this machine's, and no client names them: ``[api] file_roots`` is not asked.

    Args:
        environment: Of the process: names the places.
    """

    def __init__(self, *, imports: Imports, journal: Journal, environment: Mapping[str, str] = os.environ) -> None:
        self._imports = imports
        self._journal = journal
        self._environment = environment
        self._states = States((Tribler8(), Tribler7()))

    @property
    def is_running(self) -> bool:
        """Whether an import runs."""
        return self._imports.is_running

    async def offered(self) -> Sequence[OfferedState]:
        """Return the states that can be taken over now and were not yet."""
        if not self._imports.can_begin:
            return []
        found = self._imports.without_us(await asyncio.to_thread(self._found))
        return [_offer(find) for find, _ in found if not find.running]

    async def start(self, state: OfferedState) -> None:
        """Begin to take a state over."""

        async def choose() -> tuple[Find, Reader]:
            for find, reader in self._imports.without_us(await asyncio.to_thread(self._found)):
                if (find.program, str(find.root)) == (state.program, state.path):
                    return find, reader
            msg = f"{state.path} holds nothing of {state.program} that is still to be taken over"
            raise InvalidInputError(msg)

        await self._imports.begin(choose, Options(missing=Missing.STOP))

    def _found(self) -> list[tuple[Find, Reader]]:
        found: dict[str, tuple[Find, Reader]] = {}
        for place in _places(self._environment):
            for find, reader in self._states.at(place):
                if not self._journal.was_taken(find.program, str(find.root)):
                    found.setdefault(os.path.realpath(find.root), (find, reader))
        return sorted(found.values(), key=lambda one: _age(one[0]), reverse=True)


def _places(environment: Mapping[str, str]) -> list[Path]:
    places = (Path(environment.get("TSTATEDIR", "")), Path(environment.get("HOME", ""), ".Tribler"))
    return [place for place in places if place.is_absolute()]


def _age(find: Find) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]+", find.version))


def _offer(find: Find) -> OfferedState:
    return OfferedState(program=find.program, version=find.version, path=str(find.root), downloads=find.downloads)
