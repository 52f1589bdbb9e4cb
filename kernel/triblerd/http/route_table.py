"""Finds the route of a path: a dictionary for literal paths, a trie for the others. Never changed, only replaced."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote, unquote_to_bytes

from triblerd.errors import UnknownPathError
from triblerd.http.endpoint import Route
from triblerd.http.errors import WrongMethodError

T = TypeVar("T")


class DuplicateRouteError(ValueError):
    """Two routes have the same method, and paths that nothing tells apart."""


@dataclass
class _Node(Generic[T]):
    literals: "dict[str, _Node[T]]" = field(default_factory=dict)
    parameter: "_Node[T] | None" = None
    may_be_empty: bool = False
    takes_rest: bool = False
    methods: dict[str, T] = field(default_factory=dict)


class RouteTable(Generic[T]):
    """Maps methods and paths to targets of any kind.

    Args:
        routes: The routes with their targets.

    Raises:
        DuplicateRouteError: two of them are the same.
    """

    def __init__(self, routes: Iterable[tuple[Route, T]]) -> None:
        self._root: _Node[T] = _Node()
        self._literal: dict[str, Mapping[str, T]] = {}
        for route, target in routes:
            self._add(route, target)

    def find(self, method: str, path: str) -> tuple[T, tuple[str, ...]]:
        """Return the target of a request, and the texts of the path's parameters, percent-decoded once.

        A literal segment wins over a parameter, unless only the route with the parameter has the method.

        Args:
            method: ``HEAD`` finds what ``GET`` finds.
            path: The path as it was sent, percent-encoded.

        Raises:
            UnknownPathError: no route has the path.
            WrongMethodError: none of the path's routes has the method.
        """
        wanted = "GET" if method == "HEAD" else method
        target = self._literal.get(path, {}).get(wanted)
        if target is not None:
            return target, ()
        for methods, values in _walk(self._root, _segments(path), ()):
            if wanted in methods:
                return methods[wanted], values
        raise WrongMethodError(self.allow(path))

    def allow(self, path: str) -> str:
        """Return the methods that a path has, as the ``Allow`` header wants them.

        Raises:
            UnknownPathError: no route has the path.
        """
        names = {name for methods, _ in _walk(self._root, _segments(path), ()) for name in methods}
        if not names:
            msg = f"Could not find {unquote(path)}"
            raise UnknownPathError(msg)
        return ", ".join(sorted({*names, "OPTIONS", *(["HEAD"] if "GET" in names else [])}))

    def _add(self, route: Route, target: T) -> None:
        node = self._root
        for segment in route.path.split("/")[1:]:
            if segment.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
                kind = route.parameters[segment[1:-1]]
                node.may_be_empty |= getattr(kind, "may_be_empty", False)
                node.takes_rest |= getattr(kind, "takes_rest", False)
            else:
                node = node.literals.setdefault(segment, _Node())
        if route.method in node.methods:
            msg = f"{route.method} {route.path} is declared twice"
            raise DuplicateRouteError(msg)
        node.methods[route.method] = target
        if not route.parameters:
            self._literal[route.path] = node.methods


def _walk(
    node: _Node[T], segments: list[str], values: tuple[str, ...]
) -> Iterator[tuple[Mapping[str, T], tuple[str, ...]]]:
    if not segments:
        if node.methods:
            yield node.methods, values
        return
    first, *others = segments
    if literal := node.literals.get(first):
        yield from _walk(literal, others, values)
    if node.parameter and node.parameter.takes_rest:
        yield from _walk(node.parameter, [], (*values, "/".join(segments)))
    elif node.parameter and (first or node.parameter.may_be_empty):
        yield from _walk(node.parameter, others, (*values, first))


def _segments(path: str) -> list[str]:
    """Return the decoded segments of a path. A ``%2F`` stays inside of its segment."""
    segments = path.split("/")[1:]
    if "%" not in path:
        return segments
    try:
        return [str(unquote_to_bytes(segment), "utf-8") for segment in segments]
    except UnicodeDecodeError:
        return [""]  # no route has a text that is none
