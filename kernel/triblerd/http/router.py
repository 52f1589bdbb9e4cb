"""Routes that come and go while requests are served."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from aiohttp import hdrs, web

from triblerd.errors import ForbiddenError, NotStartedError, UnknownPathError
from triblerd.http.answers import ROUTE
from triblerd.http.binding import Call, bind
from triblerd.http.endpoint import Endpoint, Route, Scope
from triblerd.http.route_table import RouteTable

CANCEL_SECONDS = 2.0
"""How long a cancelled request may take to end."""
WATCH_SECONDS = 1.0
"""How often it is seen whether the client of a stream is still there."""

_STARTED = web.RequestKey("triblerd.started", web.StreamResponse)
REFUSALS = {Scope.READ: "This key allows only reading", Scope.WRITE: "This key does not allow administration"}


@dataclass(eq=False)
class _Target:
    owner: "_Owner"
    endpoint: type[Endpoint]
    route: Route
    call: Call | None = None


@dataclass(eq=False)
class _Owner:
    """Who declared routes, and the requests that it answers now."""

    name: str
    aliases: Mapping[str, str] = field(default_factory=dict)
    targets: list[_Target] = field(default_factory=list)
    requests: set[asyncio.Task[object]] = field(default_factory=set)
    streams: set[asyncio.Task[object]] = field(default_factory=set)
    ended: set[asyncio.Task[object]] = field(default_factory=set)

    def end(self, tasks: Iterable[asyncio.Task[object]]) -> None:
        for task in tasks:
            self.ended.add(task)
            task.cancel()


class Router:
    """Answers requests with the endpoints of the kernel and of running plugins. For the event loop's thread only.

    The table of routes is replaced as a whole, so that a request sees all of a plugin or nothing.
    """

    def __init__(self) -> None:
        self._owners: dict[str, _Owner] = {}
        self._states: dict[str, str] = {}
        self._table: RouteTable[_Target] = RouteTable(())
        self._open_prefixes: tuple[str, ...] = ()
        self.revision = 0
        """Grows with each change of the declared routes."""

    # -- the plugins' side -------------------------------------------------------------------------------------

    def declare(
        self, owner: str, endpoints: Iterable[type[Endpoint]], aliases: Mapping[str, str] | None = None
    ) -> None:
        """Make the routes of ``owner`` known. They answer 503 until they are bound.

        Args:
            owner: Who declares.
            endpoints: The classes that have the routes.
            aliases: Paths under which the routes of others, at or below the paths that they map to, answer as well.

        Raises:
            DuplicateRouteError: another route has the same method and path. Nothing is changed.
        """
        declared = _Owner(owner, dict(aliases or {}))
        declared.targets = [_Target(declared, endpoint, route) for endpoint in endpoints for route in endpoint.routes]
        self._replace({**self._owners, owner: declared})

    def bind(self, owner: str, instances: Sequence[Endpoint]) -> None:
        """Answer with these objects from now on: one for each class that ``owner`` declared.

        Raises:
            TypeError: an object is missing, or of a class that was not declared.
        """
        targets = self._owners[owner].targets if owner in self._owners else []
        by_type = {type(instance): instance for instance in instances}
        if wrong := {target.endpoint for target in targets} ^ by_type.keys():
            names = ", ".join(sorted(endpoint.__name__ for endpoint in wrong))
            msg = f"{owner}: the endpoints that are declared and those that run differ: {names}"
            raise TypeError(msg)
        calls = [bind(target.route, by_type[target.endpoint]) for target in targets]
        for target, call in zip(targets, calls, strict=True):
            target.call = call

    def describe(self, owner: str, state: str, reason: str) -> None:
        """Say why the routes of ``owner`` do not answer while they are not bound."""
        self._states[owner] = f"{state}: {reason}" if reason else state

    async def unbind(self, owner: str, grace_seconds: float) -> None:
        """Answer 503 from now on, end streams, and wait for the requests in flight.

        Those that still run after ``grace_seconds`` are cancelled and answered 503, too. The request that itself
        asks for this, if any, goes on.
        """
        if owner not in self._owners:
            return
        record = self._owners[owner]
        for target in record.targets:
            target.call = None
        own = {asyncio.current_task()}
        record.end(record.streams - own)
        if waiting := record.requests - own:
            await asyncio.wait(waiting, timeout=grace_seconds)
        record.end(record.requests - own)
        if ending := (record.requests | record.streams) - own:
            await asyncio.wait(ending, timeout=CANCEL_SECONDS)

    async def unbind_all(self, grace_seconds: float) -> None:
        """Unbind every owner at once."""
        await asyncio.gather(*(self.unbind(owner, grace_seconds) for owner in list(self._owners)))

    def retract(self, owner: str) -> None:
        """Forget the routes of ``owner``: they answer 404 from now on."""
        self._replace({name: record for name, record in self._owners.items() if name != owner})

    # -- what others see ---------------------------------------------------------------------------------------

    def routes(self, owner: str) -> list[Route]:
        """Return the declared routes of ``owner``, sorted by path and method."""
        return self.declared().get(owner, [])

    def declared(self) -> Mapping[str, list[Route]]:
        """Return all declared routes by owner, running or not, sorted by path and method."""
        return {
            name: sorted((route for route, _ in routes), key=lambda route: (route.path, route.method))
            for name, routes in _all_routes(self._owners).items()
        }

    def open_prefixes(self) -> tuple[str, ...]:
        """The paths of plugins that are answered without a key, and all below them."""
        return self._open_prefixes

    def pages(self) -> list[Route]:
        """Return the pages of running plugins, sorted by path: see ``triblerd.http.pages``."""
        bound = [target.route for record in self._owners.values() for target in record.targets if target.call]
        pages = [route for route in bound if route.path.startswith("/docs/") and route.media_type == "text/html"]
        return sorted(pages, key=lambda route: route.path)

    # -- the server's side -------------------------------------------------------------------------------------

    async def answer(self, request: web.Request, path: str, scope: Scope, *, body_seconds: float) -> web.StreamResponse:
        """Answer one request of a caller who may do what ``scope`` says.

        Raises:
            TriblerdError: what the documented error answers are made of.
        """
        if request.method == hdrs.METH_OPTIONS:
            return web.Response(status=204, headers={"Allow": self._table.allow(path)})
        try:
            target, texts = self._table.find(request.method, path)
        except UnknownPathError:
            if self._is_of_absent_area(path):
                msg = "The plugin of this path is turned off"
                raise NotStartedError(msg) from None
            raise
        route = request[ROUTE] = target.route
        if not scope.includes(route.scope):
            raise ForbiddenError(REFUSALS[scope])
        if target.call is None:
            raise self._not_started(target.owner)
        if _is_mere_look(request, route):
            headers = {"Content-Type": route.media_type, **route.headers}
            return web.StreamResponse(headers=headers)  # it starts and changes nothing
        return await self._call(target, target.call, request, texts, body_seconds)

    def _is_of_absent_area(self, path: str) -> bool:
        """Return whether a path is at or below an alias of routes that nobody declares now."""
        aliased = [
            old for record in self._owners.values() for new, old in record.aliases.items() if _is_below(path, new)
        ]
        declared = [target.route.path for record in self._owners.values() for target in record.targets]
        return any(not any(_is_below(route, old) for route in declared) for old in aliased)

    def _replace(self, owners: dict[str, _Owner]) -> None:
        self._table = RouteTable(pair for routes in _all_routes(owners).values() for pair in routes)
        self._owners = owners
        endpoints = {target.endpoint for record in owners.values() for target in record.targets}
        self._open_prefixes = tuple(endpoint.prefix for endpoint in endpoints if not endpoint.needs_key)
        self.revision += 1

    async def _call(
        self, target: _Target, call: Call, request: web.Request, texts: tuple[str, ...], body_seconds: float
    ) -> web.StreamResponse:
        owner = target.owner
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - aiohttp answers each request in a task
        tasks = owner.streams if target.route.streams else owner.requests
        tasks.add(task)
        watch = asyncio.create_task(_end_with_client(request, task)) if target.route.streams else None
        try:
            return await call(request, texts, body_seconds)
        except asyncio.CancelledError:
            if task not in owner.ended:
                raise
            task.uncancel()
            return await self._ended(owner, request)
        finally:
            if watch:
                watch.cancel()
            tasks.discard(task)
            owner.ended.discard(task)

    async def _ended(self, owner: _Owner, request: web.Request) -> web.StreamResponse:
        started = started_response(request)
        if started is None:
            raise self._not_started(owner)
        started.force_close()
        await started.write_eof()
        return started

    def _not_started(self, owner: _Owner) -> NotStartedError:
        return NotStartedError(f"The plugin {owner.name} is {self._states.get(owner.name, 'not running')}")


def _all_routes(owners: Mapping[str, _Owner]) -> dict[str, list[tuple[Route, _Target]]]:
    """Return the routes of each owner, and then those that it has by its aliases: what is declared wins."""
    found = {name: [(target.route, target) for target in record.targets] for name, record in owners.items()}
    taken = {_shape(route) for routes in found.values() for route, _ in routes}
    declared = [pair for routes in found.values() for pair in routes]
    for name, record in owners.items():
        for alias, path in record.aliases.items():
            for route, target in _aliased(declared, alias, path):
                if _shape(route) not in taken:
                    taken.add(_shape(route))
                    found[name].append((route, target))
    return found


def _aliased(routes: Iterable[tuple[Route, _Target]], alias: str, path: str) -> Iterator[tuple[Route, _Target]]:
    for route, target in routes:
        if _is_below(route.path, path):
            yield replace(route, path=alias + route.path[len(path) :]), target


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _shape(route: Route) -> tuple[str, str]:
    """Return what tells routes apart."""
    return route.method, re.sub(r"{\w+}", "{}", route.path)


def _is_mere_look(request: web.Request, route: Route) -> bool:
    """Return whether the handler, which would start or change something, is not to be called."""
    may_act = route.streams or route.scope is Scope.WRITE
    return request.method == hdrs.METH_HEAD and may_act and not route.answers_head


async def _end_with_client(request: web.Request, task: asyncio.Task[object]) -> None:
    """Cancel a stream when its client has gone, which would be seen only at the next write."""
    while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(WATCH_SECONDS)
    task.cancel()


def started_response(request: web.Request) -> web.StreamResponse | None:
    """Return the response whose headers have gone out already, if there is one."""
    return request.get(_STARTED)


def remember_started(request: web.Request, response: web.StreamResponse) -> None:
    """Note that the headers of ``response`` go out."""
    request[_STARTED] = response
