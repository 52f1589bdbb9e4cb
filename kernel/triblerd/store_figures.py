"""What is told of the store, for those who look after it."""

from typing import Annotated

import msgspec
from msgspec import Meta

from triblerd.histogram import Distribution

COMMIT_BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds of the classes that commits are counted in."""


class TableFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One table of the store."""

    name: Annotated[str, Meta(description="Plugin and table, as `downloads/row`")]
    entries: Annotated[int, Meta(description="Its keys")]
    size: Annotated[int, Meta(description="Bytes of its pages")]


class StoreFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The store's size, and what was written since the daemon's start."""

    file_size: Annotated[int, Meta(description="Bytes of the data file, free pages included")]
    map_size: Annotated[int, Meta(description="Bytes of address space that are reserved")]
    tables: Annotated[list[TableFigures], Meta(description="The tables that were opened, sorted by name")]
    commits: Annotated[Distribution, Meta(description="How long commits took, failed ones included, seconds")]
    jobs: Annotated[int, Meta(description="Writes; many share a commit")]
    failed: Annotated[int, Meta(description="Writes that failed")]
    waiting: Annotated[int, Meta(description="Writes that wait for the next commit")]
