"""What Python's memory is made of: objects by type, and, while allocations are traced, where they were made."""

import gc
import sys
import tracemalloc
from collections import Counter
from typing import Annotated

import msgspec
from msgspec import Meta

_TRACE_FRAMES = 1


class TypeUse(msgspec.Struct, frozen=True, kw_only=True):
    """All objects of one type that may be part of a cycle: containers, instances, functions, not texts and numbers."""

    type: Annotated[str, Meta(description="Module and name")]
    count: Annotated[int, Meta(description="Objects")]
    size: Annotated[int, Meta(description="Their bytes, without what they refer to")]


class PlaceUse(msgspec.Struct, frozen=True, kw_only=True):
    """What one line has allocated and is still in use."""

    place: Annotated[str, Meta(description="`<file>:<line>`")]
    count: Annotated[int, Meta(description="Blocks")]
    size: Annotated[int, Meta(description="Bytes")]


class Traced(msgspec.Struct, frozen=True, kw_only=True):
    """What was allocated since tracing began."""

    current: Annotated[int, Meta(description="Bytes in use")]
    peak: Annotated[int, Meta(description="The most bytes in use")]
    overhead: Annotated[int, Meta(description="Bytes that tracing itself takes")]
    places: Annotated[list[PlaceUse], Meta(description="The lines that hold most, largest first")]


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """What the collector of cycles has done in one generation."""

    collections: Annotated[int, Meta(description="Times that it ran")]
    collected: Annotated[int, Meta(description="Objects that it freed")]
    uncollectable: Annotated[int, Meta(description="Objects that it could not free")]


class HeapSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Python's memory."""

    blocks: Annotated[int, Meta(description="Blocks that the interpreter has allocated")]
    objects: Annotated[int, Meta(description="Objects that the collector of cycles knows")]
    types: Annotated[list[TypeUse], Meta(description="The types that take most, largest first")]
    generations: Annotated[list[Generation], Meta(description="The collector's work, the youngest generation first")]
    traced: Annotated[Traced | None, Meta(description="Allocations by line; null while they are not traced")]


def summarize(limit: int) -> HeapSummary:
    """Return what memory is made of; ``limit`` types and lines. For a thread: it looks at every object."""
    objects = gc.get_objects()
    counts: Counter[type] = Counter()
    sizes: Counter[type] = Counter()
    for thing in objects:
        kind = type(thing)
        counts[kind] += 1
        sizes[kind] += _size(thing)
    number = len(objects)
    del objects
    return HeapSummary(
        blocks=sys.getallocatedblocks(),
        objects=number,
        types=[
            TypeUse(type=f"{kind.__module__}.{kind.__qualname__}", count=counts[kind], size=size)
            for kind, size in sizes.most_common(limit)
        ],
        generations=[Generation(**stats) for stats in gc.get_stats()],
        traced=_traced(limit),
    )


def start_tracing() -> None:
    """Trace allocations from now on; everything is slower, by a factor of two or so, and takes more memory."""
    if not tracemalloc.is_tracing():
        tracemalloc.start(_TRACE_FRAMES)


def stop_tracing() -> None:
    """Trace no longer, and forget what was traced."""
    tracemalloc.stop()


def _size(thing: object) -> int:
    try:
        return sys.getsizeof(thing)
    except Exception:  # noqa: BLE001 - whatever a type's own method raises
        return 0


def _traced(limit: int) -> Traced | None:
    if not tracemalloc.is_tracing():
        return None
    current, peak = tracemalloc.get_traced_memory()
    largest = tracemalloc.take_snapshot().statistics("lineno")[:limit]
    return Traced(
        current=current,
        peak=peak,
        overhead=tracemalloc.get_tracemalloc_memory(),
        places=[
            PlaceUse(
                place=f"{found.traceback[0].filename}:{found.traceback[0].lineno}", count=found.count, size=found.size
            )
            for found in largest
        ],
    )
