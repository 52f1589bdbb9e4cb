"""How a plugin declares its routes: once, by annotations.

A handler's signature says it all: a parameter named in the path comes from the path, ``query`` is a struct made of the
query string, ``body`` a struct made of the JSON body, ``request`` the request itself, ``media_type`` the form in which
the client wants the answer, of those that the route has. The return annotation is the answer's schema. Validation,
documentation and arguments are made of nothing else.
"""

import inspect
import re
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Generic, Protocol, Self, TypeVar, runtime_checkable

import msgspec
from aiohttp import web

from triblerd.errors import TriblerdError
from triblerd.scopes import Scope as Scope  # noqa: PLC0414 - a word of declarations, exported from here

Body = TypeVar("Body")
Handler = TypeVar("Handler", bound=Callable[..., Awaitable[object]])

ExactOne = Annotated[bool, msgspec.Meta(extra={"flag": "exact-one"})]
"""A query flag of the older kind: true for ``1``, ``true``, ``yes``, ``on``; any other text is false."""


@runtime_checkable
class PathParameter(Protocol):
    """A type whose values stand in a path, such as an infohash.

    One that has ``may_be_empty = True`` also takes an empty segment: ``/metadata//42``. One that has ``takes_rest =
    True`` stands at a path's end and takes all that is left of it, slashes and nothing at all included.
    """

    json_schema: ClassVar[Mapping[str, object]]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the value that the percent-decoded segment ``text`` names.

        Raises:
            InvalidInputError: the segment names no value; the text is what the client reads.
        """


def _plain_text(value: object) -> str:
    if isinstance(value, str):
        return str(value)
    msg = f"{type(value).__name__} has no JSON form"
    raise TypeError(msg)


encode_json = msgspec.json.Encoder(enc_hook=_plain_text).encode
"""Writes an answer's JSON. Text of a type of its own, such as an infohash, is written as the text that it is."""


class Encoded(bytes):
    """An answer that is JSON already. Declare its schema with ``@route(..., answers=Schema)``."""

    __slots__ = ()


class Deferred(Generic[Body]):
    """A JSON body that the handler decodes when it wants, so that it may look at something else first.

    Attributes:
        raw: The body as it came, for a route that also takes one that is not JSON.
    """

    def __init__(self, decode: Callable[[], Body], raw: bytes) -> None:
        self._decode = decode
        self.raw = raw

    def value(self) -> Body:
        """Return the decoded body.

        Raises:
            InvalidInputError: the body is no JSON, or does not fit the schema.
        """
        return self._decode()


