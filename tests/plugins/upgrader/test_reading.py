"""Every value of every download of the samples is read as the program had it."""

from pathlib import Path

import pytest

from tests.plugins.upgrader.samples import EXPECTED, PROGRAMS, ROOT, copy_state
from triblerd_upgrader.foreign.readers import READERS
from triblerd_upgrader.foreign.values import ForeignCategory, ForeignDownload, ForeignSettings, Limit, NotTaken

NAMES = [name for name in PROGRAMS if not name.startswith("tribler")]
TORRENTS = EXPECTED["torrents"]
LINKED = [["http://127.0.0.1:6969/announce"], ["udp://127.0.0.1:6969/announce"]]
"""The trackers of the magnet link, where a program keeps nothing else of it."""


def find_in(directory: Path):
    """Return the only reader that recognises a directory, and what it found."""
    [(reader, find)] = [(reader, find) for reader in READERS if (find := reader.find(directory)) is not None]
    return reader, find


@pytest.fixture
def read_sample(tmp_path):
    """Return what is read of a sample, with all paths below ``/mnt`` instead of ``/srv``."""

    def read(name):
        reader, find = find_in(copy_state(name, tmp_path))
        return list(reader.read(find.root, lambda path: path.replace("/srv/", "/mnt/", 1), find.root))

    return read


def as_digits(bits, count):
    return "".join(f"{byte:08b}" for byte in bits)[:count]


def moved(path):
    return (path or "").replace("/srv/", "/mnt/", 1)


def limit(value):
    return Limit(value) if isinstance(value, str) else value


@pytest.mark.parametrize("name", NAMES)
def test_a_state_is_recognised(name, tmp_path):
    state = copy_state(name, tmp_path)

    _, find = find_in(state)

    assert (find.root, find.downloads, find.running) == (state, len(PROGRAMS[name]["downloads"]), "")


@pytest.mark.parametrize("name", NAMES)
def test_every_download_is_read_as_it_was(name, read_sample):
    found = {
        (item.infohash_v1.hex() or None, item.infohash_v2.hex() or None): item
        for item in read_sample(name)
        if isinstance(item, ForeignDownload)
    }

    assert len(found) == len(PROGRAMS[name]["downloads"])
    for key, expected in PROGRAMS[name]["downloads"].items():
        item = found[expected["infohash_v1"], expected["infohash_v2"]]
        pieces = TORRENTS[key]["num_pieces"]
        shown = {
            "name": item.name.removesuffix(" (no metadata)"),
            "save_path": item.save_path,
            "completed_dir": item.completed_dir,
            "stopped": item.stopped,
            "have": None if item.have is None else as_digits(item.have, pieces),
            "file_priorities": list(item.priorities),
            "renamed_files": {str(index): path for index, path in item.renamed_files.items()},
            "added_time": item.added_time,
            "completed_time": item.completed_time,
            "total_downloaded": item.total_downloaded,
            "total_uploaded": item.total_uploaded,
            "active_time": item.active_time,
            "seeding_time": item.seeding_time,
            "finished_time": item.finished_time,
            "ratio_limit": item.ratio_limit,
            "seeding_time_limit": item.seeding_time_limit,
            "idle_limit": item.idle_limit,
            "download_limit": item.download_limit,
            "upload_limit": item.upload_limit,
            "max_connections": item.max_connections,
            "category": item.category,
            "labels": list(item.labels),
            "trackers": [list(tier) for tier in item.trackers],
            "hops": item.hops,
            "safe_seeding": item.safe_seeding,
            "auto_managed": item.auto_managed,
            "queue_position": item.queue_position,
            "sequential": item.sequential,
            "first_last_pieces": item.first_last_pieces,
        }
        assert (key, shown) == (
            key,
            {
                **{field: expected[field] for field in shown},
                "save_path": moved(expected["save_path"]),
                "completed_dir": moved(expected["completed_dir"]),
                "file_priorities": expected["file_priorities"] or [],
                "completed_time": expected["completed_time"] or 0,
                "ratio_limit": limit(expected["ratio_limit"]),
                "seeding_time_limit": limit(expected["seeding_time_limit"]),
                "idle_limit": limit(expected["idle_limit"]),
                "max_connections": expected["max_connections"] or -1,
                "category": expected["category"] or "",
                "trackers": LINKED if expected["trackers"] is None else expected["trackers"],
                "queue_position": -1 if expected["queue_position"] is None else expected["queue_position"],
                **{time: expected[time] or 0 for time in ("active_time", "seeding_time", "finished_time")},
            },
        )
        assert item.suspicion == ""


@pytest.mark.parametrize("name", NAMES)
def test_the_settings_are_read(name, read_sample):
    [settings] = [item for item in read_sample(name) if isinstance(item, ForeignSettings)]

    expected = {
        option: moved(value) if isinstance(value, str) and value.startswith(ROOT[:5]) else value
        for option, value in PROGRAMS[name]["settings"].items()
    }
    assert settings.values == expected | OTHERS.get(name, {})


OTHERS = {
    name: {"libtorrent/listen_interface": "127.0.0.1"}
    for name in ("transmission-3.0", "transmission-4.1", "deluge-2.0", "rtorrent-0.9.8")
}
"""What the samples have besides."""


def test_the_categories_are_read(read_sample):
    categories = [item for item in read_sample("qbittorrent-4.5") if isinstance(item, ForeignCategory)]

    assert categories == [
        ForeignCategory(name="books", save_path="/mnt/torrents"),
        ForeignCategory(name="tv/series ü", save_path=""),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_samples_is_damaged(name, read_sample):
    assert [item for item in read_sample(name) if isinstance(item, NotTaken) and "damaged" in item.reason] == []
