"""Magnet links of every broken kind, and those that are only strange."""

import base64

import pytest

from tests.daemon.hostile.target import Target, refusal

pytestmark = pytest.mark.asyncio(loop_scope="module")

V1 = "urn:btih:" + "a" * 40
V2 = "urn:btmh:1220" + "b" * 64

BROKEN = {
    "nothing else": "magnet:",
    "no query": "magnet:?",
    "no xt": "magnet:?dn=name",
    "an empty xt": "magnet:?xt=",
    "another urn": "magnet:?xt=urn:sha1:" + "a" * 40,
    "ed2k": "magnet:?xt=urn:ed2k:" + "a" * 32,
    "39 digits": "magnet:?xt=urn:btih:" + "a" * 39,
    "41 digits": "magnet:?xt=urn:btih:" + "a" * 41,
    "no digits": "magnet:?xt=urn:btih:",
    "no hex": "magnet:?xt=urn:btih:" + "g" * 40,
    "half base32": "magnet:?xt=urn:btih:" + "A" * 16,
    "no base32": "magnet:?xt=urn:btih:" + "!" * 32,
    "a short v2 hash": "magnet:?xt=urn:btmh:1220" + "b" * 63,
    "another hash function": "magnet:?xt=urn:btmh:1320" + "b" * 64,
    "zeros alone": "magnet:?xt=urn:btih:" + "0" * 40,
    "a NUL": f"magnet:?xt={V1}&dn=a\0b",
    "a lone percent": "magnet:?xt=urn:btih:%",
    "percent of no hex": "magnet:?xt=urn:btih:%zz%",
    "two slashes": f"magnet://?xt={V1}",
    "a megabyte": f"magnet:?xt={V1}&dn=" + "x" * 1_000_000,
    "a megabyte of ampersands": f"magnet:?xt={V1}" + "&" * 1_000_000,
    "ten thousand hashes": "magnet:?" + "&".join("xt=urn:btih:" + "z" * 40 for _ in range(10_000)),
}

STRANGE = {
    "capitals": f"MAGNET:?xt={V1}",
    "a hash in capitals": "magnet:?xt=urn:btih:" + "A" * 40,
    "base32": "magnet:?xt=urn:btih:" + base64.b32encode(b"\xaa" * 20).decode(),
    "a v2 hash": f"magnet:?xt={V2}",
    "both hashes": f"magnet:?xt={V1}&xt={V2}",
    "a name of nothing": f"magnet:?xt={V1}&dn=",
    "a name with a path": f"magnet:?xt={V1}&dn=../../../evil",
    "a name with line ends": f"magnet:?xt={V1}&dn=a%0d%0aX-Evil:%201",
    "a name with an escaped NUL": f"magnet:?xt={V1}&dn=a%00b",
    "a name that is no UTF-8": f"magnet:?xt={V1}&dn=%ff%fe",
    "a tracker that is no UTF-8": f"magnet:?xt={V1}&tr=%ff%fe",
    "trackers of odd schemes": f"magnet:?xt={V1}&tr=file:///etc/passwd&tr=javascript:1&tr=http://&tr=udp://127.0.0.1",
    "a thousand trackers": f"magnet:?xt={V1}" + "".join(f"&tr=udp://127.0.0.1:{port}" for port in range(1, 1001)),
    "a web seed of a file": f"magnet:?xt={V1}&ws=file:///etc/passwd",
    "peers that are none": f"magnet:?xt={V1}&x.pe=127.0.0.1&x.pe=:1&x.pe=127.0.0.1:99999&x.pe=[::1]:1&x.pe=",
    "odd selections": f"magnet:?xt={V1}&so=-1,5-,a,3-1,0-9999999,,9-9999999",
    "millions of files a thousand times": f"magnet:?xt={V1}&so=" + ",".join(["0-9999999"] * 1000),
}


@pytest.mark.parametrize("uri", BROKEN.values(), ids=BROKEN)
async def test_a_broken_magnet_link_is_refused(target: Target, uri):
    assert refusal(await target.add(uri)) == "Missing infohash"
    assert (await target.get("/downloads"))["downloads"] == []


@pytest.mark.parametrize("uri", STRANGE.values(), ids=STRANGE)
async def test_a_strange_magnet_link_is_taken_and_shown(target: Target, uri):
    answer = await target.add(uri)

    assert answer.status == 200, answer
    listed = await target.get("/downloads", params={"get_files": 1, "get_peers": 1, "get_pieces": 1})
    assert [item["infohash"] for item in listed["downloads"]] == [answer.json()["infohash"]]
    assert not any(letter < " " for letter in listed["downloads"][0]["name"])


async def test_ten_thousand_trackers_do_not_fit_into_a_link(target: Target):
    uri = f"magnet:?xt={V1}" + "".join(f"&tr=udp://127.0.0.1:{port}/announce" for port in range(10_000))

    refusal(await target.add(uri))