class RawBody(bytes):
    """A body that is not JSON, at most 16 MiB. Declare its media type with ``@route(..., consumes=...)``."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class Route:
    """One declared route, relative to no prefix: ``path`` is complete.

    Attributes:
        name: The handler's name in its class.
        query: The struct of the query string, if any.
        body: The schema of the JSON body, if any; ``RawBody`` for other bodies.
        deferred: The handler decodes the body itself.
        parameters: The path's parameters with their types, in the path's order.
        answers: The schema of the successful answer, ``None`` when it is not JSON.
        media_type: What the successful answer is.
        also: Further media types that the client may have it in; the handler is told which.
        raises: The kinds of failure that are part of the route's contract.
        examples: Example answers and bodies for the documentation, by ``body`` or ``answer``.
        streams: The answer is an open stream: it outlives any time limit, and ends when the plugin stops.
        headers: What ``HEAD`` answers for a stream, which it does not start, beside the media type.
        answers_head: The handler is called for ``HEAD`` too, and starts and changes nothing then.
        needs_key: Whether the caller has to be signed in.
    """

    method: str
    path: str
    name: str
    scope: Scope
    summary: str
    description: str
    query: type[msgspec.Struct] | None
    body: Any
    deferred: bool
    wants_request: bool
    parameters: Mapping[str, Any]
    answers: Any
    media_type: str
    also: tuple[str, ...]
    consumes: str
    raises: tuple[type[TriblerdError], ...]
    examples: Mapping[str, object]
    streams: bool
    headers: Mapping[str, str]
    answers_head: bool
    needs_key: bool = True


@dataclass(frozen=True, kw_only=True)
class _Mark:
    method: str
    path: str
    scope: Scope
    answers: Any
    media_type: str
    also: tuple[str, ...]
    consumes: str
    raises: tuple[type[TriblerdError], ...]
    examples: Mapping[str, object] = field(default_factory=dict)
    streams: bool
    headers: Mapping[str, str]
    answers_head: bool


def route(  # noqa: PLR0913 - each is a word of the declaration, by keyword
    method: str,
    path: str,
    *,
    scope: Scope | None = None,
    answers: Any = None,
    media_type: str = "application/json",
    also: tuple[str, ...] = (),
    consumes: str = "application/json",
    raises: tuple[type[TriblerdError], ...] = (),
    examples: Mapping[str, object] | None = None,
    streams: bool = False,
    headers: Mapping[str, str] | None = None,
    answers_head: bool = False,
) -> Callable[[Handler], Handler]:
    """Declare the method below as a route.

    Args:
        method: ``GET``, ``PUT``, ``POST``, ``PATCH`` or ``DELETE``. ``GET`` also answers ``HEAD``.
        path: What follows the class's prefix, with parameters in braces: ``/{infohash}/files``.
        scope: What the caller's key must allow; by default ``read`` for ``GET``, else ``write``.
        answers: The answer's schema where the return annotation cannot say it.
        media_type: The answer's media type.
        also: Further media types of the answer, of which the client chooses by ``Accept``. The method takes the chosen
            one as ``media_type``, and returns ``bytes`` for these.
        consumes: The body's media type, for documentation: JSON is read whatever the header says.
        raises: Kinds of failure to document beside those that every route has.
        examples: A ``body`` and an ``answer`` for the documentation.
        streams: The answer is an open stream.
        headers: The stream's headers, for ``HEAD``, which does not start it.
        answers_head: Call the method for ``HEAD`` too, also when it streams or may change something.
    """
    mark = _Mark(
        method=method,
        path=path,
        scope=scope or (Scope.READ if method == "GET" else Scope.WRITE),
        answers=answers,
        media_type=media_type,
        also=also,
        consumes=consumes,
        raises=raises,
        examples=examples or {},
        streams=streams,
        headers=headers or {},
        answers_head=answers_head,
    )

    def declare(handler: Handler) -> Handler:
        handler.__triblerd_route__ = mark  # type: ignore[attr-defined]
        return handler

    return declare


class Endpoint:
    """A group of routes under one prefix. Handlers are coroutine methods marked with ``@route``."""

    prefix: ClassVar[str] = ""
    """What every path of the class starts with, such as ``/downloads``."""
    needs_key: ClassVar[bool] = True
    """False has the prefix, and all below it, answered without a key. For what no secret is in, such as a web page. The
    prefix ``/`` is the root alone, and nothing is below it."""
    routes: ClassVar[tuple[Route, ...]] = ()

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.needs_key and not cls.prefix:
            msg = f"{cls.__name__}: without a prefix all paths would be open to everybody"
            raise TypeError(msg)
        cls.routes = tuple(
            _compile(cls, name, handler, handler.__triblerd_route__)
            for name, handler in inspect.getmembers(cls, inspect.isfunction)
            if hasattr(handler, "__triblerd_route__")
        )


def _compile(owner: type[Endpoint], name: str, handler: Callable[..., object], mark: _Mark) -> Route:
    path = owner.prefix + mark.path
    hints = typing.get_type_hints(handler, include_extras=True)
    returned = hints.pop("return", None)
    names = re.findall(r"{(\w+)}", path)
    chosen = ["media_type"] if mark.also else []
    unknown = [hint for hint in hints if hint not in {*names, *chosen, "query", "body", "request"}]
    missing = [part for part in (*names, *chosen) if part not in hints]
    if unknown or missing:
        msg = f"{owner.__name__}.{name}: {', '.join(unknown + missing)} stands either in the path or in the signature"
        raise TypeError(msg)
    body = hints.get("body")
    deferred = typing.get_origin(body) is Deferred
    summary, _, description = inspect.cleandoc(handler.__doc__ or name).partition("\n\n")
    return Route(
        method=mark.method,
        path=path,
        name=name,
        scope=mark.scope,
        summary=" ".join(summary.split()),
        description=description,
        query=hints.get("query"),
        body=typing.get_args(body)[0] if deferred else body,
        deferred=deferred,
        wants_request="request" in hints,
        parameters={part: hints[part] for part in names},
        answers=mark.answers if mark.answers is not None else _schema(returned),
        media_type=mark.media_type,
        also=mark.also,
        consumes=mark.consumes,
        raises=mark.raises,
        examples=mark.examples,
        streams=mark.streams,
        headers=mark.headers,
        answers_head=mark.answers_head,
        needs_key=owner.needs_key,
    )


def _schema(returned: Any) -> Any:
    opaque = isinstance(returned, type) and issubclass(returned, (web.StreamResponse, Encoded))
    return None if opaque or returned is type(None) else returned
