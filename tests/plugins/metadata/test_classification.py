"""Categories, by the names and sizes of a torrent's files."""

import pytest

from triblerd_libtorrent.api import TorrentFile
from triblerd_metadata.classification import category_of

MIB = 1 << 20


@pytest.mark.parametrize(
    ("files", "category"),
    [
        ({"film.MKV": 700 * MIB, "film.srt": 1}, "Video"),
        ({"clip.mp4": 49 * MIB}, "VideoClips"),
        ({"a.mp4": 49 * MIB, "b.mp4": 51 * MIB}, "Video"),
        ({"01.flac": 30 * MIB, "cover.jpg": MIB, "video.mp4": 20 * MIB}, "Audio"),
        ({"book.epub": 1}, "Document"),
        ({"a.tar.gz": 1}, "Compressed"),
        ({"debian.iso": 1}, "CD/DVD/BD"),
        ({"x.png": 1}, "Picture"),
        ({"README": 1, "program.exe": 5}, "Other"),
        ({"folder.mkv/README": 1}, "Other"),
        ({}, "Unknown"),
    ],
)
def test_a_torrent_is_what_most_of_its_bytes_are(files, category):
    listed = [TorrentFile(index, path, size) for index, (path, size) in enumerate(files.items())]

    assert category_of(listed) == category


def test_pad_files_are_nothing():
    assert category_of([TorrentFile(0, "a.mp3", 1), TorrentFile(1, ".pad/1", 99, is_pad=True)]) == "Audio"
