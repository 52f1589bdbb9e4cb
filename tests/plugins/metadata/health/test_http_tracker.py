"""Scrapes over HTTP: a tracker that does as BEP 48 says, and others."""

import asyncio
import ssl
import subprocess

import pytest

from tests.plugins.metadata.health.conftest import raw_http_server
from tests.trackers import bencode, http_tracker
from triblerd_metadata.health.http_tracker import scrape_url
from triblerd_metadata.health.values import NoAnswerError

HASH = bytes(range(20))
OTHER = b"%&+=/?# \xff\x00" * 2


@pytest.fixture
def certificate(tmp_path):
    """Make a certificate that vouches for itself."""
    file = tmp_path / "self.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run([*command, "-keyout", file, "-out", file, "-subj", "/CN=127.0.0.1"], check=True, capture_output=True)
    return file


def ok(body, status="200 OK", *headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def files(*entries):
    return bencode({b"files": dict(entries)})


@pytest.mark.parametrize(
    ("announce", "scrape"),
    [
        ("http://t.example/announce", "http://t.example/scrape"),
        ("http://t.example/x/announce", "http://t.example/x/scrape"),
        ("http://t.example/announce.php", "http://t.example/scrape.php"),
        ("http://announce.example/announce/announce", "http://announce.example/announce/scrape"),
    ],
)
def test_the_address_of_a_scrape_is_made_of_that_of_the_announce(announce, scrape):
    assert scrape_url(announce) == scrape


@pytest.mark.parametrize("url", ["http://t.example/a", "http://t.example/x_announce", "http://t.example/announce/x"])
def test_a_tracker_without_a_counterpart_is_not_scraped(url):
    with pytest.raises(NoAnswerError):
        scrape_url(url)


async def test_a_tracker_tells_of_several_torrents_whatever_bytes_their_hashes_are(http):
    async with http_tracker() as tracker:
        tracker.swarms = {OTHER.hex(): (70, 8)}

        assert await http.scrape(tracker.url, [HASH, OTHER], limit_seconds=5) == [(3, 2), (70, 8)]

    assert tracker.scrapes == [[HASH.hex(), OTHER.hex()]]


async def test_a_torrent_that_the_tracker_does_not_know_has_nobody(http):
    third = b"3" * 20
    body = files((HASH, {b"complete": 1}), (OTHER, {b"incomplete": 2}))
    async with raw_http_server(ok(body)) as (url, _):
        assert await http.scrape(url, [HASH, OTHER, third], limit_seconds=5) == [(1, 0), (0, 2), (0, 0)]
    async with raw_http_server(ok(files())) as (url, _):
        assert await http.scrape(url, [HASH], limit_seconds=5) == [(0, 0)]


async def test_a_tracker_that_reads_one_hash_of_a_question_is_asked_for_each(http):
    third = b"3" * 20
    answers = [files((OTHER, {b"complete": 4})), files((HASH, {b"complete": 5})), files()]
    async with raw_http_server(*map(ok, answers)) as (url, heads):
        assert await http.scrape(url, [HASH, OTHER, third], limit_seconds=5) == [(5, 0), (4, 0), (0, 0)]

    assert [head.split()[1].count("info_hash=") for head in heads] == [3, 1, 1]


async def test_nothing_is_said_about_us_but_the_name_of_the_program(http):
    async with raw_http_server(ok(files(), "200 OK", "Set-Cookie: id=1; Path=/")) as (url, heads):
        for _ in range(2):
            await http.scrape(url, [HASH], limit_seconds=5)

    for head in heads:
        names = {line.partition(":")[0].lower() for line in head.splitlines()[1:] if line}
        assert names <= {"host", "accept", "accept-encoding", "user-agent", "connection"}
        assert "User-Agent: triblerd\r\n" in head


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ok(bencode({b"failure reason": "not\nregistered"})), "it refuses: not registered"),
        (ok(b"<html>"), "not bencoded"),
        (ok(b""), "not bencoded"),
        (ok(files()[:-1]), "not bencoded"),
        (ok(b"i5e"), "no numbers"),
        (ok(b"le"), "no numbers"),
        (ok(bencode({b"files": []})), "no numbers"),
        (ok(bencode({b"failure reason": 5})), "no numbers"),
        (ok(b"d5:files" + b"d" * 5000), "not bencoded"),
        (ok(b"d5:filesl" + b"le" * 20000 + b"ee"), "not bencoded"),
        (ok(files((HASH, []))), "could be true"),
        (ok(files((HASH, {b"complete": -1}))), "could be true"),
        (ok(files((HASH, {b"complete": 2**40}))), "could be true"),
        (ok(files((HASH, {b"complete": b"5"}))), "could be true"),
        (ok(b"x" * 70_000), "more than 65536 bytes"),
        (ok(b"gone", "404 Not Found"), "HTTP status 404"),
        (ok(b"", "503 Service Unavailable"), "HTTP status 503"),
        (ok(b"", "302 Found"), "redirects more than 3 times"),  # to itself
        (ok(b"", "302 Found", "Location: ftp://127.0.0.1/scrape"), "not followed"),
        (ok(b"", "302 Found", "Location: http://[::1"), "."),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nd5:fi", "."),
        (b"\x00\xffrubbish\r\n\r\n", "."),
        (b"", "."),
    ],
)
async def test_a_tracker_that_misbehaves_gives_no_answer(http, answer, reason):
    async with raw_http_server(answer) as (url, _):
        with pytest.raises(NoAnswerError, match=reason):
            await http.scrape(url, [HASH], limit_seconds=5)


async def test_an_endless_answer_is_left_at_the_limit_of_bytes(http):
    sent = []

    async def pour(writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 4096)
            await writer.drain()
            sent.append(4096)

    async with raw_http_server(pour) as (url, _):
        with pytest.raises(NoAnswerError, match="more than"):
            await http.scrape(url, [HASH], limit_seconds=10)

    assert sum(sent) < 32 << 20


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nd5"])
async def test_a_slow_answer_costs_no_more_than_the_limit(http, head):
    over = asyncio.Event()

    async def dawdle(writer):
        writer.write(head)
        await over.wait()

    async with raw_http_server(dawdle) as (url, _):
        with pytest.raises(NoAnswerError, match=r"no answer within 0\.2 s"):
            await http.scrape(url, [HASH], limit_seconds=0.2)
        over.set()


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_redirects_are_followed(http, status):
    async with http_tracker() as tracker:
        target = tracker.url.replace("announce", "scrape") + f"?info_hash={'%01' * 20}"
        async with raw_http_server(ok(b"", status, f"Location: {target}")) as (url, _):
            assert await http.scrape(url, [b"\x01" * 20], limit_seconds=5) == [(3, 2)]


async def test_nobody_listens(http):
    async with raw_http_server(b"") as (url, _):
        pass

    with pytest.raises(NoAnswerError):
        await http.scrape(url, [HASH], limit_seconds=5)


async def test_a_certificate_that_nobody_vouches_for_gives_no_answer(http, certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    asked = []

    async def serve(reader, writer):
        asked.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(NoAnswerError, match="certificate"):
            await http.scrape(f"https://127.0.0.1:{port}/announce", [HASH], limit_seconds=5)

    assert not any(asked)


async def test_after_its_end_nobody_is_asked(http):
    async with raw_http_server(ok(files())) as (url, heads):
        await http.close()

        with pytest.raises(NoAnswerError, match="closed"):
            await http.scrape(url, [HASH], limit_seconds=5)

    assert not heads
