"""Who may use the API: keys, where a request carries them, and what a browser may be tricked into."""

import hashlib
import hmac
import ipaddress
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from aiohttp import web

from triblerd.config import ApiConfig, ApiKey, is_loopback
from triblerd.errors import ForbiddenError, TooManyAttemptsError, UnauthorizedError
from triblerd.scopes import Scope

log = logging.getLogger(__name__)

OPEN_PREFIXES = ("/docs", "/static", "/healthz")
"""Paths that need no key: these, and what is below them."""
WINDOW_SECONDS = 60.0
ADDRESSES_KEPT = 4096
"""Addresses whose failures are remembered; the one that failed first is forgotten first."""


class Authenticators(Protocol):
    """Calls the ``triblerd_authenticate`` hook of one plugin."""

    def call(self, owner: str, hook: str, **arguments: object) -> list[object]:
        """Return what the plugin's objects answer."""


class NoAuthenticators:
    """Signs nobody in."""

    def call(self, owner: str, hook: str, **arguments: object) -> list[object]:
        """Return nothing."""
        del owner, hook, arguments
        return []


class FailedAttempts:
    """Counts wrong keys by address, in a window that begins with the first one. Its memory is bounded.

    Args:
        limit: Wrong keys in a window before an address is locked until the window's end.
        clock: Returns seconds.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._failures)

    def locked_seconds(self, address: str) -> float:
        """Return how long the address stays locked, 0 when it is not."""
        began, count = self._failures.get(address, (0.0, 0))
        return max(0.0, began + WINDOW_SECONDS - self._clock()) if count >= self._limit else 0.0

    def add(self, address: str) -> None:
        """Count one wrong key."""
        now = self._clock()
        began, count = self._failures.pop(address, (now, 0))
        self._failures[address] = (began, count + 1) if now < began + WINDOW_SECONDS else (now, 1)
        if len(self._failures) > ADDRESSES_KEPT:
            self._failures.popitem(last=False)


class Auth:
    """Decides what the sender of a request may do.

    Args:
        config: The keys, and the limit of failed attempts.
        hooks: Asks the plugins that ``config.authenticators`` names.
        open_prefixes: Returns further paths that need no key, and neither does what is below them.
        clock: Returns seconds.
    """

    def __init__(
        self,
        *,
        config: ApiConfig,
        hooks: Authenticators | None = None,
        open_prefixes: Callable[[], Sequence[str]] = tuple,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._hooks = hooks or NoAuthenticators()
        self._open_prefixes = open_prefixes
        self._failed = FailedAttempts(config.failed_attempts, clock)
        self._hosts = {host.lower() for host in config.allowed_hosts}
        self._keys: list[tuple[bytes, Scope]] = []
        self.replace_named_keys(config.keys)

    @property
    def wants_key(self) -> bool:
        """Whether requests need a key at all."""
        return bool(self._config.key)

    def replace_named_keys(self, keys: Mapping[str, ApiKey]) -> None:
        """Accept these keys from now on, beside the main one."""
        named = [(key.key, Scope(key.scope)) for key in keys.values() if key.key]
        self._keys = [(_digest(key), scope) for key, scope in [(self._config.key or "", Scope.ADMIN), *named] if key]

    def scope_of(self, request: web.Request, path: str) -> Scope:
        """Return what the sender of a request for ``path`` may do.

        Raises:
            UnauthorizedError: the key is missing or wrong.
            ForbiddenError: a browser sent it on behalf of a page that is not ours.
            TooManyAttemptsError: too many wrong keys came from the sender's address.
        """
        if self._is_open(path):
            return Scope.READ
        if not self.wants_key:
            self._check_host(request)
            _check_origin(request)
            return Scope.ADMIN
        given, is_cookie = _carried(request)
        scope = self._scope_of_key(given)
        self._check_attempts(request, given, scope)
        if scope is None:
            return self._sign_in(request, given)
        if is_cookie:
            _check_origin(request)
        return scope

    def _is_open(self, path: str) -> bool:
        prefixes = (*OPEN_PREFIXES, *self._open_prefixes())
        return path.startswith(prefixes) and any(path == prefix or path.startswith(f"{prefix}/") for prefix in prefixes)

    def _scope_of_key(self, given: str) -> Scope | None:
        """Compare with every key, whichever fits, so that the time tells nothing."""
        digest = _digest(given)
        found = None
        for key, scope in self._keys:
            if hmac.compare_digest(key, digest):
                found = scope
        return found

    def _check_attempts(self, request: web.Request, given: str, scope: Scope | None) -> None:
        if not given or not self._failed:
            return
        address = request.remote or ""
        if scope is not None and is_loopback(address):
            return  # or else any page in the owner's browser could lock the owner out
        if seconds := self._failed.locked_seconds(_network(address)):
            msg = "Too many wrong keys came from this address"
            raise TooManyAttemptsError(msg, retry_after=seconds)

    def _sign_in(self, request: web.Request, given: str) -> Scope:
        for owner in self._config.authenticators:
            try:
                answers = self._hooks.call(owner, "triblerd_authenticate", request=request)
                scopes = [Scope(str(answer)) for answer in answers if answer is not None]
            except Exception:  # a border: a plugin's life
                log.exception("The plugin %s failed to authenticate a request", owner)
                continue
            if scopes:
                return scopes[0]
        if given:
            self._failed.add(_network(request.remote or ""))
        msg = "Unauthorized access"
        raise UnauthorizedError(msg)

    def _check_host(self, request: web.Request) -> None:
        name = _host_name(request.headers.get("Host", ""))
        if not (name == "localhost" or name in self._hosts or is_loopback(name)):
            msg = "Without a key only requests to a loopback name are answered"
            raise ForbiddenError(msg)


def _carried(request: web.Request) -> tuple[str, bool]:
    """Return the first key that the request carries, and whether that is the cookie."""
    if key := request.headers.get("X-Api-Key"):
        return key, False
    if request.query_string and (key := request.query.get("apikey") or request.query.get("key")):
        return key, False
    if "Cookie" in request.headers and (key := request.cookies.get("api_key")):
        return key, True
    # Last, so that what a proxy puts there for itself is in nobody's way.
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else "", False


def _check_origin(request: web.Request) -> None:
    origin = request.headers.get("Origin")
    if origin is None:
        return
    _, _, page = origin.partition("://")
    if not page or _authority(page) != _authority(request.headers.get("Host", "")):
        msg = "This page may not use the API"
        raise ForbiddenError(msg)


def _authority(host: str) -> str:
    """Return a host and its port; a default port is left out, of either scheme, as a proxy may add TLS."""
    return host.lower().removesuffix(":80").removesuffix(":443")


def _host_name(host: str) -> str:
    host = host.lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].removesuffix(".")


def _network(address: str) -> str:
    """Return what one sender holds: an IPv4 address, or the /64 of an IPv6 address."""
    if ":" not in address or address.startswith("::ffff:"):
        return address
    return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
