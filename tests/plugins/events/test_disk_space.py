import shutil
from collections import namedtuple
from pathlib import Path

from triblerd.events import Event, EventBus
from triblerd_events.api import LowSpace
from triblerd_events.config import ResourceMonitor
from triblerd_events.disk_space import LOW_SPACE_BYTES, DiskWatch

Disk = namedtuple("Disk", "total used free")  # noqa: PYI024 - as shutil has it


def watch(disk: Disk, config: ResourceMonitor | None = None) -> tuple[DiskWatch, list[Event]]:
    heard: list[Event] = []
    return (
        DiskWatch(path=Path("/"), config=config or ResourceMonitor(), publish=heard.append, measure=lambda _: disk),
        heard,
    )


async def test_a_nearly_full_disk_is_told_at_every_look():
    disk, heard = watch(Disk(1000 * LOW_SPACE_BYTES, 998 * LOW_SPACE_BYTES, LOW_SPACE_BYTES - 1))

    await disk.look()
    await disk.look()

    assert len(heard) == 2
    assert isinstance(heard[0], LowSpace)
    usage = heard[0].disk_usage_data
    assert (usage.total, usage.used, usage.free) == (
        1000 * LOW_SPACE_BYTES,
        998 * LOW_SPACE_BYTES,
        LOW_SPACE_BYTES - 1,
    )
    assert usage.percent == 99.9
    assert usage.time > 1e9


async def test_a_disk_with_a_hundred_mebibytes_free_is_no_news():
    disk, heard = watch(Disk(2 * LOW_SPACE_BYTES, LOW_SPACE_BYTES, LOW_SPACE_BYTES))

    await disk.look()

    assert heard == []


async def test_a_disk_of_no_size_is_full():
    disk, heard = watch(Disk(0, 0, 0))

    await disk.look()

    assert isinstance(heard[0], LowSpace)
    assert heard[0].disk_usage_data.percent == 100.0


async def test_a_watch_that_is_turned_off_does_not_look():
    disk, heard = watch(Disk(0, 0, 0), ResourceMonitor(enabled=False))

    await disk.look()

    assert heard == []


async def test_the_real_disk_is_measured(tmp_path):
    bus = EventBus()
    bus.declare("events", [LowSpace])
    heard: list[Event] = []
    bus.listen(heard.append)
    disk = DiskWatch(path=tmp_path, config=ResourceMonitor(poll_interval=3), publish=bus.publish)

    await disk.look()

    assert bool(heard) == (shutil.disk_usage(tmp_path).free < LOW_SPACE_BYTES)
    assert disk.poll_interval == 3
