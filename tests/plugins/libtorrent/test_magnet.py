import base64

import pytest

from triblerd_libtorrent.api import MagnetError
from triblerd_libtorrent.magnet import parse_magnet

V1 = "0123456789abcdef0123456789abcdef01234567"
V2 = "fedcba9876543210" * 4
LINK = f"magnet:?xt=urn:btih:{V1}"


@pytest.mark.parametrize("written", [V1, V1.upper(), base64.b32encode(bytes.fromhex(V1)).decode()])
def test_the_infohash_may_be_hex_or_base32(written):
    assert parse_magnet(f"magnet:?xt=urn:btih:{written}").infohash == V1


def test_a_v2_link_is_named_by_the_first_half_of_its_hash():
    magnet = parse_magnet(f"magnet:?xt=urn:btmh:1220{V2}")

    assert (magnet.infohash, magnet.infohash_v1, magnet.infohash_v2) == (V2[:40], "", V2)


def test_a_hybrid_link_is_named_by_its_v1_hash():
    assert parse_magnet(f"{LINK}&xt=urn:btmh:1220{V2}").infohash == V1


def test_all_parts_of_a_link_are_read():
    magnet = parse_magnet(
        f"{LINK}&dn=A%20name&tr=http%3A%2F%2Fone%2F&tr=http://two/&tr=http://two/&ws=http://web/"
        "&so=0,2-4&x.pe=127.0.0.1:80&x.pe=[::1]:81"
    )

    assert magnet.name == "A name"
    assert magnet.trackers == ("http://one/", "http://two/")
    assert magnet.web_seeds == ("http://web/",)
    assert magnet.selected_files == (0, 2, 3, 4)
    assert magnet.peers == (("127.0.0.1", 80), ("::1", 81))


@pytest.mark.parametrize(
    "link",
    [
        "",
        "magnet:",
        "magnet:?",
        "magnet:?dn=name",
        "magnet:?xt=urn:btih:",
        f"magnet:?xt=urn:btih:{V1[:-1]}",
        f"magnet:?xt=urn:btih:{V1[:-1]}z",
        f"magnet:?xt=urn:btih:{'0' * 40}",
        f"magnet:?xt=urn:btmh:1220{V2[:-2]}",
        f"magnet:?xt=urn:sha1:{V1}",
        f"http://example.org/?xt=urn:btih:{V1}",
        f"{LINK}\0",
        f"{LINK}&dn=\ud800",
        LINK + "&tr=x" * 20_000,
        "magnet:?xt=urn:btih:%00%ff%fe",
    ],
)
def test_every_broken_link_lacks_an_infohash(link):
    with pytest.raises(MagnetError, match=r"^Missing infohash$"):
        parse_magnet(link)


@pytest.mark.parametrize("part", ["dn=%ff%fe", "tr=%ff", "ws=%ff", "so=x", "so=0-4294967295", "so=", "x.pe=nonsense"])
def test_rubbish_beside_the_infohash_is_left_out(part):
    magnet = parse_magnet(f"{LINK}&{part}")

    assert magnet.infohash == V1
    assert len(magnet.selected_files or ()) <= 1_000_000


def test_ranges_of_a_selection_may_overlap_and_have_an_end():
    selected = parse_magnet(f"magnet:?xt=urn:btih:{'a' * 40}&so=7,2-4,3-5,4,90-9999999,95-9999999").selected_files

    assert selected is not None
    assert selected[:6] == (2, 3, 4, 5, 7, 90)
    assert len(selected) == len(set(selected)) == 100_000
