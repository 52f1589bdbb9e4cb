"""A profile of all threads, as a callgrind file, which KCachegrind and QCachegrind open.

Made by yappi, which is installed with the extra ``triblerd[profiler]``: it counts the CPU time of each function in each
thread, coroutines included, which the profilers of the standard library do for one thread alone.
"""

import asyncio
import contextlib
import importlib
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from triblerd.errors import FailedError, NotProvidedError, WrongStateError


class ProfilerState(StrEnum):
    """Whether a profile is being made."""

    STARTED = "STARTED"
    STOPPED = "STOPPED"


class ProfilerStateError(WrongStateError):
    """It runs already, or it does not."""

    code = "RuntimeError"


class NoProfilerError(NotProvidedError):
    """The library is not installed."""

    code = "NotImplementedError"


class Profiler:
    """Makes one profile at a time; it is the process's, and so is the library that makes it.

    Args:
        folder: Where the files go.
        find: Returns the module that makes profiles, ``None`` when it is not installed. Called when one is wanted,
            since the module takes two megabytes.
    """

    def __init__(self, folder: Path, find: Callable[[], Any]) -> None:
        self._folder = folder
        self._find = find
        self._file: Path | None = None

    @property
    def state(self) -> ProfilerState:
        """Whether a profile is being made."""
        return ProfilerState.STARTED if self._file else ProfilerState.STOPPED

    def start(self) -> None:
        """Begin; until the end everything is slower, by a factor of two or so.

        Raises:
            ProfilerStateError: it has begun.
            NoProfilerError: the library is not installed.
        """
        library = self._installed()
        if self._file or library.is_running():
            msg = "Profiler is already running"
            raise ProfilerStateError(msg)
        self._file = self._folder / f"yappi_{time.time():.3f}.stats"
        library.clear_stats()
        library.set_clock_type("cpu")  # of wall time, a daemon spends nearly all in waiting
        library.start(builtins=True, profile_threads=True)

    async def stop(self) -> Path:
        """End, and return the file.

        Raises:
            ProfilerStateError: it has not begun.
            NoProfilerError: the library is not installed.
            FailedError: the file cannot be written; the profile is lost.
        """
        library = self._installed()
        if self._file is None:
            msg = "Profiler is not running"
            raise ProfilerStateError(msg)
        file, self._file = self._file, None
        library.stop()
        try:
            await asyncio.to_thread(_save, library, file)
        except OSError as error:
            msg = f"The profile cannot be written to {file}: {error.strerror or error}"
            raise FailedError(msg) from error
        return file

    async def close(self) -> None:
        """End a profile that nobody ended."""
        if self._file is not None:
            with contextlib.suppress(FailedError):
                await self.stop()

    def _installed(self) -> Any:
        library = self._find()
        if library is None:
            msg = "Profiler is not available"
            raise NoProfilerError(msg)
        return library


def find_profiler() -> Any:
    """Return the module that makes profiles, or ``None``."""
    try:
        return importlib.import_module("yappi")
    except ImportError:
        return None


def _save(library: Any, file: Path) -> None:
    try:
        file.touch(mode=0o600)
        library.get_func_stats().save(str(file), type="callgrind")
    finally:
        library.clear_stats()
    lines = file.read_bytes().splitlines(keepends=True)
    # The words of the command line may be secrets, and there they would lie for whoever is given the file.
    file.write_bytes(b"".join(line for line in lines if not line.startswith(b"cmd:")))
