"""Bodies, keys and paths of the wrong kind, for every route."""

import json
from typing import Any

import pytest
import pytest_asyncio

from tests.daemon.hostile.target import TORRENT, Target, refusal, status_of, written
from tests.daemon.hostile.torrents import single

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIB = 1024 * 1024
NOBODY = "0" * 40
V1 = "magnet:?xt=urn:btih:" + "a" * 40

ROUTES = [
    ("PUT", "/downloads"),
    ("PATCH", "/downloads/{infohash}"),
    ("DELETE", "/downloads/{infohash}"),
    ("POST", "/settings"),
    ("PATCH", "/plugins/state"),
    ("POST", "/backup"),
    ("POST", "/createtorrent"),
    ("POST", "/createtorrent/jobs"),
    ("PUT", "/categories/one"),
    ("PUT", "/downloads/{infohash}/trackers"),
    ("DELETE", "/downloads/{infohash}/trackers"),
    ("PUT", "/downloads/{infohash}/web_seeds"),
    ("PUT", "/downloads/{infohash}/peers"),
    ("DELETE", "/downloads/{infohash}/peers"),
    ("PUT", "/banned_peers"),
]

NO_OBJECTS = {
    "a list": b"[]",
    "a text": b'"uri"',
    "a number": b"1",
    "null": b"null",
    "true": b"true",
    "half an object": b'{"uri": "a"',
    "a form": b"uri=a&anon_hops=1",
    "single quotes": b"{'uri': 'a'}",
    "NaN": b'{"uri": NaN}',
    "no UTF-8": b"\xff\xfe",
    "a lone surrogate": b'{"uri": "\\ud800"}',
    "UTF-16": '{"uri": "a"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"uri": "a"}',
    "NUL": b"\0",
    "lists a million deep": b"[" * 1_000_000,
    "objects 200,000 deep": b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
    "an unknown key a million deep": b'{"z": ' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}",
}

BROKEN_OBJECTS = {
    "two objects": b'{"uri": "a", "path": "a", "remove_data": 1, "enabled": false}{}',
    "a NUL at the end": b'{"uri": "a", "path": "a", "remove_data": 1, "enabled": false}\0',
    "a number of a million digits": b'{"uri": 1, "path": 1, "remove_data": 1, "z": ' + b"9" * 1_000_000 + b"x}",
}

VALUES: list[Any] = [None, True, -1, 2**63, 2**400, 1.5, 1e308, "", "x", "\0", "../..", [], [1], ["x"], {}, {"a": 1}]

