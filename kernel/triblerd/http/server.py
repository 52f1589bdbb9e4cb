"""The HTTP server: sockets, TLS, limits, and the border where a request's failures become answers."""

import asyncio
import errno
import logging
import secrets
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

from aiohttp import hdrs, web

import triblerd
from triblerd.auth import Auth
from triblerd.config import ApiConfig, open_to_all
from triblerd.errors import FailedError, TooLargeError, TooSlowError, TriblerdError
from triblerd.http.answers import Answers
from triblerd.http.errors import error_response, unforeseen_response
from triblerd.http.protocol_log import AccessLog, protocol_log
from triblerd.http.router import Router, remember_started, started_response

log = logging.getLogger(__name__)

CONNECTIONS = 512
"""Connections at once, well below the usual limit of 1024 file descriptors, which the engine's peers need, too."""
IDLE_SECONDS = 75.0
"""How long a connection may wait without a complete request: longer than the minute after which proxies give up."""
LINGERING_SECONDS = 5.0
"""How long the rest of a refused body is read, so that the client gets to see the answer."""
HANDSHAKE_SECONDS = 15.0
NAME = f"triblerd/{triblerd.__version__}"
PORTS_TRIED = 10


class PortTakenError(FailedError):
    """Another program listens on the port already."""


class BindError(FailedError):
    """The address cannot be listened on."""


class CertificateError(FailedError):
    """The certificate cannot be used."""


class OpenToAllError(FailedError):
    """Without a key the API may be reached from this machine only."""


class HttpServer:
    """Listens as ``[api]`` says and answers with what the router has.

    Args:
        config: The ``[api]`` section.
        router: Answers.
        auth: Says who may ask.
        on_unhandled: Told each error that nobody foresaw, and the id that it was logged with.
        answers: Told each answer.
        state_dir: What a relative ``https_certfile`` is relative to.
        idle_seconds: How long a connection may wait without a complete request.
    """

    def __init__(  # noqa: PLR0913 - it joins the parts of the HTTP side, by keyword
        self,
        *,
        config: ApiConfig,
        router: Router,
        auth: Auth,
        on_unhandled: Callable[[BaseException, str], None],
        answers: Answers | None = None,
        state_dir: Path = Path(),
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._config = config
        self._router = router
        self._auth = auth
        self._on_unhandled = on_unhandled
        self._answers = answers or Answers()
        self._state_dir = state_dir
        self._base_path = config.base_path.rstrip("/")
        self._listeners: dict[str, asyncio.Server] = {}
        self._runner = web.AppRunner(
            self._application(),
            access_log_class=AccessLog,
            logger=protocol_log,
            keepalive_timeout=idle_seconds,
            lingering_time=LINGERING_SECONDS,
        )

    @property
    def ports(self) -> Mapping[str, int]:
        """The ports that are listened on, by scheme."""
        return {scheme: listener.sockets[0].getsockname()[1] for scheme, listener in self._listeners.items()}

    async def start(self) -> None:
        """Listen.

        Raises:
            FailedError: a port is taken, an address or the certificate cannot be used, or the API would be open to
                everybody. Nothing listens then.
        """
        config = self._config
        self._check_reach()
        await self._runner.setup()
        try:
            if config.http_enabled:
                await self._listen("http", config.http_host, config.http_port, None)
            if config.https_enabled:
                await self._listen("https", config.https_host, config.https_port, await self._tls())
        except BaseException:
            await self.stop(0)
            raise

    async def stop(self, grace_seconds: float) -> None:
        """Stop listening, end streams, let requests in flight finish for a while, close every connection."""
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()
        await self._router.unbind_all(grace_seconds)
        await self._runner.cleanup()

    # -- listening ---------------------------------------------------------------------------------------------

    def _check_reach(self) -> None:
        if self._auth.wants_key:
            return
        log.warning("api.key is empty: every program on this machine may use the API without a key")
        if problem := open_to_all(self._config):
            raise OpenToAllError(problem)

    async def _tls(self) -> ssl.SSLContext:
        path = self._state_dir / self._config.https_certfile
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            await asyncio.to_thread(context.load_cert_chain, path)
        except (OSError, ValueError) as error:  # SSLError is an OSError
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            msg = f"api.https_certfile: {path} is no PEM file with a key and its certificate: {reason}"
            raise CertificateError(msg) from error
        return context

    async def _listen(self, scheme: str, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        port = max(port, 0)
        tries = PORTS_TRIED if self._config.retry_port and port else 1
        for candidate in range(port, min(port + tries, 65536)):
            try:
                self._listeners[scheme] = await asyncio.get_running_loop().create_server(
                    self._connection,
                    host,
                    candidate,
                    ssl=tls,
                    ssl_handshake_timeout=HANDSHAKE_SECONDS if tls else None,
                )
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    msg = f"api.{scheme}_host: cannot listen on {host} port {candidate}: {error.strerror or error}"
                    raise BindError(msg) from error
            else:
                return
        others = f" and the next {tries - 1}" if tries > 1 else ""
        msg = f"api.{scheme}_port: port {port}{others} on {host} is taken by another program"
        raise PortTakenError(msg)

    def _connection(self) -> asyncio.Protocol:
        server = self._runner.server
        assert server is not None  # noqa: S101 - set up before anything listens
        if len(server.connections) >= CONNECTIONS:
            return _Refusal()
        return server()

    # -- one request -------------------------------------------------------------------------------------------

    def _application(self) -> web.Application:
        application = web.Application()
        # Any path at all: a dot would leave those with a line's end to aiohttp, whose answers have another form.
        application.router.add_route("*", r"/{path:[\s\S]*}", self._answer, expect_handler=_expect)
        application.on_response_prepare.append(self._begins)
        return application

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self._answers.arrived(request)
        path = self._path(request)
        try:
            scope = self._auth.scope_of(request, path)
            return await self._router.answer(request, path, scope, body_seconds=self._config.body_timeout)
        except TriblerdError as error:
            response = error_response(error, path)
            if isinstance(error, (TooLargeError, TooSlowError)):
                response.force_close()  # the rest of the body is in the way
            return response
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 - a border: a request
            if isinstance(error, ConnectionError) and _is_gone(request):
                return started_response(request) or web.Response(status=400)  # aiohttp sees that nobody reads it
            return self._unforeseen(request, path, error)

    async def _begins(self, request: web.Request, response: web.StreamResponse) -> None:
        """Note that an answer begins, and name the daemon in it; aiohttp would name every version below it."""
        remember_started(request, response)
        response.headers[hdrs.SERVER] = NAME
        self._answers.begins(request, response)

    def _path(self, request: web.Request) -> str:
        path = request.rel_url.raw_path
        if self._base_path and (path == self._base_path or path.startswith(f"{self._base_path}/")):
            return path[len(self._base_path) :] or "/"
        return path

    def _unforeseen(self, request: web.Request, path: str, error: Exception) -> web.StreamResponse:
        error_id = secrets.token_hex(4)
        log.error("%s %s failed (error %s)", request.method, path, error_id, exc_info=error)
        self._on_unhandled(error, error_id)
        started = started_response(request)
        if started is None:
            return unforeseen_response(error, error_id, path)
        if request.transport is not None:
            request.transport.close()  # an answer cut off is the only way left to say that it failed
        return started


class _Refusal(asyncio.Protocol):
    """Closes a connection that is one too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


async def _expect(request: web.Request) -> None:
    """Invite no body yet: whoever reads it does, after the checks."""
    del request


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
