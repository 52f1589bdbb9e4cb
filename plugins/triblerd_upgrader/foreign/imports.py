"""The import that runs, and the one that ran last."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from triblerd.errors import ConflictError, InvalidInputError, UnavailableError
from triblerd.plugin import Services
from triblerd.services import Configuration, FileRoots, Lifecycle
from triblerd.tasks import Tasks
from triblerd_downloads.api import DownloadTakeover
from triblerd_libtorrent.api import TorrentEngine
from triblerd_upgrader.foreign.finding import States
from triblerd_upgrader.foreign.importing import Import, Ours
from triblerd_upgrader.foreign.options import Options
from triblerd_upgrader.foreign.report import Journal, Row, Run, State
from triblerd_upgrader.foreign.settings import SECRETS
from triblerd_upgrader.foreign.values import Find, Keeper, Program, Reader

_COPY = ".import"
"""In the state directory: the copy that is read. A name of its own, since users keep directories there, too."""


class Imports:
    """Starts imports, one at a time, and tells of them.

    Args:
        readers: Of the programs that are known.
        keepers: Of the records that are no downloads.
        state_dir: Where copies are made.
        services: Has the plugins that the downloads go to.
        lifecycle: Knows where this daemon listens.
    """

    def __init__(  # noqa: PLR0913 - what it needs, by keyword
        self,
        *,
        readers: Iterable[Reader],
        keepers: Mapping[str, Keeper],
        journal: Journal,
        state_dir: Path,
        services: Services,
        configuration: Configuration,
        roots: FileRoots,
        lifecycle: Lifecycle,
        tasks: Tasks,
    ) -> None:
        self._states = States(readers)
        self._keepers = keepers
        self._journal = journal
        self._state_dir = state_dir
        self._services = services
        self._configuration = configuration
        self._roots = roots
        self._lifecycle = lifecycle
        self._tasks = tasks
        self._starting = False
        self._current: Import | None = None
        self._rows: list[Row] | None = None
        self._last: Run | None = None

    async def load(self) -> None:
        """Read what is known of the last import, and remove the copy that it left if it was killed."""
        await asyncio.to_thread(shutil.rmtree, self._state_dir / _COPY, ignore_errors=True)
        last = self._journal.last()
        if last is not None and last.state is State.RUNNING:
            last = msgspec.structs.replace(last, state=State.INTERRUPTED)
        self._last = last

    @property
    def is_running(self) -> bool:
        """Whether an import runs, or is about to."""
        return self._starting or (self._current is not None and self._current.run.state is State.RUNNING)

    @property
    def current(self) -> Import | None:
        """The import that runs, or that ran last since the daemon was started."""
        return self._current

    @property
    def last(self) -> Run | None:
        """The last import, however far it is; ``None`` when there was none."""
        return self._current.run if self._current is not None else self._last

    async def rows(self) -> list[Row]:
        """Return the report of the last import."""
        if self._current is not None:
            return self._current.report.rows
        if self._rows is None:
            found = await asyncio.to_thread(self._journal.rows)
            self._rows = sorted(found.values(), key=lambda row: row.number)
        return self._rows

    async def find(self, path: str) -> list[Find]:
        """Return the states in a directory, its children and grand-children.

        Raises:
            InvalidInputError: it is none that may be looked at.
        """
        return [find for find, _ in await self._found(path)]

    async def start(self, path: str, program: Program | None, options: Options, *, force: bool) -> Import:
        """Begin to take a state over.

        Args:
            path: An absolute directory.
            program: Whose state it is, if there are several.
            options: How.
            force: Also if the program seems to run.

        Raises:
            InvalidInputError: there is no state, a replacement is none, or nothing of that kind is to be included.
            ConflictError: an import runs, there are several states, or the program runs.
            UnavailableError: downloads cannot be taken over now.
        """
        known = {SECRETS, *(keeper.kind for keeper in self._keepers.values() if keeper.is_asked_for)}
        if unknown := sorted(set(options.include) - known):
            msg = f"include: there is no {unknown[0]!r}; there are {', '.join(sorted(known))}"
            raise InvalidInputError(msg)
        return await self.begin(lambda: self._chosen(path, program), options, force=force)

    async def begin(
        self, choose: Callable[[], Awaitable[tuple[Find, Reader]]], options: Options, *, force: bool = False
    ) -> Import:
        """Begin to take over the state that ``choose`` returns, as ``start`` does.

        Raises:
            ConflictError: an import runs, or the program does.
            UnavailableError: downloads cannot be taken over now.
        """
        if self.is_running:
            msg = "an import runs already"
            raise ConflictError(msg)
        self._starting = True
        try:
            find, reader = await choose()
            if find.running and not force:
                msg = f"{find.program} seems to run ({find.running}): end it first, or use force"
                raise ConflictError(msg)
            self._current = current = self._made(find, reader, options)
        finally:
            self._starting = False
        self._tasks.start("import", current.work())
        return current

    def cancel(self) -> None:
        """End the import that runs, soon.

        Raises:
            ConflictError: none runs.
        """
        if self._current is None or self._current.run.state is not State.RUNNING:
            msg = "no import runs"
            raise ConflictError(msg)
        self._current.cancel()

    @property
    def can_begin(self) -> bool:
        """Whether an import could begin now."""
        needed = (DownloadTakeover, TorrentEngine)
        return not self.is_running and all(self._services.find(kind) is not None for kind in needed)

    def _made(self, find: Find, reader: Reader, options: Options) -> Import:
        takeover, engine = self._services.find(DownloadTakeover), self._services.find(TorrentEngine)
        if takeover is None or engine is None:
            msg = "the plugin downloads does not run"
            raise UnavailableError(msg)
        ours = Ours(
            takeover=takeover,
            engine=engine,
            configuration=self._configuration,
            keepers=self._keepers,
            journal=self._journal,
            is_there=lambda: self._services.find(DownloadTakeover) is takeover,
        )
        run = Run(program=find.program, version=find.version, root=str(find.root), options=options, started=time.time())
        folder = self._state_dir / _COPY
        folder.mkdir(mode=0o700, exist_ok=True)
        return Import(find=find, reader=reader, run=run, ours=ours, folder=folder)

    async def _chosen(self, path: str, program: Program | None) -> tuple[Find, Reader]:
        found = await self._found(path)
        chosen = [one for one in found if program in {None, one[0].program}]
        if not chosen:
            whose = "any program that is known here" if program is None else str(program)
            msg = f"{path} holds no state of {whose}"
            raise InvalidInputError(msg)
        if len(chosen) > 1:
            names = ", ".join(f"{find.program} in {find.root}" for find, _ in chosen)
            msg = f"{path} holds several states: {names}. Name the directory of one, or its program"
            raise ConflictError(msg)
        return chosen[0]

    async def _found(self, path: str) -> list[tuple[Find, Reader]]:
        if "\0" in path or not Path(path).is_absolute():
            msg = f"path must be an absolute directory, not {path!r}"
            raise InvalidInputError(msg)
        if not self._roots.allow(Path(path)):
            msg = f"path {path} is outside of the allowed directories"
            raise InvalidInputError(msg)
        if not await asyncio.to_thread(_is_folder, path):
            msg = f"{path} is no directory"
            raise InvalidInputError(msg)
        return self.without_us(await asyncio.to_thread(self._states.below, Path(path)))

    def without_us(self, found: Iterable[tuple[Find, Reader]]) -> list[tuple[Find, Reader]]:
        """Return the same; what listens on a port of this daemon is no other program that runs."""
        ours = set(self._lifecycle.ports.values())
        return [
            (msgspec.structs.replace(find, running="", port=0) if find.port in ours else find, reader)
            for find, reader in found
        ]


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:
        return False
