"""Sockets, limits and hostile clients."""

import asyncio
import io
import logging
import re
import socket
import ssl
import subprocess
from contextlib import AsyncExitStack

import pytest

from tests.kernel.http.conftest import KEY, read_answer
from triblerd.http import server as server_module
from triblerd.http.body import BODY_LIMIT
from triblerd.http.endpoint import Endpoint, RawBody, route
from triblerd.http.server import BindError, CertificateError, OpenToAllError, PortTakenError
from triblerd.testing import wait_for


class Echo(Endpoint):
    prefix = "/echo"

    def __init__(self):
        self.calls = 0
        self.gate = asyncio.Event()

    @route("GET", "")
    async def show(self) -> str:
        """Answer."""
        self.calls += 1
        return "here"

    @route("GET", "/slow")
    async def slow(self) -> str:
        """Answer when the gate opens."""
        self.calls += 1
        await self.gate.wait()
        return "slow"

    @route("PUT", "", consumes="application/octet-stream")
    async def count(self, body: RawBody) -> int:
        """Count a body."""
        self.calls += 1
        return len(body)


def head(method="GET", path="/echo", key=KEY, **headers):
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\n".join([f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"X-Api-Key: {key}", *lines, "", ""])


async def closed(reader):
    """Return what still comes before the end of a connection."""
    async with asyncio.timeout(10):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


@pytest.fixture
async def served(serve):
    async with serve(Echo()) as served:
        yield served


# -- bodies ----------------------------------------------------------------------------------------------------------


async def test_answers_name_the_daemon_and_no_version_below_it(served):
    for path in ("/healthz", "/nothing"):
        assert re.fullmatch(r"triblerd/[\d.]+", (await served.get(path)).headers["Server"])


async def test_a_body_of_16_mebibytes_is_taken_and_one_byte_more_is_not(served):
    taken = await served.ask("PUT", "/echo", data=io.BytesIO(bytes(BODY_LIMIT)))
    refused = await served.ask("PUT", "/echo", data=io.BytesIO(bytes(BODY_LIMIT + 1)))

    assert taken.json == BODY_LIMIT
    assert refused.status == 413
    assert refused.error == {
        "handled": True,
        "message": "Maximum request body size 16777216 exceeded, actual body size 16777217",
    }


async def test_a_body_that_announces_its_size_is_refused_before_it_comes(served):
    async with served.raw(head("PUT", Content_Length=17 << 20)) as (reader, _):
        status, body = await read_answer(reader)

    assert status == 413
    assert b"exceeded" in body


async def test_a_body_in_chunks_is_counted(served):
    chunk = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    async with served.raw(head("PUT", Transfer_Encoding="chunked")) as (reader, writer):
        for _ in range(17):
            writer.write(chunk)
            await writer.drain()
        status, _ = await read_answer(reader)

    assert status == 413


async def test_a_compressed_body_counts_as_what_it_becomes(served):
    import zlib  # noqa: PLC0415 - this test alone

    small = zlib.compress(bytes(20 << 20))
    answer = await served.ask("PUT", "/echo", data=small, headers={"Content-Encoding": "deflate"})

    assert answer.status == 413


async def test_a_body_that_does_not_come_in_time_is_given_up(serve):
    request = head("PUT", Content_Length=10)
    async with serve(Echo(), body_timeout=1) as served, served.raw(request, b"123") as (reader, _):
        status, body = await read_answer(reader)

    assert status == 408
    assert body == b'{"error":{"handled":true,"message":"The body did not come within 1 seconds"}}'


async def test_a_client_that_vanishes_in_the_middle_of_a_body_is_no_error(served, caplog):
    with caplog.at_level(logging.WARNING):
        async with served.raw(head("PUT", Content_Length=1000), b"123") as (_, writer):
            await asyncio.sleep(0)
            writer.transport.abort()
        await wait_for(lambda: not served.server._runner.server.connections)

    assert served.unhandled == []
    assert caplog.records == []


async def test_a_body_is_invited_only_from_those_who_may_send_it(served):
    for key, length, statuses in [(KEY, 3, [100, 200]), ("wrong", 3, [401]), (KEY, 17 << 20, [413])]:
        text = head("PUT", key=key, Expect="100-continue", Content_Length=length)
        async with served.raw(text) as (reader, writer):
            seen = [(await read_answer(reader))[0]]
            if seen == [100]:
                writer.write(b"abc")
                seen.append((await read_answer(reader))[0])
        assert seen == statuses


async def test_the_body_of_a_refused_request_does_not_become_the_next_request(served):
    smuggled = head().replace("\n", "\r\n").encode()
    async with served.raw(head("PUT", "/nix", Content_Length=len(smuggled)), smuggled) as (reader, writer):
        first, _ = await read_answer(reader)
        writer.write(head(Connection="close").replace("\n", "\r\n").encode())
        second, _ = await read_answer(reader)
        rest = await closed(reader)

    assert (first, second, rest) == (404, 200, b"")


# -- connections -----------------------------------------------------------------------------------------------------


async def test_connections_are_kept_and_pipelined_requests_answered_in_order(served):
    async with served.raw(head() + head(path="/nix") + head(Connection="close")) as (reader, _):
        statuses = [(await read_answer(reader))[0] for _ in range(3)]
        rest = await closed(reader)

    assert statuses == [200, 404, 200]
    assert rest == b""


