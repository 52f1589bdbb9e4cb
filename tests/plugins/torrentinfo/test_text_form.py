import json

import libtorrent as lt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triblerd_libtorrent.testing import TorrentVersion, make_torrent
from triblerd_torrentinfo.text_form import text_of

texts = st.binary(max_size=20)
values = st.recursive(
    st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def shown(value):
    return json.loads(bytes.fromhex(text_of(lt.bencode(value)).decode()))


@given(st.dictionaries(texts, values, max_size=5))
def test_whatever_is_bencoded_becomes_json(torrent):
    assert isinstance(shown(torrent), dict)


def test_text_is_text_and_other_bytes_are_code_points():
    torrent = {
        b"name": "caf\u00e9 \u4e2d".encode(),
        b"\xff": b"caf\xe9",
        b"n": -3,
        b"list": [b"", [b"x"]],
        b"surrogate": b"\xed\xa0\x80",
    }

    assert shown(torrent) == {
        "name": "caf\u00e9 \u4e2d",
        "\xff": "caf\xe9",
        "n": -3,
        "list": ["", ["x"]],
        "surrogate": "\xed\xa0\x80",
    }


def test_text_stays_unescaped():
    assert bytes.fromhex(text_of("d4:name3:中e".encode()).decode()) == '{"name":"中"}'.encode()


def test_the_hashes_of_pieces_are_hex_digits_in_info_alone():
    torrent = {b"info": {b"pieces": b"abc"}, b"pieces": b"abc", b"piece layers": {b"\xff" * 32: b"\xfe" * 64}}

    assert shown(torrent) == {"info": {"pieces": "616263"}, "pieces": "abc"}


@pytest.mark.parametrize("version", TorrentVersion)
def test_torrents_of_all_generations_have_their_names(tmp_path, version):
    torrent = make_torrent(tmp_path, {"a.bin": b"x" * 100_000}, name="album", version=version)

    assert json.loads(bytes.fromhex(text_of(torrent.metainfo).decode()))["info"]["name"] == "album"


@pytest.mark.parametrize(
    "rubbish", [b"", b"le", b"i5e", b"d1:a", b"d1:ai5", b"d1:a5:xe", b"di5e1:xe", b"dle1:xe", b"d1:ae", b"x"]
)
def test_rubbish_is_refused(rubbish):
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the text
        text_of(rubbish)
