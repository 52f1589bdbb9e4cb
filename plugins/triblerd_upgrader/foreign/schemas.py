"""What is asked of imports, and what is answered."""

from typing import Annotated

import msgspec
from msgspec import Meta

from triblerd_upgrader.foreign.options import Missing
from triblerd_upgrader.foreign.report import State, Verdict
from triblerd_upgrader.foreign.values import Program

_MOST_ROWS = 1000


class FindQuery(msgspec.Struct, kw_only=True):
    """Where to look."""

    path: Annotated[str, Meta(min_length=1, description="Absolute directory on the daemon's machine")]


class FoundState(msgspec.Struct, kw_only=True):
    """A state that was recognised."""

    program: Annotated[Program, Meta(description="Whose state it is")]
    path: Annotated[str, Meta(description="Its directory")]
    version: Annotated[str, Meta(description="The program's version; empty when the state does not tell")]
    downloads: Annotated[int, Meta(description="Number of downloads, by the names of the files alone")]
    running: Annotated[str, Meta(description="Why the program seems to run just now; empty when it does not")]


class FoundStates(msgspec.Struct, kw_only=True):
    """The states that were recognised."""

    states: list[FoundState]


class ImportBody(msgspec.Struct, kw_only=True):
    """What is to be taken over, and how."""

    path: Annotated[
        str,
        Meta(min_length=1, description="Absolute directory of a state; it may also be a child or grand-child of it"),
    ]
    program: Annotated[Program | None, Meta(description="Whose state it is, when there are several")] = None
    dry_run: Annotated[bool, Meta(description="Change nothing, and report what would become of everything")] = False
    force: Annotated[bool, Meta(description="Also when the program seems to run")] = False
    replace: Annotated[
        dict[str, str],
        Meta(description="Beginnings of paths as the program has them, and what takes their place here"),
    ] = {}
    missing: Annotated[
        Missing,
        Meta(
            description="What becomes of a download whose files are not where they should be, or too short: "
            "`skip` leaves it out, `stop` adds it stopped, `check` adds it, and fetches what is missing"
        ),
    ] = Missing.SKIP
    recheck_changed: Annotated[
        bool, Meta(description="Check files of the right size that were changed since the program looked at them")
    ] = False
    settings: Annotated[bool, Meta(description="Take over settings, too")] = False
    include: Annotated[
        list[str],
        Meta(description="Kinds of records that are taken over only if they are named, and `secrets` of settings"),
    ] = []


class ImportView(msgspec.Struct, kw_only=True):
    """How far an import is, or what became of it."""

    state: Annotated[
        State,
        Meta(description="`interrupted`: the daemon ended meanwhile; the same import once more goes on with it"),
    ]
    dry_run: Annotated[bool, Meta(description="Nothing is changed")]
    program: Annotated[Program, Meta(description="Whose state it is")]
    version: Annotated[str, Meta(description="The program's version; empty when the state does not tell")]
    path: Annotated[str, Meta(description="The directory of the state")]
    phase: Annotated[
        str,
        Meta(
            description="What is done just now: `waiting`, `copying`, `reading`, `downloads`, `records`, `settings`, "
            "`checking`; empty when it ended"
        ),
    ]
    done: Annotated[int, Meta(description="How much of the phase is done")]
    total: Annotated[int, Meta(description="How much there is to do; 0 when that is not known")]
    started: Annotated[float, Meta(description="Unix time")]
    ended: Annotated[float, Meta(description="Unix time; 0 while it runs")]
    failure: Annotated[str, Meta(description="Why it failed; empty when it did not")]
    counts: Annotated[dict[str, int], Meta(description="Rows of the report by their verdict")]
    missing_directories: Annotated[
        dict[str, int],
        Meta(description="Directories that downloads are said to be in and that are not there, with their downloads"),
    ]
    records: Annotated[
        dict[str, list[int]],
        Meta(description="Records that are no downloads, by kind: how many were added, and how many were there"),
    ]
    settings: Annotated[list[str], Meta(description="Settings that were taken over")]


class RowsQuery(msgspec.Struct, kw_only=True):
    """Which rows."""

    first: Annotated[int, Meta(ge=1, description="Number of the first row, from 1 on")] = 1
    limit: Annotated[int, Meta(ge=1, le=_MOST_ROWS, description="At most so many rows")] = _MOST_ROWS
    verdict: Annotated[Verdict | None, Meta(description="Only rows with this verdict")] = None


class ReportRow(msgspec.Struct, kw_only=True):
    """What became of one thing."""

    what: Annotated[str, Meta(description="The file or the record that it was read from")]
    verdict: Annotated[
        Verdict,
        Meta(
            description="`imported`; `checked`: imported, and its files are checked, at once or when it is started; "
            "`present`: it was there already and stays as it is; `skipped`; `not_taken`: it is no download"
        ),
    ]
    infohash: Annotated[str, Meta(description="Of the download here; empty for what is none")]
    name: Annotated[str, Meta(description="As the program shows it")]
    reason: Annotated[str, Meta(description="Why; empty when all is well")]
    notes: Annotated[list[str], Meta(description="What of it is not taken over, or otherwise than the program had it")]


class Rows(msgspec.Struct, kw_only=True):
    """A part of the report."""

    total: Annotated[int, Meta(description="Number of all rows that the query chooses")]
    rows: list[ReportRow]