async def test_a_client_that_never_ends_its_headers_is_dropped(serve):
    async with serve(Echo(), idle_seconds=0.3) as served:
        async with served.raw("GET /echo HTTP/1.1\nHost: x\n") as (reader, writer):
            writer.write(b"X-Slow: 1\r\n")
            assert await closed(reader) == b""
        async with served.raw() as (reader, _):
            assert await closed(reader) == b""


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET /echo HTTP/9.9\r\n\r\n",
        b"GE(T /echo HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"PUT /echo HTTP/1.1\r\nHost: x\r\nX-Api-Key: the-right-key\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /echo HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"y" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"GET /echo HTTP/1.1\r\nHost: x\r\nX: \0\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\nX-Api-Key: the-right-key\r\nConnection: close\r\n\r\n",
        b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\nX-Api-Key: the-right-key\r\nConnection: close\r\n\r\n",
        b"GET /echo/\xff\xfe HTTP/1.1\r\nHost: x\r\nX-Api-Key: the-right-key\r\nConnection: close\r\n\r\n",
    ],
    ids=lambda rubbish: repr(rubbish[:30]),
)
async def test_rubbish_is_refused_without_a_traceback(served, caplog, rubbish):
    with caplog.at_level(logging.INFO):
        async with served.raw("", rubbish) as (reader, writer):
            writer.write_eof()
            answer = await closed(reader)

    assert answer.startswith(b"HTTP/1.1 4") or answer == b""
    assert b"Traceback" not in answer
    assert served.unhandled == []
    assert caplog.records == []
    assert (await served.get("/echo")).status == 200


async def test_one_connection_too_many_is_closed_and_room_is_made_again(served):
    async with AsyncExitStack() as stack:
        for _ in range(server_module.CONNECTIONS):
            await stack.enter_async_context(served.raw())
        async with served.raw() as (reader, _):
            assert await closed(reader) == b""
    await wait_for(lambda: not served.server._runner.server.connections)
    assert (await served.get("/echo")).status == 200


async def test_the_debug_log_shows_no_key(serve, caplog):
    with caplog.at_level(logging.DEBUG):
        async with serve(Echo()) as served:
            await served.get("/echo?first=1&apikey=secret-one&key=secret-two", headers={"X-Api-Key": ""})

    lines = [record.getMessage() for record in caplog.records if record.name == "triblerd.http.access"]
    assert lines
    assert "/echo?first=1&apikey=***&key=***" in lines[0]
    assert "secret" not in caplog.text


# -- listening -------------------------------------------------------------------------------------------------------


async def test_a_taken_port_is_named_with_its_setting(serve):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"api.http_port: port {port} on 127.0.0.1 is taken"):
            async with serve(Echo(), http_port=port):
                pass


async def test_the_next_free_port_is_taken_where_that_is_wanted(serve):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        async with serve(Echo(), http_port=port, retry_port=True) as served:
            assert port < served.port < port + 10
            assert (await served.get("/echo")).status == 200


async def test_an_address_of_another_machine_cannot_be_bound(serve):
    with pytest.raises(BindError, match=r"api\.http_host: cannot listen on 192\.0\.2\.1"):
        async with serve(Echo(), http_host="192.0.2.1"):
            pass


@pytest.mark.parametrize("settings", [{"http_host": "0.0.0.0"}, {"https_enabled": True, "https_host": "::"}])
async def test_without_a_key_only_loopback_is_bound(serve, settings):
    with pytest.raises(OpenToAllError, match=r"_host: .* is not bound without a key; set api.key"):
        async with serve(Echo(), key="", **settings):
            pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    parts = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run(["/usr/bin/openssl", "req", *parts, *files], check=True, capture_output=True)
    (folder / "both.pem").write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return folder


async def test_https_is_answered_beside_http(serve, certificate):
    async with serve(
        Echo(), https_enabled=True, https_port=0, https_certfile="both.pem", state_dir=certificate
    ) as served:
        assert (await served.get("/echo")).status == 200
        served.scheme = "https"
        trusted = ssl.create_default_context(cafile=certificate / "cert.pem")
        trusted.check_hostname = False
        assert (await served.get("/echo", ssl=trusted)).status == 200
        assert set(served.server.ports) == {"http", "https"}


@pytest.mark.parametrize("name", ["", "missing.pem", "cert.pem", "key.pem"])
async def test_a_certificate_that_cannot_be_used_is_named(serve, certificate, name):
    with pytest.raises(CertificateError, match=r"api\.https_certfile: "):
        async with serve(Echo(), https_enabled=True, https_certfile=name, state_dir=certificate):
            pass


@pytest.mark.parametrize("base_path", ["/triblerd", "/triblerd/", "/a/b"])
async def test_the_base_path_of_a_proxy_is_optional(serve, base_path):
    async with serve(Echo(), base_path=base_path) as served:
        statuses = [
            (await served.get(path)).status for path in ("/echo", f"{base_path.rstrip('/')}/echo", "/triblerdx/echo")
        ]

    assert statuses == [200, 200, 404]


async def test_a_stop_lets_requests_finish_and_takes_no_new_ones(serve):
    echo = Echo()
    async with serve(echo) as served, asyncio.TaskGroup() as group:
        port = served.port
        request = group.create_task(served.get("/echo/slow"))
        await wait_for(lambda: echo.calls)
        stop = group.create_task(served.server.stop(10))
        await wait_for(lambda: not served.server.ports)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        echo.gate.set()
        answer = await request
        await stop

    assert answer.json == "slow"


async def test_a_stop_cuts_off_what_outlasts_the_grace(serve):
    echo = Echo()
    async with serve(echo) as served, asyncio.TaskGroup() as group:
        request = group.create_task(served.get("/echo/slow"))
        idle = await asyncio.open_connection("127.0.0.1", served.port)
        await wait_for(lambda: echo.calls)
        async with asyncio.timeout(5):
            await served.server.stop(0.1)
            assert (await request).status == 503
            assert await idle[0].read() == b""
        idle[1].close()
