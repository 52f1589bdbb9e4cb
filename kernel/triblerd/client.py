"""A small client of the API, for the command line: it finds the daemon of this machine and its key by itself."""

import http.client
import json
import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from triblerd.configuration import ConfigurationLayers
from triblerd.errors import FailedError, InvalidInputError, UnavailableError
from triblerd.settings_file import FILE_NAME, SettingsFile
from triblerd.state_dir import StateDirectory

ADDRESS_FILE = "triblerd.address"
TIMEOUT_SECONDS = 75.0
"""How long an answer may take, of which none takes longer than a minute; event streams wait for ever."""
_CHUNK_SIZE = 1 << 16


class NotRunningError(UnavailableError):
    """No daemon runs on the state directory."""


class UnreachableError(UnavailableError):
    """Nobody answers at the daemon's address."""


class RefusedError(FailedError):
    """The daemon answered with an error.

    Attributes:
        status: The HTTP status.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Address:
    """Where a daemon answers.

    Attributes:
        url: Without a slash at the end.
        certificate: The PEM file that the daemon of this machine shows; ``None`` means the usual authorities.
    """

    url: str
    certificate: Path | None = None


@dataclass(frozen=True)
class Reply:
    """What the daemon answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ApiClient:
    """Speaks to one daemon. Nothing is looked up, read or sent before the first request.

    Args:
        state_dir: The daemon's state directory; ``None`` means the usual one.
        url: Where the daemon is, for one of another machine; empty means the one of the state directory.
        key: The key; ``None`` means the one of the state directory's settings.
        environment: Looked at for ``TRIBLERD_URL``, ``CORE_API_KEY`` and ``TSTATEDIR``.
    """

    def __init__(
        self,
        *,
        state_dir: Path | None = None,
        url: str = "",
        key: str | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.state_dir = StateDirectory.find(state_dir, environment).path
        self._environment = environment
        self._url = (url or environment.get("TRIBLERD_URL", "")).rstrip("/")
        self._key = key if key is not None else environment.get("CORE_API_KEY")
        self._connection: http.client.HTTPConnection | None = None

    def is_running(self) -> bool:
        """Return whether there is a daemon to speak to: one that was named, or one on the state directory.

        One that was killed leaves its address behind, and its process id may be another program's by now.
        """
        if self._url:
            return True
        address = self._announced()
        return address is not None and _listens(address)

    def get(self, path: str, **query: object) -> Any:
        """Return the decoded answer to a ``GET``; values of ``None`` are left out of the query.

        Raises:
            NotRunningError: there is no daemon.
            UnreachableError: it does not answer.
            RefusedError: it answered with an error.
        """
        return self.call("GET", path, query=query)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        content_type: str = "application/json",
    ) -> Any:
        """Return the decoded answer to any request, ``None`` for an empty one; raises what :meth:`get` raises.

        Args:
            method: The HTTP method.
            path: The path without a query.
            body: Bytes are sent as they are, ``None`` sends nothing, anything else is sent as JSON.
            query: The query, without what is ``None``.
            content_type: Of the body.
        """
        reply = self.request(method, path, body, query=query, content_type=content_type)
        return json.loads(reply.body) if reply.body else None

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        content_type: str = "application/json",
    ) -> Reply:
        """Return the whole answer; see :meth:`call`."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Content-Type": content_type} if data is not None else {}
        response = self._send(method, _target(path, query), data, headers)
        try:
            reply = Reply(
                status=response.status,
                headers={name.lower(): value for name, value in response.getheaders()},
                body=response.read(),
            )
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error
        if reply.status >= http.client.BAD_REQUEST:
            raise RefusedError(self._explained(reply), reply.status)
        return reply

    def events(self, path: str = "/events") -> Iterator[dict[str, Any]]:
        """Yield the messages of an event stream until the daemon ends it, over a connection of its own.

        Raises:
            UnreachableError: the connection broke.
        """
        with self._stream(path, timeout=None) as response:
            for line in response:
                if line.startswith(b"data:"):
                    yield json.loads(line[5:])

    def chunks(self, path: str, **query: object) -> Iterator[bytes]:
        """Yield the body of the answer to a ``GET`` as it comes, over a connection of its own.

        Raises:
            UnreachableError: the connection broke, so that the body is not whole.
        """
        with self._stream(_target(path, query)) as response:
            while chunk := response.read(_CHUNK_SIZE):
                yield chunk

    def another(self) -> "ApiClient":
        """Return a client of the same daemon with a connection of its own, for another thread."""
        address = self._address()
        return type(self)(state_dir=self.state_dir, url=address.url, key=self._key, environment=self._environment)

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _stream(self, target: str, timeout: float | None = TIMEOUT_SECONDS) -> Iterator[http.client.HTTPResponse]:
        client = self.another()
        response = client._send("GET", target, None, {}, timeout=timeout)  # noqa: SLF001 - it is one of these, too
        if response.status != http.client.OK:
            body = Reply(response.status, {}, response.read())
            raise RefusedError(self._explained(body), response.status)
        try:
            yield response
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error
        finally:
            client.close()

    # -- sending -----------------------------------------------------------------------------------------------

    def _send(
        self,
        method: str,
        target: str,
        body: bytes | None,
        headers: dict[str, str],
        timeout: float | None = TIMEOUT_SECONDS,
    ) -> http.client.HTTPResponse:
        address = self._address()
        if key := self._known_key(address):
            headers["X-Api-Key"] = key
        fresh = self._connection is None
        connection = self._connection = self._connection or _connection(address, timeout)
        try:
            connection.request(method, urlsplit(address.url).path + target, body, headers)
            return connection.getresponse()
        except (ConnectionError, http.client.HTTPException) as error:
            self.close()
            if fresh or method != "GET":
                raise self._unreachable(error) from error
        except OSError as error:
            self.close()
            raise self._unreachable(error) from error
        return self._send(method, target, body, headers, timeout)  # the daemon had closed an idle connection

    def _unreachable(self, error: Exception) -> UnreachableError:
        reason = "it took too long to answer" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
        return UnreachableError(f"The daemon at {self._address().url} cannot be reached: {reason}")

    def _explained(self, reply: Reply) -> str:
        if reply.status == http.client.UNAUTHORIZED:
            return f"The daemon at {self._address().url} refuses the key {self._key_source()}"
        try:
            error = json.loads(reply.body)["error"]
        except (ValueError, LookupError, TypeError):
            return f"The daemon answered {reply.status} {http.client.responses.get(reply.status, '')}".rstrip()
        text = str(error.get("message", error) if isinstance(error, dict) else error)
        if reply.status == http.client.NOT_FOUND and text.startswith("Could not find /"):
            return f"The daemon does not offer this: {text}. `triblerd plugins` shows what is turned off."
        return text

    # -- finding -----------------------------------------------------------------------------------------------

    def _address(self) -> Address:
        if self._url:
            return _checked(self._url)
        address = self._announced()
        if address is None:
            msg = (
                f"No daemon runs on {self.state_dir}. Start one with `triblerd`, "
                "or say where it is with --state-dir or --url."
            )
            raise NotRunningError(msg)
        return address

    def _announced(self) -> Address | None:
        try:
            announced = json.loads((self.state_dir / ADDRESS_FILE).read_text())
            pid, url = int(announced["pid"]), announced.get("http") or announced["https"]
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            msg = f"{error.filename} cannot be read: {error.strerror}"
            raise FailedError(msg) from error
        except (ValueError, LookupError, TypeError):  # a daemon is writing it, or has died while it did
            return None
        if not _is_alive(pid):
            return None
        certificate = self._settings().get("https_certfile")
        return Address(url, self.state_dir / str(certificate) if certificate else None)

    def _known_key(self, address: Address) -> str:
        if self._key is not None:
            return self._key
        if urlsplit(address.url).hostname not in ("127.0.0.1", "::1", "localhost") and self._url:
            return ""  # a key of this machine is not shown to another one
        return str(self._settings().get("key") or "")

    def _key_source(self) -> str:
        if self._key is not None:
            return "of --key or CORE_API_KEY"
        return f"of {self.state_dir / FILE_NAME}; give another one with --key or CORE_API_KEY"

    def _settings(self) -> Mapping[str, object]:
        layers = ConfigurationLayers(SettingsFile(self.state_dir / FILE_NAME), self._environment, {})
        layers.read()
        return layers.section("api")


def _connection(address: Address, timeout: float | None) -> http.client.HTTPConnection:
    parts = urlsplit(address.url)
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    context = ssl.create_default_context(cafile=address.certificate)
    context.check_hostname = address.certificate is None  # the certificate itself is known
    return http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout, context=context)


def _listens(address: Address) -> bool:
    parts = urlsplit(address.url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), TIMEOUT_SECONDS).close()
    except ConnectionRefusedError:
        return False
    except OSError:  # the request will say what is wrong
        return True
    return True


def _checked(url: str) -> Address:
    try:
        parts = urlsplit(url)
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_right = False
    if not is_right:
        msg = f"{url} is no address such as http://127.0.0.1:20100"
        raise InvalidInputError(msg)
    return Address(url)


def _target(path: str, query: Mapping[str, object] | None) -> str:
    wanted = {name: value for name, value in (query or {}).items() if value is not None}
    return quote(path, safe="/%:") + (f"?{urlencode(wanted, doseq=True)}" if wanted else "")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True
