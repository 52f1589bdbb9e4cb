"""What the disk tells of the files of a download."""

import pytest

from tests.plugins.upgrader.samples import SAMPLES, copy_data
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_upgrader.foreign.files import look_at

SEEN = 1795426425
"""When ``alpha.bin`` was changed."""


@pytest.mark.parametrize(
    ("times", "looks", "is_changed"),
    [
        ({}, {}, False),
        ({0: SEEN}, {}, False),
        ({0: SEEN - 1}, {}, True),
        ({0: SEEN + 1}, {}, True),
        ({}, {0: SEEN}, False),
        ({}, {0: SEEN + 60}, False),
        ({}, {0: SEEN - 1}, True),
    ],
)
def test_a_file_is_changed_when_its_time_is_another_or_later_than_the_last_look(tmp_path, times, looks, is_changed):
    data = copy_data("transmission-3.0", tmp_path)
    metainfo = parse_metainfo((SAMPLES / "torrents/single.torrent").read_bytes())
    assert int((data / "alpha.bin").stat().st_mtime) == SEEN

    found = look_at(str(data), metainfo, renamed={}, have=b"\xf0", priorities=(), times=times, looks=looks)

    assert found.changed == (("alpha.bin",) if is_changed else ())
