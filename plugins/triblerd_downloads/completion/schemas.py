"""What ``/downloads/{infohash}/completions`` answers."""

from typing import Annotated

import msgspec
from msgspec import Meta

from triblerd_downloads.completion.jobs import Action, Job, JobState


class CompletionItem(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, or is to be done, for one completion."""

    action: Annotated[Action, Meta(description="What is done: a program is run, or a webhook called")]
    state: Annotated[JobState, Meta(description="`waiting` until it is done, or has failed for good")]
    completed: Annotated[int, Meta(description="Unix time at which the download was complete")]
    path: Annotated[str, Meta(description="Where the file, or the folder of the files, was then")]
    attempts: Annotated[int, Meta(description="How often it was begun")]
    next_attempt: Annotated[
        float | None, Meta(description="Unix time of the next attempt; null when none is due, or one is due now")
    ]
    result: Annotated[str, Meta(description="What came of the last attempt; empty before it has ended")]


class CompletionList(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, or is to be done, for a download."""

    completions: Annotated[list[CompletionItem], Meta(description="Oldest first; of those that are over, the last 10")]


class Repeated(msgspec.Struct, frozen=True, kw_only=True):
    """What had failed is done once more."""

    repeated: Annotated[int, Meta(description="How many these are")]


def item_of(job: Job) -> CompletionItem:
    """Return what clients see of a job."""
    return CompletionItem(
        action=job.action,
        state=job.state,
        completed=job.completed,
        path=job.path,
        attempts=job.attempts,
        next_attempt=job.next_attempt if job.state is JobState.WAITING and job.next_attempt else None,
        result=job.result,
    )
