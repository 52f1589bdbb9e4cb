"""Runs a program for a completed download."""

import asyncio
import logging
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress

from triblerd.command_output import plain_text
from triblerd_downloads.completion.jobs import Job
from triblerd_libtorrent.api import Infohash

log = logging.getLogger(__name__)

MOST_OUTPUT = 16 * 1024
"""Bytes of output that are logged; the rest is read and dropped."""
_LONGEST_LINE = 1000
_GRACE_SECONDS = 2.0
_OURS = ("TRIBLERD_", "CORE_API_", "NOTIFY_SOCKET", "WATCHDOG_")
"""Beginnings of variables that are for the daemon alone: they may hold keys."""


class ProgramError(Exception):
    """The program did not do what it should; the text says why."""


async def run_program(arguments: Sequence[str], infohash: Infohash, job: Job, *, limit_seconds: float) -> str:
    """Run a program, without a shell and with its output in the log, and return how it ended.

    It is the leader of a session of its own, so that what it has started ends with it when it takes too long, or when
    the daemon stops.

    Raises:
        ProgramError: it cannot be started, takes too long, or ends with another code than 0.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            env=environment_of(infohash, job, os.environ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        msg = f"{arguments[0]} cannot be started: {getattr(error, 'strerror', None) or error}"
        raise ProgramError(msg) from error
    try:
        async with asyncio.timeout(limit_seconds):
            await _log_output(process, infohash)
            code = await process.wait()
    except TimeoutError as error:
        msg = f"{arguments[0]} was ended, since it took longer than {limit_seconds:g} s"
        raise ProgramError(msg) from error
    finally:
        await _end(process)
    if code:
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        msg = f"{arguments[0]} ended {how}"
        raise ProgramError(msg)
    return "exit code 0"


def environment_of(infohash: Infohash, job: Job, ours: Mapping[str, str]) -> dict[str, str]:
    """Return the program's environment: the daemon's, without what is for the daemon alone, and what is complete."""
    inherited = {name: value for name, value in ours.items() if not name.startswith(_OURS)}
    about = {
        "TRIBLERD_INFOHASH": str(infohash),
        "TRIBLERD_NAME": job.name,
        "TRIBLERD_DESTINATION": job.destination,
        "TRIBLERD_PATH": job.path,
        "TRIBLERD_SIZE": str(job.size),
        "TRIBLERD_CATEGORY": job.category,
        "TRIBLERD_TAGS": ",".join(job.tags),
        "TRIBLERD_COMPLETED": str(job.completed),
        "TRIBLERD_ATTEMPT": str(job.attempts),
    }
    return inherited | {name: value.replace("\0", "") for name, value in about.items()}


async def _log_output(process: asyncio.subprocess.Process, infohash: Infohash) -> None:
    if process.stdout is None:
        return
    said, length = b"", 0
    while part := await process.stdout.read(4096):
        if length < MOST_OUTPUT:
            said = _log_lines(said + part, infohash)
            length += len(part)
            if length >= MOST_OUTPUT:
                log.info("%s: (more output is not logged)", infohash)
                said = b""
    _log_lines(said + b"\n" * bool(said), infohash)


def _log_lines(said: bytes, infohash: Infohash) -> bytes:
    """Log the lines that are whole, or too long; return the rest."""
    *lines, rest = said.split(b"\n")
    if len(rest) > _LONGEST_LINE:
        lines, rest = [*lines, rest], b""
    for line in lines:
        log.info("%s: %s", infohash, plain_text(line[:_LONGEST_LINE].decode(errors="replace").rstrip()))
    return rest


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the program and what it has started, if it goes on: first by a word, then by force."""
    if process.returncode is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS):
                await process.wait()
                return
