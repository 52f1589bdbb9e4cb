"""Native resume data are read as the engine reads them."""

import base64
import re
from itertools import chain

import libtorrent as lt
import pytest

from tests.plugins.upgrader.samples import SAMPLES
from triblerd_libtorrent.api import bencode
from triblerd_upgrader.foreign.native import NativeResume

FILES = sorted(SAMPLES.glob("qbittorrent-4.5/**/*.fastresume"))
CHECKPOINTS = sorted(SAMPLES.glob("tribler-*/**/dlcheckpoints/*.conf"))


def of_checkpoint(path):
    [encoded] = re.findall(r"engineresumedata = (\S+)", path.read_text())
    return base64.b64decode(encoded + "==")


RESUMES = [path.read_bytes() for path in FILES] + [of_checkpoint(path) for path in CHECKPOINTS]


def resume(**values):
    return bencode({"file-format": "libtorrent resume file", "file-version": 1, **values})


@pytest.mark.parametrize("raw", RESUMES)
def test_all_that_is_read_is_what_the_engine_reads(raw):
    engine = lt.read_resume_data(raw)

    native = NativeResume(raw)

    count = len(engine.have_pieces)
    have = native.have(count) or b""
    assert bool(have) == bool(count)
    assert [bool(have[i // 8] & 0x80 >> i % 8) for i in range(count)] == engine.have_pieces
    assert native.infohash_v1 == (engine.info_hashes.v1.to_bytes() if engine.info_hashes.has_v1() else b"")
    assert native.infohash_v2 == (engine.info_hashes.v2.to_bytes() if engine.info_hashes.has_v2() else b"")
    assert list(native.priorities) == engine.file_priorities
    assert list(chain.from_iterable(native.trackers)) == engine.trackers
    assert native.mapped_files == dict(engine.renamed_files)
    assert native.text(b"save_path") == engine.save_path
    assert native.number(b"total_uploaded") == engine.total_uploaded
    assert native.number(b"completed_time") == engine.completed_time
    assert native.limit(b"upload_rate_limit") == (engine.upload_limit if engine.upload_limit > 0 else -1)


def test_of_two_forms_of_the_pieces_bits_come():
    as_bytes = NativeResume(resume(pieces=b"\1\0\3\2\1\0\0\0\1"))
    as_bits = NativeResume(resume(**{"file-version": 2}, pieces=b"\xa8\xff"))

    assert as_bytes.have(9) == b"\xa8\x80"
    assert as_bits.have(9) == b"\xa8\x80"


@pytest.mark.parametrize("pieces", [b"", b"\1\1"])
def test_pieces_that_nothing_is_said_of_are_unknown_not_missing(pieces):
    assert NativeResume(resume(pieces=pieces)).have(3) is None


def test_the_info_dictionary_comes_out_byte_for_byte():
    info = b"d4:name1:x1:b1:y1:a1:ze"  # not in order
    raw = b"d11:file-format22:libtorrent resume file4:info%be" % info

    assert NativeResume(raw).info == info
    assert NativeResume(raw).torrent_file() == b"d4:info%be" % info


@pytest.mark.parametrize("raw", [b"", b"de", b"le", b"d1:a", b"\0" * 100, bencode({"file-format": "other"})])
def test_what_are_no_resume_data_is_refused(raw):
    with pytest.raises(ValueError, match=r"\w"):
        NativeResume(raw)