KEYS = {
    ("PUT", "/downloads"): {
        "uri": [*VALUES, "\r\nX-Evil: 1"],
        "anon_hops": [*VALUES, 4],
        "safe_seeding": VALUES,
        "destination": [*VALUES, "relative", "/proc/none", "/dev/null/a", "/" + "a" * 5000, "~", "file:///srv"],
        "selected_files": [*VALUES, [-1], [2**70], [None]],
        "category": [*VALUES, "a/b", "x" * 100_000],
        "tags": [*VALUES, ["a,b"], ["\0"], ["x" * 100_000], [str(n) for n in range(100_000)]],
    },
    ("PATCH", "/downloads/{infohash}"): {
        "vod_mode": VALUES,
        "fileindex": VALUES,
        "anon_hops": [*VALUES, 4],
        "selected_files": [*VALUES, [-1], [2**70], [None]],
        "state": [*VALUES, "recheck", "move_storage"],
        "upload_limit": VALUES,
        "download_limit": VALUES,
        "seeding_ratio": [*VALUES, -1.0],
        "seeding_ratio_default": VALUES,
        "queue_position": [*VALUES, "queue_up"],
        "auto_managed": VALUES,
        "completed_dir": VALUES,
        "category": [*VALUES, "a/b", "x" * 100_000],
        "move_to_category": VALUES,
        "tags": [*VALUES, ["a,b"], ["\0"], ["x" * 100_000], [str(n) for n in range(100_000)]],
        "add_tags": [*VALUES, [None]],
        "remove_tags": [*VALUES, [None]],
        "seeding_time": [*VALUES, -1.0],
        "seeding_time_default": VALUES,
    },
    ("DELETE", "/downloads/{infohash}"): {"remove_data": [value for value in VALUES if value is not True]},
    ("POST", "/settings"): {
        "api": [*VALUES, {"http_port": "x"}, {"http_port": 2**70}, {"key": None}],
        "downloads": [*VALUES, {"limits_interval": -1}, {"nothing": 1}],
        "completion": [*VALUES, {"program": "x"}, {"program": [1]}, {"webhook_url": "file:///"}, {"attempts": 2**70}],
        "libtorrent": [*VALUES, {"max_download_rate": -1}, {"port": 70000}, {"fetch_timeout": -1}],
        "download_defaults": [*VALUES, {"seeding_mode": "always"}, {"number_hops": 9}],
        "\x00": VALUES,
        "x" * 100_000: VALUES,
        "upgrader_enabled": VALUES,
    },
    ("PATCH", "/plugins/state"): {"enabled": [v for v in VALUES if v is not True], "reload": [False, None, 1, "x"]},
    ("POST", "/createtorrent"): {
        "files": [*VALUES, ["relative"], ["/proc/none"], ["/" + "a" * 5000], ["/dev/zero"], ["/etc/passwd", "/root"]],
        "name": [*VALUES, "..", "a/b", "x" * 300],
        "trackers": [*VALUES, ["\0"], ["x" * 100_000]],
        "piece_length": [*VALUES, 3, 2**32],
        "export_dir": [*VALUES, "relative", "/proc/none", "/dev/null/a"],
        "format": [*VALUES, "v3"],
        "tiers": [*VALUES, [["a"], [1]], [[[]]]],
        "creation_date": VALUES,
    },
    ("PUT", "/categories/one"): {
        "save_path": [*VALUES, "relative", "/" + "a" * 5000],
        "seeding_ratio": VALUES,
        "seeding_time": VALUES,
    },
    ("PUT", "/downloads/{infohash}/trackers"): {"url": [*VALUES, "file:///etc/passwd", "udp://", "x" * 100_000]},
    ("PUT", "/downloads/{infohash}/web_seeds"): {"url": [*VALUES, "file:///etc/passwd", "http://", "x" * 100_000]},
    ("PUT", "/downloads/{infohash}/peers"): {"ip": [*VALUES, "::", "256.1.1.1"], "port": [*VALUES, 0, 65536]},
    ("PUT", "/banned_peers"): {"ip": [*VALUES, "::", "256.1.1.1", "127.0.0.1/33"]},
    ("POST", "/backup"): {"path": [*VALUES, "relative", "/", "/dev/null", "/proc/none", "/" + "a" * 5000]},
}


@pytest_asyncio.fixture(loop_scope="module")
async def infohash(target: Target) -> str:
    return str((await target.upload(single())).json()["infohash"])


@pytest.mark.parametrize("body", NO_OBJECTS.values(), ids=NO_OBJECTS)
@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_what_is_no_object_is_bad_json(target: Target, infohash, method, path, body):
    answer = await target.request(method, path.format(infohash=infohash), data=body)

    assert refusal(answer, 400) == "Bad JSON"


@pytest.mark.parametrize("body", BROKEN_OBJECTS.values(), ids=BROKEN_OBJECTS)
@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_what_is_no_json_is_refused(target: Target, infohash, method, path, body):
    answer = await target.request(method, path.format(infohash=infohash), data=body)

    refusal(answer, 400)


