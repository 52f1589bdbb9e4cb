"""The rules of an item that need no engine."""

import pytest

from triblerd_downloads.api import DownloadState
from triblerd_libtorrent.api import Infohash
from triblerd_tribler8.downloads.items import all_time_ratio, strict_state
from triblerd_tribler8.infohash import LongInfohash


@pytest.mark.parametrize(
    ("uploaded", "complete", "ratio"), [(0, 0, 0), (0, 100, 0), (5, 0, -1), (50, 100, 0.5), (200, 100, 2)]
)
def test_what_was_uploaded_and_never_complete_has_no_ratio(uploaded, complete, ratio):
    assert all_time_ratio(uploaded, complete) == ratio


@pytest.mark.parametrize(
    ("state", "progress", "told"),
    [
        (DownloadState.MOVING, 1.0, DownloadState.ALLOCATING_DISKSPACE),
        (DownloadState.QUEUED, 0.5, DownloadState.DOWNLOADING),
        (DownloadState.QUEUED, 1.0, DownloadState.SEEDING),
        (DownloadState.STOPPED, 1.0, DownloadState.STOPPED),
        (DownloadState.CIRCUITS, 0.0, DownloadState.CIRCUITS),
    ],
)
def test_a_strict_reader_is_told_of_states_that_it_knows(state, progress, told):
    assert strict_state(state, progress) is told


def test_a_download_that_waits_for_circuits_is_loading_in_version_8():
    names = [state.extended_name for state in DownloadState]

    assert names[8] == "LOADING"
    assert names[9:] == ["EXIT_NODES", "MOVING", "QUEUED"]


def test_an_infohash_has_40_digits_or_64_of_which_the_first_40_count():
    assert LongInfohash.parse("AB" * 32) == LongInfohash.parse("ab" * 20) == Infohash("ab" * 20)
