"""What is to be done for a completed download, as it is on disk until it is done, and a while longer."""

import time
from enum import StrEnum
from pathlib import Path

import msgspec

from triblerd_downloads.api import DownloadRecord
from triblerd_libtorrent.api import Infohash

KEPT = 10
"""Jobs that are over and still shown, of one download."""


class Action(StrEnum):
    """What is done."""

    PROGRAM = "program"
    WEBHOOK = "webhook"


class JobState(StrEnum):
    """How far it is."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Job(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One action for one completion, with what there was to tell at that moment.

    Attributes:
        completed: Unix time.
        destination: The absolute directory that holds ``name``.
        size: Bytes.
        attempts: How often it was begun.
        next_attempt: Unix time before which it is not begun again.
        result: What came of the last attempt; empty before the first one has ended.
    """

    action: Action
    completed: int
    name: str
    destination: str
    size: int
    category: str = ""
    tags: tuple[str, ...] = ()
    state: JobState = JobState.WAITING
    attempts: int = 0
    next_attempt: float = 0.0
    result: str = ""

    @property
    def path(self) -> str:
        """Where the file, or the folder of the files, is."""
        return str(Path(self.destination) / self.name)


def new_job(action: Action, record: DownloadRecord) -> Job:
    """Return what is to be done for a download that is complete now."""
    return Job(
        action=action,
        completed=int(time.time()),
        name=record.name,
        destination=record.destination,
        size=record.size,
        category=record.category,
        tags=record.tags,
    )


def new_key(infohash: Infohash, action: Action) -> bytes:
    """Return a key that sorts a download's jobs by time."""
    return infohash.key + time.time_ns().to_bytes(8) + action.encode()


def infohash_of(key: bytes) -> Infohash:
    """Return the download that a job is for."""
    return Infohash(key[:20].hex())


def delivery_of(key: bytes) -> str:
    """Return what tells one job from all others, the same in each of its attempts."""
    return f"{key[:20].hex()}-{int.from_bytes(key[20:28])}"