@pytest.mark.parametrize(
    ("route", "keys"), KEYS.items(), ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
async def test_a_value_of_the_wrong_kind_is_refused_in_words(target: Target, infohash, route, keys):
    method, path = route
    before = written(target.root)
    refused = 0
    for key, values in keys.items():
        for value in values:
            body = {"uri": V1, key: value} if route == ("PUT", "/downloads") else {key: value}
            answer = await target.request(method, path.format(infohash=infohash), data=json.dumps(body).encode())
            assert answer.status in {200, 400, 404, 500}, (body, answer)
            if answer.status != 200:
                refused += 1
                told = answer.json()["error"]
                assert isinstance(told, str) or told["handled"], (str(body)[:200], answer)
                assert len(str(told)) < 9000
    assert refused
    assert written(target.root) - before <= {"saved"}


@pytest.mark.parametrize("size", [16 * MIB + 1, 17 * MIB])
@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_a_body_beyond_16_mib_is_refused(target: Target, method, path, size):
    answer = await target.raw(
        target.head(method, path.format(infohash=NOBODY), {"Content-Length": str(size)}) + b"\r\n" + b"x" * 1000
    )

    assert status_of(answer) == 413
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["handled"] is True


@pytest.mark.parametrize("media_type", ["application/json", *TORRENT.values()])
async def test_chunks_beyond_16_mib_are_refused(target: Target, media_type):
    head = target.head("PUT", "/downloads", {"Transfer-Encoding": "chunked", "Content-Type": media_type})
    chunks = (b"%x\r\n" % MIB + b"x" * MIB + b"\r\n") * 17

    answer = await target.raw(head + b"\r\n" + chunks + b"0\r\n\r\n")

    assert status_of(answer) == 413


async def test_sixteen_mib_of_json_are_read(target: Target):
    body = b'{"uri": "x", "z": "' + b"z" * (16 * MIB - 21) + b'"}'

    assert len(body) == 16 * MIB
    assert refusal(await target.request("PUT", "/downloads", data=body)) == "invalid uri"


PATHS = {
    "a lone percent": "/downloads/%",
    "percent of no hex": "/downloads/%zz",
    "no UTF-8": "/downloads/%ff%fe",
    "an overlong slash": "/downloads/%c0%af",
    "a NUL": "/downloads/%00",
    "a NUL in a name": "/plugins/sta%00te",
    "parents": "/downloads/../settings/..",
    "escaped parents": "/static/swagger/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "twice escaped parents": "/static/swagger/%252e%252e%252fLICENSE",
    "backslashes": "/static/swagger/..\\..\\..\\docs.html",
    "an absolute file": "/static/swagger//etc/passwd",
    "two slashes": "//downloads",
    "a slash at the end": "/downloads/",
    "line ends": "/downloads/%0d%0aX-Evil:%201",
    "a long path": "/" + "a" * 7000,
    "many segments": "/a" * 3500,
    "a script": "/<script>alert(1)</script>",
    "a semicolon": "/downloads;a=b",
    "no infohash": "/downloads/x/files",
    "capitals": "/DOWNLOADS",
    "digits of elsewhere": "/downloads/" + "%D9%A0" * 40,
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
async def test_a_strange_path_is_not_found_or_refused(target: Target, path):
    answer = await target.raw(target.head("GET", path) + b"\r\n")

    assert status_of(answer) in {400, 404, 405}, answer[:300]
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"X-Evil" not in head
    assert b"root:" not in body
    assert "error" in json.loads(body)


QUERIES = {
    "a lone percent": "get_peers=%",
    "no UTF-8": "infohash=%ff%fe&since=%ff",
    "a NUL": "infohash=%00",
    "a thousand names": "&".join(f"a{number}=1" for number in range(1000)),
    "one name a thousand times": "get_peers=1&" * 1000,
    "signs alone": "&&==&=&",
    "a list": "get_peers[]=1",
    "a large since": "since=" + "9" * 4000,
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
@pytest.mark.parametrize("path", ["/downloads", "/libtorrent/settings", "/settings"])
async def test_a_strange_query_is_answered(target: Target, path, query):
    answer = await target.raw(target.head("GET", f"{path}?{query}") + b"\r\n")

    assert status_of(answer) in {200, 400}, answer[:300]


async def test_no_text_of_a_client_becomes_a_header(target: Target, tmp_path):
    evil = "a\r\nX-Evil: 1\r\n\r\nbody"
    uploaded = await target.upload(single(name=evil), destination=str(tmp_path / evil))
    infohash = uploaded.json()["infohash"]

    answers = [
        uploaded,
        await target.request("GET", f"/downloads/{infohash}/torrent"),
        await target.request("GET", f"/downloads/{infohash}/files"),
        await target.request("GET", "/downloads"),
        await target.request("PATCH", f"/downloads/{infohash}", json={"state": "move_storage", "dest_dir": "/" + evil}),
        await target.add(evil),
    ]

    assert not any("x-evil" in answer.headers for answer in answers)
    assert (await target.download(infohash))["destination"] == str(tmp_path / evil)
    assert "\nX-Evil" not in target.output


async def test_too_large_headers_are_refused(target: Target):
    answer = await target.raw(target.head("GET", "/downloads", {"X-Long": "a" * 20_000}) + b"\r\n")

    assert status_of(answer) in {400, 431}


RUBBISH = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
    "zeros": b"\0" * 10_000 + b"\r\n\r\n",
    "no method": b" / HTTP/1.1\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    "BitTorrent": b"\x13BitTorrent protocol" + b"\0" * 48 + b"\r\n\r\n",
    "two lengths": b"PUT /downloads HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": b"PUT /downloads HTTP/1.1\r\nHost: a\r\n"
    b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bad chunks": b"PUT /downloads HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzzzz\r\n\r\n",
    "a negative length": b"PUT /downloads HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "a method of its own": b"EVIL /downloads HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("request_", RUBBISH.values(), ids=RUBBISH)
async def test_what_is_no_request_is_refused(target: Target, request_):
    answer = await target.raw(request_)

    assert 400 <= status_of(answer) < 500, answer[:300]
    assert b"Traceback" not in answer
